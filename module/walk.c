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
#include <linux/jiffies.h>
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

#define SOON		(HZ / 4)	/* from trouble to a walk */
#define HEARTBEAT	(5 * HZ)	/* how often trouble is looked for */
#define REST		HZ		/* between walks that were asked for */
#define LONG_REST	(10 * HZ)	/* after a walk that found no room for all */

u8 ephports_walks __read_mostly;

static DEFINE_MUTEX(walk_lock);
static u64 finished;
static unsigned long not_before = INITIAL_JIFFIES;	/* under walk_lock */
static atomic_t asked;

/* A walk in progress. */
struct walk {
	u32 nameless;			/* records that want an owner */
	bool full;			/* a holder found no room */
};

static enum ephports_visit note_met(struct ephports_record *rec, void *ctx)
{
	const struct sock *sk = ctx;

	if (rec->port == sk->sk_num && rec->cookie == (u64)atomic64_read(&sk->sk_cookie))
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
	rec->flags = EPHPORTS_F_ADOPTED | EPHPORTS_F_MET;
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
		ephports_table_visit(sk, note_met, sk);
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
		walk->nameless += rec.reason == EPHPORTS_REASON_ADOPTED &&
				  !(rec.flags & EPHPORTS_F_NO_UID);
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

/*
 * A record that a probe put in while the walk went on is not in doubt: its timewait socket
 * may not have got to its bind bucket yet.
 */
static enum ephports_visit drop_stale(struct ephports_record *rec, void *ctx)
{
	bool doubtful = rec->walk != ephports_walk_number() || (rec->flags & EPHPORTS_F_MET);

	if (doubtful && !ephports_sock_holds(rec))
		return EPHPORTS_REMOVE;
	rec->flags &= ~EPHPORTS_F_MET;
	return EPHPORTS_NEXT;
}

static void sweep(void)
{
	struct ephports_cursor cursor = {};

	ephports_table_walk(&cursor, drop_stale, NULL);
}

/* The first process that is asked is the oldest: later ones change nothing. */
static enum ephports_visit name_owner(struct ephports_record *rec, void *ctx)
{
	if (rec->reason == EPHPORTS_REASON_ADOPTED && !(rec->flags & EPHPORTS_F_TIMEWAIT)) {
		ephports_owner_of(&rec->owner, ctx);
		rec->reason = EPHPORTS_REASON_TOLD;
	}
	return EPHPORTS_STOP;
}

/* Files are asked in batches: the lock of a big file table is not held for long. */
#define FILES_AT_A_TIME	1000

struct asking {
	struct task_struct *task;
	unsigned int left;
};

static int name_by_file(const void *ctx, struct file *file, unsigned int fd)
{
	struct asking *asking = (struct asking *)ctx;
	struct socket *sock = ephports_sock_from_file(file);
	struct sock *sk = sock ? READ_ONCE(sock->sk) : NULL;

	if (sk && (sk->sk_family == AF_INET || sk->sk_family == AF_INET6))
		ephports_table_visit(sk, name_owner, asking->task);
	return --asking->left ? 0 : fd + 1;
}

static void name_by_task(struct task_struct *task)
{
	struct asking asking = { .task = task };
	int fd = 0;

	do {
		asking.left = FILES_AT_A_TIME;
		task_lock(task);
		fd = task->files ? iterate_fd(task->files, fd, name_by_file, &asking) : 0;
		task_unlock(task);
		cond_resched();
	} while (fd);
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
		name_by_task(list[i]);
		put_task_struct(list[i]);
	}
	kvfree(list);
}

/*
 * All trouble up to the walk's beginning is mended, unless there was no room, or the probes
 * are blind. Where a search for a port that no probe follows may outlast the walk, a second
 * walk has to confirm the first: what counts is what was known when the one before began.
 */
static void settle_trouble(const struct walk *walk, const struct ephports_trouble *before)
{
	static struct ephports_trouble before_last;

	if (walk->full || ephports_health_blind())
		ephports_health_note();
	else
		ephports_health_mended(EPHPORTS_WAITS_FOR_PREEMPTED ? before : &before_last);
	before_last = *before;
}

/* walk_lock held. */
static void walk_all(void)
{
	struct ephports_trouble before;
	struct walk walk = {};

	ephports_health_now(&before);
	WRITE_ONCE(ephports_walks, ephports_walks + 1);
	synchronize_rcu_tasks();
	ephports_ns_range_seen();
	walk_tcp(&walk);
	walk_udp(&walk);
	if (walk.nameless)
		name_owners();
	synchronize_rcu_tasks();
	sweep();
	settle_trouble(&walk, &before);
	WRITE_ONCE(finished, finished + 1);
	not_before = jiffies + (walk.full ? LONG_REST : REST);
}

static void beat(struct work_struct *work);
static DECLARE_DELAYED_WORK(heart, beat);

/* Walks if it was asked for, or if there is trouble that nobody asked for. */
static void beat(struct work_struct *work)
{
	unsigned long next = HEARTBEAT;

	mutex_lock(&walk_lock);
	if (time_before(jiffies, not_before)) {
		next = not_before - jiffies;
	} else if (atomic_xchg(&asked, 0) || !ephports_health_clean()) {
		walk_all();
		next = REST;
	}
	mutex_unlock(&walk_lock);
	queue_delayed_work(system_long_wq, &heart, next);
}

/**
 * ephports_walk_ask() - have the tables walked soon
 *
 * Walks that are asked for rest in between, however often that is.
 *
 * Context: any.
 */
void ephports_walk_ask(void)
{
	if (!atomic_read(&asked) && !atomic_xchg(&asked, 1))
		mod_delayed_work(system_long_wq, &heart, SOON);
}

/**
 * ephports_walk_now() - walk the tables, and return when it is done
 *
 * Context: process context, sleeps.
 *
 * Return: 0, or -EINTR if a fatal signal came first.
 */
int ephports_walk_now(void)
{
	int err = mutex_lock_killable(&walk_lock);

	if (err)
		return err;
	walk_all();
	mutex_unlock(&walk_lock);
	return 0;
}

/**
 * ephports_walk_catch_up() - make up for a port range that was changed
 * @moved: whether one was, as far as the reader is concerned
 * @wait: the reader may have the walk at once; others are told that the records are
 *	not complete until it is done
 *
 * Context: process context, sleeps.
 *
 * Return: 0, or -EINTR.
 */
int ephports_walk_catch_up(bool moved, bool wait)
{
	if (!moved)
		return 0;
	if (wait)
		return ephports_walk_now();
	ephports_health_note();
	ephports_walk_ask();
	return 0;
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
	mutex_lock(&walk_lock);
	walk_all();
	if (!EPHPORTS_WAITS_FOR_PREEMPTED)
		ephports_health_note();
	mutex_unlock(&walk_lock);
	queue_delayed_work(system_long_wq, &heart, REST);
	return 0;
}

/**
 * ephports_walk_exit() - no walk is under way, and none will be; the probes are disarmed
 */
void ephports_walk_exit(void)
{
	cancel_delayed_work_sync(&heart);
}
