// SPDX-License-Identifier: GPL-2.0-only
/* Ways to connect over TCP. What comes of it stays in the pool. */
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "kinds.h"
#include "tally.h"
#include "worker.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT	24
#endif
#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT	30
#endif

/* A socket that has no port yet, with or without what lets ports be shared. */
static int open_dressed(struct worker *w, enum family family)
{
	int fd = call_open(w, PROTO_TCP, family);

	if (fd < 0)
		return fd;
	if (rng_one_in(&w->rng, 4))
		call_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (rng_one_in(&w->rng, 8))
		call_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return fd;
}

/* Bound to a port that the kernel chose, or asked for by number. */
static int open_bound(struct worker *w, enum family family)
{
	int fd = open_dressed(w, family);
	struct addr addr;
	int err;

	if (fd < 0)
		return fd;
	if (rng_one_in(&w->rng, 2))
		err = call_bind0(w, fd, PROTO_TCP, family);
	else
		err = call_bind_inside(w, fd, PROTO_TCP, family, &addr);
	return err ? call_give_up(fd, err) : fd;
}

static int connect_to_server(struct worker *w, int fd, enum proto proto, enum family family)
{
	struct addr to;

	server_pick(w, proto, family, &to);
	return call_connect(w, fd, proto, &to);
}

static int keep(struct worker *w, int fd)
{
	pool_put(w, fd);
	return 0;
}

int connect_plain(struct worker *w)
{
	int fd = call_dial(w, PROTO_TCP, addr_pick_family(&w->rng));

	return fd < 0 ? fd : keep(w, fd);
}

/* To a port where, most likely, nobody listens: a privileged one, or one of the range. */
static int connect_to_nobody(struct worker *w, int fd, enum family family)
{
	struct addr to;

	addr_set(&to, family, addr_pick_host(&w->rng),
		 rng_one_in(&w->rng, 2) ? (uint16_t)(1 + rng_below(&w->rng, 1000)) :
					  addr_pick_inside(&w->range, &w->rng));
	return call_connect(w, fd, PROTO_TCP, &to);
}

/*
 * A failed connect lets go of a port that it chose itself, and of one that bind(0) chose, but
 * not of one that was asked for by number. Connecting once more takes another.
 */
int connect_refused(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	bool bound = rng_one_in(&w->rng, 2);
	int fd, err;

	fd = bound ? open_bound(w, family) : open_dressed(w, family);
	if (fd < 0)
		return fd;
	err = connect_to_nobody(w, fd, family);
	if (err && err != -ECONNREFUSED)
		return call_give_up(fd, err);
	if (err && rng_one_in(&w->rng, 4))
		err = connect_to_server(w, fd, PROTO_TCP, family);
	return keep(w, fd);
}

int connect_bound(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err, fd = open_bound(w, family);

	if (fd < 0)
		return fd;
	err = connect_to_server(w, fd, PROTO_TCP, family);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

/* bind() chooses the address alone, and connect() the port. */
int connect_no_port(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err, fd = open_dressed(w, family);

	if (fd < 0)
		return fd;
	err = tally_call(CALL_SETSOCKOPT,
			 call_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1));
	if (!err)
		err = call_bind0(w, fd, PROTO_TCP, family);
	if (!err && !rng_one_in(&w->rng, 8))
		err = connect_to_server(w, fd, PROTO_TCP, family);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

/* Two sockets bound to one port of the range, each with a connection of its own. */
int connect_shared_port(struct worker *w)
{
	int option = rng_one_in(&w->rng, 2) ? SO_REUSEADDR : SO_REUSEPORT;
	enum family family = addr_pick_family(&w->rng);
	struct addr addr;
	int fd, err, i;

	for (i = 0; i < 2; i++) {
		fd = call_open(w, PROTO_TCP, family);
		if (fd < 0)
			return fd;
		call_set(fd, SOL_SOCKET, option, 1);
		if (!i)
			err = call_bind_inside(w, fd, PROTO_TCP, family, &addr);
		else
			err = call_bind(fd, PROTO_TCP, &addr);
		if (!err)
			err = connect_to_server(w, fd, PROTO_TCP, family);
		if (err)
			return call_give_up(fd, err);
		keep(w, fd);
	}
	return 0;
}

int connect_again(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int fd, err;

	fd = rng_one_in(&w->rng, 3) ? open_bound(w, family) : open_dressed(w, family);
	if (fd < 0)
		return fd;
	err = connect_to_server(w, fd, PROTO_TCP, family);
	if (!err)
		err = call_disconnect(fd);
	if (!err && !rng_one_in(&w->rng, 4))
		err = connect_to_server(w, fd, PROTO_TCP, family);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

/* Closed, or disconnected, before anybody looked at the answer. */
int connect_cancelled(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err, fd = open_dressed(w, family);
	struct addr to;

	if (fd < 0)
		return fd;
	server_pick(w, PROTO_TCP, family, &to);
	err = call_connect_begin(fd, PROTO_TCP, &to);
	if (!err && rng_one_in(&w->rng, 2)) {
		err = call_disconnect(fd);
		return err ? call_give_up(fd, err) : keep(w, fd);
	}
	pool_close_socket(w, fd);
	return err;
}

/* The port is taken by sendto(), or by connect() long before anything is sent. */
int connect_fast_open(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err, fd = open_dressed(w, family);
	struct addr to;

	if (fd < 0)
		return fd;
	server_pick(w, PROTO_TCP, family, &to);
	if (rng_one_in(&w->rng, 2)) {
		if (call_set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1))
			return call_give_up(fd, TALLY_SKIPPED);
		err = call_connect_begin(fd, PROTO_TCP, &to);
		if (!err && !rng_one_in(&w->rng, 4))
			send(fd, "k", 1, MSG_NOSIGNAL);
	} else {
		err = call_send_fast(fd, &to);
		if (err == -EOPNOTSUPP)
			return call_give_up(fd, TALLY_SKIPPED);
	}
	return err ? call_give_up(fd, err) : keep(w, fd);
}

int connect_mptcp(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int fd, err = 0;

	if (!call_has_mptcp())
		return TALLY_SKIPPED;
	fd = call_open(w, PROTO_MPTCP, family);
	if (fd < 0)
		return fd;
	if (rng_one_in(&w->rng, 4))
		err = call_bind0(w, fd, PROTO_MPTCP, family);
	if (!err)
		err = connect_to_server(w, fd, PROTO_MPTCP, family);
	return err ? call_give_up(fd, err) : keep(w, fd);
}
