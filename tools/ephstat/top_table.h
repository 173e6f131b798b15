/* SPDX-License-Identifier: GPL-2.0 */
/* What a table of ephstat top is: columns that write themselves and tell how rows are ordered. */
#ifndef EPHSTAT_TOP_TABLE_H
#define EPHSTAT_TOP_TABLE_H

#include "top.h"

#define TOP_BAR_WIDTH	10

struct top_column {
	const char *name;
	size_t at;		/* where it starts or, if right, ends */
	bool right;
	void (*write)(const struct top *top, const struct top_row *row, struct text *text,
		      size_t at);
	/* What rows are ordered by, most first; NULL: by what is written. */
	double (*key)(const struct top *top, const struct top_row *row);
};

/* What does not fit 80 columns comes last. */
struct top_table {
	const char *name;
	const struct top_column *columns;
	unsigned int n;
};

extern const struct top_table top_dest_table;
extern const struct top_table top_owner_table;
extern const struct top_table top_failure_table;

/* Cells that several tables have. */
void top_write_bar(struct text *text, uint64_t n, uint64_t of, unsigned int width);
void top_write_rate(const struct traffic *traffic, struct text *text, size_t at);
void top_write_held(const struct traffic *traffic, struct text *text, size_t at);
void top_write_age(uint64_t ns, struct text *text, size_t at);
double top_rate_key(const struct traffic *traffic);
double top_held_key(const struct traffic *traffic);

static inline bool top_has_room(const struct top_row *row)
{
	return told(&row->dest, EPHPORTS_A_DEST_HEADROOM) && dest_room(&row->dest);
}

#endif
