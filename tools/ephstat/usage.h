/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module tells of many records together, and of allocations that failed, decoded. @told as
 * in record.h, in the numbers of the set of attributes that the struct is named after.
 */
#ifndef EPHSTAT_USAGE_H
#define EPHSTAT_USAGE_H

#include "record.h"

/* Numbers that are newer than this program are counted with number 0, "unknown". */
struct counts {
	uint32_t states[EPHPORTS_STATE_MAX + 1];
	uint32_t origins[EPHPORTS_ORIGIN_MAX + 1];
};

/* Assignments and releases of the last @window_ns. */
struct traffic {
	uint64_t born;
	uint64_t ended;
	uint64_t ended_held_ns;
	uint64_t ended_known;
	uint64_t window_ns;
	uint64_t oldest_ns;
};

/* Who it is; @told in the numbers of EPHPORTS_A_OWNER_*, wherever it comes from. */
struct who {
	uint64_t told;
	uint64_t cgroup;
	uint32_t uid;
	uint32_t pid;
	uint32_t netns;
	uint8_t reason;
	char comm[COMM_SIZE];
};

/* One of the owners of a destination. */
struct share {
	struct who who;
	uint32_t used;
};

/* A row of EPHPORTS_CMD_OWNER_GET; who.told covers all of it. */
struct owner {
	struct who who;
	uint64_t failures;
	struct traffic traffic;
	uint32_t used;
	uint32_t groups;
	struct counts counts;
};

#define DEST_OWNERS	8

struct dest {
	uint64_t told;
	uint64_t search_ns;
	uint64_t failures;
	struct traffic traffic;
	uint32_t netns;
	uint32_t used;
	uint32_t capacity;
	uint32_t headroom;
	uint32_t reserved;
	uint32_t bound;
	uint32_t early;
	uint32_t reusable;
	uint32_t others;
	uint32_t range;
	uint32_t groups;
	struct counts counts;
	unsigned int n_owners;
	struct share owners[DEST_OWNERS];	/* most first */
	struct address local;
	struct address peer;
	uint16_t peer_port;
	uint8_t proto;
	uint8_t family;
	uint8_t tw_reuse;
};

/* Which of the four kinds of messages of EPHPORTS_CMD_DEST_GET it is. */
static inline bool dest_is_new(const struct dest *dest)
{
	return !told(dest, EPHPORTS_A_DEST_USED) && !dest->n_owners;
}

static inline bool dest_is_owner(const struct dest *dest)
{
	return !told(dest, EPHPORTS_A_DEST_USED) && dest->n_owners;
}

static inline bool dest_is_rest(const struct dest *dest)
{
	return told(dest, EPHPORTS_A_DEST_GROUPS);
}

/* Ports of the range that the kernel may hand out at all. */
static inline uint32_t dest_room(const struct dest *dest)
{
	return dest->range > dest->reserved ? dest->range - dest->reserved : 0;
}

/*
 * Of those, what is no longer to be had: how full it is. Not USED: what bind() took early is gone
 * for all destinations and used towards one, and what TIME_WAIT gives back is used and to be had.
 */
static inline uint32_t dest_gone(const struct dest *dest)
{
	return dest_room(dest) > dest->headroom ? dest_room(dest) - dest->headroom : 0;
}

static inline bool owner_is_rest(const struct owner *owner)
{
	return !told(&owner->who, EPHPORTS_A_OWNER_REASON);
}

struct failure {
	uint64_t told;
	uint64_t total;
	uint64_t count;
	uint64_t first_ns;
	uint64_t last_ns;
	struct who who;
	struct address local;
	struct address peer;
	uint16_t peer_port;
	uint16_t port;
	uint8_t proto;
	uint8_t family;
	uint8_t origin;
	struct port holder;
};

/* A message about who held ports: a span for which the answer is whole, or a holder. */
struct holder {
	uint64_t told;
	uint64_t covered_from_ns;
	uint64_t covered_to_ns;
	uint64_t from_ns;	/* not told: it was not seen to take the port */
	uint64_t to_ns;		/* not told: it holds the port still */
	struct port port;
};

static inline bool holder_is_span(const struct holder *holder)
{
	return told(holder, EPHPORTS_A_WHO_COVERED_FROM);
}

/* Two bits more than 64-bit nanoseconds can fill, starting from 2^7. */
#define HIST_BUCKETS	64

struct hist {
	uint64_t told;
	uint64_t counts[HIST_BUCKETS];
	unsigned int n_counts;
	uint32_t netns;
	uint8_t proto;
	uint8_t kind;
};

/* One message about a picture: told() tells whether of @failure, @dest or @owner. */
struct box {
	uint64_t told;
	uint64_t time_ns;
	uint32_t id;
	uint32_t netns;
	uint16_t range_low;
	uint16_t range_high;
	bool complete;
	struct failure failure;
	struct dest dest;
	struct owner owner;
};

/* An alert, or the thresholds of alerts. */
struct alert {
	uint64_t told;
	uint64_t time_ns;
	uint64_t failures;
	uint32_t netns;
	uint32_t used;
	uint32_t capacity;
	struct address local;
	struct address peer;
	uint16_t peer_port;
	uint8_t notice;
	uint8_t warning;
	uint8_t critical;
	uint8_t clear;
	uint8_t level;
	uint8_t was;
	uint8_t proto;
	uint8_t family;
	uint8_t origin;
};

/* Something that happened; told() tells whether to @port, to @failure, or to neither. */
struct event {
	uint64_t told;
	uint64_t seq;
	uint64_t time_ns;
	uint64_t boot_ns;
	uint64_t lost;
	uint64_t lost_span_ns;
	uint64_t lost_unsorted;
	uint8_t kind;
	struct port port;
	struct failure failure;
};

#endif
