/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STORM_OPTIONS_H
#define STORM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_MAX_SLOTS	1024	/* processes at once, without helpers */

/**
 * struct options - what the storm was asked for
 * @seed: the same seed, the same operations
 * @ops: operations of all processes together; UINT64_MAX without a limit
 * @procs: processes that share the caller's network namespace
 * @netns: lines of processes with a namespace of their own
 * @seconds: 0 without a limit
 * @hold: sockets that a process keeps open at most
 * @linger: keep what is open at the end
 * @taken: where to write which ports were taken; NULL: nowhere
 */
struct options {
	uint64_t seed;
	uint64_t ops;
	unsigned int procs;
	unsigned int netns;
	unsigned int seconds;
	unsigned int hold;
	bool linger;
	const char *taken;
};

extern struct options options;

void options_parse(int argc, char **argv);

#endif
