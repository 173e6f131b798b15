// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks of the kernel's own socket tables, which take in what the probes did not see:
 * sockets older than the module, and what was lost or missed.
 *
 * Who holds a TCP port is on the list of a bind bucket (bound, listening, connected and
 * timewait sockets alike); who holds a UDP port is in the UDP table. Both are read under
 * the kernel's own bucket locks, in the thick of traffic, while the probes are armed:
 *
 * - A call that was under way when the probes were armed has passed them unseen, and may take
 *   its port behind who reads. So a walk waits until every task has left the kernel code that
 *   it was preempted in, and reads the tables once more.
 * - A release is seen before the kernel takes its bucket lock. A walk that meets the socket
 *   in between records it, and would for ever. So after waiting like that it drops what it
 *   recorded before and what by its own look holds no port any more.
 *
 * - A timewait socket is announced before it is on the list, while the socket that it
 *   follows may not be recorded yet: on_hand_over() takes it in.
 * - What was recorded before the walk, and by its own look holds no port after the wait, is
 *   stale.
 *
 * The one wait serves both ends; where there was something to take in behind it still, there
 * is another. (To wait twice in any case would take a tenth of a second more: the kernel rests
 * for so long between two grace periods of RCU tasks.)
 *
 * Context: all of this runs in process context, one walk at a time (watch.c).
 */
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>

#include <linux/ephports.h>

#include "bind.h"
#include "compat.h"
#include "event.h"
#include "fault.h"
#include "holders.h"
#include "ns.h"
#include "sock.h"
#include "table.h"
#include "walk.h"

/* One reading of the tables. */
struct pass {
	u64 began;			/* when, ns of CLOCK_BOOTTIME */
	u32 taken_in;			/* holders that had no record */
	u32 nameless;			/* of those, without an owner yet */
	u32 full;			/* mask of 1 << the scope of a holder that found no room */
	bool last;			/* of the walk: who finds no room now is lost */
};

struct meeting {
	const struct sock *sk;
	bool last;
	bool known;
};

/*
 * Met before the wait proves nothing of who is letting go of its port unseen: its record stays
 * in doubt, and is judged by its own look.
 */
static enum ephports_visit note_met(struct ephports_record *rec, void *ctx)
{
	struct meeting *meeting = ctx;

	meeting->known = rec->port == meeting->sk->sk_num &&
			 rec->cookie == (u64)atomic64_read(&meeting->sk->sk_cookie);
	if (meeting->known && meeting->last)
		ephports_table_mark(rec);
	return EPHPORTS_STOP;
}

static bool is_recorded(const struct pass *pass, const struct sock *sk)
{
	struct meeting meeting = { .sk = sk, .last = pass->last };

	ephports_table_visit(sk, note_met, &meeting);
	return meeting.known;
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

static void describe_met(struct ephports_record *rec, struct sock *sk, u8 proto)
{
	ephports_sock_describe_found(rec, sk, proto);
	rec->flags |= EPHPORTS_F_MET;
	if (rec->flags & EPHPORTS_F_TIMEWAIT)
		return;
	rec->owner.uid = __kuid_val(sk->sk_uid);
	if (ephports_sock_is_kernels(sk))
		rec->reason = EPHPORTS_REASON_KERNEL;
}

/* The kernel's bucket locked, BH off: @sk holds its port. */
static void meet(struct pass *pass, struct sock *sk, u8 proto, const struct inet_bind_bucket *tb)
{
	struct ephports_record rec, stale;
	enum ephports_inserted inserted;
	enum ephports_scope scope;
	enum ephports_cause cause;

	if (is_recorded(pass, sk) || !ephports_ns_in_range(sock_net(sk), sk->sk_num))
		return;
	describe_met(&rec, sk, proto);
	rec.born = pass->began;
	rec.origin = proven_origin(sk, tb);
	scope = ephports_record_scope(&rec);
	cause = ephports_table_found(&rec);
	inserted = ephports_table_insert(&rec, cause, &stale);
	if (stale.id)
		ephports_event_found_stale(&stale);
	switch (inserted) {
	case EPHPORTS_KNOWN:
		return;
	case EPHPORTS_NO_ROOM:
		pass->full |= BIT(scope);
		/* Who should have had a record was counted when it got none. */
		if (pass->last && cause != EPHPORTS_MENDED_IN && cause != EPHPORTS_GUEST_MENDED_IN)
			ephports_count_note(ephports_table_lost(&rec));
		return;
	case EPHPORTS_NEW:
		pass->taken_in++;
		pass->nameless += rec.reason == EPHPORTS_REASON_ADOPTED &&
				  !(rec.flags & EPHPORTS_F_NO_UID);
		return;
	}
}

static bool meet_tcp(struct sock *sk, const struct inet_bind_bucket *tb, void *ctx)
{
	meet(ctx, sk, IPPROTO_TCP, tb);
	return true;
}

/*
 * Whether there may be something to record, or a record. A server's port outside the range may have
 * hundreds of thousands of holders, and the kernel's bucket is locked while they are gone over.
 */
static bool is_of_concern(const struct net *net, u16 port)
{
	return ephports_table_had_port(port) || ephports_ns_in_range(net, port);
}

static void meet_bucket(struct inet_bind_bucket *tb, void *ctx)
{
	if (is_of_concern(ib_net(tb), tb->port))
		ephports_bind_bucket_each(tb, meet_tcp, ctx);
}

static void read_udp_table(struct pass *pass, struct udp_table *table)
{
	struct udp_hslot *slot;
	struct sock *sk;
	unsigned int i;

	for (i = 0; i <= table->mask; i++) {
		cond_resched();
		slot = &table->hash[i];
		if (hlist_empty(&slot->head))
			continue;
		spin_lock_bh(&slot->lock);
		sk_for_each(sk, &slot->head)
			if (is_of_concern(sock_net(sk), sk->sk_num))
				meet(pass, sk, IPPROTO_UDP, NULL);
		spin_unlock_bh(&slot->lock);
	}
}

/* A namespace may have a UDP table of its own; else it uses the first one's. */
static void read_udp(struct pass *pass)
{
	struct udp_table *common = ephports_udp_table(&init_net);
	struct net *net;

	read_udp_table(pass, common);
	down_read(&net_rwsem);
	for_each_net(net)
		if (ephports_udp_table(net) != common)
			read_udp_table(pass, ephports_udp_table(net));
	up_read(&net_rwsem);
}

/*
 * A record that a probe put in while the walk went on is not in doubt: its timewait socket
 * may not have got to its bind bucket yet.
 */
static enum ephports_visit drop_stale(struct ephports_record *rec, void *ctx)
{
	bool doubtful = !ephports_table_marked(rec) || (rec->flags & EPHPORTS_F_MET);

	if (doubtful && !ephports_sock_holds(rec)) {
		if (!(rec->flags & EPHPORTS_F_MET))
			ephports_event_found_stale(rec);
		return EPHPORTS_REMOVE;
	}
	rec->flags &= ~EPHPORTS_F_MET;
	return EPHPORTS_NEXT;
}

static void sweep(void)
{
	struct ephports_cursor cursor = {};

	synchronize_rcu_tasks();
	ephports_fault_walk_sweeps();
	ephports_table_walk(&cursor, drop_stale, NULL);
}

static struct pass read_tables(bool last)
{
	struct pass pass = { .began = ktime_get_boot_fast_ns(), .last = last };

	ephports_bind_buckets_visit(meet_bucket, &pass);
	read_udp(&pass);
	ephports_fault_walk_met();
	if (pass.nameless)
		ephports_holders_name();
	return pass;
}

/**
 * ephports_walk() - take in what is not recorded, drop what is stale
 *
 * Context: process context, sleeps; the probes are armed; no other walk is under way.
 *
 * Return: 0 if there was room for all; else a mask of 1 << enum ephports_scope: of holders in this
 *	one, and in no narrower one, not all found room.
 */
u32 ephports_walk(void)
{
	struct pass pass;

	ephports_table_new_epoch();
	ephports_ns_range_seen();
	ephports_fault_walk_begins();
	read_tables(false);
	sweep();
	pass = read_tables(true);
	if (pass.taken_in)
		sweep();
	return pass.full;
}
