/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For which time a log is whole. Times are CLOCK_BOOTTIME unless they are called wall.
 *
 * Two things have to be so: that the module vouched for its records then, which the log says, and
 * that what it told of them is there. After its beginning, and wherever something is missing, a
 * log has to be told once who holds ports: what follows counts for nothing unless there is a whole
 * snapshot in it. Where the module had doubts there need be none, since what it finds when it mends
 * is told as it is found.
 */
#ifndef EPHSTAT_LOGSPAN_H
#define EPHSTAT_LOGSPAN_H

#include "logfile.h"
#include "span.h"

struct log_spans {
	const struct filter *filter;	/* what is asked about; netns is filled in */
	struct span asked;		/* wall: for when */
	struct spans *to;
	uint64_t run;			/* the one being read, 0: none yet */
	uint64_t number;		/* of the block that is expected */
	int64_t wall_ns;
	bool whole;			/* the run tells all that passes the filter... */
	const char *doubt;		/* ...but for this reason, in the time asked for */
	bool open;			/* all that happened since from_ns is there */
	bool resume;			/* it will be, from the next event on */
	uint64_t from_ns;
	struct spans vouched;		/* wall: there is to be a snapshot yet */
	struct spans gaps;		/* wall: what is vouched for next may reach into them */
	uint64_t gap_ns;		/* the end of the last gap */
	uint64_t due_ns;		/* from when on there has to be a snapshot */
	uint64_t begun_ns;		/* the snapshot being read */
	uint64_t snapshot_ns;		/* the last whole one */
	struct error *err;
};

/* As a log is read. Each returns an exit code. */
int log_spans_block(struct log_spans *spans, const struct log_header *header, int64_t wall_ns);
int log_spans_record(struct log_spans *spans, const struct log_record *record);

/* A LOG_LOOK; @why: the run does not tell what is asked for, for this reason. NULL: it does. */
int log_spans_look(struct log_spans *spans, const struct log_record *look, const char *why);

/* Frees what is its own. */
int log_spans_end(struct log_spans *spans);

#endif
