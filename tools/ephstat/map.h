/* SPDX-License-Identifier: GPL-2.0 */
/* What every port of the range is used for, for pictures of it. */
#ifndef EPHSTAT_MAP_H
#define EPHSTAT_MAP_H

#include "portset.h"
#include "record.h"

/* A port that is used in several ways counts as the first of these. */
enum map_kind {
	MAP_EXPLICIT,	/* by number, a listener, or inherited from one */
	MAP_BIND,	/* by bind() to port 0, also if it is connected by now */
	MAP_CONNECTED,	/* by connect(), or by a send: no other holder than TIME_WAIT beside it */
	MAP_TIME_WAIT,
	MAP_RESERVED,
	MAP_FREE,
	MAP_KINDS,
};

struct map {
	struct info info;
	uint8_t seen[PROTOS][65536];	/* masks of 1 << enum map_kind */
	uint32_t outside[PROTOS];		/* records whose port is no longer in the range */
	struct portset reserved;
	int reserved_error;			/* not 0: @reserved is not known */
	bool interrupted;
	uint8_t proto;				/* IPPROTO_*, 0: all */
};

/* How a picture is cut into cells. */
struct map_grid {
	unsigned int columns;
	unsigned int rows;
	unsigned int ports;	/* of a cell; a power of two */
};

/* The words for a kind: of JSON, and of a legend. */
extern const char *const map_names[MAP_KINDS];
extern const char *const map_words[MAP_KINDS];

bool map_wants(const struct map *map, const struct protocol *proto);

/* Counts the ports from @low to @high by kind. */
void map_count(const struct map *map, uint8_t proto, unsigned int low, unsigned int high,
	       uint32_t counts[MAP_KINDS]);

/* What most of the ports are that are not free; MAP_FREE if all are. */
enum map_kind map_main_kind(const uint32_t counts[MAP_KINDS]);

/* The finest grid of at most @rows rows for @ports ports. */
void map_fit(struct map_grid *grid, unsigned int ports, unsigned int columns, unsigned int rows);

void map_write_svg(const struct map *map, FILE *out);

#endif
