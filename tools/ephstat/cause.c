// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <string.h>

#include "cause.h"
#include "util.h"

/* With tcp_tw_reuse, a connect() takes over a TIME_WAIT that is older than this. */
#define REUSE_S	1

static const struct {
	const char *name;
	const char *text;
} causes[] = {
	[CAUSE_CHURN] = { "churn",
		"This is churn: connections are opened and closed instead of kept, and each holds "
		"its port in TIME_WAIT for a minute after its end." },
	[CAUSE_CLOSE_WAIT] = { "close-wait leak",
		"This is a leak: the peer has closed most of these connections and the program "
		"has not (CLOSE-WAIT); they stay until it does, or ends." },
	[CAUSE_LEAK] = { "leak",
		"More connections are opened than closed: a leak, or a pool that still grows." },
	[CAUSE_HELD] = { "held",
		"Most of these connections are open: a large pool, or a leak that grows no more." },
	[CAUSE_EARLY_BIND] = { "early bind",
		"This is early bind: sockets were bound to port 0 before they connected, and a "
		"port taken so is lost to every other destination." },
	[CAUSE_EXPLICIT] = { "explicit",
		"Most of it was taken by bind(): ports asked for by number, listeners in the "
		"range, sockets that were bound and never connected." },
	[CAUSE_RESERVED] = { "reserved",
		"Most of the range is kept back by ip_local_reserved_ports." },
	[CAUSE_UDP_LEAK] = { "udp leak",
		"More UDP sockets are opened than closed: a leak. A UDP port is not shared between "
		"destinations, so it is missing everywhere." },
	[CAUSE_UDP_HELD] = { "udp held",
		"A UDP port is not shared between destinations: each of these sockets takes one "
		"from all." },
	[CAUSE_NONE] = { "none", "" },
};

const char *cause_name(enum cause cause)
{
	return causes[cause].name;
}

const char *cause_text(enum cause cause)
{
	return causes[cause].text;
}

static uint32_t less(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

static bool is_loopback(const struct address *addr)
{
	static const uint8_t v6[16] = { [15] = 1 };

	return addr->len == 16 ? !memcmp(addr->bytes, v6, 16) : addr->len && addr->bytes[0] == 127;
}

uint32_t cause_reuse_counted(const struct dest *dest, uint8_t tw_reuse)
{
	/* 2, the default, is for loopback alone. */
	if (tw_reuse == 1 ||
	    (tw_reuse == 2 && (is_loopback(&dest->local) || is_loopback(&dest->peer))))
		return dest->reusable;
	return 0;
}

void cause_count(const struct dest *dest, const struct dest *fresh, struct cause_ports *ports)
{
	const uint32_t *states = dest->counts.states;

	*ports = (struct cause_ports){
		.time_wait = states[EPHPORTS_STATE_TIME_WAIT],
		.close_wait = states[EPHPORTS_STATE_CLOSE_WAIT],
		.early = dest->early,
		.explicit = less(fresh->bound, fresh->early),
		.reserved = fresh->reserved,
	};
	if (ports->time_wait > dest->used)
		ports->time_wait = dest->used;
	ports->active = less(dest->used, ports->time_wait + ports->close_wait);
}

static enum cause cause_of_udp(const struct dest *dest, const struct forecast *cast)
{
	if (!dest->used)
		return CAUSE_NONE;
	return cast->is == FORECAST_FILLS ? CAUSE_UDP_LEAK : CAUSE_UDP_HELD;
}

enum cause cause_of(const struct dest *dest, const struct dest *fresh, const struct forecast *cast)
{
	struct cause_ports ports;
	enum cause best = CAUSE_NONE;
	uint32_t most = 0;
	size_t i;

	if (dest->proto == IPPROTO_UDP)
		return cause_of_udp(dest, cast);
	cause_count(dest, fresh, &ports);
	const struct {
		uint32_t ports;
		enum cause cause;
	} kinds[] = {
		{ ports.time_wait, CAUSE_CHURN },
		{ ports.close_wait, CAUSE_CLOSE_WAIT },
		{ ports.active, cast->is == FORECAST_FILLS ? CAUSE_LEAK : CAUSE_HELD },
		{ ports.early, CAUSE_EARLY_BIND },
		{ ports.explicit, CAUSE_EXPLICIT },
		{ ports.reserved, CAUSE_RESERVED },
	};
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].ports > most) {
			most = kinds[i].ports;
			best = kinds[i].cause;
		}
	}
	return best;
}

void cause_facts(const struct dest *dest, uint8_t tw_reuse, struct forecast_facts *facts)
{
	*facts = (struct forecast_facts){
		.used = dest->used,
		.headroom = dest->headroom,
		.time_wait = dest->counts.states[EPHPORTS_STATE_TIME_WAIT],
		.time_wait_s = cause_reuse_counted(dest, tw_reuse) ? REUSE_S : TIME_WAIT_S,
		.born = dest->traffic.born,
		.ended = dest->traffic.ended,
		.ended_known = dest->traffic.ended_known,
		.ended_held_ns = dest->traffic.ended_held_ns,
		.window_ns = dest->traffic.window_ns,
		.oldest_ns = dest->traffic.oldest_ns,
	};
	if (facts->time_wait > facts->used)
		facts->time_wait = facts->used;
}
