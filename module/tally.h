/* SPDX-License-Identifier: GPL-2.0-only */
/* Records added up by destination and by owner, for one question. */
#ifndef EPHPORTS_TALLY_H
#define EPHPORTS_TALLY_H

#include <linux/ephports.h>

#include "groups.h"
#include "room.h"
#include "view.h"

/**
 * struct ephports_sum - of some records, each port counted once
 * @used: ports held
 * @states: of them, by enum ephports_state
 * @origins: of them, by enum ephports_origin
 * @born: ports taken within the tally's window
 * @ended: ports released within it
 * @ended_held: how long those of @ended had been held whose age is known, ns
 * @ended_known: number of those
 * @oldest: the first assignment that still holds, ns of CLOCK_BOOTTIME; 0: none known
 * @failures: allocations refused, as far as remembered
 * @search: the longest search, as ephports_short_time()
 * @told: for the one who tells: it has a row of its own
 */
struct ephports_sum {
	u32 used;
	u32 states[EPHPORTS_STATE_MAX + 1];
	u32 origins[EPHPORTS_ORIGIN_MAX + 1];
	u64 born;
	u64 ended;
	u64 ended_held;
	u64 ended_known;
	u64 oldest;
	u64 failures;
	u8 search;
	bool told;
};

struct ephports_dest_key {
	struct in6_addr local;
	struct in6_addr peer;
	u64 nsid;
	u32 netns;
	u32 ifindex;	/* of a link-local peer, which is another on each link; else 0 */
	u16 peer_port;	/* 0: sockets without a peer */
	u8 family;	/* a v4-mapped address is AF_INET */
	u8 proto;
	u32 pad;
};

#define EPHPORTS_DEST_OWNERS	8

/**
 * struct ephports_dest - what is held towards one destination
 * @key: which
 * @sum: what
 * @blocked: TCP ports that a connect() would get, but for this destination
 * @early: of the ports used, those in the namespace's nr_early
 * @reusable: of the ports used, those that tcp_tw_reuse=1 would let it have now
 * @nr_owners: of @owners, in use: the first that were met
 * @owners: numbers in the tally's owners, and the ports of each
 */
struct ephports_dest {
	struct ephports_dest_key key;
	struct ephports_sum sum;
	u32 blocked;
	u32 early;
	u32 reusable;
	u32 nr_owners;
	struct {
		u32 owner;
		u32 used;
	} owners[EPHPORTS_DEST_OWNERS];
};

struct ephports_owner_key {
	u64 nsid;
	u64 cgroup;
	char comm[TASK_COMM_LEN];
	u32 pid;
	u32 uid;
	u8 reason;
	u8 no_uid;
	u8 pad[6];
};

/**
 * struct ephports_holder - what is held by one owner
 * @key: which
 * @sum: what
 * @rec: a record of it, which tells who
 */
struct ephports_holder {
	struct ephports_owner_key key;
	struct ephports_sum sum;
	struct ephports_record rec;
};

/* Keys are compared and hashed as a whole. */
static_assert(sizeof(struct ephports_dest_key) <= EPHPORTS_GROUPS_KEY &&
	      sizeof(struct ephports_dest_key) % sizeof(u64) == 0);
static_assert(sizeof(struct ephports_owner_key) <= EPHPORTS_GROUPS_KEY &&
	      sizeof(struct ephports_owner_key) % sizeof(u64) == 0);

/**
 * struct ephports_tally - the answer
 * @view: who asks
 * @filter: about what
 * @apart: owners were told apart that not every reader may tell apart
 * @stock: about what is held alone, not what was released or refused
 * @rooms: the ranges of the namespaces
 * @dests: of struct ephports_dest
 * @owners: of struct ephports_holder
 * @rest_dests: what found no room among @dests
 * @rest_owners: likewise
 * @since: from when on @born and @ended are counted, ns of CLOCK_BOOTTIME
 * @now: when it was asked, likewise
 */
struct ephports_tally {
	struct ephports_view view;
	struct ephports_filter filter;
	bool apart;
	bool stock;
	struct ephports_rooms rooms;
	struct ephports_groups dests;
	struct ephports_groups owners;
	struct ephports_sum rest_dests;
	struct ephports_sum rest_owners;
	u64 since;
	u64 now;
};

int ephports_tally_cut(struct ephports_tally *tally, const u32 *dests, u32 nr_dests,
		       const u32 *owners, u32 nr_owners);
int ephports_tally_open(struct ephports_tally *tally, const struct net *net);
void ephports_tally_close(struct ephports_tally *tally);

bool ephports_tally_has_flow(const struct ephports_tally *tally);
u32 ephports_tally_capacity(const struct ephports_room *room, u8 proto);
u32 ephports_tally_headroom(const struct ephports_room *room, const struct ephports_dest *dest);
u32 ephports_tally_top_dests(const struct ephports_tally *tally, u32 *top, u32 n);
u32 ephports_tally_top_owners(const struct ephports_tally *tally, u32 *top, u32 n);
void ephports_tally_add(struct ephports_sum *sum, const struct ephports_sum *more);

#endif /* EPHPORTS_TALLY_H */
