// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pool.h"
#include "worker.h"

struct pool *pool_new(unsigned int size)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pool->fds = calloc(size, sizeof(*pool->fds));
	pool->size = size;
	return pool->fds ? pool : NULL;
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

/* The pool locked, and not empty. */
static int take_any(struct worker *w)
{
	struct pool *pool = w->pool;
	unsigned int i = rng_below(&w->rng, pool->used);
	int fd = pool->fds[i];

	pool->fds[i] = pool->fds[--pool->used];
	return fd;
}

/**
 * pool_put() - keep a socket open; a full pool closes another for it
 */
void pool_put(struct worker *w, int fd)
{
	struct pool *pool = w->pool;
	int other = -1;

	pthread_mutex_lock(&pool->lock);
	if (pool->used == pool->size)
		other = take_any(w);
	pool->fds[pool->used++] = fd;
	pthread_mutex_unlock(&pool->lock);
	if (other >= 0)
		pool_close_socket(w, other);
}

/**
 * pool_take() - take a random socket out
 *
 * Return: -1 if the pool is empty.
 */
int pool_take(struct worker *w)
{
	struct pool *pool = w->pool;
	int fd = -1;

	pthread_mutex_lock(&pool->lock);
	if (pool->used)
		fd = take_any(w);
	pthread_mutex_unlock(&pool->lock);
	return fd;
}

void pool_close_some(struct worker *w, unsigned int n)
{
	int fd;

	while (n--) {
		fd = pool_take(w);
		if (fd < 0)
			return;
		pool_close_socket(w, fd);
	}
}
