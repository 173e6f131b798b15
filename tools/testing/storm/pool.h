/* SPDX-License-Identifier: GPL-2.0-only */
/* The sockets that a process keeps open between operations, closed in random order. */
#ifndef STORM_POOL_H
#define STORM_POOL_H

#include <pthread.h>

struct worker;

/**
 * struct pool - what the threads of a process hold together
 * @lock: of all that follows
 * @fds: open sockets, @used of at most @size
 */
struct pool {
	pthread_mutex_t lock;
	int *fds;
	unsigned int used;
	unsigned int size;
};

struct pool *pool_new(unsigned int size);
void pool_put(struct worker *w, int fd);
int pool_take(struct worker *w);
void pool_close_some(struct worker *w, unsigned int n);
void pool_close_socket(struct worker *w, int fd);

#endif
