/* SPDX-License-Identifier: GPL-2.0-only */
/* Loopback addresses of three families, and ports inside and outside the ephemeral range. */
#ifndef STORM_ADDR_H
#define STORM_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "rng.h"

enum family {
	FAMILY_V4,
	FAMILY_V6,
	FAMILY_MAPPED,	/* v4-mapped addresses on an IPv6 socket */
	FAMILIES,
};

struct addr {
	socklen_t len;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
};

struct port_range {
	unsigned int low;
	unsigned int high;
};

#define ADDR_ANY_HOST	0u
#define ADDR_HOSTS	4u	/* 127.0.0.1 to .4; IPv6 has one */

bool addr_has_ipv6(void);
enum family addr_pick_family(struct rng *rng);
int addr_domain(enum family family);
void addr_set(struct addr *addr, enum family family, unsigned int host, uint16_t port);
unsigned int addr_pick_host(struct rng *rng);
uint16_t addr_port(const struct addr *addr);
int addr_of(int fd, struct addr *addr);

int addr_read_range(struct port_range *range);
uint16_t addr_pick_inside(const struct port_range *range, struct rng *rng);
uint16_t addr_pick_outside(const struct port_range *range, struct rng *rng);

#endif
