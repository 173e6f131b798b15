// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <string.h>

#include "match.h"

/* As IPv6, v4 addresses mapped. */
static void widen(const struct address *addr, uint8_t to[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (addr->len == 16) {
		memcpy(to, addr->bytes, 16);
		return;
	}
	memcpy(to, mapped, sizeof(mapped));
	memcpy(to + sizeof(mapped), addr->bytes, 4);
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	const unsigned int whole = bits / 8, rest = bits % 8;

	return !memcmp(a, b, whole) && (!rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

/* 0.0.0.0/0 is still v4 only, ::/0 is everything. */
static unsigned int wide_bits(const struct prefix *prefix)
{
	return prefix->bits + 128 - 8 * prefix->addr.len;
}

static bool prefix_holds(const struct prefix *prefix, const struct address *addr)
{
	uint8_t wanted[16], has[16];

	if (!prefix->addr.len || !wide_bits(prefix))
		return true;
	if (!addr->len)
		return false;
	widen(&prefix->addr, wanted);
	widen(addr, has);
	return same_bits(wanted, has, wide_bits(prefix));
}

static bool owner_passes(const struct filter *f, const struct port *port)
{
	return (!f->has_pid || (told(port, EPHPORTS_A_PORT_PID) && port->pid == f->pid)) &&
	       (!f->has_uid || (told(port, EPHPORTS_A_PORT_UID) && port->uid == f->uid));
}

static bool passes_but_ends(const struct filter *f, const struct port *port)
{
	return port->local_port >= f->port_low && port->local_port <= f->port_high &&
	       (!f->proto || f->proto == port->proto) &&
	       (!f->family || f->family == port->family) &&
	       (!f->states || f->states >> port->state & 1) &&
	       (!f->origins || f->origins >> port->origin & 1) && owner_passes(f, port);
}

static bool ends_pass(const struct filter *f, const struct port *port)
{
	return (!f->peer_port || f->peer_port == port->peer_port) &&
	       prefix_holds(&f->local, &port->local) && prefix_holds(&f->peer, &port->peer);
}

bool filter_passes(const struct filter *f, const struct port *port)
{
	return passes_but_ends(f, port) && ends_pass(f, port);
}

bool filter_may_pass(const struct filter *f, const struct port *port)
{
	bool fixed = port->peer_port && port->proto != IPPROTO_UDP;

	return !fixed && passes_but_ends(f, port) && !ends_pass(f, port);
}

bool filter_passes_failure(const struct filter *f, const struct failure *failure)
{
	const struct who *who = &failure->who;
	const struct port port = {
		.told = (told(who, EPHPORTS_A_OWNER_PID) ? TOLD(EPHPORTS_A_PORT_PID) : 0) |
			(told(who, EPHPORTS_A_OWNER_UID) ? TOLD(EPHPORTS_A_PORT_UID) : 0),
		.uid = who->uid,
		.pid = who->pid,
		/* What asked for none by number has port 0, as in the module. */
		.local_port = told(failure, EPHPORTS_A_FAILURE_PORT) ? failure->port : 0,
		.peer_port = failure->peer_port,
		.proto = failure->proto,
		.family = failure->family,
		.origin = failure->origin,
		.local = failure->local,
		.peer = failure->peer,
	};

	return !f->states && filter_passes(f, &port);
}

/* A number that is given must be the same, a mask must have all that the other has. */
static bool number_contains(uint32_t wide, uint32_t narrow)
{
	return !wide || wide == narrow;
}

static bool mask_contains(uint32_t wide, uint32_t narrow)
{
	return !wide || (narrow && !(narrow & ~wide));
}

static bool asks_for_ends(const struct filter *f)
{
	return f->local.addr.len || f->peer.addr.len || f->peer_port;
}

/* States and ends change, and what was left out by them then is not known later. */
bool filter_contains(const struct filter *wide, const struct filter *narrow)
{
	return number_contains(wide->proto, narrow->proto) &&
	       number_contains(wide->family, narrow->family) &&
	       wide->port_low <= narrow->port_low && wide->port_high >= narrow->port_high &&
	       !asks_for_ends(wide) && !wide->states &&
	       mask_contains(wide->origins, narrow->origins) &&
	       (!wide->has_pid || (narrow->has_pid && wide->pid == narrow->pid)) &&
	       (!wide->has_uid || (narrow->has_uid && wide->uid == narrow->uid)) &&
	       (wide->all_netns || (!narrow->all_netns && wide->netns == narrow->netns));
}
