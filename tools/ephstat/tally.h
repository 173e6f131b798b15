/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the summary says of all records together: by state, by origin, the busiest destinations and
 * owners. Fed with a dump; a question that the kernel answers in one message can take its place.
 */
#ifndef EPHSTAT_TALLY_H
#define EPHSTAT_TALLY_H

#include "error.h"
#include "usage.h"

enum tally_proto {
	TALLY_TCP,
	TALLY_UDP,
	TALLY_PROTOS,
};

/*
 * Where the ports of the range are used up: by each of these on its own. Ports of a destination are
 * distinct, because the fifth part of the tuple is all that is left to tell its sockets apart.
 */
struct tally_dest {
	struct address local;
	struct address peer;
	uint16_t peer_port;
	uint8_t proto;
};

/* A process, or (with a reason) all that cannot be told apart. */
struct tally_owner {
	uint32_t pid;
	uint32_t uid;
	uint8_t reason;
	char comm[32];
};

#define TALLY_TOP	5

struct tally_top_dests {
	unsigned int n;
	struct {
		struct tally_dest dest;
		uint64_t ports;
	} top[TALLY_TOP];
};

struct tally_top_owners {
	unsigned int n;
	struct {
		struct tally_owner owner;
		uint64_t sockets;
	} top[TALLY_TOP];
};

struct tally_table;

struct tally {
	const struct info *info;
	struct counts counts[TALLY_PROTOS];
	struct tally_table *dests;
	struct tally_table *owners;
};

/*
 * @info tells the ranges: ports outside of them count for no destination. tally_exit() is due also
 * if this fails, and does no harm to a tally of zeros.
 */
int tally_init(struct tally *tally, const struct info *info, struct error *err);
void tally_exit(struct tally *tally);

/* Returns EXIT_OK, or EXIT_RUNTIME for want of memory. */
int tally_add(struct tally *tally, const struct port *port);

/* Most first. */
void tally_dests(const struct tally *tally, struct tally_top_dests *top);
void tally_owners(const struct tally *tally, struct tally_top_owners *top);

/* TALLY_PROTOS for a protocol that is not counted. */
enum tally_proto tally_proto(uint8_t proto);

/* What @info tells of @proto; NULL if nothing. */
const struct protocol *info_protocol(const struct info *info, uint8_t proto);

#endif
