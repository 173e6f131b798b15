// SPDX-License-Identifier: GPL-2.0
/* The table of destinations. */
#include "names.h"
#include "top_table.h"
#include "util.h"
#include "who.h"

static void dest_tuple(const struct top *top, const struct top_row *row, struct text *text,
		       size_t at)
{
	(void)top;
	text_column(text, at);
	text_str(text, proto_name(row->dest.proto));
	text_char(text, ' ');
	text_address(text, &row->dest.local);
	if (!row->dest.peer.len) {
		text_str(text, " (no peer)");
		return;
	}
	text_str(text, " -> ");
	text_endpoint(text, &row->dest.peer, 0, row->dest.peer_port);
}

static void dest_used(const struct top *top, const struct top_row *row, struct text *text,
		      size_t at)
{
	(void)top;
	text_u64_right(text, row->dest.used, at);
}

static double dest_used_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return row->dest.used;
}

static void dest_left(const struct top *top, const struct top_row *row, struct text *text,
		      size_t at)
{
	(void)top;
	if (top_has_room(row))
		text_u64_right(text, row->dest.headroom, at);
	else
		text_str_right(text, "-", at);
}

/* Least first. */
static double dest_left_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return top_has_room(row) ? -(double)row->dest.headroom : -1e9;
}

static void dest_full(const struct top *top, const struct top_row *row, struct text *text,
		      size_t at)
{
	struct text percent = { 0 };

	(void)top;
	text_percent(&percent, dest_gone(&row->dest), dest_room(&row->dest));
	text_str_right(text, text_get(&percent), at);
}

static void dest_bar(const struct top *top, const struct top_row *row, struct text *text, size_t at)
{
	(void)top;
	text_column(text, at);
	top_write_bar(text, dest_gone(&row->dest), dest_room(&row->dest),
		      TOP_BAR_WIDTH);
}

static double dest_full_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return top_has_room(row) ? (double)dest_gone(&row->dest) / dest_room(&row->dest) : -1;
}

static void dest_rate(const struct top *top, const struct top_row *row, struct text *text,
		      size_t at)
{
	(void)top;
	top_write_rate(&row->dest.traffic, text, at);
}

static double dest_rate_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return top_rate_key(&row->dest.traffic);
}

static void dest_held(const struct top *top, const struct top_row *row, struct text *text,
		      size_t at)
{
	(void)top;
	top_write_held(&row->dest.traffic, text, at);
}

static double dest_held_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return top_held_key(&row->dest.traffic);
}

static void dest_fails(const struct top *top, const struct top_row *row, struct text *text,
		       size_t at)
{
	(void)top;
	text_known_right(text, told(&row->dest, EPHPORTS_A_DEST_FAILURES), row->dest.failures, at);
}

static double dest_fails_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return row->dest.failures;
}

static void dest_owner(const struct top *top, const struct top_row *row, struct text *text,
		       size_t at)
{
	const struct dest *dest = &row->dest;
	unsigned int i, most = 0;

	(void)top;
	text_column(text, at);
	for (i = 1; i < dest->n_owners; i++) {
		if (dest->owners[i].used > dest->owners[most].used)
			most = i;
	}
	if (dest->n_owners)
		who_short(text, &dest->owners[most].who);
	else
		text_char(text, '-');
	if (dest->n_owners > 1 || dest->others)
		text_str(text, ", ...");
}

static const struct top_column columns[] = {
	{ "Destination", 0, false, dest_tuple, NULL },
	{ "Used", 52, true, dest_used, dest_used_key },
	{ "Left", 59, true, dest_left, dest_left_key },
	{ "Full", 66, true, dest_full, dest_full_key },
	{ "New/s", 73, true, dest_rate, dest_rate_key },
	{ "Held", 79, true, dest_held, dest_held_key },
	{ "Fails", 86, true, dest_fails, dest_fails_key },
	{ "Bar", 88, false, dest_bar, dest_full_key },
	{ "Owner", 99, false, dest_owner, NULL },
};

const struct top_table top_dest_table = { "destinations", columns, ARRAY_SIZE(columns) };
