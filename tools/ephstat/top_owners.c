// SPDX-License-Identifier: GPL-2.0
/* The table of owners. */
#include "top_table.h"
#include "util.h"
#include "who.h"

static void owner_used(const struct top *top, const struct top_row *row, struct text *text,
		       size_t at)
{
	(void)top;
	text_u64_right(text, row->owner.used, at);
}

static double owner_used_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return row->owner.used;
}

static uint32_t time_wait(const struct top_row *row)
{
	return row->owner.counts.states[EPHPORTS_STATE_TIME_WAIT];
}

static void owner_share(const struct top *top, const struct top_row *row, struct text *text,
			size_t at)
{
	uint64_t all = 0;
	unsigned int i;

	for (i = 0; i < top->n_rows; i++)
		all += top->rows[i].owner.used;
	text_column(text, at);
	top_write_bar(text, row->owner.used, all, TOP_BAR_WIDTH);
}

static void owner_tw(const struct top *top, const struct top_row *row, struct text *text, size_t at)
{
	(void)top;
	text_u64_right(text, time_wait(row), at);
}

static double owner_tw_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return time_wait(row);
}

static void owner_rate(const struct top *top, const struct top_row *row, struct text *text,
		       size_t at)
{
	(void)top;
	top_write_rate(&row->owner.traffic, text, at);
}

static double owner_rate_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return top_rate_key(&row->owner.traffic);
}

static void owner_held(const struct top *top, const struct top_row *row, struct text *text,
		       size_t at)
{
	(void)top;
	top_write_held(&row->owner.traffic, text, at);
}

static double owner_held_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return top_held_key(&row->owner.traffic);
}

static void owner_oldest(const struct top *top, const struct top_row *row, struct text *text,
			 size_t at)
{
	(void)top;
	top_write_age(row->owner.traffic.oldest_ns, text, at);
}

static double owner_oldest_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return row->owner.traffic.oldest_ns;
}

static void owner_fails(const struct top *top, const struct top_row *row, struct text *text,
			size_t at)
{
	(void)top;
	text_known_right(text, told(&row->owner.who, EPHPORTS_A_OWNER_FAILURES),
			 row->owner.failures, at);
}

static double owner_fails_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return row->owner.failures;
}

static void owner_uid(const struct top *top, const struct top_row *row, struct text *text,
		      size_t at)
{
	(void)top;
	who_number(text, &row->owner.who, EPHPORTS_A_OWNER_UID, row->owner.who.uid, at);
}

static void owner_pid(const struct top *top, const struct top_row *row, struct text *text,
		      size_t at)
{
	(void)top;
	who_number(text, &row->owner.who, EPHPORTS_A_OWNER_PID, row->owner.who.pid, at);
}

static double owner_pid_key(const struct top *top, const struct top_row *row)
{
	(void)top;
	return row->owner.who.pid;
}

static void owner_command(const struct top *top, const struct top_row *row, struct text *text,
			  size_t at)
{
	(void)top;
	text_column(text, at);
	who_command(text, &row->owner.who);
}

static void owner_unit(const struct top *top, const struct top_row *row, struct text *text,
		       size_t at)
{
	(void)top;
	text_column(text, at);
	who_unit(text, &row->owner.who);
}

static const struct top_column columns[] = {
	{ "Pid", 8, true, owner_pid, owner_pid_key },
	{ "Command", 10, false, owner_command, NULL },
	{ "Used", 34, true, owner_used, owner_used_key },
	{ "Share", 36, false, owner_share, owner_used_key },
	{ "TimeWait", 56, true, owner_tw, owner_tw_key },
	{ "New/s", 63, true, owner_rate, owner_rate_key },
	{ "Held", 70, true, owner_held, owner_held_key },
	{ "Oldest", 78, true, owner_oldest, owner_oldest_key },
	{ "Fails", 85, true, owner_fails, owner_fails_key },
	{ "Uid", 92, true, owner_uid, NULL },
	{ "Unit", 94, false, owner_unit, NULL },
};

const struct top_table top_owner_table = { "owners", columns, ARRAY_SIZE(columns) };
