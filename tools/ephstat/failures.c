// SPDX-License-Identifier: GPL-2.0
/* ephstat failures: allocations that were refused for want of a free port, by culprit. */
#include "ephstat.h"
#include "failures.h"

struct report {
	struct reading r;
	struct failure_totals totals;
};

static void text_header(struct reading *r)
{
	struct column columns[FAILURE_COLUMNS];

	reading_header(r, columns, failure_columns(columns, r->es->filter.all_netns));
}

static int text_message(const struct failure *failure, void *arg)
{
	struct report *report = arg;
	struct reading *r = &report->r;

	if (!failure_count(&report->totals, failure))
		return EXIT_OK;
	text_header(r);
	failure_row(&r->row, failure, r->info.time_ns, r->es->filter.all_netns);
	return reading_row(r);
}

static int json_message(const struct failure *failure, void *arg)
{
	struct report *report = arg;

	if (failure_count(&report->totals, failure))
		json_row(&report->r.doc, failure_json(failure));
	return ferror(report->r.es->out) ? EXIT_RUNTIME : EXIT_OK;
}

static int report_json(struct report *report)
{
	struct reading *r = &report->r;
	int ret;

	json_array_open(&r->doc, "failures");
	ret = nl_failures(r->nl, &r->es->filter, json_message, report, &r->interrupted, r->err);
	json_array_close(&r->doc);
	json_member(&r->doc, "other", json_object_new_uint64(failures_other(&report->totals)));
	json_member(&r->doc, "total", json_object_new_uint64(report->totals.total));
	return ret;
}

static int write_sum(struct reading *r, const char *what, uint64_t n)
{
	text_str(&r->row, what);
	text_u64_right(&r->row, n, 22);
	return reading_row(r);
}

static int report_text(struct report *report)
{
	struct reading *r = &report->r;
	int ret = nl_failures(r->nl, &r->es->filter, text_message, report, &r->interrupted,
			      r->err);
	uint64_t other = failures_other(&report->totals);

	if (ret)
		return ret;
	text_header(r);
	if (other)
		ret = write_sum(r, "-     other", other);
	return ret ? ret : write_sum(r, "-     total", report->totals.total);
}

int cmd_failures(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct report report = { 0 };
	int ret;

	(void)argc;
	(void)argv;
	ret = reading_begin(&report.r, es, err);
	if (ret)
		return ret;
	return reading_end(&report.r, es->json ? report_json(&report) : report_text(&report));
}
