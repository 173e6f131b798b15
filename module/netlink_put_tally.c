// SPDX-License-Identifier: GPL-2.0-only
/* The answers of the netlink family to what is added up, attribute by attribute. */
#include <net/netlink.h>

#include <linux/ephports.h>

#include "hist.h"
#include "netlink_put.h"
#include "netlink_put_tally.h"
#include "tally.h"

/* The same sums stand in rows of destinations and of owners, under other numbers. */
static const struct sum_attrs {
	u16 used, states, origins, born, ended, ended_held, ended_known, window, oldest, failures;
	u16 groups, pad;
} dest_attrs = {
	.used		= EPHPORTS_A_DEST_USED,
	.states		= EPHPORTS_A_DEST_STATES,
	.origins	= EPHPORTS_A_DEST_ORIGINS,
	.born		= EPHPORTS_A_DEST_BORN,
	.ended		= EPHPORTS_A_DEST_ENDED,
	.ended_held	= EPHPORTS_A_DEST_ENDED_HELD,
	.ended_known	= EPHPORTS_A_DEST_ENDED_KNOWN,
	.window		= EPHPORTS_A_DEST_WINDOW,
	.oldest		= EPHPORTS_A_DEST_OLDEST,
	.failures	= EPHPORTS_A_DEST_FAILURES,
	.groups		= EPHPORTS_A_DEST_GROUPS,
	.pad		= EPHPORTS_A_DEST_PAD,
}, owner_attrs = {
	.used		= EPHPORTS_A_OWNER_USED,
	.states		= EPHPORTS_A_OWNER_STATES,
	.origins	= EPHPORTS_A_OWNER_ORIGINS,
	.born		= EPHPORTS_A_OWNER_BORN,
	.ended		= EPHPORTS_A_OWNER_ENDED,
	.ended_held	= EPHPORTS_A_OWNER_ENDED_HELD,
	.ended_known	= EPHPORTS_A_OWNER_ENDED_KNOWN,
	.window		= EPHPORTS_A_OWNER_WINDOW,
	.oldest		= EPHPORTS_A_OWNER_OLDEST,
	.failures	= EPHPORTS_A_OWNER_FAILURES,
	.groups		= EPHPORTS_A_OWNER_GROUPS,
	.pad		= EPHPORTS_A_OWNER_PAD,
};

static int put_flow(struct sk_buff *skb, const struct sum_attrs *attrs,
		    const struct ephports_tally *tally, const struct ephports_sum *sum)
{
	if (!ephports_tally_has_flow(tally))
		return 0;
	if (nla_put_u64_64bit(skb, attrs->born, sum->born, attrs->pad) ||
	    nla_put_u64_64bit(skb, attrs->ended, sum->ended, attrs->pad) ||
	    nla_put_u64_64bit(skb, attrs->ended_held, sum->ended_held, attrs->pad) ||
	    nla_put_u64_64bit(skb, attrs->ended_known, sum->ended_known, attrs->pad) ||
	    nla_put_u64_64bit(skb, attrs->window, tally->now - min(tally->now, tally->since),
			      attrs->pad) ||
	    nla_put_u64_64bit(skb, attrs->failures, sum->failures, attrs->pad))
		return -EMSGSIZE;
	return 0;
}

static int put_sum(struct sk_buff *skb, const struct sum_attrs *attrs,
		   const struct ephports_tally *tally, const struct ephports_sum *sum)
{
	if (nla_put_u32(skb, attrs->used, sum->used) ||
	    nla_put(skb, attrs->states, sizeof(sum->states), sum->states) ||
	    nla_put(skb, attrs->origins, sizeof(sum->origins), sum->origins) ||
	    (sum->oldest &&
	     nla_put_u64_64bit(skb, attrs->oldest, tally->now - min(tally->now, sum->oldest),
			       attrs->pad)))
		return -EMSGSIZE;
	return put_flow(skb, attrs, tally, sum);
}

static int put_who(struct sk_buff *skb, const struct ephports_tally *tally,
		   const struct ephports_record *rec)
{
	static const struct ephports_who_attrs who = {
		.uid	= EPHPORTS_A_OWNER_UID,
		.reason	= EPHPORTS_A_OWNER_REASON,
		.pid	= EPHPORTS_A_OWNER_PID,
		.comm	= EPHPORTS_A_OWNER_COMM,
		.cgroup	= EPHPORTS_A_OWNER_CGROUP,
		.netns	= EPHPORTS_A_OWNER_NETNS,
		.pad	= EPHPORTS_A_OWNER_PAD,
	};
	struct ephports_told told;

	ephports_view_tell(&tally->view, rec, &told);
	return ephports_put_who(skb, &who, rec, &told);
}

/* One of those that hold ports towards a destination. */
static int put_dest_owner(struct sk_buff *skb, const struct ephports_tally *tally, u32 owner,
			  u32 used)
{
	const struct ephports_holder *holder = ephports_groups_item(&tally->owners, owner);
	struct nlattr *nest = nla_nest_start(skb, EPHPORTS_A_DEST_OWNER);

	if (!nest || put_who(skb, tally, &holder->rec) ||
	    nla_put_u32(skb, EPHPORTS_A_OWNER_USED, used))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_dest_owners(struct sk_buff *skb, const struct ephports_tally *tally,
			   const struct ephports_dest *dest)
{
	bool may = !tally->apart || tally->view.admin;
	u32 i, others = dest->sum.used;

	for (i = 0; may && i < dest->nr_owners; i++) {
		if (put_dest_owner(skb, tally, dest->owners[i].owner, dest->owners[i].used))
			return -EMSGSIZE;
		others -= dest->owners[i].used;
	}
	return nla_put_u32(skb, EPHPORTS_A_DEST_OTHERS, others);
}

static int put_tuple(struct sk_buff *skb, const struct ephports_dest_key *key)
{
	if (nla_put_u8(skb, EPHPORTS_A_DEST_PROTO, key->proto) ||
	    nla_put_u32(skb, EPHPORTS_A_DEST_NETNS, key->netns))
		return -EMSGSIZE;
	if (!key->family)
		return 0;
	if (nla_put_u8(skb, EPHPORTS_A_DEST_FAMILY, key->family) ||
	    ephports_put_address(skb, EPHPORTS_A_DEST_LOCAL_ADDR, key->family, &key->local))
		return -EMSGSIZE;
	if (!key->peer_port)
		return 0;
	return ephports_put_address(skb, EPHPORTS_A_DEST_PEER_ADDR, key->family, &key->peer) ?:
	       nla_put_u16(skb, EPHPORTS_A_DEST_PEER_PORT, key->peer_port);
}

static int put_headroom(struct sk_buff *skb, const struct ephports_tally *tally,
			const struct ephports_dest *dest)
{
	const struct ephports_room *room = ephports_rooms_find(&tally->rooms, dest->key.nsid);

	if (!room || !dest->key.peer_port)
		return 0;
	if (nla_put_u32(skb, EPHPORTS_A_DEST_RANGE, ephports_room_size(room)) ||
	    nla_put_u32(skb, EPHPORTS_A_DEST_RESERVED, room->nr_reserved) ||
	    nla_put_u32(skb, EPHPORTS_A_DEST_CAPACITY,
			ephports_tally_capacity(room, dest->key.proto)) ||
	    nla_put_u32(skb, EPHPORTS_A_DEST_HEADROOM, ephports_tally_headroom(room, dest)))
		return -EMSGSIZE;
	if (dest->key.proto != IPPROTO_TCP)
		return 0;
	return nla_put_u32(skb, EPHPORTS_A_DEST_EARLY,
			   room->nr_early - min(room->nr_early, dest->early)) ?:
	       nla_put_u32(skb, EPHPORTS_A_DEST_REUSABLE, dest->reusable);
}

/**
 * ephports_put_dest() - what is held towards one destination
 * @skb: the answer
 * @tally: that it is of
 * @dest: the destination
 *
 * Return: 0, or -EMSGSIZE with part of it put.
 */
int ephports_put_dest(struct sk_buff *skb, const struct ephports_tally *tally,
		      const struct ephports_dest *dest)
{
	if (put_tuple(skb, &dest->key) || put_headroom(skb, tally, dest) ||
	    put_sum(skb, &dest_attrs, tally, &dest->sum) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_DEST_SEARCH, ephports_long_time(dest->sum.search),
			      EPHPORTS_A_DEST_PAD))
		return -EMSGSIZE;
	return put_dest_owners(skb, tally, dest);
}

/**
 * ephports_put_room() - all sockets of a namespace, and what a destination that is new may have
 * @skb: the answer
 * @tally: that it is of
 * @room: of the namespace
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 *
 * Return: 0, or -EMSGSIZE with part of it put.
 */
int ephports_put_room(struct sk_buff *skb, const struct ephports_tally *tally,
		      const struct ephports_room *room, u8 proto)
{
	enum ephports_proto i = ephports_proto_of(proto);

	if (nla_put_u8(skb, EPHPORTS_A_DEST_PROTO, proto) ||
	    nla_put_u32(skb, EPHPORTS_A_DEST_NETNS, room->netns) ||
	    nla_put_u32(skb, EPHPORTS_A_DEST_RANGE, ephports_room_size(room)) ||
	    nla_put_u32(skb, EPHPORTS_A_DEST_RESERVED, room->nr_reserved) ||
	    nla_put_u32(skb, EPHPORTS_A_DEST_CAPACITY, ephports_tally_capacity(room, proto)) ||
	    nla_put(skb, EPHPORTS_A_DEST_STATES, sizeof(room->states[i]), room->states[i]) ||
	    nla_put(skb, EPHPORTS_A_DEST_ORIGINS, sizeof(room->origins[i]), room->origins[i]))
		return -EMSGSIZE;
	if (proto != IPPROTO_TCP)
		return nla_put_u32(skb, EPHPORTS_A_DEST_HEADROOM,
				   ephports_room_open_udp(room, AF_INET));
	return nla_put_u32(skb, EPHPORTS_A_DEST_BOUND, room->nr_bound) ?:
	       nla_put_u32(skb, EPHPORTS_A_DEST_EARLY, room->nr_early) ?:
	       nla_put_u32(skb, EPHPORTS_A_DEST_HEADROOM, ephports_room_open_tcp(room)) ?:
	       nla_put_u8(skb, EPHPORTS_A_DEST_TW_REUSE, room->reuse);
}

/**
 * ephports_put_dest_rest() - all that has no row of its own
 * @skb: the answer
 * @tally: that it is of
 * @rest: the sum
 * @groups: destinations in it, as far as they were told apart
 *
 * Return: 0, or -EMSGSIZE with part of it put.
 */
int ephports_put_dest_rest(struct sk_buff *skb, const struct ephports_tally *tally,
			   const struct ephports_sum *rest, u32 groups)
{
	return put_sum(skb, &dest_attrs, tally, rest) ?:
	       nla_put_u32(skb, EPHPORTS_A_DEST_GROUPS, groups);
}

/**
 * ephports_put_holder() - how much one owner holds, as for a destination
 * @skb: the answer
 * @tally: that it is of
 * @owner: number of the owner there
 *
 * Return: 0, or -EMSGSIZE with part of it put.
 */
int ephports_put_holder(struct sk_buff *skb, const struct ephports_tally *tally, u32 owner)
{
	const struct ephports_holder *holder = ephports_groups_item(&tally->owners, owner);

	return put_dest_owner(skb, tally, owner, holder->sum.used);
}

/**
 * ephports_put_owner() - what one owner holds
 * @skb: the answer
 * @tally: that it is of
 * @holder: the owner
 *
 * Return: 0, or -EMSGSIZE with part of it put.
 */
int ephports_put_owner(struct sk_buff *skb, const struct ephports_tally *tally,
		       const struct ephports_holder *holder)
{
	return put_who(skb, tally, &holder->rec) ?:
	       put_sum(skb, &owner_attrs, tally, &holder->sum);
}

/**
 * ephports_put_owner_rest() - all that has no row of its own
 * @skb: the answer
 * @tally: that it is of
 * @rest: the sum
 * @groups: owners in it, as far as they were told apart
 *
 * Return: 0, or -EMSGSIZE with part of it put.
 */
int ephports_put_owner_rest(struct sk_buff *skb, const struct ephports_tally *tally,
			    const struct ephports_sum *rest, u32 groups)
{
	return put_sum(skb, &owner_attrs, tally, rest) ?:
	       nla_put_u32(skb, EPHPORTS_A_OWNER_GROUPS, groups);
}
