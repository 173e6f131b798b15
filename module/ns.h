/* SPDX-License-Identifier: GPL-2.0-only */
/* What is kept for each network namespace. */
#ifndef EPHPORTS_NS_H
#define EPHPORTS_NS_H

#include <linux/atomic.h>
#include <linux/in.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "compat.h"
#include "scope.h"

/* The protocols that are watched, as indices. */
enum ephports_proto {
	EPHPORTS_TCP,
	EPHPORTS_UDP,
	EPHPORTS_PROTOS
};

/* Of one that is watched. */
static inline enum ephports_proto ephports_proto_of(u8 ipproto)
{
	return ipproto == IPPROTO_TCP ? EPHPORTS_TCP : EPHPORTS_UDP;
}

struct ephports_hists;

/**
 * struct ephports_incidents - of one protocol, ns of CLOCK_BOOTTIME; 0: never
 * @called: when an alert was last called for
 * @pictured: when a picture was; 0 also if one is owed
 */
struct ephports_incidents {
	atomic64_t called;
	u64 pictured;
};

/**
 * struct ephports_ns - lives and dies with its network namespace
 * @id: its number, from 1, never used again (its inode number is)
 * @range: ip_local_port_range when the kernel's tables were last walked, high << 16 | low;
 *	0: it was seen to be moved since
 * @range_since: when the first walk ended that saw it, ns of CLOCK_BOOTTIME; 0: it is the
 *	namespace's first; U64_MAX: that walk is under way
 * @range_walks: how often such a walk has ended
 * @hists: its histograms; NULL if there was no memory for them
 * @failures: allocations refused for want of a free port
 * @incidents: when it was last said that they were
 */
struct ephports_ns {
	u64 id;
	u32 range;
	u64 range_since;
	u32 range_walks;
	struct ephports_hists *hists;
	atomic64_t failures[EPHPORTS_PROTOS];
	struct ephports_incidents incidents[EPHPORTS_PROTOS];
};

extern unsigned int ephports_ns_id __read_mostly;

/* NULL in a namespace that is being set up. */
static inline struct ephports_ns *ephports_ns(const struct net *net)
{
	return net_generic(net, ephports_ns_id);
}

/* The same, faster: with preemption or BH off, which is all that RCU needs. */
static inline struct ephports_ns *ephports_ns_pinned(const struct net *net)
{
	return rcu_dereference_sched(net->gen)->ptr[ephports_ns_id];
}

/**
 * ephports_ns_in_range() - whether a port is ephemeral in a namespace, at this moment
 * @net: the namespace
 * @port: host byte order
 *
 * Context: preemption or BH off; not in hard interrupts.
 *
 * Return: false also in a namespace that is being set up: nothing of it is watched.
 */
static inline bool ephports_ns_in_range(const struct net *net, u16 port)
{
	int low, high;

	if (unlikely(!ephports_ns_pinned(net)))
		return false;
	ephports_local_port_range(net, &low, &high);
	return port >= low && port <= high;
}

/* Not made by a user, who could have as many as it likes. */
static inline bool ephports_ns_is_hosts(const struct net *net)
{
	return net->user_ns == &init_user_ns;
}

/* NULL: of all namespaces. */
static inline enum ephports_scope ephports_ns_scope(const struct net *net)
{
	return net && ephports_ns_is_hosts(net) ? EPHPORTS_HOSTS : EPHPORTS_ALL;
}

bool ephports_ns_range_moved(const struct net *net);
bool ephports_ns_any_range_moved(void);
void ephports_ns_range_seen(void);
void ephports_ns_range_walked(void);
bool ephports_ns_range_known(const struct net *net);
u64 ephports_ns_range_since(u64 id);
u32 ephports_ns_range_walks(const struct net *net);
u32 ephports_ns_reserved(const struct net *net, int low, int high);
struct net *ephports_ns_get(u32 inum);
struct net *ephports_ns_get_by_id(u64 id);

int ephports_ns_init(void);
void ephports_ns_exit(void);

#endif /* EPHPORTS_NS_H */
