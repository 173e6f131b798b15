/* SPDX-License-Identifier: GPL-2.0 */
/* The answer to who held a port, and for which time it is whole; whatever it is that remembers. */
#ifndef EPHSTAT_ANSWER_H
#define EPHSTAT_ANSWER_H

#include "ephstat.h"
#include "netlink.h"
#include "span.h"

/* What is asked; @es->filter says of which ports. */
struct question {
	const struct ephstat *es;
	uint64_t since_ns;	/* 0: as far back as is remembered */
	uint64_t until_ns;	/* 0: now */
	uint64_t now_ns;	/* when it is asked, by the clock of what is told */
	uint32_t netns;		/* inode number of the namespace asked about */
	bool is_hosts;		/* as netns_is_hosts() has it */
	const char *doubt;	/* why no answer can be whole; NULL: nothing is against it */
};

/* A doubt that any memory may have. */
#define DOUBT_RANGE	"holders of ports outside ip_local_port_range are not recorded"

/*
 * Tells @fn every holder that was there at any time asked for (or more of them) and every span that
 * is whole, these in the order of time. Sets @interrupted if holders may be missing all the same,
 * and @question->doubt if it finds any. Returns an exit code.
 */
typedef int (*memory_fn)(struct question *question, holder_fn fn, void *fn_arg, void *arg,
			 bool *interrupted, struct error *err);

/*
 * Asks @memory, with @arg, and writes the answer to es->out. Returns EXIT_OK if it is whole for all
 * the time asked for, EXIT_NOT_WHOLE if it is not, or what @memory failed with.
 */
int answer(struct question *question, memory_fn memory, void *arg, struct error *err);

#endif
