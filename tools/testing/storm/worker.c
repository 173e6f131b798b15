// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "kinds.h"
#include "netns.h"
#include "port.h"
#include "process.h"
#include "worker.h"

#define LIFE_MIN	50	/* operations in a namespace, before it dies */
#define LIFE_SPREAD	400
#define HELPERS_MS	5000

static void fail(const struct worker *w, const char *what, int err)
{
	fprintf(stderr, "storm: process %u: %s: %s\n", w->number, what, strerror(-err));
	_exit(1);
}

static void start(struct worker *w)
{
	int err;

	if (w->own_netns) {
		err = netns_enter_new();
		if (err)
			fail(w, "cannot make a network namespace", err);
	}
	err = netns_note(w->slot);
	if (err)
		fail(w, "cannot tell its network namespace", err);
	err = addr_read_range(&w->range);
	if (err)
		fail(w, "cannot read the range of ports", err);
	w->pool = pool_new(options.hold);
	if (!w->pool)
		fail(w, "pool", -ENOMEM);
	port_setup(w->slot, w->own_netns);
	err = server_start(w);
	if (err)
		fail(w, "cannot serve", err);
}

/* Operation n is the same whatever came of those before it. */
static void storm(struct worker *w, uint64_t life)
{
	while (life-- && atomic_load(&w->slot->left) && shared_phase() == PHASE_RUN) {
		w->rng = rng_at(options.seed, w->number, atomic_load(&w->slot->done));
		atomic_fetch_add(&w->slot->done, 1);
		atomic_fetch_sub(&w->slot->left, 1);
		kinds_run(w);
		server_run(w, 0);
	}
}

/* With all its sockets open: this is how namespaces die. */
static void die(struct worker *w)
{
	atomic_store(&w->slot->dying, true);
	if (rng_one_in(&w->rng, 2))
		kill(getpid(), SIGKILL);
	_exit(0);
}

/* Nothing is begun any more, but what others began is served. */
static void come_to_rest(struct worker *w)
{
	int ms = 0;

	while (process_reap(w) && ms < HELPERS_MS && shared_phase() == PHASE_STOP) {
		server_run(w, 5);
		ms += 5;
	}
	process_end_helpers(w, false);
	atomic_store(&w->slot->stopped, true);
	while (shared_phase() < PHASE_QUIET)
		server_run(w, 20);
	atomic_store(&w->slot->quiet, true);
}

/**
 * worker_run() - be a process of the storm
 * @number: its slot's
 */
void worker_run(unsigned int number)
{
	static struct worker worker;
	struct worker *w = &worker;
	uint64_t life = UINT64_MAX;
	char byte;

	/* main tells us when to end; without main there is no storm. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);

	w->number = number;
	w->slot = &shared->slots[number];
	w->own_netns = number >= options.procs;
	w->rng = rng_at(~options.seed, number, atomic_load(&w->slot->done));
	start(w);
	if (w->own_netns)
		life = LIFE_MIN + rng_below(&w->rng, LIFE_SPREAD);
	atomic_store(&w->slot->ready, true);
	while (shared_phase() == PHASE_SETUP)
		server_run(w, 20);
	storm(w, life);
	if (atomic_load(&w->slot->left) && shared_phase() == PHASE_RUN)
		die(w);
	come_to_rest(w);
	while (read(lifeline, &byte, 1) < 0 && errno == EINTR)
		;
	process_end_helpers(w, true);
	_exit(0);
}
