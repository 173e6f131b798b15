// SPDX-License-Identifier: GPL-2.0-only
/*
 * Return probes, which follow how ports are taken, but by accepted children: in process context
 * alone, and whether it succeeded is only known at the return.
 */
#include <linux/kprobes.h>
#include <linux/ktime.h>

#include <linux/ephports.h>

#include "compat.h"
#include "event.h"
#include "fault.h"
#include "hist.h"
#include "origin.h"
#include "probe.h"
#include "probe_part.h"
#include "sock.h"

/* The handlers read arguments by position; refuse to build if they move. */
static_assert(__same_type(&inet_csk_get_port, (int (*)(struct sock *, unsigned short))NULL));
static_assert(__same_type(&udp_lib_get_port,
			  (int (*)(struct sock *, unsigned short, unsigned int))NULL));

/* An attempt to take a port, from entry to return of the function. */
struct attempt {
	struct sock *sk;
	u64 start;	/* ns of CLOCK_BOOTTIME; only if the kernel has to search */
	u16 port;	/* asked for by number; 0: the kernel is to search for one */
	u8 origin;
};

/* Context: process context of the one that asks for a port, socket locked. */
static __always_inline void describe_asker(struct ephports_record *rec,
					   const struct attempt *attempt, u64 now, u64 searched)
{
	struct sock *sk = attempt->sk;

	ephports_sock_describe(rec, sk, sk->sk_protocol);
	rec->origin = attempt->origin;
	rec->born = now;
	rec->search = ephports_short_time(searched);
	rec->owner.uid = __kuid_val(sk->sk_uid);
	if ((current->flags & PF_KTHREAD) ||
	    (sk->sk_kern_sock && ephports_sock_is_kernels(sk)))
		rec->reason = EPHPORTS_REASON_KERNEL;
	else
		ephports_owner_current(&rec->owner);
}

/* Kept apart, so that what is common is quick. */
static noinline void refused(const struct attempt *attempt, u64 now, u64 searched)
{
	const struct sock *sk = attempt->sk;
	struct ephports_record rec;
	struct ephports_sock sock;

	describe_asker(&rec, attempt, now, searched);
	rec.port = attempt->port;
	ephports_sock_last(&rec, &sk->__sk_common, &sock);
	ephports_event_refused(sock_net(sk), &rec, &sock, now);
}

static __always_inline void taken(const struct attempt *attempt, u64 now, u64 searched)
{
	struct ephports_record rec ephports_uncleared;

	if (!ephports_ns_in_range(sock_net(attempt->sk), attempt->sk->sk_num))
		return;
	describe_asker(&rec, attempt, now, searched);
	ephports_event_taken(&rec, EPHPORTS_ASSIGNED);
}

/* The function returned: the port was taken, or none was to be had. */
static void conclude(const struct attempt *attempt, bool success)
{
	const struct sock *sk = attempt->sk;
	const struct ephports_ns *ns = ephports_ns_pinned(sock_net(sk));
	u64 now = ktime_get_boot_fast_ns();
	u64 searched = 0;

	if (unlikely(!ns))
		return;
	if (!attempt->port) {
		searched = now - min(now, attempt->start);
		ephports_hist_note(ns, ephports_proto_of(sk->sk_protocol),
				   EPHPORTS_HIST_SEARCH, searched);
	}
	if (likely(success))
		taken(attempt, now, searched);
	else
		refused(attempt, now, searched);
}

static int enter_connect(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct sock *sk = (struct sock *)regs_get_kernel_argument(regs, 1);
	struct attempt *attempt = (struct attempt *)ri->data;

	/* A socket that is bound already takes no port. */
	if (sk->sk_protocol != IPPROTO_TCP || sk->sk_num)
		return 1;
	attempt->sk = sk;
	attempt->port = 0;
	attempt->origin = EPHPORTS_ORIGIN_CONNECT;
	attempt->start = ktime_get_boot_fast_ns();
	return 0;
}
NOKPROBE_SYMBOL(enter_connect);

static int return_connect(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	int ret = regs_return_value(regs);

	if (!ret || ret == -EADDRNOTAVAIL)
		conclude((struct attempt *)ri->data, !ret);
	return 0;
}
NOKPROBE_SYMBOL(return_connect);

/* A port asked for by number is of interest only inside the range. */
static bool worth_following(const struct sock *sk, u16 snum)
{
	return !snum || ephports_ns_in_range(sock_net(sk), snum);
}

static int enter_tcp_bind(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct sock *sk = (struct sock *)regs_get_kernel_argument(regs, 0);
	u16 snum = regs_get_kernel_argument(regs, 1);
	struct attempt *attempt = (struct attempt *)ri->data;

	/* listen() asks again for a socket that has its port. */
	if (sk->sk_protocol != IPPROTO_TCP || inet_csk(sk)->icsk_bind_hash ||
	    !worth_following(sk, snum))
		return 1;
	attempt->sk = sk;
	attempt->port = snum;
	if (snum)
		attempt->origin = EPHPORTS_ORIGIN_EXPLICIT;
	else if (sk->sk_state == TCP_LISTEN)
		attempt->origin = EPHPORTS_ORIGIN_LISTEN;
	else
		attempt->origin = EPHPORTS_ORIGIN_BIND;
	if (!snum)
		attempt->start = ktime_get_boot_fast_ns();
	return 0;
}
NOKPROBE_SYMBOL(enter_tcp_bind);

static int enter_udp(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct sock *sk = (struct sock *)regs_get_kernel_argument(regs, 0);
	u16 snum = regs_get_kernel_argument(regs, 1);
	struct attempt *attempt = (struct attempt *)ri->data;

	if (sk->sk_protocol != IPPROTO_UDP || !worth_following(sk, snum))
		return 1;
	attempt->sk = sk;
	attempt->port = snum;
	attempt->origin = snum ? EPHPORTS_ORIGIN_EXPLICIT : ephports_origin_udp(sk);
	if (!snum)
		attempt->start = ktime_get_boot_fast_ns();
	return 0;
}
NOKPROBE_SYMBOL(enter_udp);

/*
 * A port of the kernel's choice is refused when none is free (or, never seen, when the
 * kernel has no memory for a bucket: its answer is the same).
 */
static int return_get_port(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	conclude((struct attempt *)ri->data, !(int)regs_return_value(regs));
	return 0;
}
NOKPROBE_SYMBOL(return_get_port);

/* Searches sleep, so many can be under way; what finds no room here is counted as missed. */
#define MAX_ATTEMPTS	2048

#define RETURN_PROBE(name, enter, leave) {	\
	.kp.symbol_name = name,			\
	.entry_handler = enter,			\
	.handler = leave,			\
	.data_size = sizeof(struct attempt),	\
	.maxactive = MAX_ATTEMPTS,		\
}

static struct kretprobe return_probes[EPHPORTS_PROBES] = {
	[EPHPORTS_PROBE_CONNECT] = RETURN_PROBE("__inet_hash_connect", enter_connect,
						return_connect),
	[EPHPORTS_PROBE_BIND] = RETURN_PROBE("inet_csk_get_port", enter_tcp_bind,
					     return_get_port),
	[EPHPORTS_PROBE_UDP] = RETURN_PROBE("udp_lib_get_port", enter_udp, return_get_port),
};

/**
 * ephports_probe_missed_by() - what one return probe missed, as the kernel counts it
 * @probe: which
 *
 * CPUs that miss at the same instant may count as one. What the ftrace callback misses is
 * counted by nobody.
 */
struct ephports_missed ephports_probe_missed_by(enum ephports_probe probe)
{
	return (struct ephports_missed){
		.no_instance = READ_ONCE(return_probes[probe].nmissed),
		.nested = READ_ONCE(return_probes[probe].kp.nmissed),
	};
}

/**
 * ephports_probe_missed() - the same, of all return probes
 */
u64 ephports_probe_missed(void)
{
	struct ephports_missed missed;
	enum ephports_probe probe;
	u64 sum = 0;

	for (probe = 0; probe < EPHPORTS_PROBES; probe++) {
		missed = ephports_probe_missed_by(probe);
		sum += missed.no_instance + missed.nested;
	}
	return sum;
}

static void disarm(int n)
{
	struct kretprobe *list[ARRAY_SIZE(return_probes)];
	int i;

	for (i = 0; i < n; i++)
		list[i] = &return_probes[i];
	unregister_kretprobes(list, n);
}

/**
 * ephports_probe_arm_returns() - all of them, or none
 *
 * Return: 0, or an error that is in the log, but for -ENOMEM.
 */
int ephports_probe_arm_returns(void)
{
	int err, n;

	for (n = 0; n < ARRAY_SIZE(return_probes); n++) {
		ephports_fault_wrap(n, &return_probes[n]);
		err = register_kretprobe(&return_probes[n]);
		if (err) {
			ephports_refuse(err, "cannot probe the return of", return_probes[n].kp.symbol_name);
			disarm(n);
			return err;
		}
	}
	return 0;
}

/**
 * ephports_probe_disarm_returns() - no handler runs when this returns
 */
void ephports_probe_disarm_returns(void)
{
	disarm(ARRAY_SIZE(return_probes));
}
