/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module tells, decoded. Beside the values, @told says which attributes were there: a
 * mask of TOLD(EPHPORTS_A_PORT_*) (or _INFO_*), asked by told(). A value that was not told is 0.
 */
#ifndef EPHSTAT_RECORD_H
#define EPHSTAT_RECORD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/ephports.h>

#define COMM_SIZE	32

struct address {
	uint8_t len;	/* 4, 16, or 0 for none */
	uint8_t bytes[16];
};

struct port {
	uint64_t told;
	uint64_t id;
	uint64_t cgroup;
	uint64_t age_ns;
	uint64_t cookie;
	uint64_t nsid;
	uint64_t time_wait_ns;
	uint32_t ifindex;
	uint32_t uid;
	uint32_t pid;
	uint32_t tid;
	uint32_t netns;
	uint16_t local_port;
	uint16_t peer_port;
	uint8_t proto;
	uint8_t family;
	uint8_t state;
	uint8_t origin;
	uint8_t reason;
	struct address local;
	struct address peer;
	char comm[COMM_SIZE];
};

struct protocol {
	uint64_t told;
	uint64_t failures;
	uint32_t reserved;
	uint32_t in_use;
	uint32_t sockets;
	uint16_t range_low;
	uint16_t range_high;
	uint8_t proto;
};

/* The protocols that are recorded, to count by. */
enum proto_index {
	PROTO_TCP,
	PROTO_UDP,
	PROTOS,		/* any other */
};

static inline enum proto_index proto_index(uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return PROTO_TCP;
	return proto == IPPROTO_UDP ? PROTO_UDP : PROTOS;
}

#define INFO_PROTOCOLS	4

struct info {
	uint64_t told;
	uint64_t time_ns;
	uint64_t lost;
	uint64_t memory;
	uint64_t counters[EPHPORTS_A_COUNTER_MAX + 1];
	uint32_t netns;
	uint32_t blind;
	uint32_t capacity;
	uint32_t held;
	bool complete;
	unsigned int n_protocols;
	struct protocol protocols[INFO_PROTOCOLS];
	char version[32];
};

/* Works on any of the structs above, and on those of usage.h. */
#define TOLD(attr)		(1ull << (attr))
#define told(record, attr)	(((record)->told & TOLD(attr)) != 0)

/* What @info tells of @proto; NULL if nothing. */
static inline const struct protocol *info_protocol(const struct info *info, uint8_t proto)
{
	unsigned int i;

	for (i = 0; i < info->n_protocols; i++) {
		if (info->protocols[i].proto == proto)
			return &info->protocols[i];
	}
	return NULL;
}

static inline uint32_t protocol_ports(const struct protocol *proto)
{
	return (uint32_t)proto->range_high - proto->range_low + 1;
}

#endif
