// SPDX-License-Identifier: GPL-2.0-only
/* Socket options that are seldom used, and change what a port's holder looks like. */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>

#include "kinds.h"
#include "tally.h"
#include "worker.h"

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE	51
#endif

/* An IPv6 socket with a v4-mapped connection becomes an IPv4 socket. */
static int turn_into_v4(struct worker *w, enum proto proto)
{
	int err, fd;

	if (!addr_has_ipv6())
		return TALLY_SKIPPED;
	fd = call_dial(w, proto, FAMILY_MAPPED);
	if (fd < 0)
		return fd;
	err = tally_call(CALL_SETSOCKOPT, call_set(fd, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET));
	if (err)
		return call_give_up(fd, err);
	pool_put(w, fd);
	return 0;
}

int odd_family_tcp(struct worker *w)
{
	return turn_into_v4(w, PROTO_TCP);
}

int odd_family_udp(struct worker *w)
{
	return turn_into_v4(w, PROTO_UDP);
}

/* A socket may narrow the range for itself. */
int odd_narrow_range(struct worker *w)
{
	uint16_t a = addr_pick_inside(&w->range, &w->rng);
	uint16_t b = addr_pick_inside(&w->range, &w->rng);
	enum proto proto = rng_one_in(&w->rng, 4) ? PROTO_UDP : PROTO_TCP;
	enum family family = addr_pick_family(&w->rng);
	uint32_t range = a < b ? (uint32_t)b << 16 | a : (uint32_t)a << 16 | b;
	int err, fd = call_open(w, proto, family);
	struct addr to;

	if (fd < 0)
		return fd;
	if (call_set(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, (int)range))
		return call_give_up(fd, TALLY_SKIPPED);
	server_pick(w, proto, family, &to);
	err = rng_one_in(&w->rng, 2) ? call_bind0(w, fd, proto, family) :
				       call_connect(w, fd, proto, &to);
	if (err)
		return call_give_up(fd, err);
	pool_put(w, fd);
	return 0;
}

/* The same errno as from a range that is full, for another reason. */
int odd_no_address(struct worker *w)
{
	enum proto proto = rng_one_in(&w->rng, 2) ? PROTO_UDP : PROTO_TCP;
	enum family family = addr_pick_family(&w->rng);
	int err, fd = call_open(w, proto, family);
	struct addr addr;

	if (fd < 0)
		return fd;
	addr_set(&addr, family, ADDR_ANY_HOST, 0);
	if (family == FAMILY_V4)
		inet_pton(AF_INET, "192.0.2.1", &addr.v4.sin_addr);
	else
		inet_pton(AF_INET6, family == FAMILY_V6 ? "2001:db8::1" : "::ffff:192.0.2.1",
			  &addr.v6.sin6_addr);
	err = call_bind(fd, proto, &addr);
	close(fd);
	return err == -EADDRNOTAVAIL ? 0 : -EPROTO;
}
