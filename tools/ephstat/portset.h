/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of port numbers, and those that the kernel tells in files of /proc. */
#ifndef EPHSTAT_PORTSET_H
#define EPHSTAT_PORTSET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct portset {
	uint8_t bits[65536 / 8];
};

static inline bool portset_has(const struct portset *set, uint16_t port)
{
	return set->bits[port / 8] >> port % 8 & 1;
}

static inline void portset_add(struct portset *set, uint16_t port)
{
	set->bits[port / 8] |= 1u << port % 8;
}

/* How many of @low to @high, inclusive, are in @set. */
unsigned int portset_count(const struct portset *set, unsigned int low, unsigned int high);

/* Adds a list as sysctls have it: "8080,9148-9150". False if it is none. */
bool portset_parse(struct portset *set, const char *list);

/* Writes @set as such a list, "" if it is empty. */
void portset_print(const struct portset *set, FILE *out);

/*
 * Both fill @set with what network namespace @netns (0: one's own) says, and return 0 or -errno:
 * ip_local_reserved_ports; and the ports that sockets of @proto took for themselves, whatever
 * their address: listeners of TCP, all sockets of UDP.
 */
int portset_reserved(struct portset *set, uint32_t netns);
int portset_taken(struct portset *set, uint32_t netns, uint8_t proto);

#endif
