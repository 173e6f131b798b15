/* SPDX-License-Identifier: GPL-2.0 */
/* Who held ports, put together from the events of a log. Only those that are asked for are kept. */
#ifndef EPHSTAT_LOGHELD_H
#define EPHSTAT_LOGHELD_H

#include "error.h"
#include "logfile.h"

struct log_held;

/*
 * @filter is what is asked for; its netns may change from one run to the next. What ended before
 * @since_ns of CLOCK_REALTIME is forgotten. NULL: no memory.
 */
struct log_held *log_held_new(const struct filter *filter, uint64_t since_ns);
void log_held_free(struct log_held *held);

/* Some of the log is missing: what is being told of a snapshot is not all. */
void log_held_hole(struct log_held *held);

/* The machine was started anew: whoever held a port let go at @last_ns, the last of that time. */
void log_held_boot(struct log_held *held, uint64_t last_ns);

/*
 * As a log is read; @gap_ns is the end of the last time of which not all is known, @wall_ns what
 * CLOCK_REALTIME is ahead. -1: no memory.
 */
int log_held_record(struct log_held *held, const struct log_record *record, uint64_t gap_ns,
		    int64_t wall_ns);

/*
 * Whether somebody held a port at any time of CLOCK_REALTIME in between of whom it is not known
 * if they passed the filter: they may have been connected since they took it.
 */
bool log_held_may_pass(const struct log_held *held, uint64_t since_ns, uint64_t until_ns);

/* Tells all that are left, until @fn returns anything but EXIT_OK. */
int log_held_tell(const struct log_held *held, int (*fn)(const struct holder *holder, void *arg),
		  void *arg);

#endif
