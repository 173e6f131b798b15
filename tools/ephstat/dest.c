// SPDX-License-Identifier: GPL-2.0
/* ephstat dest: what is held towards each destination, and how much more it may have. */
#include "dest.h"
#include "ephstat.h"

#define TOP_DEFAULT	20	/* rows of text that one can take in */

struct report {
	struct reading r;
	bool rows_begun;
	bool has_rest;
	struct dest rest;
};

static void text_header(struct reading *r)
{
	struct column columns[DEST_COLUMNS];

	reading_header(r, columns, dest_columns(columns, r->es->filter.all_netns));
}

static int text_message(const struct dest *dest, void *arg)
{
	struct report *report = arg;
	struct reading *r = &report->r;

	if (dest_is_new(dest)) {
		if (r->es->no_header)
			return EXIT_OK;
		dest_new_text(&r->row, dest, r->es->filter.all_netns);
	} else {
		text_header(r);
		dest_row(&r->row, dest, r->es->filter.all_netns);
	}
	return reading_row(r);
}

/* What comes first has an array of its own. */
static void begin_rows(struct report *report)
{
	if (report->rows_begun)
		return;
	report->rows_begun = true;
	json_array_close(&report->r.doc);
	json_array_open(&report->r.doc, "dests");
}

static int json_message(const struct dest *dest, void *arg)
{
	struct report *report = arg;
	struct json_doc *doc = &report->r.doc;

	if (dest_is_new(dest)) {
		json_row(doc, dest_new_json(dest));
		return EXIT_OK;
	}
	begin_rows(report);
	if (dest_is_rest(dest)) {
		report->has_rest = true;
		report->rest = *dest;
		return EXIT_OK;
	}
	json_row(doc, dest_json(dest));
	return ferror(report->r.es->out) ? EXIT_RUNTIME : EXIT_OK;
}

static int report_json(struct report *report)
{
	struct reading *r = &report->r;
	int ret;

	json_array_open(&r->doc, "protocols");
	ret = nl_dests(r->nl, &r->es->filter, r->es->top, json_message, report, &r->interrupted,
		       r->err);
	begin_rows(report);
	json_array_close(&r->doc);
	json_member(&r->doc, "other", report->has_rest ? dest_json(&report->rest) : NULL);
	return ret;
}

static int report_text(struct report *report)
{
	struct reading *r = &report->r;
	int ret = nl_dests(r->nl, &r->es->filter, r->es->top ? r->es->top : TOP_DEFAULT,
			   text_message, report, &r->interrupted, r->err);

	if (!ret)
		text_header(r);
	return ret;
}

int cmd_dest(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct report report = { 0 };
	int ret = filter_parse(&es->filter, argc, argv, err);

	if (!ret)
		ret = reading_begin(&report.r, es, err);
	if (ret)
		return ret;
	return reading_end(&report.r, es->json ? report_json(&report) : report_text(&report));
}
