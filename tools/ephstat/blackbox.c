// SPDX-License-Identifier: GPL-2.0
/* ephstat blackbox: what it looked like when allocations failed. */
#include <ctype.h>
#include <stdlib.h>

#include "dest.h"
#include "ephstat.h"
#include "failures.h"
#include "names.h"
#include "owners.h"
#include "who.h"

/* What was written last, of the picture that is being told. */
enum section {
	NOTHING,
	TITLE,
	DESTS,
	OWNERS,
};

struct report {
	struct reading r;
	uint32_t wanted;	/* the picture asked for, 0: all */
	bool found;
	enum section section;
	struct json_object *picture;	/* that is being put together */
	struct json_object *protocols;
	struct json_object *dests;
	struct json_object *owners;
};

enum {
	COL_TIME	= 6,
	COL_NETNS	= 27,
	COL_WHAT	= 39,
};

/* "tcp connect 10.0.0.5 -> 10.0.0.9:5432 by curl[1234]". */
static void write_failure(struct text *row, const struct failure *failure)
{
	text_str(row, proto_name(failure->proto));
	text_char(row, ' ');
	text_str(row, op_name(failure->origin));
	if (failure->local.len) {
		text_char(row, ' ');
		text_address(row, &failure->local);
	}
	if (failure->peer.len) {
		text_str(row, " -> ");
		text_endpoint(row, &failure->peer, 0, failure->peer_port);
	}
	text_str(row, " by ");
	who_short(row, &failure->who);
}

static int list_message(const struct box *box, void *arg)
{
	static const struct column columns[] = {
		{ 4, "Id", true }, { COL_TIME, "Time", false }, { COL_NETNS, "Netns", false },
		{ COL_WHAT, "What failed", false },
	};
	struct report *report = arg;
	struct reading *r = &report->r;

	if (!told(box, EPHPORTS_A_BOX_FAILURE))
		return EXIT_OK;
	report->found = true;
	reading_header(r, columns, sizeof(columns) / sizeof(columns[0]));
	text_u64_right(&r->row, box->id, 4);
	text_column(&r->row, COL_TIME);
	text_time(&r->row, box->time_ns);
	text_column(&r->row, COL_NETNS);
	text_u64(&r->row, box->netns);
	text_column(&r->row, COL_WHAT);
	write_failure(&r->row, &box->failure);
	return reading_row(r);
}

static int write_title(struct reading *r, const struct box *box)
{
	struct text *row = &r->row;

	text_str(row, "Picture ");
	text_u64(row, box->id);
	text_str(row, " of ");
	text_time(row, box->time_ns);
	text_str(row, ", ");
	text_duration(row, time_since(r->info.time_ns, box->time_ns));
	text_str(row, " ago");
	text_line(row, r->es->out);
	text_str(row, "Refused: ");
	write_failure(row, &box->failure);
	text_str(row, ", ");
	who_unit(row, &box->failure.who);
	text_line(row, r->es->out);
	text_str(row, "Range ");
	text_u64(row, box->range_low);
	text_char(row, '-');
	text_u64(row, box->range_high);
	text_str(row, ", netns ");
	text_u64(row, box->netns);
	text_str(row, box->complete ? ", records complete" : ", records incomplete");
	return reading_row(r);
}

/* A table of its own begins: destinations or owners. */
static void begin_table(struct report *report, enum section section)
{
	struct column columns[DEST_COLUMNS > OWNER_COLUMNS ? DEST_COLUMNS : OWNER_COLUMNS];
	struct reading *r = &report->r;

	if (report->section == section)
		return;
	report->section = section;
	text_line(&r->row, r->es->out);
	r->header_due = !r->es->no_header;
	reading_header(r, columns, section == DESTS ? dest_columns(columns, false) :
						      owner_columns(columns, false));
}

static int full_message(const struct box *box, void *arg)
{
	struct report *report = arg;
	struct reading *r = &report->r;

	if (box->id != report->wanted)
		return EXIT_OK;
	report->found = true;
	if (told(box, EPHPORTS_A_BOX_FAILURE)) {
		report->section = TITLE;
		return write_title(r, box);
	}
	if (told(box, EPHPORTS_A_BOX_DEST) && dest_is_new(&box->dest)) {
		dest_new_text(&r->row, &box->dest, false);
		return reading_row(r);
	}
	if (told(box, EPHPORTS_A_BOX_DEST)) {
		begin_table(report, DESTS);
		dest_row(&r->row, &box->dest, false);
		return reading_row(r);
	}
	if (told(box, EPHPORTS_A_BOX_OWNER)) {
		begin_table(report, OWNERS);
		owner_row(&r->row, &box->owner, false);
		return reading_row(r);
	}
	return EXIT_OK;
}

static void end_picture(struct report *report)
{
	if (!report->picture)
		return;
	json_put(report->picture, "protocols", report->protocols);
	json_put(report->picture, "dests", report->dests);
	json_put(report->picture, "owners", report->owners);
	json_row(&report->r.doc, report->picture);
	report->picture = NULL;
}

static void begin_picture(struct report *report, const struct box *box)
{
	struct json_object *obj = json_object_new_object();

	end_picture(report);
	json_put_u64(obj, "id", box->id);
	json_put_u64(obj, "time_ns", box->time_ns);
	json_put_u64(obj, "netns", box->netns);
	json_put(obj, "complete", json_object_new_boolean(box->complete));
	json_put_u64(obj, "range_low", box->range_low);
	json_put_u64(obj, "range_high", box->range_high);
	json_put(obj, "failure", failure_json(&box->failure));
	report->picture = obj;
	report->protocols = json_object_new_array();
	report->dests = json_object_new_array();
	report->owners = json_object_new_array();
}

static int json_message(const struct box *box, void *arg)
{
	struct report *report = arg;

	if (report->wanted && box->id != report->wanted)
		return EXIT_OK;
	report->found = true;
	if (told(box, EPHPORTS_A_BOX_FAILURE))
		begin_picture(report, box);
	if (!report->picture)
		return EXIT_OK;
	if (told(box, EPHPORTS_A_BOX_DEST) && dest_is_new(&box->dest))
		json_object_array_add(report->protocols, dest_new_json(&box->dest));
	else if (told(box, EPHPORTS_A_BOX_DEST))
		json_object_array_add(report->dests, dest_json(&box->dest));
	if (told(box, EPHPORTS_A_BOX_OWNER))
		json_object_array_add(report->owners, owner_json(&box->owner));
	return ferror(report->r.es->out) ? EXIT_RUNTIME : EXIT_OK;
}

static int tell(struct report *report, box_fn fn)
{
	struct reading *r = &report->r;

	return nl_boxes(r->nl, &r->es->filter, fn, report, &r->interrupted, r->err);
}

static int report_json(struct report *report)
{
	int ret;

	json_array_open(&report->r.doc, "pictures");
	ret = tell(report, json_message);
	end_picture(report);
	json_array_close(&report->r.doc);
	return ret;
}

static int report_text(struct report *report)
{
	struct reading *r = &report->r;
	int ret = tell(report, report->wanted ? full_message : list_message);

	if (ret || report->found || report->wanted)
		return ret;
	text_str(&r->row, "no allocation has failed since the module was loaded");
	return reading_row(r);
}

static int parse_id(const char *word, uint32_t *id, struct error *err)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (!isdigit((unsigned char)*word) || *end || !n || n > UINT32_MAX)
		return error_set(err, EXIT_USAGE, "\"%s\" is no number of a picture; "
				 "ephstat blackbox lists them", word);
	*id = n;
	return EXIT_OK;
}

int cmd_blackbox(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct report report = { 0 };
	int ret = EXIT_OK;

	if (argc > 1)
		return error_set(err, EXIT_USAGE, "blackbox takes one number of a picture");
	if (argc)
		ret = parse_id(argv[0], &report.wanted, err);
	if (!ret)
		ret = reading_begin(&report.r, es, err);
	if (ret)
		return ret;
	ret = es->json ? report_json(&report) : report_text(&report);
	if (!ret && report.wanted && !report.found)
		ret = error_set(err, EXIT_RUNTIME, "there is no picture %u; ephstat blackbox "
				"lists those that are kept", report.wanted);
	return reading_end(&report.r, ret);
}
