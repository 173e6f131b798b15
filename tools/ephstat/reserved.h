/* SPDX-License-Identifier: GPL-2.0 */
/* net.ipv4.ip_local_reserved_ports, and what should be added to it. */
#ifndef EPHSTAT_RESERVED_H
#define EPHSTAT_RESERVED_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "text.h"

struct reserved {
	uint8_t bits[65536 / 8];
};

/* Reads "8080,9000-9010", as the kernel writes it. */
int reserved_parse(struct reserved *ports, const char *list, struct error *err);

/* Of the network namespace that we are in. */
int reserved_read(struct reserved *ports, struct error *err);

/* Appends the list as the kernel takes it. False if it is too long for a line of text. */
bool reserved_text(const struct reserved *ports, struct text *text);

static inline bool reserved_has(const struct reserved *ports, uint16_t port)
{
	return ports->bits[port / 8] & 1u << port % 8;
}

static inline void reserved_add(struct reserved *ports, uint16_t port)
{
	ports->bits[port / 8] |= (uint8_t)(1u << port % 8);
}

#endif
