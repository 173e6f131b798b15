/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For which time the module vouches for its records, as a log goes along.
 *
 * Times are CLOCK_BOOTTIME. Every few seconds the module is asked for the spans of which it knows
 * every holder; nothing that it does not say is taken for granted. What it says becomes a LOG_LOOK
 * once the events of that time are written, so that a log that ends at any moment promises no more
 * than it has. What it takes back later becomes a LOG_DOUBT.
 */
#ifndef EPHSTAT_LOGLOOK_H
#define EPHSTAT_LOGLOOK_H

#include "logwrite.h"
#include "netlink.h"

struct log_look {
	struct nl *nl;			/* not the one that watches */
	const struct filter *filter;	/* whose namespace is asked about, or all */
	struct log_writer *writer;
	uint64_t asked_ns;		/* 0: never */
	uint64_t vouched_ns;		/* how far it is known what the module says */
	bool gaping;			/* it vouched for nothing at that time */
	bool pending;
	struct log_record vouching;	/* to be written when the events have come so far */
	struct error *err;
};

/* Asks the module, whenever it was asked last. Returns an exit code, as do all. */
int log_look(struct log_look *look);

/* Asks if it is time; every event up to @read_ns was handed to the writer. */
int log_look_on(struct log_look *look, uint64_t read_ns);

#endif
