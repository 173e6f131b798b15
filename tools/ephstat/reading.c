// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "health.h"
#include "reading.h"

static void warn(struct reading *r, bool interrupted)
{
	fflush(r->es->out);
	text_str(&r->row, "ephstat: ");
	if (interrupted)
		text_str(&r->row, health_interrupted);
	else
		health_text(&r->row, &r->info);
	text_line(&r->row, stderr);
}

int reading_begin(struct reading *r, const struct ephstat *es, struct error *err)
{
	int ret;

	*r = (struct reading){ .es = es, .err = err, .header_due = !es->no_header };
	ret = nl_open(&r->nl, err);
	if (!ret)
		ret = nl_info(r->nl, &es->filter, &r->info, err);
	if (ret) {
		nl_close(r->nl);
		return ret;
	}
	r->was_bad = health_is_bad(&r->info);
	if (r->was_bad)
		warn(r, false);
	if (es->json) {
		json_open(&r->doc, es->out);
		json_member(&r->doc, "schema", json_object_new_int(JSON_SCHEMA));
		json_member(&r->doc, "netns", json_object_new_uint64(r->info.netns));
		json_member(&r->doc, "time_ns", json_object_new_uint64(r->info.time_ns));
	}
	return EXIT_OK;
}

bool reading_is_complete(const struct reading *r)
{
	return !r->interrupted && !r->was_bad && !health_is_bad(&r->info);
}

static void end_json(struct reading *r, int ret)
{
	json_member(&r->doc, "lost", json_object_new_uint64(r->info.lost));
	json_member(&r->doc, "complete",
		    json_object_new_boolean(!ret && reading_is_complete(r)));
	json_close(&r->doc);
}

static void end_text(struct reading *r)
{
	if (r->interrupted)
		warn(r, true);
	if (!r->was_bad && health_is_bad(&r->info))
		warn(r, false);
}

int reading_end(struct reading *r, int ret)
{
	struct info after;

	if (!ret)
		ret = nl_info(r->nl, &r->es->filter, &after, r->err);
	if (!ret)
		r->info = after;
	nl_close(r->nl);
	if (r->es->json)
		end_json(r, ret);
	else if (!ret)
		end_text(r);
	return ret;
}

void reading_header(struct reading *r, const struct column *columns, size_t n)
{
	size_t i;

	if (!r->header_due)
		return;
	r->header_due = false;
	for (i = 0; i < n; i++) {
		if (columns[i].right) {
			text_str_right(&r->row, columns[i].name, columns[i].at);
		} else {
			text_column(&r->row, columns[i].at);
			text_str(&r->row, columns[i].name);
		}
	}
	text_line(&r->row, r->es->out);
}

int reading_row(struct reading *r)
{
	text_line(&r->row, r->es->out);
	return ferror_unlocked(r->es->out) ? EXIT_RUNTIME : EXIT_OK;
}
