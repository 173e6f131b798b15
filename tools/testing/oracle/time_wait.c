// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ends TIME_WAIT, which otherwise lasts a minute: "ss -K" does so in one namespace, and on 5.10
 * not at all.
 */
#include <linux/sched.h>
#include <net/inet_hashtables.h>
#include <net/inet_timewait_sock.h>
#include <net/net_namespace.h>

#include "time_wait.h"

/* One of those in a chain, with a reference; NULL if there is none. */
static struct inet_timewait_sock *get_one(struct inet_ehash_bucket *bucket, spinlock_t *lock)
{
	struct inet_timewait_sock *found = NULL;
	struct hlist_nulls_node *node;
	struct sock *sk;

	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &bucket->chain) {
		if (sk->sk_state != TCP_TIME_WAIT || inet_twsk(sk)->tw_substate != TCP_TIME_WAIT)
			continue;
		if (refcount_inc_not_zero(&inet_twsk(sk)->tw_refcnt)) {
			found = inet_twsk(sk);
			break;
		}
	}
	spin_unlock_bh(lock);
	return found;
}

/**
 * ephports_end_time_wait() - end all that there are, of every network namespace
 *
 * As inet_twsk_purge() does for a namespace that is gone (net/ipv4/inet_timewait_sock.c). FIN_WAIT2
 * that the kernel keeps as a timewait socket stays. Those that begin meanwhile may stay, too.
 *
 * Context: process context, sleeps.
 */
void ephports_end_time_wait(void)
{
	struct inet_hashinfo *hashinfo = init_net.ipv4.tcp_death_row.hashinfo;
	struct inet_timewait_sock *tw;
	unsigned int i;

	for (i = 0; i <= hashinfo->ehash_mask; i++) {
		while ((tw = get_one(&hashinfo->ehash[i], inet_ehash_lockp(hashinfo, i)))) {
			local_bh_disable();
			inet_twsk_deschedule_put(tw);
			local_bh_enable();
		}
		cond_resched();
	}
}
