// SPDX-License-Identifier: GPL-2.0
/* ephstat owners: who holds ports, by process or summed up by something else. */
#include "ephstat.h"
#include "owners.h"

#define TOP_DEFAULT	20	/* rows of text that one can take in */

struct report {
	struct reading r;
	struct owner_sums *sums;	/* NULL: by process, as the kernel has it */
	bool has_rest;
	struct owner rest;
};

static void text_header(struct reading *r)
{
	struct column columns[OWNER_COLUMNS];

	reading_header(r, columns, owner_columns(columns, r->es->filter.all_netns));
}

static int text_row(const struct owner *owner, void *arg)
{
	struct report *report = arg;
	struct reading *r = &report->r;

	text_header(r);
	owner_row(&r->row, owner, r->es->filter.all_netns);
	return reading_row(r);
}

static int json_owner_row(const struct owner *owner, void *arg)
{
	struct report *report = arg;

	if (owner_is_rest(owner)) {
		report->has_rest = true;
		report->rest = *owner;
		return EXIT_OK;
	}
	json_row(&report->r.doc, owner_json(owner));
	return ferror(report->r.es->out) ? EXIT_RUNTIME : EXIT_OK;
}

static int add_row(const struct owner *owner, void *arg)
{
	struct report *report = arg;

	if (owner_sums_add(report->sums, owner))
		return error_set(report->r.err, EXIT_RUNTIME, "out of memory");
	return EXIT_OK;
}

static int add_port(const struct port *port, void *arg)
{
	struct report *report = arg;

	if (owner_sums_add_port(report->sums, port))
		return error_set(report->r.err, EXIT_RUNTIME, "out of memory");
	return EXIT_OK;
}

/* Which sum is the greatest, only all of the owners can tell. */
static int sum_up(struct report *report)
{
	struct reading *r = &report->r;
	int ret = nl_owners(r->nl, &r->es->filter, 0, add_row, report, &r->interrupted, r->err);

	if (ret || !owner_sums_have_rest(report->sums))
		return ret;
	owner_sums_restart(report->sums);
	return nl_ports_with(r->nl, &r->es->filter, PORTS_OF_SUMS, add_port, report,
			     &r->interrupted, r->err);
}

static int tell_rows(struct report *report, uint32_t top, owner_fn fn)
{
	struct reading *r = &report->r;
	int ret;

	if (!report->sums)
		return nl_owners(r->nl, &r->es->filter, top, fn, report, &r->interrupted, r->err);
	ret = sum_up(report);
	return ret ? ret : owner_sums_tell(report->sums, top, fn, report);
}

static int report_json(struct report *report)
{
	struct json_doc *doc = &report->r.doc;
	int ret;

	json_member(doc, "by", json_object_new_string(owners_by_name(report->r.es->by)));
	json_array_open(doc, "owners");
	ret = tell_rows(report, report->r.es->top, json_owner_row);
	json_array_close(doc);
	json_member(doc, "other", report->has_rest ? owner_json(&report->rest) : NULL);
	return ret;
}

static int report_text(struct report *report)
{
	const uint32_t top = report->r.es->top;
	int ret = tell_rows(report, top ? top : TOP_DEFAULT, text_row);

	if (!ret)
		text_header(&report->r);
	return ret;
}

int cmd_owners(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct report report = { 0 };
	int ret = filter_parse(&es->filter, argc, argv, err);

	if (!ret && es->by != OWNERS_BY_PROCESS) {
		report.sums = owner_sums_alloc(es->by);
		if (!report.sums)
			ret = error_set(err, EXIT_RUNTIME, "out of memory");
	}
	if (!ret)
		ret = reading_begin(&report.r, es, err);
	if (!ret)
		ret = reading_end(&report.r,
				  es->json ? report_json(&report) : report_text(&report));
	owner_sums_free(report.sums);
	return ret;
}
