// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernel gives and takes ports: the only place that hooks its functions.
 *
 * Assignments run in process context alone, and are followed by return probes (their
 * success is only known at the return). What can run in softirq is followed by one
 * ftrace callback: a kprobe that hits while another kprobe's handler runs on the same
 * CPU is skipped, an ftrace callback is not.
 *
 *	assignment	__inet_hash_connect	TCP connect() without bind
 *			inet_csk_get_port	TCP bind() and listen()
 *			udp_lib_get_port	UDP bind(), connect() and sends
 *			inet_ehash_nolisten	accepted child, its port inherited for sure:
 *						__inet_inherit_port(), which alone knows the
 *						listener, can still fail, when that is being
 *						closed
 *	hand-over	inet_twsk_hashdance	to TIME_WAIT
 *	release		inet_put_port		TCP socket
 *			inet_twsk_bind_unhash	TCP timewait socket
 *			udp_lib_unhash		UDP socket
 *
 * At every one of these the kernel calls the function through its symbol, on all
 * supported kernels. The socket is locked, or not yet or no longer to be found by
 * others, so what a handler reads of it stands still.
 */
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>

#include <linux/ephports.h>

#include "compat.h"
#include "event.h"
#include "fault.h"
#include "hist.h"
#include "log.h"
#include "origin.h"
#include "probe.h"
#include "sock.h"

/* The handlers read arguments by position; refuse to build if they move. */
static_assert(__same_type(&inet_csk_get_port, (int (*)(struct sock *, unsigned short))NULL));
static_assert(__same_type(&udp_lib_get_port,
			  (int (*)(struct sock *, unsigned short, unsigned int))NULL));
static_assert(__same_type(&inet_ehash_nolisten,
			  (bool (*)(struct sock *, struct sock *, bool *))NULL));
static_assert(__same_type(&__inet_inherit_port, (int (*)(const struct sock *, struct sock *))NULL));
static_assert(__same_type(&inet_put_port, (void (*)(struct sock *))NULL));
static_assert(__same_type(&inet_twsk_bind_unhash,
			  (void (*)(struct inet_timewait_sock *, struct inet_hashinfo *))NULL));
static_assert(__same_type(&udp_lib_unhash, (void (*)(struct sock *))NULL));

/* An attempt to take a port, from entry to return of the function. */
struct attempt {
	struct sock *sk;
	u64 start;	/* ns of CLOCK_BOOTTIME; only if the kernel has to search */
	u16 port;	/* asked for by number; 0: the kernel is to search for one */
	u8 origin;
};

/* Context: process context of the one that asks for a port, socket locked. */
static __always_inline void describe_asker(struct ephports_record *rec, const struct attempt *attempt, u64 now,
			   u64 searched)
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
	struct ephports_record rec;

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
		ephports_hist_note(ns, sk->sk_protocol == IPPROTO_TCP ? EPHPORTS_TCP : EPHPORTS_UDP,
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

/* The child that is inheriting a port on this CPU, and its listener, in numbers; BH is off. */
struct heritage {
	const void *child;
	const void *listener;
	u64 cookie;	/* the listener's */
};

static DEFINE_PER_CPU(struct heritage, heritage);

/* __inet_inherit_port(sk, child); inet_ehash_nolisten() follows, if it succeeds. */
static void on_inherit(struct ephports_ftrace_regs *regs)
{
	const struct sock *listener = (struct sock *)ephports_ftrace_arg(regs, 0);

	this_cpu_write(heritage.listener, listener);
	this_cpu_write(heritage.cookie, atomic64_read(&listener->sk_cookie));
	this_cpu_write(heritage.child, (void *)ephports_ftrace_arg(regs, 1));
}

/* The listener's owner is the child's: nobody else's process is known to the kernel. */
static void own_like_listener(struct ephports_record *rec, const struct sock *child)
{
	struct ephports_record of;

	if (this_cpu_read(heritage.child) == child &&
	    ephports_table_copy(this_cpu_read(heritage.listener), &of) &&
	    of.cookie == this_cpu_read(heritage.cookie)) {
		rec->owner = of.owner;
		rec->reason = of.reason;
		return;
	}
	rec->owner.uid = __kuid_val(child->sk_uid);
	rec->reason = EPHPORTS_REASON_ADOPTED;
}

/* inet_ehash_nolisten(sk, osk, found_dup_sk); the last is given for accepted children only. */
static void on_accept(struct ephports_ftrace_regs *regs)
{
	struct sock *sk = (struct sock *)ephports_ftrace_arg(regs, 0);
	struct ephports_record rec;

	if (!ephports_ftrace_arg(regs, 2) || sk->sk_protocol != IPPROTO_TCP ||
	    !ephports_ns_in_range(sock_net(sk), sk->sk_num))
		return;
	ephports_sock_describe(&rec, sk, IPPROTO_TCP);
	rec.origin = EPHPORTS_ORIGIN_ACCEPT;
	rec.born = ktime_get_boot_fast_ns();
	own_like_listener(&rec, sk);
	ephports_event_taken(&rec, EPHPORTS_ASSIGNED);
}

/* Preemption off. */
static void adopt_timewait(struct sock *tw)
{
	struct ephports_record rec;

	if (!ephports_ns_in_range(sock_net(tw), tw->sk_num))
		return;
	ephports_sock_describe(&rec, tw, IPPROTO_TCP);
	rec.flags |= EPHPORTS_F_TIMEWAIT | EPHPORTS_F_ADOPTED | EPHPORTS_F_NO_UID;
	rec.reason = EPHPORTS_REASON_ADOPTED;
	rec.born = ktime_get_boot_fast_ns();
	rec.handed = rec.born;
	ephports_event_taken(&rec, ephports_table_found());
}

/*
 * inet_twsk_hashdance(tw, sk, ...): a socket without a record may be one that a walk has
 * yet to meet, or that was lost; by then it has left the tables, so it is taken in here.
 */
static void on_hand_over(struct ephports_ftrace_regs *regs)
{
	struct sock *tw = (struct sock *)ephports_ftrace_arg(regs, 0);
	struct sock *sk = (struct sock *)ephports_ftrace_arg(regs, 1);

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	/* From 6.11 on, BH may still be on here. */
	preempt_disable_notrace();
	if (!ephports_event_handed_over(sk, tw, atomic64_read(&tw->sk_cookie), tw->sk_num,
					sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		adopt_timewait(tw);
	preempt_enable_notrace();
}

/* inet_put_port(sk) */
static void on_put_port(struct ephports_ftrace_regs *regs)
{
	const struct sock *sk = (void *)ephports_ftrace_arg(regs, 0);

	ephports_event_released(&sk->__sk_common);
}

/* inet_twsk_bind_unhash(tw, hashinfo), which does nothing for one that was unhashed before */
static void on_timewait_end(struct ephports_ftrace_regs *regs)
{
	const struct inet_timewait_sock *tw = (void *)ephports_ftrace_arg(regs, 0);

	if (tw->tw_tb)
		ephports_event_released(&tw->__tw_common);
}

/* udp_lib_unhash(sk), likewise */
static void on_udp_unhash(struct ephports_ftrace_regs *regs)
{
	struct sock *sk = (struct sock *)ephports_ftrace_arg(regs, 0);

	if (sk_hashed(sk))
		ephports_event_released(&sk->__sk_common);
}

/* A function to try the probes on: each that sees the call sets its bit in @unseen to 0. */
static noinline void canary(unsigned long *unseen)
{
	barrier_data(unseen);
}

static void on_canary(struct ephports_ftrace_regs *regs)
{
	*(unsigned long *)ephports_ftrace_arg(regs, 0) &= ~EPHPORTS_BLIND_FTRACE;
}

static int canary_seen(struct kprobe *kp, struct pt_regs *regs)
{
	*(unsigned long *)regs_get_kernel_argument(regs, 0) &= ~EPHPORTS_BLIND_KPROBES;
	return 0;
}
NOKPROBE_SYMBOL(canary_seen);

/* The functions that the one ftrace callback follows, the busiest first; the last is our own. */
static const struct hook {
	const char *symbol;
	void (*call)(struct ephports_ftrace_regs *regs);
} hooks[] = {
	{ "inet_put_port",		on_put_port },
	{ "udp_lib_unhash",		on_udp_unhash },
	{ "inet_ehash_nolisten",	on_accept },
	{ "__inet_inherit_port",	on_inherit },
	{ EPHPORTS_HASHDANCE,		on_hand_over },
	{ "inet_twsk_bind_unhash",	on_timewait_end },
	{ "canary",			on_canary },
};

#define CANARY	(ARRAY_SIZE(hooks) - 1)

/* Where they are, in the same order. */
static kprobe_opcode_t *hooked[ARRAY_SIZE(hooks)] __read_mostly;

/* What finds them; the last stays, is armed, and sees our own function called. */
static struct kprobe finders[ARRAY_SIZE(hooks)];

static void notrace dispatch(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			     struct ephports_ftrace_regs *regs)
{
	size_t i;

	/* Unrolled, this is a comparison for each, and no call through a pointer. */
#pragma GCC unroll 8
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (ip == (unsigned long)hooked[i]) {
			if (!ephports_fault_drops(hooks[i].symbol, regs))
				hooks[i].call(regs);
			return;
		}
	}
}

static struct ftrace_ops hook_ops = {
	.func = dispatch,
	.flags = EPHPORTS_FTRACE_FLAGS,
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

/**
 * ephports_probe_blind() - which kinds of probes do not see a call of our own
 *
 * Context: process context.
 *
 * Return: mask of enum ephports_blind.
 */
u32 ephports_probe_blind(void)
{
	unsigned long unseen = EPHPORTS_BLIND_KPROBES | EPHPORTS_BLIND_FTRACE;

	canary(&unseen);
	return unseen;
}

/* One line in the log; for want of memory, the caller has one. */
static void refuse(int err, const char *what, const char *name)
{
	if (err != -ENOMEM)
		ephports_err("not loaded: %s %s (%pe)", what, name, ERR_PTR(err));
}

/*
 * Nothing arms a finder, but should a CPU come late to a breakpoint of ftrace's patching
 * (an emulated one seems to have), the kernel would single-step the finder's copied
 * instruction, which is NULL. Have the CPU try again, as 5.10 and 6.1 do where there is
 * no probe.
 */
static int retry(struct kprobe *kp, struct pt_regs *regs)
{
	instruction_pointer_set(regs, (unsigned long)kp->addr);
	return 1;
}
NOKPROBE_SYMBOL(retry);

/* The first @n, one grace period for all; the canary is no mere finder, and stays. */
static void forget_finders(int n)
{
	struct kprobe *list[CANARY];
	int i;

	for (i = 0; i < n; i++)
		list[i] = &finders[i];
	unregister_kprobes(list, n);
}

static void forget_later(struct work_struct *work)
{
	forget_finders(CANARY);
}

static DECLARE_WORK(forgetting, forget_later);

/*
 * Where the calls of ftrace stand in the functions: a probe that is not armed finds out, by the
 * kernel's own rules for where a function begins. To be rid of it takes a grace period, for which
 * who loads the module does not wait.
 */
static int find_hooks(void)
{
	struct kprobe *kp;
	int err, n;

	for (n = 0; n < ARRAY_SIZE(hooks); n++) {
		kp = &finders[n];
		kp->flags = KPROBE_FLAG_DISABLED;
		if (n == CANARY) {
			kp->addr = (kprobe_opcode_t *)canary;
			kp->pre_handler = canary_seen;
		} else {
			kp->symbol_name = hooks[n].symbol;
			kp->pre_handler = retry;
		}
		err = register_kprobe(kp);
		if (err) {
			refuse(err, "cannot find the function", hooks[n].symbol);
			forget_finders(n);
			return err;
		}
		hooked[n] = kp->addr;
	}
	return 0;
}

static void forget_hooks(void)
{
	forget_finders(CANARY);
	unregister_kprobe(&finders[CANARY]);
}

static int arm_hooks(void)
{
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		err = ftrace_set_filter_ip(&hook_ops, (unsigned long)hooked[i], 0, 0);
		if (err) {
			refuse(err, "cannot trace", hooks[i].symbol);
			goto free_filter;
		}
	}
	err = register_ftrace_function(&hook_ops);
	if (!err)
		return 0;
	refuse(err, "ftrace does not start; if kernel.ftrace_enabled is 0, set it to 1 to use",
	       "ephports");
free_filter:
	ephports_ftrace_free_filter(&hook_ops);
	return err;
}

static void disarm_hooks(void)
{
	unregister_ftrace_function(&hook_ops);
	ephports_ftrace_free_filter(&hook_ops);
}

static void disarm_return_probes(int n)
{
	struct kretprobe *list[ARRAY_SIZE(return_probes)];
	int i;

	for (i = 0; i < n; i++)
		list[i] = &return_probes[i];
	unregister_kretprobes(list, n);
}

static int arm_return_probes(void)
{
	int err, n;

	for (n = 0; n < ARRAY_SIZE(return_probes); n++) {
		ephports_fault_wrap(n, &return_probes[n]);
		err = register_kretprobe(&return_probes[n]);
		if (err) {
			refuse(err, "cannot probe the return of", return_probes[n].kp.symbol_name);
			disarm_return_probes(n);
			return err;
		}
	}
	return 0;
}

static int arm_canary(void)
{
	int err = enable_kprobe(&finders[CANARY]);

	if (err) {
		refuse(err, "cannot probe", "a function of its own");
		return err;
	}
	if (!ephports_probe_blind())
		return 0;
	refuse(-EOPNOTSUPP, "probes do not fire; if debugfs kprobes/enabled is 0, set it to 1 to use",
	       "ephports");
	return -EOPNOTSUPP;
}

/**
 * ephports_probe_init() - arm all probes, or none
 *
 * From its return on, every port that is taken and was not being searched for before
 * is seen.
 */
int ephports_probe_init(void)
{
	int err;

	err = find_hooks();
	if (err)
		return err;
	err = arm_hooks();
	if (err)
		goto forget_hooks;
	err = arm_return_probes();
	if (err)
		goto disarm_hooks;
	err = arm_canary();
	if (err)
		goto disarm_return_probes;
	queue_work(system_long_wq, &forgetting);
	return 0;

disarm_return_probes:
	disarm_return_probes(ARRAY_SIZE(return_probes));
disarm_hooks:
	disarm_hooks();
forget_hooks:
	forget_hooks();
	return err;
}

/**
 * ephports_probe_exit() - disarm all probes; no handler runs when it returns
 */
void ephports_probe_exit(void)
{
	flush_work(&forgetting);
	disarm_return_probes(ARRAY_SIZE(return_probes));
	disarm_hooks();
	unregister_kprobe(&finders[CANARY]);
}
