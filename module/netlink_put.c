// SPDX-License-Identifier: GPL-2.0-only
/* The answers of the netlink family, attribute by attribute. */
#include <linux/mm.h>
#include <linux/ktime.h>
#include <net/netlink.h>

#include <linux/ephports.h>

#include "compat.h"
#include "log.h"
#include "netlink_put.h"
#include "probe.h"
#include "view.h"
#include "watch.h"

static int put_count(struct sk_buff *skb, int attr, u64 n)
{
	return nla_put_u64_64bit(skb, attr, n, EPHPORTS_A_COUNTER_PAD);
}

static int put_counters(struct sk_buff *skb)
{
	static const struct {
		u16 attr;
		u16 cause;
	} counters[] = {
		{ EPHPORTS_A_COUNTER_ASSIGNED,		EPHPORTS_ASSIGNED },
		{ EPHPORTS_A_COUNTER_ADOPTED,		EPHPORTS_ADOPTED },
		{ EPHPORTS_A_COUNTER_CLONED,		EPHPORTS_CLONED },
		{ EPHPORTS_A_COUNTER_MENDED_IN,		EPHPORTS_MENDED_IN },
		{ EPHPORTS_A_COUNTER_RELEASED,		EPHPORTS_RELEASED },
		{ EPHPORTS_A_COUNTER_MENDED_OUT,	EPHPORTS_MENDED_OUT },
		{ EPHPORTS_A_COUNTER_LOST,		EPHPORTS_LOST },
		{ EPHPORTS_A_COUNTER_UNKNOWN,		EPHPORTS_UNKNOWN },
	};
	struct nlattr *nest = nla_nest_start(skb, EPHPORTS_A_INFO_COUNTERS);
	size_t i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		if (put_count(skb, counters[i].attr, ephports_table_count(counters[i].cause)))
			return -EMSGSIZE;
	if (put_count(skb, EPHPORTS_A_COUNTER_MISSED_ASSIGN, ephports_probe_missed()) ||
	    put_count(skb, EPHPORTS_A_COUNTER_RESYNCS, ephports_watch_walks()))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* What sums over all namespaces. */
static int put_whole(struct sk_buff *skb)
{
	if (nla_put_u32(skb, EPHPORTS_A_INFO_CAPACITY, ephports_table_capacity()) ||
	    nla_put_u32(skb, EPHPORTS_A_INFO_HELD, ephports_table_held()) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_INFO_MEMORY, ephports_table_bytes(),
			      EPHPORTS_A_INFO_PAD))
		return -EMSGSIZE;
	return put_counters(skb);
}

static u32 count_ports(const unsigned long *map, int low, int high)
{
	return bitmap_weight(map, high + 1) - bitmap_weight(map, low);
}

static int put_protocol(struct sk_buff *skb, const struct net *net, enum ephports_proto proto,
			const struct ephports_usage *usage)
{
	struct nlattr *nest = nla_nest_start(skb, EPHPORTS_A_INFO_PROTOCOL);
	int low, high;

	if (!nest)
		return -EMSGSIZE;
	ephports_local_port_range(net, &low, &high);
	if (nla_put_u8(skb, EPHPORTS_A_PROTOCOL_PROTO,
		       proto == EPHPORTS_TCP ? IPPROTO_TCP : IPPROTO_UDP) ||
	    nla_put_u16(skb, EPHPORTS_A_PROTOCOL_RANGE_LOW, low) ||
	    nla_put_u16(skb, EPHPORTS_A_PROTOCOL_RANGE_HIGH, high) ||
	    nla_put_u32(skb, EPHPORTS_A_PROTOCOL_RESERVED, ephports_ns_reserved(net, low, high)) ||
	    nla_put_u32(skb, EPHPORTS_A_PROTOCOL_IN_USE, count_ports(usage->map, low, high)) ||
	    nla_put_u32(skb, EPHPORTS_A_PROTOCOL_SOCKETS, usage->sockets) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_PROTOCOL_FAILURES,
			      atomic64_read(&ephports_ns(net)->failures[proto]),
			      EPHPORTS_A_PROTOCOL_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_protocols(struct sk_buff *skb, const struct net *net)
{
	struct ephports_usage *usage = kvcalloc(EPHPORTS_PROTOS, sizeof(*usage), GFP_KERNEL);
	int err, proto;

	if (!usage)
		return -ENOMEM;
	ephports_view_usage(ephports_ns(net)->id, usage);
	err = 0;
	for (proto = 0; !err && proto < EPHPORTS_PROTOS; proto++)
		err = put_protocol(skb, net, proto, &usage[proto]);
	kvfree(usage);
	return err;
}

/**
 * ephports_put_info() - the module, and one namespace
 * @skb: the answer
 * @net: the namespace
 * @root: the reader may know what sums over all namespaces
 *
 * Context: process context, may sleep.
 *
 * Return: 0, -EMSGSIZE, -ENOMEM.
 */
int ephports_put_info(struct sk_buff *skb, const struct net *net, bool root)
{
	if (nla_put_string(skb, EPHPORTS_A_INFO_VERSION, EPHPORTS_VERSION) ||
	    nla_put_u32(skb, EPHPORTS_A_INFO_NETNS, net->ns.inum) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_INFO_TIME, ktime_get_real_ns(),
			      EPHPORTS_A_INFO_PAD) ||
	    nla_put_u8(skb, EPHPORTS_A_INFO_COMPLETE, ephports_watch_clean()) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_INFO_LOST, ephports_table_count(EPHPORTS_LOST),
			      EPHPORTS_A_INFO_PAD) ||
	    nla_put_u32(skb, EPHPORTS_A_INFO_BLIND, ephports_watch_blind()) ||
	    (root && put_whole(skb)))
		return -EMSGSIZE;
	return put_protocols(skb, net);
}

static int put_address(struct sk_buff *skb, int attr, u8 family, const struct in6_addr *addr)
{
	return nla_put(skb, attr, family == AF_INET6 ? 16 : 4, addr);
}

static int put_socket(struct sk_buff *skb, const struct ephports_sock *sock)
{
	if (!sock->family)
		return 0;
	if (nla_put_u8(skb, EPHPORTS_A_PORT_FAMILY, sock->family) ||
	    put_address(skb, EPHPORTS_A_PORT_LOCAL_ADDR, sock->family, &sock->local) ||
	    (sock->ifindex && nla_put_u32(skb, EPHPORTS_A_PORT_IFINDEX, sock->ifindex)))
		return -EMSGSIZE;
	if (!sock->peer_port)
		return 0;
	return put_address(skb, EPHPORTS_A_PORT_PEER_ADDR, sock->family, &sock->peer) ?:
	       nla_put_u16(skb, EPHPORTS_A_PORT_PEER_PORT, sock->peer_port);
}

static int put_owner(struct sk_buff *skb, const struct ephports_row *row)
{
	const struct ephports_told *told = &row->told;

	if ((told->has_uid && nla_put_u32(skb, EPHPORTS_A_PORT_UID, told->uid)) ||
	    nla_put_u8(skb, EPHPORTS_A_PORT_REASON, told->reason))
		return -EMSGSIZE;
	if (told->reason)
		return 0;
	if (nla_put_u32(skb, EPHPORTS_A_PORT_PID, told->pid) ||
	    (told->tid && nla_put_u32(skb, EPHPORTS_A_PORT_TID, told->tid)) ||
	    nla_put_string(skb, EPHPORTS_A_PORT_COMM, row->rec.owner.comm) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_PORT_CGROUP, row->rec.owner.cgroup,
			      EPHPORTS_A_PORT_PAD))
		return -EMSGSIZE;
	return 0;
}

/**
 * ephports_put_row() - one record
 * @skb: the answer
 * @row: as its reader may see it
 *
 * Return: 0, or -EMSGSIZE with part of it put.
 */
int ephports_put_row(struct sk_buff *skb, const struct ephports_row *row)
{
	const struct ephports_record *rec = &row->rec;

	if (nla_put_u64_64bit(skb, EPHPORTS_A_PORT_ID, rec->id, EPHPORTS_A_PORT_PAD) ||
	    nla_put_u8(skb, EPHPORTS_A_PORT_PROTO, rec->proto) ||
	    nla_put_u16(skb, EPHPORTS_A_PORT_LOCAL_PORT, rec->port) ||
	    nla_put_u8(skb, EPHPORTS_A_PORT_STATE, row->sock.state) ||
	    nla_put_u8(skb, EPHPORTS_A_PORT_ORIGIN, rec->origin) ||
	    nla_put_u32(skb, EPHPORTS_A_PORT_NETNS, rec->netns) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_PORT_COOKIE, rec->cookie, EPHPORTS_A_PORT_PAD) ||
	    put_socket(skb, &row->sock) ||
	    put_owner(skb, row))
		return -EMSGSIZE;
	if (rec->flags & EPHPORTS_F_ADOPTED)
		return 0;
	return nla_put_u64_64bit(skb, EPHPORTS_A_PORT_AGE, ephports_view_age(row),
				 EPHPORTS_A_PORT_PAD);
}
