/* SPDX-License-Identifier: GPL-2.0-only */
/* One process of the storm. */
#ifndef STORM_WORKER_H
#define STORM_WORKER_H

#include <sys/types.h>

#include "addr.h"
#include "pool.h"
#include "rng.h"
#include "server.h"
#include "shared.h"

#define WORKER_HELPERS	4

/**
 * struct helper - a child of a worker that inherited sockets
 * @pid: 0 for none
 * @stays: it lives until the storm ends, or another needs its place
 */
struct helper {
	pid_t pid;
	bool stays;
};

/**
 * struct worker - this process, or one of its threads, which serves nothing
 * @number: its slot's
 * @slot: what the others see of it
 * @own_netns: it is alone in its network namespace
 * @range: the ephemeral range there
 * @rng: of the operation under way
 * @pool: sockets kept open, by all its threads
 * @server: what it serves
 * @helpers: its children
 */
struct worker {
	unsigned int number;
	struct slot *slot;
	bool own_netns;
	struct port_range range;
	struct rng rng;
	struct pool *pool;
	struct server server;
	struct helper helpers[WORKER_HELPERS];
};

void worker_run(unsigned int number) __attribute__((noreturn));

#endif
