// SPDX-License-Identifier: GPL-2.0-only
/* What is kept for each network namespace, and what its sysctls say. */
#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/rwsem.h>

#include "hist.h"
#include "ns.h"

unsigned int ephports_ns_id __read_mostly;
static atomic64_t last_ns;

#define NO_RANGE 0	/* no namespace has this one */
#define NOT_YET	U64_MAX	/* of range_since: no walk has ended since the range was moved */

static u32 range_of(const struct net *net)
{
	int low, high;

	ephports_local_port_range(net, &low, &high);
	return (u32)high << 16 | low;
}

/**
 * ephports_ns_range_moved() - whether the range is not what the last walk saw
 * @net: the namespace
 *
 * Once that was seen it stays so until the next walk, also if the range is moved back: holders of
 * the ports that it left meanwhile are not known.
 */
bool ephports_ns_range_moved(const struct net *net)
{
	/* Pairs with ephports_ns_range_seen(): who sees this range sees what is known of it. */
	if (smp_load_acquire(&ephports_ns(net)->range) == range_of(net))
		return false;
	WRITE_ONCE(ephports_ns(net)->range, NO_RANGE);
	return true;
}

/**
 * ephports_ns_any_range_moved() - the same, asked of all namespaces
 *
 * Context: process context, may sleep.
 */
bool ephports_ns_any_range_moved(void)
{
	bool moved = false;
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net)
		moved |= ephports_ns_range_moved(net);
	up_read(&net_rwsem);
	return moved;
}

/**
 * ephports_ns_range_seen() - a walk begins: it decides by the ranges of now
 *
 * Context: process context, may sleep.
 */
void ephports_ns_range_seen(void)
{
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net) {
		if (!ephports_ns_range_moved(net))
			continue;
		WRITE_ONCE(ephports_ns(net)->range_since, NOT_YET);
		/* Pairs with ephports_ns_range_moved(). */
		smp_store_release(&ephports_ns(net)->range, range_of(net));
	}
	up_read(&net_rwsem);
}

/**
 * ephports_ns_range_walked() - the walk has ended: of these ranges all holders are known
 *
 * A bind by number that was under way as the range came to have its port was let pass by the
 * probes: the walk has taken it in by now.
 *
 * Context: process context, may sleep.
 */
void ephports_ns_range_walked(void)
{
	struct ephports_ns *ns;
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net) {
		ns = ephports_ns(net);
		if (READ_ONCE(ns->range_since) != NOT_YET)
			continue;
		WRITE_ONCE(ns->range_walks, ns->range_walks + 1);
		/* Who sees that the range is known sees that something changed. */
		smp_store_release(&ns->range_since, ktime_get_boot_fast_ns());
	}
	up_read(&net_rwsem);
}

static u64 known_since(const struct net *net)
{
	return ephports_ns_range_moved(net) ? NOT_YET : READ_ONCE(ephports_ns(net)->range_since);
}

/**
 * ephports_ns_range_since() - since when the range is known to be what it is
 * @id: of this namespace; 0: of all that there are
 *
 * Holders of ports that it had not are known only from then on. A change that was taken back
 * before anybody asked is not seen.
 *
 * Context: process context, may sleep.
 *
 * Return: ns of CLOCK_BOOTTIME; 0 for ever, U64_MAX not yet.
 */
u64 ephports_ns_range_since(u64 id)
{
	struct net *net;
	u64 since = 0;

	down_read(&net_rwsem);
	for_each_net(net)
		if (!id || ephports_ns(net)->id == id)
			since = max(since, known_since(net));
	up_read(&net_rwsem);
	return since;
}

/**
 * ephports_ns_range_known() - whether a walk has ended that saw the range as it is
 * @net: the namespace; NULL: of each that there is
 *
 * Context: any; for all, process context, may sleep.
 */
bool ephports_ns_range_known(const struct net *net)
{
	return (net ? known_since(net) : ephports_ns_range_since(0)) != NOT_YET;
}

/**
 * ephports_ns_range_walks() - walks that have made known who holds the ports of a moved range
 * @net: the namespace
 */
u32 ephports_ns_range_walks(const struct net *net)
{
	return READ_ONCE(ephports_ns(net)->range_walks);
}

/**
 * ephports_ns_reserved() - ports of ip_local_reserved_ports within a range
 * @net: the namespace
 * @low: lowest port
 * @high: highest port, inclusive
 */
u32 ephports_ns_reserved(const struct net *net, int low, int high)
{
	const unsigned long *map = net->ipv4.sysctl_local_reserved_ports;

	u32 below, all;

	if (!map)
		return 0;
	/* It may be written meanwhile. */
	below = bitmap_weight(map, low);
	all = bitmap_weight(map, high + 1);
	return all - min(all, below);
}

/**
 * ephports_ns_get() - a namespace by its inode number
 * @inum: as /proc/PID/ns/net shows it
 *
 * Context: process context, may sleep.
 *
 * Return: the namespace, to be given back with put_net(), or NULL.
 */
struct net *ephports_ns_get(u32 inum)
{
	struct net *net, *found = NULL;

	down_read(&net_rwsem);
	for_each_net(net) {
		if (net->ns.inum == inum) {
			found = maybe_get_net(net);
			break;
		}
	}
	up_read(&net_rwsem);
	return found;
}

/**
 * ephports_ns_get_by_id() - a namespace by the number that is never used again
 * @id: the number
 *
 * Context: process context, may sleep.
 *
 * Return: the namespace, to be given back with put_net(), or NULL.
 */
struct net *ephports_ns_get_by_id(u64 id)
{
	struct net *net, *found = NULL;

	down_read(&net_rwsem);
	for_each_net(net) {
		if (ephports_ns(net)->id == id) {
			found = maybe_get_net(net);
			break;
		}
	}
	up_read(&net_rwsem);
	return found;
}

static int __net_init init_ns(struct net *net)
{
	struct ephports_ns *ns = ephports_ns(net);

	ns->id = atomic64_inc_return(&last_ns);
	ns->range = range_of(net);
	/* A namespace without histograms is better than none. */
	ns->hists = ephports_hist_alloc();
	return 0;
}

/* None of its processes is left, but a socket of the kernel's may still be searching. */
static void __net_exit exit_ns(struct list_head *nets)
{
	LIST_HEAD(dead);
	struct net *net;

	list_for_each_entry(net, nets, exit_list)
		ephports_hist_drop(&ephports_ns(net)->hists, &dead);
	synchronize_rcu();
	ephports_hist_free(&dead);
}

static struct pernet_operations ns_ops = {
	.init = init_ns,
	.exit_batch = exit_ns,
	.id = &ephports_ns_id,
	.size = sizeof(struct ephports_ns),
};

/**
 * ephports_ns_init() - number the namespaces, those that exist and those to come
 */
int ephports_ns_init(void)
{
	return register_pernet_subsys(&ns_ops);
}

void ephports_ns_exit(void)
{
	unregister_pernet_subsys(&ns_ops);
}
