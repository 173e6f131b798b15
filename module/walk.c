// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks of the kernel's own socket tables, which take in what the probes did not see:
 * sockets older than the module, and what was lost or missed.
 *
 * Who holds a TCP port is on the list of a bind bucket (bound, listening, connected and
 * timewait sockets alike); who holds a UDP port is in the UDP table. Both are read under
 * the kernel's own bucket locks, in the thick of traffic, while the probes are armed:
 *
 * - A call that was under way when the probes were armed has passed them unseen. So a walk
 *   begins by waiting until every task has left the kernel code that it was preempted in.
 * - A release is seen before the kernel takes its bucket lock. A walk that meets the socket
 *   in between records it, and would for ever. So a walk ends by waiting like that again,
 *   and then drops what it recorded and what by its own look holds no port any more.
 * - A timewait socket is announced before it is on the list, while the socket that it
 *   follows may not be recorded yet: on_hand_over() takes it in.
 * - What was recorded before, was not met, and by its own look holds no port, is stale.
 *
 * Context: all of this runs in process context, one walk at a time.
 */
#include <linux/fdtable.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>
#include <net/mptcp.h>

#include <linux/ephports.h>

#include "compat.h"
#include "event.h"
#include "health.h"
#include "sock.h"
#include "walk.h"

#define ASK_DELAY	(HZ / 4)

u8 ephports_walks __read_mostly;

static DEFINE_MUTEX(walk_lock);
static u64 finished;

/* A walk in progress. */
struct walk {
	u32 nameless;			/* records that want an owner */
	bool full;			/* a holder found no room */
};

static enum ephports_visit note_met(struct ephports_record *rec, void *ctx)
{
	rec->walk = ephports_walk_number();
	return EPHPORTS_STOP;
}

/* How a full socket's port was taken, where the kernel proves it. */
static u8 proven_origin(const struct sock *sk, const struct inet_bind_bucket *tb)
{
	/* A bucket that bind() ever used says so with a number from 0 up. */
	if (tb && tb->fastreuse < 0 && tb->fastreuseport < 0)
		return EPHPORTS_ORIGIN_CONNECT;
	if (ephports_connect_bound(sk))
		return EPHPORTS_ORIGIN_CONNECT;
	if (sk->sk_state != TCP_TIME_WAIT && (sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		return EPHPORTS_ORIGIN_EXPLICIT;
	return EPHPORTS_ORIGIN_UNKNOWN;
}

static void describe_adopted(struct ephports_record *rec, struct sock *sk, u8 proto)
{
	const struct net *net = sock_net(sk);

	memset(rec, 0, sizeof(*rec));
	rec->key = sk;
	rec->cookie = ephports_sock_cookie(sk);
	rec->nsid = ephports_ns(net)->id;
	rec->netns = net->ns.inum;
	rec->port = sk->sk_num;
	rec->proto = proto;
	rec->flags = EPHPORTS_F_ADOPTED;
	rec->reason = EPHPORTS_REASON_ADOPTED;
	rec->walk = ephports_walk_number();
	if (proto == IPPROTO_TCP && sk->sk_state == TCP_TIME_WAIT) {
		rec->flags |= EPHPORTS_F_TIMEWAIT | EPHPORTS_F_NO_UID;
		return;
	}
	rec->owner.uid = __kuid_val(sk->sk_uid);
	if (sk->sk_kern_sock && !(proto == IPPROTO_TCP && sk_is_mptcp(sk)))
		rec->reason = EPHPORTS_REASON_KERNEL;
}

/* The kernel's bucket locked, BH off: @sk holds its port. */
static void meet(struct walk *walk, struct sock *sk, u8 proto, const struct inet_bind_bucket *tb)
{
	struct ephports_record rec;

	if (!ephports_ns_in_range(sock_net(sk), sk->sk_num)) {
		ephports_table_visit(sk, note_met, NULL);
		return;
	}
	describe_adopted(&rec, sk, proto);
	rec.origin = proven_origin(sk, tb);
	switch (ephports_table_insert(&rec, ephports_walk_cause())) {
	case EPHPORTS_KNOWN:
		return;
	case EPHPORTS_NO_ROOM:
		walk->full = true;
		if (ephports_walk_cause() == EPHPORTS_ADOPTED)
			ephports_table_note(EPHPORTS_LOST);
		return;
	case EPHPORTS_NEW:
		walk->nameless += rec.reason == EPHPORTS_REASON_ADOPTED;
		return;
	}
}

static void meet_tcp(struct sock *sk, const struct inet_bind_bucket *tb, void *ctx)
{
	meet(ctx, sk, IPPROTO_TCP, tb);
}

/* All namespaces share the bind buckets, also those with a table of connections of their own. */
static void walk_tcp(struct walk *walk)
{
	struct inet_hashinfo *hashinfo = init_net.ipv4.tcp_death_row.hashinfo;
	struct inet_bind_hashbucket *head;
	struct inet_bind_bucket *tb;
	unsigned int i;

	for (i = 0; i < hashinfo->bhash_size; i++) {
		head = &hashinfo->bhash[i];
		if (hlist_empty(&head->chain))
			continue;
		spin_lock_bh(&head->lock);
		hlist_for_each_entry(tb, &head->chain, node)
			ephports_bind_bucket_each(tb, meet_tcp, walk);
		spin_unlock_bh(&head->lock);
		cond_resched();
	}
}

static void walk_udp_table(struct walk *walk, struct udp_table *table)
{
	struct udp_hslot *slot;
	struct sock *sk;
	unsigned int i;

	for (i = 0; i <= table->mask; i++) {
		slot = &table->hash[i];
		if (hlist_empty(&slot->head))
			continue;
		spin_lock_bh(&slot->lock);
		sk_for_each(sk, &slot->head)
			meet(walk, sk, IPPROTO_UDP, NULL);
		spin_unlock_bh(&slot->lock);
		cond_resched();
	}
}

/* A namespace may have a UDP table of its own; else it uses the first one's. */
static void walk_udp(struct walk *walk)
{
	struct udp_table *common = ephports_udp_table(&init_net);
	struct net *net;

	walk_udp_table(walk, common);
	down_read(&net_rwsem);
	for_each_net(net)
		if (ephports_udp_table(net) != common)
			walk_udp_table(walk, ephports_udp_table(net));
	up_read(&net_rwsem);
}

static enum ephports_visit drop_stale(struct ephports_record *rec, void *ctx)
{
	bool doubtful = rec->walk != ephports_walk_number() || (rec->flags & EPHPORTS_F_ADOPTED);

	return doubtful && !ephports_sock_holds(rec) ? EPHPORTS_REMOVE : EPHPORTS_NEXT;
}

static void sweep(void)
{
	struct ephports_cursor cursor = {};

	ephports_table_walk(&cursor, drop_stale, NULL);
}

/* The first process that is asked is the oldest: later ones change nothing. */
static enum ephports_visit name_owner(struct ephports_record *rec, void *ctx)
{
	if ((rec->flags & EPHPORTS_F_ADOPTED) && rec->reason == EPHPORTS_REASON_ADOPTED) {
		ephports_owner_of(&rec->owner, ctx);
		rec->reason = EPHPORTS_REASON_TOLD;
	}
	return EPHPORTS_STOP;
}

static int name_by_file(const void *task, struct file *file, unsigned int fd)
{
	struct socket *sock = ephports_sock_from_file(file);
	struct sock *sk = sock ? READ_ONCE(sock->sk) : NULL;

	if (sk && (sk->sk_family == AF_INET || sk->sk_family == AF_INET6))
		ephports_table_visit(sk, name_owner, (void *)task);
	return 0;
}

/* All processes, oldest first, each held by a reference. */
static struct task_struct **get_processes(unsigned int *n)
{
	struct task_struct **list, *task;
	unsigned int room = 64;

	rcu_read_lock();
	for_each_process(task)
		room++;
	rcu_read_unlock();
	list = kvmalloc_array(room, sizeof(*list), GFP_KERNEL);
	*n = 0;
	if (!list)
		return NULL;
	rcu_read_lock();
	for_each_process(task) {
		if (*n == room)
			break;
		get_task_struct(task);
		list[(*n)++] = task;
	}
	rcu_read_unlock();
	return list;
}

/* Who holds the adopted sockets is in the tasks' file tables. Without memory they stay nameless. */
static void name_owners(void)
{
	struct task_struct **list;
	unsigned int i, n;

	list = get_processes(&n);
	for (i = 0; i < n; i++) {
		task_lock(list[i]);
		if (list[i]->files)
			iterate_fd(list[i]->files, 0, name_by_file, list[i]);
		task_unlock(list[i]);
		put_task_struct(list[i]);
		cond_resched();
	}
	kvfree(list);
}

static void walk_all(struct walk *walk)
{
	struct ephports_trouble before;

	mutex_lock(&walk_lock);
	ephports_health_now(&before);
	WRITE_ONCE(ephports_walks, ephports_walks + 1);
	synchronize_rcu_tasks();
	ephports_ns_range_seen();
	walk_tcp(walk);
	walk_udp(walk);
	if (walk->nameless)
		name_owners();
	synchronize_rcu_tasks();
	sweep();
	if (!walk->full)
		ephports_health_mended(&before);
	else
		ephports_health_note();
	WRITE_ONCE(finished, finished + 1);
	mutex_unlock(&walk_lock);
}

static void walk_asked(struct work_struct *work);
static DECLARE_DELAYED_WORK(asked, walk_asked);

static void walk_asked(struct work_struct *work)
{
	struct walk walk = {};

	walk_all(&walk);
	/* No room: as long as it stays so, it is tried again, and never in a hurry. */
	if (walk.full)
		queue_delayed_work(system_long_wq, &asked, 10 * HZ);
}

/**
 * ephports_walk_ask() - have the tables walked soon
 *
 * Context: any.
 */
void ephports_walk_ask(void)
{
	queue_delayed_work(system_long_wq, &asked, ASK_DELAY);
}

/**
 * ephports_walk_now() - walk the tables, and return when it is done
 *
 * Context: process context, sleeps.
 */
void ephports_walk_now(void)
{
	struct walk walk = {};

	walk_all(&walk);
}

/**
 * ephports_walk_count() - walks since loading, the one at loading included
 */
u64 ephports_walk_count(void)
{
	return READ_ONCE(finished);
}

/**
 * ephports_walk_cause() - what to count a holder as that is met without a record
 */
enum ephports_cause ephports_walk_cause(void)
{
	return READ_ONCE(finished) ? EPHPORTS_MENDED_IN : EPHPORTS_ADOPTED;
}

/**
 * ephports_walk_adopt() - take in the sockets that are older than the module
 *
 * Context: process context, sleeps; the probes are armed.
 */
int ephports_walk_adopt(void)
{
	struct walk walk = {};

	walk_all(&walk);
	if (walk.full || !EPHPORTS_WAITS_FOR_PREEMPTED)
		queue_delayed_work(system_long_wq, &asked, HZ);
	return 0;
}

/**
 * ephports_walk_exit() - no walk is under way, and none will be; the probes are disarmed
 */
void ephports_walk_exit(void)
{
	cancel_delayed_work_sync(&asked);
}
