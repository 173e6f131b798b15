// SPDX-License-Identifier: GPL-2.0
/* The table of failures. */
#include "names.h"
#include "top_table.h"
#include "util.h"
#include "who.h"

static uint64_t ago(const struct top *top, uint64_t ns)
{
	return top->info.time_ns > ns ? top->info.time_ns - ns : 1;
}

static void failure_count(const struct top *top, const struct top_row *row, struct text *text,
			  size_t at)
{
	(void)top;
	text_u64_right(text, row->failure.count, at);
}

static double failure_count_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return row->failure.count;
}

static void failure_last(const struct top *top, const struct top_row *row, struct text *text,
			 size_t at)
{
	top_write_age(ago(top, row->failure.last_ns), text, at);
}

static double failure_last_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return row->failure.last_ns;
}

static void failure_first(const struct top *top, const struct top_row *row, struct text *text,
			  size_t at)
{
	top_write_age(ago(top, row->failure.first_ns), text, at);
}

static double failure_first_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return row->failure.first_ns;
}

static void failure_call(const struct top *top, const struct top_row *row, struct text *text,
			 size_t at)
{
	(void)top;
	text_column(text, at);
	text_str(text, proto_name(row->failure.proto));
	text_char(text, ' ');
	text_str(text, told(&row->failure, EPHPORTS_A_FAILURE_PORT) ?
		       "stolen" : origin_name(row->failure.origin));
}

static void failure_who(const struct top *top, const struct top_row *row, struct text *text,
			size_t at)
{
	(void)top;
	text_column(text, at);
	who_short(text, &row->failure.who);
}

static void failure_what(const struct top *top, const struct top_row *row, struct text *text,
			 size_t at)
{
	const struct failure *failure = &row->failure;

	(void)top;
	text_column(text, at);
	if (told(failure, EPHPORTS_A_FAILURE_PORT)) {
		text_str(text, "port ");
		text_u64(text, failure->port);
	} else if (failure->peer.len) {
		text_endpoint(text, &failure->peer, 0, failure->peer_port);
	} else {
		text_str(text, "any");
	}
}

static const struct top_column columns[] = {
	{ "Count", 7, true, failure_count, failure_count_key },
	{ "Last", 15, true, failure_last, failure_last_key },
	{ "First", 23, true, failure_first, failure_first_key },
	{ "Call", 25, false, failure_call, NULL },
	{ "Culprit", 38, false, failure_who, NULL },
	{ "Towards", 60, false, failure_what, NULL },
};

const struct top_table top_failure_table = { "failures", columns, ARRAY_SIZE(columns) };
