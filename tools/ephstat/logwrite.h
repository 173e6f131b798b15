/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes a log. What was handed in is in a file half a second later, and on the disk after one
 * more, or it is written down that it is not: trouble with the disk ends nothing.
 */
#ifndef EPHSTAT_LOGWRITE_H
#define EPHSTAT_LOGWRITE_H

#include "error.h"
#include "logfile.h"

struct log_limits {
	uint64_t size;		/* of a file: bytes, ns */
	uint64_t age_ns;
	uint64_t keep;		/* files and bytes together, 0: any */
	uint64_t max_total;
};

/* What was done so far; @trouble: the errno of a disk that takes nothing. */
struct log_done {
	uint64_t records;
	uint64_t bytes;
	uint64_t missed;
	int trouble;
};

struct log_writer;

/* Takes @dir, locked, in any case. Without records it leaves no file. */
int log_writer_new(struct log_writer **writer, int dir, const struct log_limits *limits,
		   const struct filter *filter, const struct log_place *place, struct error *err);

/* All that happens from @from_ns on, and passes the filter, is handed in, or was already. */
int log_writer_watch(struct log_writer *writer, uint64_t from_ns, struct error *err);

/* Writes what is left, and then @stop; @done is how much it was in all. */
void log_writer_end(struct log_writer *writer, enum log_stop stop, struct log_done *done);

/* Returns an exit code: EXIT_RUNTIME for want of memory, and for nothing else. */
int log_write(struct log_writer *writer, const struct log_record *record, struct error *err);

/*
 * To be called at least every quarter of a second. All that happened until @until_ns of
 * CLOCK_BOOTTIME was handed in.
 */
int log_tick(struct log_writer *writer, uint64_t until_ns, struct error *err);

/*
 * Whether who holds ports is to be written down: a new file has begun, or something is missing.
 * Asked once, it is no longer due.
 */
bool log_wants_snapshot(struct log_writer *writer);

const struct log_done *log_done(const struct log_writer *writer);

/* CLOCK_BOOTTIME, and what CLOCK_REALTIME is ahead of it. */
uint64_t log_now(void);
int64_t log_clock_ahead(void);

#endif
