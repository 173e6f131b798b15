// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>

#include "remedy.h"
#include "util.h"

static bool is_udp(const struct remedy_facts *facts)
{
	return facts->dest->proto == IPPROTO_UDP;
}

static uint32_t less(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

/*
 * TIME_WAIT that a connect() can take over as it is gains nothing by its absence, nor where the
 * port stays with another socket that bind() gave it to.
 */
static uint32_t gain_pool(const struct remedy_facts *facts)
{
	uint32_t counted = cause_reuse_counted(facts->dest, facts->fresh->tw_reuse);
	struct cause_ports ports;

	if (is_udp(facts))
		return 0;
	cause_count(facts->dest, facts->fresh, &ports);
	return less(ports.time_wait, counted + facts->shared.time_wait);
}

static uint32_t gain_close(const struct remedy_facts *facts)
{
	struct cause_ports ports;

	if (is_udp(facts))
		return 0;
	cause_count(facts->dest, facts->fresh, &ports);
	if (facts->cause == CAUSE_LEAK || facts->cause == CAUSE_HELD)
		ports.close_wait += ports.active;
	return less(ports.close_wait, facts->shared.active);
}

static uint32_t gain_close_udp(const struct remedy_facts *facts)
{
	return is_udp(facts) ? facts->owner_used : 0;
}

static uint32_t gain_no_port(const struct remedy_facts *facts)
{
	return is_udp(facts) ? 0 : facts->dest->early;
}

static uint32_t gain_address(const struct remedy_facts *facts)
{
	return is_udp(facts) ? 0 : facts->fresh->capacity;
}

static uint32_t gain_part(const struct remedy_facts *facts, unsigned int low, unsigned int high)
{
	unsigned int port;
	uint32_t gain = 0;

	for (port = low; port <= high; port++)
		gain += !portset_has(facts->reserved, port) && !portset_has(facts->taken, port);
	return gain;
}

static uint32_t gain_range(const struct remedy_facts *facts)
{
	const struct protocol *proto = facts->proto;
	uint32_t gain = 0;

	if (!proto || !proto->range_low || proto->range_low > proto->range_high)
		return 0;
	if (proto->range_low > RANGE_LOW)
		gain += gain_part(facts, RANGE_LOW, proto->range_low - 1u);
	if (proto->range_high < RANGE_HIGH)
		gain += gain_part(facts, proto->range_high + 1u, RANGE_HIGH);
	return gain;
}

static uint32_t gain_tw_reuse(const struct remedy_facts *facts)
{
	return is_udp(facts) ? 0 : less(facts->dest->reusable,
					cause_reuse_counted(facts->dest, facts->fresh->tw_reuse));
}

static uint32_t gain_move(const struct remedy_facts *facts)
{
	struct cause_ports ports;

	if (is_udp(facts))
		return 0;
	cause_count(facts->dest, facts->fresh, &ports);
	return less(ports.explicit, facts->shared.time_wait + facts->shared.active);
}

static uint32_t gain_unreserve(const struct remedy_facts *facts)
{
	return facts->cause == CAUSE_RESERVED ? facts->fresh->reserved : 0;
}

static const struct {
	const char *name;
	const char *text;
	uint32_t (*gain)(const struct remedy_facts *facts);
	unsigned int cures;	/* mask of 1 << enum cause */
} table[] = {
	{ "pool", "keep connections and share them (a connection pool, HTTP keep-alive): counts a "
		  "minute later, when what is in TIME_WAIT now is over", gain_pool,
	  1 << CAUSE_CHURN },
	{ "close", "have the program close what it no longer needs, or restart it; where it closes "
		   "first, the ports come back after a minute of TIME_WAIT", gain_close,
	  1 << CAUSE_CLOSE_WAIT | 1 << CAUSE_LEAK },
	{ "close", "have the program that holds most close its sockets, or restart it",
	  gain_close_udp, 1 << CAUSE_UDP_LEAK | 1 << CAUSE_UDP_HELD },
	{ "bind_no_port", "set IP_BIND_ADDRESS_NO_PORT on sockets that bind a source address "
			  "before they connect; or do not bind", gain_no_port,
	  1 << CAUSE_EARLY_BIND },
	{ "source_address", "connect from one more source address (or to one more address of the "
			    "server): each pair has its own ports", gain_address, 0 },
	{ "port_range", "sysctl -w net.ipv4.ip_local_port_range=\"1024 65535\" (services that "
			"start later want their ports in ip_local_reserved_ports)", gain_range, 0 },
	{ "tcp_tw_reuse", "sysctl -w net.ipv4.tcp_tw_reuse=1 (needs TCP timestamps on both sides)",
	  gain_tw_reuse, 0 },
	{ "move_binds", "let go of, or bind outside of the range, the ports that sockets asked for "
			"by number, listen on, or bound and never connected", gain_move,
	  1 << CAUSE_EXPLICIT },
	{ "unreserve", "take out of net.ipv4.ip_local_reserved_ports what no service needs",
	  gain_unreserve, 1 << CAUSE_RESERVED },
};

_Static_assert(ARRAY_SIZE(table) <= REMEDIES_MAX, "a remedy has no room");

static bool is_before(const struct remedy *a, const struct remedy *b)
{
	return a->cures != b->cures ? a->cures : a->gain > b->gain;
}

unsigned int remedies(const struct remedy_facts *facts, struct remedy *list)
{
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct remedy remedy = {
			.name = table[i].name, .text = table[i].text, .gain = table[i].gain(facts),
			.cures = table[i].cures >> facts->cause & 1,
		};
		unsigned int at;

		if (!remedy.gain)
			continue;
		for (at = n++; at > 0 && is_before(&remedy, &list[at - 1]); at--)
			list[at] = list[at - 1];
		list[at] = remedy;
	}
	return n;
}
