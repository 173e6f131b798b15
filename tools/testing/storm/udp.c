// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/socket.h>

#include "kinds.h"
#include "tally.h"
#include "worker.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT	24
#endif

static int keep(struct worker *w, int fd)
{
	pool_put(w, fd);
	return 0;
}

static int open_dressed(struct worker *w, enum family family)
{
	int fd = call_open(w, PROTO_UDP, family);

	if (fd < 0)
		return fd;
	if (rng_one_in(&w->rng, 8))
		call_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (rng_one_in(&w->rng, 8))
		call_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	return fd;
}

/* Bound to an address alone: the port comes with connect() or sendto(). */
static int bind_no_port(struct worker *w, int fd, enum family family)
{
	int err = tally_call(CALL_SETSOCKOPT,
			     call_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1));

	return err ? err : call_bind0(w, fd, PROTO_UDP, family);
}

static int connect_to_sink(struct worker *w, int fd, enum family family)
{
	struct addr to;

	server_pick(w, PROTO_UDP, family, &to);
	return call_connect(w, fd, PROTO_UDP, &to);
}

static int send_to_sink(struct worker *w, int fd, enum family family)
{
	struct addr to;

	server_pick(w, PROTO_UDP, family, &to);
	return call_send_udp(fd, &to);
}

int udp_connect(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err = 0, fd = open_dressed(w, family);

	if (fd < 0)
		return fd;
	if (rng_one_in(&w->rng, 4))
		err = bind_no_port(w, fd, family);
	if (!err)
		err = connect_to_sink(w, fd, family);
	if (!err && rng_one_in(&w->rng, 4))
		err = connect_to_sink(w, fd, family);
	if (!err && rng_one_in(&w->rng, 2))
		send(fd, "u", 1, 0);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

int udp_send(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err = 0, fd = open_dressed(w, family);

	if (fd < 0)
		return fd;
	if (rng_one_in(&w->rng, 4))
		err = bind_no_port(w, fd, family);
	if (!err)
		err = send_to_sink(w, fd, family);
	if (!err && rng_one_in(&w->rng, 4))
		err = send_to_sink(w, fd, family);
	/* As a name look-up does: gone as soon as it was sent. */
	if (err || rng_one_in(&w->rng, 2))
		return call_give_up(fd, err);
	return keep(w, fd);
}

int udp_bind0(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err, fd = open_dressed(w, family);

	if (fd < 0)
		return fd;
	err = call_bind0(w, fd, PROTO_UDP, family);
	if (!err && rng_one_in(&w->rng, 3))
		err = connect_to_sink(w, fd, family);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

int udp_explicit(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err, fd = open_dressed(w, family);
	struct addr addr;

	if (fd < 0)
		return fd;
	err = call_bind_inside(w, fd, PROTO_UDP, family, &addr);
	if (!err && rng_one_in(&w->rng, 3))
		err = connect_to_sink(w, fd, family);
	return err ? call_give_up(fd, err) : keep(w, fd);
}

int udp_shared_port(struct worker *w)
{
	int option = rng_one_in(&w->rng, 2) ? SO_REUSEADDR : SO_REUSEPORT;
	enum family family = addr_pick_family(&w->rng);
	struct addr addr;
	int fd, err, i;

	for (i = 0; i < 2; i++) {
		fd = call_open(w, PROTO_UDP, family);
		if (fd < 0)
			return fd;
		call_set(fd, SOL_SOCKET, option, 1);
		err = i ? call_bind(fd, PROTO_UDP, &addr) :
			  call_bind_inside(w, fd, PROTO_UDP, family, &addr);
		if (err)
			return call_give_up(fd, err);
		keep(w, fd);
	}
	return 0;
}

/* Lets go of a port that was not asked for by number; sometimes takes another then. */
int udp_disconnect(struct worker *w)
{
	enum family family = addr_pick_family(&w->rng);
	int err = 0, fd = open_dressed(w, family);
	struct addr addr;

	if (fd < 0)
		return fd;
	switch (rng_below(&w->rng, 3)) {
	case 0:
		err = call_bind0(w, fd, PROTO_UDP, family);
		break;
	case 1:
		err = call_bind_inside(w, fd, PROTO_UDP, family, &addr);
		break;
	}
	if (!err)
		err = connect_to_sink(w, fd, family);
	if (!err)
		err = call_disconnect(fd);
	if (!err && rng_one_in(&w->rng, 2))
		err = rng_one_in(&w->rng, 2) ? connect_to_sink(w, fd, family) :
					       send_to_sink(w, fd, family);
	return err ? call_give_up(fd, err) : keep(w, fd);
}
