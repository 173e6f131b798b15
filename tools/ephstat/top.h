/* SPDX-License-Identifier: GPL-2.0 */
/* ephstat top: what is shown, apart from where. */
#ifndef EPHSTAT_TOP_H
#define EPHSTAT_TOP_H

#include "ephstat.h"
#include "netlink.h"
#include "text.h"

enum top_view {
	TOP_DESTS,
	TOP_OWNERS,
	TOP_FAILURES,
	TOP_VIEWS,
};

struct top_row {
	union {
		struct dest dest;
		struct owner owner;
		struct failure failure;
	};
};

#define TOP_ROWS	1024

/* The columns that tables are sorted by at first; of failures it is the first. */
#define TOP_DEST_USED	1
#define TOP_OWNER_USED	2

struct top {
	const struct ephstat *es;
	struct nl *nl;
	struct filter filter;
	char words[128];		/* of the filter, as they were given */
	enum top_view view;
	struct {
		unsigned int column;
		bool reversed;
	} sort[TOP_VIEWS];

	/* What the module said last. */
	struct info info;
	bool interrupted;
	struct traffic traffic;		/* of all rows */
	uint64_t failures;
	unsigned int n_rows;
	struct top_row *rows;		/* TOP_ROWS */
	struct error *err;
};

/* Characters of a bar, which cannot be in any other text: to be replaced as the output can. */
#define TOP_BAR_FULL	'\1'
#define TOP_BAR_EMPTY	'\2'

/* @top has its filter and view. top_close() is due also if this fails. */
int top_open(struct top *top, struct error *err);
void top_close(struct top *top);

/* Asks the module anew, for what the view shows, and sorts it. Returns an exit code. */
int top_refresh(struct top *top);
void top_sort(struct top *top);

/* Sorts by another column: the next one, or the one before. */
void top_move_sort(struct top *top, int by);

/* Filter words as list takes them; if they are wrong, the old ones stay and @err says why. */
int top_set_filter(struct top *top, const char *words, struct error *err);

/* Each appends a line without its end. */
#define TOP_HEAD_LINES	4
void top_head(const struct top *top, unsigned int line, struct text *text);
void top_columns(const struct top *top, struct text *text);
void top_row(const struct top *top, unsigned int row, struct text *text);

/* How much of what there is a row's subject has used, in percent; 0 where that means nothing. */
unsigned int top_percent(const struct top *top, unsigned int row);

/* On the terminal until it is ended. */
int top_screen(struct top *top, double seconds, struct error *err);

#endif
