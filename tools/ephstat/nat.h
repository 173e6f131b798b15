/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether this host translates source addresses: the ports that it takes for that are conntrack's,
 * no socket holds them, and the module knows nothing of them.
 */
#ifndef EPHSTAT_NAT_H
#define EPHSTAT_NAT_H

#include <stdint.h>

enum nat_is {
	NAT_NO,		/* nothing that translates is loaded */
	NAT_UNKNOWN,	/* it cannot be seen from here */
	NAT_LIKELY,	/* rules that translate are loaded, in whichever namespace */
	NAT_YES,	/* connections are translated at this moment */
};

struct nat {
	enum nat_is is;
	unsigned int connections;	/* translated, for YES */
	const char *by;			/* the module with the rules, for LIKELY */
};

void nat_look(struct nat *nat, uint32_t netns);

/* The word of the JSON contract. */
const char *nat_name(enum nat_is is);

#endif
