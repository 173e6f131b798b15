// SPDX-License-Identifier: GPL-2.0-only
/* Ways for a TCP connection to end, or to stop half way. */
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "kinds.h"
#include "worker.h"

static int keep(struct worker *w, int fd)
{
	pool_put(w, fd);
	return 0;
}

/* A connection to some server, which was given an order. */
static int dial_with(struct worker *w, char order)
{
	int err, fd = call_dial(w, PROTO_TCP, addr_pick_family(&w->rng));

	if (fd < 0)
		return fd;
	err = call_order(fd, order);
	return err ? call_give_up(fd, err) : fd;
}

/* TIME-WAIT, on our side. */
int teardown_client_first(struct worker *w)
{
	int err = 0, fd = call_dial(w, PROTO_TCP, addr_pick_family(&w->rng));

	if (fd < 0)
		return fd;
	if (rng_one_in(&w->rng, 2)) {
		shutdown(fd, SHUT_WR);
		err = call_await_end(w, fd);
	}
	return call_give_up(fd, err);
}

/* TIME-WAIT on the server's side; we let go of the port at once. */
int teardown_server_first(struct worker *w)
{
	int err, fd = dial_with(w, ORDER_CLOSE);

	if (fd < 0)
		return fd;
	err = call_await_end(w, fd);
	return call_give_up(fd, err);
}

/* Whichever is first, or both at once. */
int teardown_both(struct worker *w)
{
	int fd = dial_with(w, ORDER_CLOSE);

	return fd < 0 ? fd : call_give_up(fd, 0);
}

int teardown_reset(struct worker *w)
{
	const struct linger reset = { .l_onoff = 1 };
	int fd = call_dial(w, PROTO_TCP, addr_pick_family(&w->rng));

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	return call_give_up(fd, 0);
}

/* The port goes although the socket stays open. */
int teardown_reset_by_server(struct worker *w)
{
	int err, fd = dial_with(w, ORDER_RESET);

	if (fd < 0)
		return fd;
	err = call_await_end(w, fd);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

/* FIN-WAIT-2 on our side, CLOSE-WAIT on the server's, until somebody is thrown out. */
int teardown_half_close(struct worker *w)
{
	int fd = dial_with(w, ORDER_HOLD);

	if (fd < 0)
		return fd;
	shutdown(fd, SHUT_WR);
	if (rng_one_in(&w->rng, 4))
		return call_give_up(fd, 0);
	return keep(w, fd);
}

/* CLOSE-WAIT on our side, FIN-WAIT-2 on the server's. */
int teardown_half_close_by_server(struct worker *w)
{
	int err, fd = dial_with(w, ORDER_HALF);

	if (fd < 0)
		return fd;
	err = call_await_end(w, fd);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

/* More is sent than the server takes: FIN-WAIT-1 stays, whether or not we close. */
int teardown_stalled(struct worker *w)
{
	static const char data[4096];
	int fd = dial_with(w, ORDER_STALL);
	unsigned int i;

	if (fd < 0)
		return fd;
	call_set(fd, SOL_SOCKET, SO_SNDBUF, 4096);
	for (i = 0; i < 256; i++)
		if (send(fd, data, sizeof(data), MSG_NOSIGNAL) < 0)
			break;
	shutdown(fd, SHUT_WR);
	if (rng_one_in(&w->rng, 4))
		return call_give_up(fd, 0);
	return keep(w, fd);
}

int teardown_pool(struct worker *w)
{
	pool_close_some(w, 1 + rng_below(&w->rng, 4));
	return 0;
}
