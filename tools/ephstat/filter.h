/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which records are wanted: the options and filter words of the command line, in the shape of
 * EPHPORTS_A_FILTER_*. A filter of zeros, with ports set by filter_init(), wants everything.
 */
#ifndef EPHSTAT_FILTER_H
#define EPHSTAT_FILTER_H

#include "error.h"
#include "record.h"

struct prefix {
	struct address addr;
	uint8_t bits;
};

struct filter {
	uint8_t proto;		/* IPPROTO_*, 0: any */
	uint8_t family;		/* AF_*, 0: any */
	uint16_t port_low;
	uint16_t port_high;
	struct prefix local;	/* without an address: any */
	struct prefix peer;
	uint16_t peer_port;	/* 0: any */
	uint32_t states;	/* mask, 0: any */
	uint32_t origins;	/* mask, 0: any */
	uint32_t pid;
	uint32_t uid;
	uint32_t netns;		/* inode number, 0: one's own */
	bool has_pid;
	bool has_uid;
	bool all_netns;
};

void filter_init(struct filter *filter);

/*
 * Reads filter words as ss takes them; one argument may hold several. Returns an exit code.
 * What ss would understand and the module cannot filter by is refused, never ignored.
 */
int filter_parse(struct filter *filter, int argc, char **argv, struct error *err);

#endif
