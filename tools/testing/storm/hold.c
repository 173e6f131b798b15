// SPDX-License-Identifier: GPL-2.0-only
/* Ports held by bind() and listen(), and by what listeners leave behind. */
#include <errno.h>
#include <sys/socket.h>

#include "kinds.h"
#include "port.h"
#include "tally.h"
#include "worker.h"

#define CHILDREN	3

static int keep(struct worker *w, int fd)
{
	pool_put(w, fd);
	return 0;
}

int hold_bind0(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err, fd = call_open(w, PROTO_TCP, family);

	if (fd < 0)
		return fd;
	/* The kernel looks for a port in other ways then. */
	if (rng_one_in(&w->rng, 4))
		call_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (rng_one_in(&w->rng, 8))
		call_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	err = call_bind0(w, fd, PROTO_TCP, family);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

int hold_explicit(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err, fd = call_open(w, PROTO_TCP, family);
	struct addr addr;

	if (fd < 0)
		return fd;
	err = call_bind_inside(w, fd, PROTO_TCP, family, &addr);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

/* Listening, on a port that bind(0), bind() by number or listen() itself took, or -errno. */
static int open_listener(struct worker *w, enum family family, int backlog)
{
	int fd = call_open(w, PROTO_TCP, family);
	struct addr addr;
	int err = 0;

	if (fd < 0)
		return fd;
	switch (rng_below(&w->rng, 3)) {
	case 0:
		err = call_bind0(w, fd, PROTO_TCP, family);
		break;
	case 1:
		err = call_bind_inside(w, fd, PROTO_TCP, family, &addr);
		break;
	}
	if (!err)
		err = call_listen(fd, PROTO_TCP, backlog);
	return err ? call_give_up(fd, err) : fd;
}

int hold_listen(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err, fd = call_open(w, PROTO_TCP, family);

	if (fd < 0)
		return fd;
	err = call_listen(fd, PROTO_TCP, 8);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

/* A listener that is shut down lets go of a port that it did not ask for by number. */
int hold_listen_twice(struct worker *w)
{
	int err, fd = open_listener(w, addr_pick_family(&w->rng), 8);

	if (fd < 0)
		return fd;
	shutdown(fd, SHUT_RDWR);
	port_dropped(fd);
	if (rng_one_in(&w->rng, 4))
		return keep(w, fd);
	err = call_listen(fd, PROTO_TCP, 8);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

/* A client of our own listener, or -errno. The listener may hear on one address alone. */
static int dial_listener(struct worker *w, enum family family, int listener)
{
	struct addr at, to;
	int fd, err;

	err = addr_of(listener, &at);
	if (err)
		return err;
	fd = call_open(w, PROTO_TCP, family);
	if (fd < 0)
		return fd;
	addr_set(&to, family, 1, addr_port(&at));
	if (at.any.sa_family == AF_INET && at.v4.sin_addr.s_addr != htonl(INADDR_ANY))
		to = at;
	else if (at.any.sa_family == AF_INET6 && family == FAMILY_MAPPED &&
		 IN6_IS_ADDR_V4MAPPED(&at.v6.sin6_addr) && at.v6.sin6_addr.s6_addr[12])
		to = at;
	err = call_connect(w, fd, PROTO_TCP, &to);
	return err ? call_give_up(fd, err) : fd;
}

/* One connection whose server side has the listener's port: who lives on is random. */
static int add_child(struct worker *w, enum family family, int listener)
{
	int child, client = dial_listener(w, family, listener);

	if (client < 0)
		return client;
	child = call_accept(w, listener);
	if (child < 0)
		return call_give_up(client, child);
	switch (rng_below(&w->rng, 4)) {
	case 0:
		close(child);
		close(client);
		return 0;
	case 1:
		close(client);
		return keep(w, child);
	case 2:
		pool_close_socket(w, child);
		return keep(w, client);
	default:
		keep(w, child);
		return keep(w, client);
	}
}

/* Accepted children outlive their listener. */
int hold_children(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	unsigned int n = 1 + rng_below(&w->rng, CHILDREN);
	int err = 0, listener = open_listener(w, family, 8);

	if (listener < 0)
		return listener;
	while (n-- && !err)
		err = add_child(w, family, listener);
	if (rng_one_in(&w->rng, 4))
		return err ? call_give_up(listener, err) : keep(w, listener);
	return call_give_up(listener, err);
}

/* Two listeners on one port, one of which closes with a connection in its queue. */
int hold_shared_listen(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	struct addr addr;
	int listener, client, err, i;

	for (i = 0; i < 2; i++) {
		listener = call_open(w, PROTO_TCP, family);
		if (listener < 0)
			return listener;
		call_set(listener, SOL_SOCKET, SO_REUSEPORT, 1);
		err = i ? call_bind(listener, PROTO_TCP, &addr) :
			  call_bind_inside(w, listener, PROTO_TCP, family, &addr);
		if (!err)
			err = call_listen(listener, PROTO_TCP, 8);
		if (err)
			return call_give_up(listener, err);
		client = dial_listener(w, family, listener);
		if (client < 0)
			return call_give_up(listener, client);
		keep(w, client);
		if (i)
			close(listener);
		else
			keep(w, listener);
	}
	return 0;
}

/*
 * Nobody accepts: the first connections are held by no process, the later ones stay in
 * SYN-SENT as long as they are open.
 */
int hold_full_backlog(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int client, err, i, listener = open_listener(w, family, 0);
	struct addr at, to;

	if (listener < 0)
		return listener;
	err = addr_of(listener, &at);
	for (i = 0; i < 3 && !err; i++) {
		client = call_open(w, PROTO_TCP, family);
		if (client < 0) {
			err = client;
			break;
		}
		addr_set(&to, family, 1, addr_port(&at));
		err = call_connect_begin(client, PROTO_TCP, &to);
		keep(w, client);
	}
	return err ? call_give_up(listener, err) : keep(w, listener);
}
