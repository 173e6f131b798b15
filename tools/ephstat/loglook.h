/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For which time the module vouches for its records, as a log goes along.
 *
 * Times are CLOCK_BOOTTIME. Every few seconds the module is asked for the spans in which it knew
 * every holder; nothing that it does not say is taken for granted. What it says becomes a LOG_LOOK
 * once the events of that time are written, so that a log that ends at any moment promises no more
 * than it has. What it says no more becomes a LOG_DOUBT.
 */
#ifndef EPHSTAT_LOGLOOK_H
#define EPHSTAT_LOGLOOK_H

#include "logwrite.h"
#include "netlink.h"
#include "span.h"

/* What the module said. */
struct log_verdict {
	struct spans spans;
	uint64_t asked_ns;	/* they are known up to here */
	uint16_t port_low;	/* the range, then */
	uint16_t port_high;
};

struct log_look {
	struct nl *nl;			/* not the one that watches */
	struct filter where;		/* the namespace that is vouched for */
	struct log_writer *writer;
	uint64_t asked_ns;		/* when it was last; 0: never */
	uint64_t vouched_ns;		/* how far it was; at first, since when there are events */
	struct log_verdict last;	/* asked_ns 0: none */
	bool pending;
	struct log_record vouching;	/* to be written as far as the events have come */
	struct error *err;
};

/* Asks the module, whenever it was asked last. Returns an exit code, as do all. */
int log_look(struct log_look *look);

/* Asks if it is time; every event up to @read_ns was handed to the writer. */
int log_look_on(struct log_look *look, uint64_t read_ns);

/* What log_look() makes of the module's answer, whose spans it takes over. */
int log_look_judge(struct log_look *look, struct log_verdict *verdict);

void log_look_free(struct log_look *look);

#endif
