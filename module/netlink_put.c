// SPDX-License-Identifier: GPL-2.0-only
/* The answers of the netlink family, attribute by attribute. */
#include <linux/mm.h>
#include <linux/ktime.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include <linux/ephports.h>

#include "compat.h"
#include "history.h"
#include "log.h"
#include "netlink.h"
#include "netlink_put.h"
#include "probe.h"
#include "usage.h"
#include "watch.h"

/**
 * ephports_put_address() - 4 or 16 bytes
 * @skb: the answer
 * @attr: the attribute
 * @family: AF_INET or AF_INET6
 * @addr: a v4 address stands in its first 4 bytes
 *
 * Return: 0 or -EMSGSIZE.
 */
int ephports_put_address(struct sk_buff *skb, int attr, u8 family, const struct in6_addr *addr)
{
	return nla_put(skb, attr, family == AF_INET6 ? 16 : 4, addr);
}

static int put_count(struct sk_buff *skb, int attr, u64 n)
{
	return nla_put_u64_64bit(skb, attr, n, EPHPORTS_A_COUNTER_PAD);
}

static int put_missed(struct sk_buff *skb)
{
	static const struct {
		u16 no_instance;
		u16 nested;
	} attrs[EPHPORTS_PROBES] = {
		[EPHPORTS_PROBE_CONNECT] = { EPHPORTS_A_COUNTER_CONNECT_NO_INSTANCE,
					     EPHPORTS_A_COUNTER_CONNECT_NESTED },
		[EPHPORTS_PROBE_BIND] = { EPHPORTS_A_COUNTER_BIND_NO_INSTANCE,
					  EPHPORTS_A_COUNTER_BIND_NESTED },
		[EPHPORTS_PROBE_UDP] = { EPHPORTS_A_COUNTER_UDP_NO_INSTANCE,
					 EPHPORTS_A_COUNTER_UDP_NESTED },
	};
	struct ephports_missed missed;
	enum ephports_probe probe;
	u64 sum = 0;

	for (probe = 0; probe < EPHPORTS_PROBES; probe++) {
		missed = ephports_probe_missed_by(probe);
		if (put_count(skb, attrs[probe].no_instance, missed.no_instance) ||
		    put_count(skb, attrs[probe].nested, missed.nested))
			return -EMSGSIZE;
		sum += missed.no_instance + missed.nested;
	}
	return put_count(skb, EPHPORTS_A_COUNTER_MISSED_ASSIGN, sum);
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
		{ EPHPORTS_A_COUNTER_RELEASED,		EPHPORTS_RELEASED },
		{ EPHPORTS_A_COUNTER_MENDED_OUT,	EPHPORTS_MENDED_OUT },
		{ EPHPORTS_A_COUNTER_UNKNOWN,		EPHPORTS_UNKNOWN },
	};
	struct nlattr *nest = nla_nest_start(skb, EPHPORTS_A_INFO_COUNTERS);
	size_t i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		if (put_count(skb, counters[i].attr, ephports_count_of(counters[i].cause)))
			return -EMSGSIZE;
	if (put_count(skb, EPHPORTS_A_COUNTER_MENDED_IN,
		      ephports_count_mended_in(EPHPORTS_ALL) +
		      ephports_count_widened(EPHPORTS_ALL)) ||
	    put_count(skb, EPHPORTS_A_COUNTER_LOST, ephports_count_lost(EPHPORTS_ALL)) ||
	    put_missed(skb) ||
	    put_count(skb, EPHPORTS_A_COUNTER_RESYNCS, ephports_watch_walks()))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* What sums over all namespaces. */
static int put_whole(struct sk_buff *skb)
{
	if (nla_put_u32(skb, EPHPORTS_A_INFO_CAPACITY, ephports_table_capacity()) ||
	    nla_put_u32(skb, EPHPORTS_A_INFO_HELD, ephports_count_held()) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_INFO_MEMORY,
			      ephports_table_bytes() + ephports_history_bytes(),
			      EPHPORTS_A_INFO_PAD))
		return -EMSGSIZE;
	return put_counters(skb);
}

static u32 count_ports(const unsigned long *map, int low, int high)
{
	return bitmap_weight(map, high + 1) - bitmap_weight(map, low);
}

static int put_usage(struct sk_buff *skb, const struct ephports_usage *usage, int low, int high)
{
	return nla_put_u32(skb, EPHPORTS_A_PROTOCOL_IN_USE, count_ports(usage->map, low, high)) ?:
	       nla_put_u32(skb, EPHPORTS_A_PROTOCOL_SOCKETS, usage->sockets);
}

/* Without a @usage, briefly. */
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
	    (usage && put_usage(skb, usage, low, high)) ||
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
	int err;

	if (!usage)
		return -ENOMEM;
	ephports_usage_read(ephports_ns(net)->id, usage);
	err = put_protocol(skb, net, EPHPORTS_TCP, &usage[EPHPORTS_TCP]) ?:
	      put_protocol(skb, net, EPHPORTS_UDP, &usage[EPHPORTS_UDP]);
	kvfree(usage);
	return err;
}

static int put_protocols_briefly(struct sk_buff *skb, const struct net *net)
{
	return put_protocol(skb, net, EPHPORTS_TCP, NULL) ?:
	       put_protocol(skb, net, EPHPORTS_UDP, NULL);
}

/**
 * ephports_put_info() - the module, and one namespace
 * @skb: the answer
 * @net: the namespace
 * @request: what is wanted
 *
 * Context: process context, may sleep.
 *
 * Return: 0, -EMSGSIZE, -ENOMEM.
 */
int ephports_put_info(struct sk_buff *skb, const struct net *net,
		      const struct ephports_info_request *request)
{
	/* What the verdict is about. */
	const struct net *judged = request->all ? NULL : net;

	if (nla_put_string(skb, EPHPORTS_A_INFO_VERSION, EPHPORTS_VERSION) ||
	    nla_put_u32(skb, EPHPORTS_A_INFO_NETNS, net->ns.inum) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_INFO_TIME, ktime_get_real_ns(),
			      EPHPORTS_A_INFO_PAD) ||
	    nla_put_u8(skb, EPHPORTS_A_INFO_COMPLETE, ephports_watch_complete(judged)) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_INFO_LOST,
			      ephports_count_lost(ephports_ns_scope(judged)),
			      EPHPORTS_A_INFO_PAD) ||
	    nla_put_u32(skb, EPHPORTS_A_INFO_BLIND, ephports_watch_blind()) ||
	    (request->root && put_whole(skb)))
		return -EMSGSIZE;
	return request->brief ? put_protocols_briefly(skb, net) : put_protocols(skb, net);
}

/**
 * ephports_put_dump_head() - begin a message of a dump
 * @skb: the answer
 * @cb: the dump, its seq set
 * @cmd: enum ephports_cmd
 *
 * Return: for genlmsg_end() or genlmsg_cancel(); NULL if there is no room.
 */
void *ephports_put_dump_head(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd)
{
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				 &ephports_family, NLM_F_MULTI, cmd);

	if (head)
		genl_dump_check_consistent(cb, head);
	return head;
}
