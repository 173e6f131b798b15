// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pool.h"
#include "worker.h"

int pool_setup(struct pool *pool, unsigned int size)
{
	pool->fds = calloc(size, sizeof(*pool->fds));
	pool->used = 0;
	pool->size = size;
	return pool->fds ? 0 : -ENOMEM;
}

/**
 * pool_close_socket() - close a socket, one in eight by a reset
 */
void pool_close_socket(struct worker *w, int fd)
{
	const struct linger reset = { .l_onoff = 1 };

	if (rng_one_in(&w->rng, 8))
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
}

/**
 * pool_put() - keep a socket open; a full pool closes another for it
 */
void pool_put(struct worker *w, int fd)
{
	if (w->pool.used == w->pool.size)
		pool_close_some(w, 1);
	w->pool.fds[w->pool.used++] = fd;
}

/**
 * pool_take() - take a random socket out
 *
 * Return: -1 if the pool is empty.
 */
int pool_take(struct worker *w)
{
	struct pool *pool = &w->pool;
	unsigned int i;
	int fd;

	if (!pool->used)
		return -1;
	i = rng_below(&w->rng, pool->used);
	fd = pool->fds[i];
	pool->fds[i] = pool->fds[--pool->used];
	return fd;
}

/**
 * pool_peek() - a random socket, which stays in the pool
 *
 * Return: -1 if the pool is empty.
 */
int pool_peek(struct worker *w)
{
	if (!w->pool.used)
		return -1;
	return w->pool.fds[rng_below(&w->rng, w->pool.used)];
}

void pool_close_some(struct worker *w, unsigned int n)
{
	while (n-- && w->pool.used)
		pool_close_socket(w, pool_take(w));
}
