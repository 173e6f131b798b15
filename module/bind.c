// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own table of TCP ports: a bind bucket for each port that is held. All
 * namespaces share it, also those with a table of connections of their own.
 */
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>

#include "bind.h"

#define STRIDE	256	/* empty hash chains between two chances for others to run */

/**
 * ephports_bind_buckets_visit() - see every bind bucket of every namespace
 * @visit: called with the lock of the bucket's hash chain held, BH off; quick: the kernel's
 *	own binds and closes wait
 * @ctx: handed to @visit
 *
 * Context: process context, may sleep between hash chains.
 */
void ephports_bind_buckets_visit(void (*visit)(struct inet_bind_bucket *tb, void *ctx), void *ctx)
{
	struct inet_hashinfo *hashinfo = init_net.ipv4.tcp_death_row.hashinfo;
	struct inet_bind_hashbucket *head;
	struct inet_bind_bucket *tb;
	unsigned int i;
	bool empty;

	for (i = 0; i < hashinfo->bhash_size; i++) {
		head = &hashinfo->bhash[i];
		empty = hlist_empty(&head->chain);
		if (!empty || i % STRIDE == 0)
			cond_resched();
		if (empty)
			continue;
		spin_lock_bh(&head->lock);
		hlist_for_each_entry(tb, &head->chain, node)
			visit(tb, ctx);
		spin_unlock_bh(&head->lock);
	}
}
