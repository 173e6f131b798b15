/* SPDX-License-Identifier: GPL-2.0 */
/* What kind of use fills a destination, a namespace. */
#ifndef EPHSTAT_CAUSE_H
#define EPHSTAT_CAUSE_H

#include "forecast.h"
#include "usage.h"

enum cause {
	CAUSE_CHURN,		/* opened and closed: TIME_WAIT */
	CAUSE_CLOSE_WAIT,	/* the peer has closed, the program has not */
	CAUSE_LEAK,		/* connections that become ever more */
	CAUSE_HELD,		/* many connections at once, or a leak at rest */
	CAUSE_EARLY_BIND,	/* bind() to port 0 before connect() */
	CAUSE_EXPLICIT,		/* bind() by number, listeners, sockets bound and not connected */
	CAUSE_RESERVED,		/* ip_local_reserved_ports */
	CAUSE_UDP_LEAK,
	CAUSE_UDP_HELD,
	CAUSE_NONE,		/* nothing is held */
};

struct cause_ports {
	uint32_t time_wait;
	uint32_t close_wait;
	uint32_t active;	/* the rest of what is held towards the destination */
	uint32_t early;		/* of others */
	uint32_t explicit;
	uint32_t reserved;
};

/* Ports that are held towards the destination and that bind() took for another address, too. */
struct cause_shared {
	uint32_t time_wait;
	uint32_t active;	/* close-wait included */
};

/*
 * How many ports of @dest's range each kind of use takes; @fresh is what the module says of a
 * destination that is new.
 */
void cause_count(const struct dest *dest, const struct dest *fresh, struct cause_ports *ports);

/* Which takes most. */
enum cause cause_of(const struct dest *dest, const struct dest *fresh,
		    const struct forecast *cast);

/* The word of the JSON contract, and the sentence for people. */
const char *cause_name(enum cause cause);
const char *cause_text(enum cause cause);

/* What @dest is forecast from, where the sysctl tcp_tw_reuse is @tw_reuse. */
void cause_facts(const struct dest *dest, uint8_t tw_reuse, struct forecast_facts *facts);

/* How many of REUSABLE are in HEADROOM already, because tcp_tw_reuse is as it is. */
uint32_t cause_reuse_counted(const struct dest *dest, uint8_t tw_reuse);

#endif
