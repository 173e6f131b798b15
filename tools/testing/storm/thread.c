// SPDX-License-Identifier: GPL-2.0-only
/* Threads that share the sockets of their process, and one socket between two of them. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "kinds.h"
#include "port.h"
#include "tally.h"
#include "worker.h"

#define THREADS		3
#define THREAD_OPS	3

/**
 * struct errand - a thread of this process
 * @w: its own, but for the pool
 * @running: threads that have not ended
 */
struct errand {
	struct worker w;
	_Atomic unsigned int *running;
};

/* A thread closes what others have opened, and has its own closed by them: the pool is one. */
static void *run_errand(void *arg)
{
	struct errand *errand = arg;
	unsigned int n = 1 + rng_below(&errand->w.rng, THREAD_OPS);

	while (n--) {
		kinds_run_inner(&errand->w);
		if (rng_one_in(&errand->w.rng, 2))
			pool_close_some(&errand->w, 1);
	}
	atomic_fetch_sub(errand->running, 1);
	return NULL;
}

/* Threads serve nothing: their process does so meanwhile. */
int thread_several(struct worker *w)
{
	struct errand *errands = calloc(THREADS, sizeof(*errands));
	_Atomic unsigned int running = 0;
	pthread_t threads[THREADS];
	unsigned int i, n = 0;
	int err = errands ? 0 : ENOMEM;

	for (i = 0; i < THREADS && !err; i++) {
		errands[i].w = *w;
		errands[i].w.server.epoll = -1;
		errands[i].w.rng = rng_at(w->rng.state, w->number, i);
		errands[i].running = &running;
		atomic_fetch_add(&running, 1);
		err = pthread_create(&threads[i], NULL, run_errand, &errands[i]);
		if (err)
			atomic_fetch_sub(&running, 1);
		else
			n++;
	}
	while (atomic_load(&running))
		server_run(w, 1);
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	free(errands);
	return tally_call(CALL_FORK, -err);
}

struct race {
	int fd;
	struct addr to;
};

static void *run_connect(void *arg)
{
	const struct race *race = arg;

	call_connect_begin(race->fd, PROTO_TCP, &race->to);
	close(race->fd);
	return NULL;
}

static void disturb(struct worker *w, int fd)
{
	switch (rng_below(&w->rng, 3)) {
	case 0:
		call_disconnect(fd);
		break;
	case 1:
		shutdown(fd, SHUT_RDWR);
		break;
	case 2:
		call_listen(fd, PROTO_TCP, 8);
		break;
	}
}

/*
 * One thread connects a socket while another disconnects it, shuts it down, makes it listen or
 * closes it, whichever comes first.
 */
int thread_race(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err, fd = call_open(w, PROTO_TCP, family);
	struct race race;
	pthread_t thread;

	if (fd < 0)
		return fd;
	race.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (race.fd < 0)
		return call_give_up(fd, tally_call(CALL_SOCKET, -errno));
	port_open(race.fd, PROTO_TCP, family);
	server_pick(w, PROTO_TCP, family, &race.to);
	err = pthread_create(&thread, NULL, run_connect, &race);
	if (err) {
		close(race.fd);
		return call_give_up(fd, tally_call(CALL_FORK, -err));
	}
	if (rng_one_in(&w->rng, 4)) {
		close(fd);
	} else {
		disturb(w, fd);
		pool_put(w, fd);
	}
	pthread_join(thread, NULL);
	return 0;
}
