/* SPDX-License-Identifier: GPL-2.0-only */
/* The sockets that a process keeps open between operations, closed in random order. */
#ifndef STORM_POOL_H
#define STORM_POOL_H

struct worker;

struct pool {
	int *fds;
	unsigned int used;
	unsigned int size;
};

int pool_setup(struct pool *pool, unsigned int size);
void pool_put(struct worker *w, int fd);
int pool_peek(struct worker *w);
int pool_take(struct worker *w);
void pool_close_some(struct worker *w, unsigned int n);
void pool_close_socket(struct worker *w, int fd);

#endif
