/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line of text, put together by hand: a list can be half a million rows long, and printf() costs
 * more than everything else that is done for a row. What does not fit is cut.
 */
#ifndef EPHSTAT_TEXT_H
#define EPHSTAT_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "record.h"

#define TEXT_ROOM	1024

/* The longest that is written before it is looked whether it fits: "255.255.255.255:65535". */
#define TEXT_SLACK	32

struct text {
	size_t len;
	char buf[TEXT_ROOM + TEXT_SLACK];
};

static inline void text_char(struct text *text, char c)
{
	if (text->len < TEXT_ROOM)
		text->buf[text->len++] = c;
}

void text_str(struct text *text, const char *s);
void text_u64(struct text *text, uint64_t n);

/* Pads with spaces up to @column, and by one space at least unless the line is empty. */
static inline void text_column(struct text *text, size_t column)
{
	size_t end = text->len < column ? column : text->len + (text->len > 0);
	size_t at = text->len;

	if (end > TEXT_ROOM)
		end = TEXT_ROOM;
	do {
		memcpy(text->buf + at, "        ", 8);
		at += 8;
	} while (at < end);
	text->len = end;
}

/* A number whose last digit stands before @column, if the line is not too long for that. */
void text_u64_right(struct text *text, uint64_t n, size_t column);

/* Likewise a string. */
void text_str_right(struct text *text, const char *s, size_t column);

/* Likewise a number; what is not known is a dash. */
void text_known_right(struct text *text, bool known, uint64_t n, size_t column);

/* The share of @n in @of, as "46.0%"; "-" of nothing. */
void text_percent(struct text *text, uint64_t n, uint64_t of);

/* "10.0.0.1", "fe80::1". */
void text_address(struct text *text, const struct address *addr);

/* "10.0.0.1:80", "[fe80::1%2]:80"; the interface is left out if 0; "-:80" without an address. */
void text_endpoint(struct text *text, const struct address *addr, uint32_t ifindex, uint16_t port);

/* Three figures or so and a unit: 31ms 3.2s 42s 5m12s 3h07m 12d4h. */
void text_duration(struct text *text, uint64_t ns);

/* A point in time, as "2026-11-21 10:33:38" where we are. */
void text_time(struct text *text, uint64_t ns);

/* Likewise, as "2026-11-21". */
void text_day(struct text *text, uint64_t ns);

/* Likewise, as "10:33:38.123". */
void text_clock(struct text *text, uint64_t ns);

/* Events of @ns nanoseconds as a rate a second: "331", "0.4"; "-" without a time. */
void text_rate(struct text *text, uint64_t events, uint64_t ns);

/*
 * A string that somebody else chose: only printable ASCII goes out as it is, so that nothing can
 * steer the terminal; every other byte and the backslash are written \xNN.
 */
void text_escaped(struct text *text, const char *s);

/* The text as a string; valid until it is changed. */
const char *text_get(struct text *text);

/* Writes the text as a line to @out and empties it. */
void text_line(struct text *text, FILE *out);

#endif
