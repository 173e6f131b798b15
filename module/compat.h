/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the supported kernels (5.10, 6.1, 6.12, 7.2), each as a
 * named capability with the mainline commit that made the difference. No other
 * file tests a kernel version or a kernel option.
 */
#ifndef EPHPORTS_COMPAT_H
#define EPHPORTS_COMPAT_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/net.h>
#include <linux/version.h>
#include <net/genetlink.h>
#include <net/inet_hashtables.h>
#include <net/inet_timewait_sock.h>
#include <net/ip.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/udp.h>

#if !defined(CONFIG_X86_64)
#error "ephports reads function arguments as x86-64 passes them"
#endif

#if !IS_ENABLED(CONFIG_IPV6)
#error "ephports needs a kernel with CONFIG_IPV6 (ipv6.disable=1 at boot is fine)"
#endif

/*
 * Whether attributes of 8 bytes are to be aligned: an option of the architecture, which
 * nla_need_padding_for_64bit() goes by, too.
 */
#define EPHPORTS_ALIGNS_U64	(!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS))

/*
 * Debian's kernels from 6.1 on clear each variable where it is declared
 * (CONFIG_INIT_STACK_ALL_ZERO): of a record that is written as a whole before any of it is read, 14
 * words on the path of every port. For a variable whose compiler knows how not to (GCC 10, which
 * builds 5.10's, does neither).
 */
#if __has_attribute(__uninitialized__)
#define ephports_uncleared	__attribute__((__uninitialized__))
#else
#define ephports_uncleared
#endif

/*
 * d19ad0775dcd ("ftrace: Have the callbacks receive a struct ftrace_regs instead of
 * pt_regs"), v5.11; a25d036d939a ("ftrace: Reverse what the RECURSION flag means in
 * the ftrace_ops"), v5.11. A callback that meets no function of its own needs no
 * protection, and protection is what would skip it.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#define ephports_ftrace_regs	ftrace_regs
#define EPHPORTS_FTRACE_FLAGS	FTRACE_OPS_FL_PERMANENT
#else
#define ephports_ftrace_regs	pt_regs
#define EPHPORTS_FTRACE_FLAGS	(FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_RECURSION_SAFE | \
				 FTRACE_OPS_FL_SAVE_REGS)
#endif

/* 94d095ffa0e1 ("ftrace: abstract DYNAMIC_FTRACE_WITH_ARGS accesses"), v6.2. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define ephports_ftrace_arg(fregs, n)	ftrace_regs_get_argument(fregs, n)
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#define ephports_ftrace_arg(fregs, n)	regs_get_kernel_argument(&(fregs)->regs, n)
#else
#define ephports_ftrace_arg(fregs, n)	regs_get_kernel_argument(fregs, n)
#endif

/* 8be9fbd5345d ("ftrace: Export ftrace_free_filter() to modules"), v6.2 and stable 6.1. */
static inline void ephports_ftrace_free_filter(struct ftrace_ops *ops)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
	ftrace_free_filter(ops);
#else
	ftrace_set_filter(ops, NULL, 0, 1);
#endif
}

/*
 * b334b924c9b7 ("net: tcp/dccp: prepare for tw_timer un-pinning"), v6.11: the
 * hand-over to TIME_WAIT arms the timer too, and has a new name.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
#define EPHPORTS_HASHDANCE	"inet_twsk_hashdance_schedule"
static_assert(__same_type(&inet_twsk_hashdance_schedule,
			  (void (*)(struct inet_timewait_sock *, struct sock *,
				    struct inet_hashinfo *, int))NULL));
#else
#define EPHPORTS_HASHDANCE	"inet_twsk_hashdance"
static_assert(__same_type(&inet_twsk_hashdance,
			  (void (*)(struct inet_timewait_sock *, struct sock *,
				    struct inet_hashinfo *))NULL));
#endif

/* d4438ce68bf1 ("inet: call inet6_ehashfn() once from inet6_hash_connect()"), v6.15. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
static_assert(__same_type(&__inet_hash_connect,
			  (int (*)(struct inet_timewait_death_row *, struct sock *, u64, u32,
				   int (*)(struct inet_timewait_death_row *, struct sock *, __u16,
					   struct inet_timewait_sock **, bool, u32)))NULL));
#else
static_assert(__same_type(&__inet_hash_connect,
			  (int (*)(struct inet_timewait_death_row *, struct sock *, u64,
				   int (*)(struct inet_timewait_death_row *, struct sock *, __u16,
					   struct inet_timewait_sock **)))NULL));
#endif

/**
 * ephports_bind_bucket_each() - visit every holder of one TCP bind bucket
 * @tb: the bucket
 * @visit: called for each full or timewait socket, until it returns false
 * @ctx: handed to @visit
 *
 * Context: the lock of @tb's hash bucket held, BH off.
 *
 * b2cb9f9ef240 ("tcp: Unlink sk from bhash.") and 770041d337a8 ("tcp: Link sk and twsk
 * to tb2->owners using skc_bind_node."), v6.8: sockets hang on the buckets by address
 * (bhash2) alone, timewait sockets with them.
 */
static inline void ephports_bind_bucket_each(struct inet_bind_bucket *tb,
					     bool (*visit)(struct sock *sk,
							   const struct inet_bind_bucket *tb,
							   void *ctx),
					     void *ctx)
{
	struct sock *sk;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	struct inet_bind2_bucket *tb2;

	hlist_for_each_entry(tb2, &tb->bhash2, bhash_node)
		hlist_for_each_entry(sk, &tb2->owners, sk_bind_node)
			if (!visit(sk, tb, ctx))
				return;
#else
	hlist_for_each_entry(sk, &tb->owners, sk_bind_node)
		if (!visit(sk, tb, ctx))
			return;
#endif
}

/* 9804985bf27f ("udp: Introduce optional per-netns hash table."), v6.2. */
static inline struct udp_table *ephports_udp_table(const struct net *net)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return net->ipv4.udp_table;
#else
	return &udp_table;
#endif
}

/* dba4a9256bb4 ("net: Remove the err argument from sock_from_file"), v5.11. */
static inline struct socket *ephports_sock_from_file(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return sock_from_file(file);
#else
	int err;

	return sock_from_file(file, &err);
#endif
}

/* 7288dd2fd488 ("genetlink: use attrs from struct genl_info"), v6.6. */
static inline struct nlattr **ephports_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->info.attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/*
 * 9c5d03d36251 ("genetlink: start to validate reserved header bytes"), v6.1: all
 * our commands are strict from the first.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)
#define EPHPORTS_GENL_RESV_START	.resv_start_op = EPHPORTS_CMD_UNSPEC + 1,
#else
#define EPHPORTS_GENL_RESV_START
#endif

/*
 * Whether synchronize_rcu_tasks() waits for a task that was scheduled away in the middle
 * of kernel code. A kernel that is not preemptible has no such thing, and yet a search
 * for a port lets others run (cond_resched() in __inet_hash_connect()).
 */
#define EPHPORTS_WAITS_FOR_PREEMPTED	IS_ENABLED(CONFIG_TASKS_RCU)

/*
 * 91d0b78c5177 ("inet: Add IP_LOCAL_PORT_RANGE socket option"), v6.3 and stable 6.1: the
 * namespace is const. It is only read before, too.
 */
static inline void ephports_local_port_range(const struct net *net, int *low, int *high)
{
	inet_get_local_port_range((struct net *)net, low, high);
}

/*
 * d57f4b874946 ("tcp: Update bind bucket state on port release"), v6.18: the kernel
 * notes on the socket itself that connect() chose its port.
 */
#ifdef SOCK_CONNECT_BIND
static inline bool ephports_connect_bound(const struct sock *sk)
{
	if (sk->sk_state == TCP_TIME_WAIT)
		return inet_twsk(sk)->tw_connect_bind;
	return sk->sk_userlocks & SOCK_CONNECT_BIND;
}
#else
static inline bool ephports_connect_bound(const struct sock *sk)
{
	return false;
}
#endif

/*
 * 19ce8cd30465 ("tcp: Measure TIME-WAIT reuse delay with millisecond precision") and
 * ca6a6f93867a ("tcp: Add sysctl to configure TIME-WAIT reuse delay"), v6.14: before, the
 * full second after the one in which the last segment came.
 *
 * Whether a timewait socket is old enough for connect() to take it over, as
 * tcp_twsk_unique() has it; @tw may be a copy.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 14, 0)
static inline u32 ephports_tw_reuse_delay(const struct net *net)
{
	return READ_ONCE(net->ipv4.sysctl_tcp_tw_reuse_delay);
}

static inline bool ephports_tw_old_enough(const struct tcp_timewait_sock *tw, u32 delay)
{
	return time_after32(tcp_clock_ms(), tw->tw_sk.tw_entry_stamp + delay);
}
#else
static inline u32 ephports_tw_reuse_delay(const struct net *net)
{
	return 0;
}

static inline bool ephports_tw_old_enough(const struct tcp_timewait_sock *tw, u32 delay)
{
	return time_after32(ktime_get_seconds(), tw->tw_ts_recent_stamp);
}
#endif

#endif /* EPHPORTS_COMPAT_H */
