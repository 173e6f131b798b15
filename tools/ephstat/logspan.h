/* SPDX-License-Identifier: GPL-2.0 */
/* For which time a log is whole. Times are CLOCK_BOOTTIME unless they are called wall. */
#ifndef EPHSTAT_LOGSPAN_H
#define EPHSTAT_LOGSPAN_H

#include "logfile.h"
#include "span.h"

struct log_spans {
	const struct filter *filter;	/* what is asked about; netns is filled in */
	struct spans *to;
	uint64_t run;			/* the one being read, 0: none yet */
	uint64_t number;		/* of the block that is expected */
	int64_t wall_ns;
	bool whole;			/* the run tells all that passes the filter */
	bool open;			/* a span has begun: at from_ns */
	bool resume;			/* it begins with the next event */
	uint64_t from_ns;
	uint64_t until_ns;		/* up to where the log goes so far */
	uint64_t gap_ns;		/* the end of the last gap */
	struct error *err;
};

/* As a log is read. Each returns an exit code. */
int log_spans_block(struct log_spans *spans, const struct log_header *header, int64_t wall_ns);
int log_spans_record(struct log_spans *spans, const struct log_record *record);
int log_spans_end(struct log_spans *spans);

#endif
