/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For which time a log is whole. Times are CLOCK_BOOTTIME unless they are called wall.
 *
 * After its beginning, and wherever something is missing, a log has to be told once who holds ports:
 * what follows vouches for nothing unless there is a whole snapshot in it. Where the module had
 * doubts there need be none, since what it finds when it mends is told as it is found.
 */
#ifndef EPHSTAT_LOGSPAN_H
#define EPHSTAT_LOGSPAN_H

#include "logfile.h"
#include "span.h"

/* Why a run tells nothing of what is asked for, until log_spans_place(). */
#define LOG_NO_PLACE	"the log does not say which ports were recorded there"

struct log_spans {
	const struct filter *filter;	/* what is asked about; netns is filled in */
	struct span asked;		/* wall: for when */
	struct spans *to;
	uint64_t run;			/* the one being read, 0: none yet */
	uint64_t number;		/* of the block that is expected */
	int64_t wall_ns;
	bool whole;			/* the run tells all that passes the filter... */
	const char *why;		/* ...but, as it is where it runs, not this */
	const char *doubt;		/* the same, if it was so in the time asked for */
	bool open;			/* a span has begun: at from_ns */
	bool resume;			/* it begins with the next event */
	uint64_t from_ns;
	uint64_t until_ns;		/* up to where the log goes so far */
	uint64_t gap_ns;		/* the end of the last gap */
	uint64_t due_ns;		/* from when on there has to be a snapshot */
	uint64_t begun_ns;		/* the snapshot being read */
	uint64_t snapshot_ns;		/* the last whole one */
	struct error *err;
};

/* As a log is read. Each returns an exit code. */
int log_spans_block(struct log_spans *spans, const struct log_header *header, int64_t wall_ns);
int log_spans_record(struct log_spans *spans, const struct log_record *record);

/* From @boot_ns on the run does not tell what is asked for, for this reason; NULL: it does. */
int log_spans_place(struct log_spans *spans, uint64_t boot_ns, const char *why);

int log_spans_end(struct log_spans *spans);

#endif
