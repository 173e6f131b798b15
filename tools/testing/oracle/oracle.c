// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/ephports_oracle: who holds a port by the kernel's own tables, for tests to compare
 * ephports with. Of ephports it uses what differs between kernels (compat.h) and nothing
 * else: a witness that shared the walk would share its errors.
 *
 * One line a holder, of every network namespace and every port, in the order of the tables:
 *
 *	proto netns family local_addr local_port peer_addr peer_port state
 *
 * with '-' for both parts of a peer that there is not. What is shown is what was there when
 * the file was opened. The walk locks one bucket at a time: a holder that takes or leaves its
 * port meanwhile may be shown or not, and one that lets go of a port and takes another may be
 * shown twice. A namespace that is being dismantled and has UDP tables of its own is no
 * longer met.
 *
 * Whatever is written to it ends all TIME_WAIT (time_wait.c).
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "../../../module/compat.h"
#include "time_wait.h"

#define ROOM_AT_FIRST	4096

/* A holder as it was met. */
struct holder {
	struct in6_addr local;
	struct in6_addr peer;
	u32 netns;
	u16 local_port;
	u16 peer_port;
	u16 family;
	u8 proto;
	u8 state;
};

/**
 * struct snapshot - what one open file shows
 * @holders: those met, as many as fit
 * @room: for how many holders there is memory
 * @met: how many holders were met, also those that did not fit
 */
struct snapshot {
	struct holder *holders;
	size_t room;
	size_t met;
};

/*
 * The lock of @sk's bucket held, BH off. Reads nothing but struct sock_common, which is all
 * that a timewait socket has.
 */
static void note(struct snapshot *snap, const struct sock *sk, u8 proto)
{
	struct holder *holder;

	if (snap->met++ >= snap->room)
		return;
	holder = &snap->holders[snap->met - 1];
	memset(holder, 0, sizeof(*holder));
	holder->proto = proto;
	holder->state = READ_ONCE(sk->sk_state);
	holder->family = sk->sk_family;
	holder->netns = sock_net(sk)->ns.inum;
	holder->local_port = sk->sk_num;
	holder->peer_port = ntohs(sk->sk_dport);
	if (holder->family == AF_INET6) {
		holder->local = sk->sk_v6_rcv_saddr;
		holder->peer = sk->sk_v6_daddr;
	} else {
		holder->local.s6_addr32[0] = sk->sk_rcv_saddr;
		holder->peer.s6_addr32[0] = sk->sk_daddr;
	}
}

static bool note_tcp(struct sock *sk, const struct inet_bind_bucket *tb, void *ctx)
{
	note(ctx, sk, IPPROTO_TCP);
	return true;
}

/* The bind buckets are one table for all namespaces. */
static void note_bind_buckets(struct snapshot *snap)
{
	const struct inet_hashinfo *hashinfo = init_net.ipv4.tcp_death_row.hashinfo;
	struct inet_bind_hashbucket *bucket = hashinfo->bhash;
	struct inet_bind_hashbucket *end = bucket + hashinfo->bhash_size;
	struct inet_bind_bucket *tb;

	for (; bucket < end; bucket++) {
		spin_lock_bh(&bucket->lock);
		hlist_for_each_entry(tb, &bucket->chain, node)
			ephports_bind_bucket_each(tb, note_tcp, snap);
		spin_unlock_bh(&bucket->lock);
		cond_resched();
	}
}

static void note_udp_table(struct snapshot *snap, const struct udp_table *table)
{
	struct udp_hslot *slot = table->hash;
	struct udp_hslot *last = slot + table->mask;
	struct sock *sk;

	for (; slot <= last; slot++) {
		spin_lock_bh(&slot->lock);
		sk_for_each(sk, &slot->head)
			note(snap, sk, IPPROTO_UDP);
		spin_unlock_bh(&slot->lock);
		cond_resched();
	}
}

static void note_udp_tables(struct snapshot *snap)
{
	const struct udp_table *shared = ephports_udp_table(&init_net);
	const struct udp_table *table;
	struct net *net;

	note_udp_table(snap, shared);
	down_read(&net_rwsem);
	for_each_net(net) {
		table = ephports_udp_table(net);
		if (table != shared)
			note_udp_table(snap, table);
	}
	up_read(&net_rwsem);
}

/* Memory cannot be had under a bucket's lock: what did not fit is walked again with more. */
static int take_snapshot(struct snapshot *snap)
{
	size_t room = ROOM_AT_FIRST;

	for (;;) {
		snap->holders = kvmalloc_array(room, sizeof(*snap->holders), GFP_KERNEL);
		if (!snap->holders)
			return -ENOMEM;
		snap->room = room;
		snap->met = 0;
		note_bind_buckets(snap);
		note_udp_tables(snap);
		if (snap->met <= room)
			return 0;
		kvfree(snap->holders);
		snap->holders = NULL;
		room = snap->met + snap->met / 4;
		if (signal_pending(current))
			return -EINTR;
	}
}

static const char *state_name(const struct holder *holder)
{
	static const char *const names[] = {
		[TCP_ESTABLISHED]	= "established",
		[TCP_SYN_SENT]		= "syn-sent",
		[TCP_SYN_RECV]		= "syn-recv",
		[TCP_FIN_WAIT1]		= "fin-wait-1",
		[TCP_FIN_WAIT2]		= "fin-wait-2",
		[TCP_TIME_WAIT]		= "time-wait",
		[TCP_CLOSE]		= "bound",
		[TCP_CLOSE_WAIT]	= "close-wait",
		[TCP_LAST_ACK]		= "last-ack",
		[TCP_LISTEN]		= "listen",
		[TCP_CLOSING]		= "closing",
	};

	if (holder->proto == IPPROTO_UDP)
		return holder->state == TCP_ESTABLISHED ? "established" : "unconnected";
	if (holder->state >= ARRAY_SIZE(names) || !names[holder->state])
		return "unknown";
	return names[holder->state];
}

/* A socket that lost its connection may still remember whom it was with. */
static bool has_peer(const struct holder *holder)
{
	if (!holder->peer_port)
		return false;
	if (holder->proto == IPPROTO_UDP)
		return holder->state == TCP_ESTABLISHED;
	return holder->state != TCP_CLOSE && holder->state != TCP_LISTEN;
}

static void put_endpoint(struct seq_file *m, const struct holder *holder,
			 const struct in6_addr *addr, u16 port)
{
	if (holder->family == AF_INET6)
		seq_printf(m, " %pI6c %u", addr, port);
	else
		seq_printf(m, " %pI4 %u", addr, port);
}

static int show_holder(struct seq_file *m, void *v)
{
	const struct holder *holder = v;

	seq_printf(m, "%s %u %s", holder->proto == IPPROTO_TCP ? "tcp" : "udp", holder->netns,
		   holder->family == AF_INET6 ? "ipv6" : "ipv4");
	put_endpoint(m, holder, &holder->local, holder->local_port);
	if (has_peer(holder))
		put_endpoint(m, holder, &holder->peer, holder->peer_port);
	else
		seq_puts(m, " - -");
	seq_printf(m, " %s\n", state_name(holder));
	return 0;
}

static void *start_holders(struct seq_file *m, loff_t *pos)
{
	const struct snapshot *snap = m->private;

	return *pos < snap->met ? &snap->holders[*pos] : NULL;
}

static void *next_holder(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return start_holders(m, pos);
}

static void stop_holders(struct seq_file *m, void *v)
{
}

static const struct seq_operations holder_ops = {
	.start	= start_holders,
	.next	= next_holder,
	.stop	= stop_holders,
	.show	= show_holder,
};

static int open_snapshot(struct inode *inode, struct file *file)
{
	struct snapshot *snap = __seq_open_private(file, &holder_ops, sizeof(*snap));
	int err;

	if (!snap)
		return -ENOMEM;
	err = take_snapshot(snap);
	if (err)
		seq_release_private(inode, file);
	return err;
}

static int release_snapshot(struct inode *inode, struct file *file)
{
	const struct seq_file *m = file->private_data;
	const struct snapshot *snap = m->private;

	kvfree(snap->holders);
	return seq_release_private(inode, file);
}

static ssize_t write_anything(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	ephports_end_time_wait();
	return count;
}

static const struct proc_ops file_ops = {
	.proc_open	= open_snapshot,
	.proc_read	= seq_read,
	.proc_write	= write_anything,
	.proc_lseek	= seq_lseek,
	.proc_release	= release_snapshot,
};

static int __init oracle_init(void)
{
	return proc_create("ephports_oracle", 0600, NULL, &file_ops) ? 0 : -ENOMEM;
}

static void __exit oracle_exit(void)
{
	remove_proc_entry("ephports_oracle", NULL);
}

module_init(oracle_init);
module_exit(oracle_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Who holds a port by the kernel's own tables: a witness for tests of ephports");
