// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ftrace callback, which follows what can run in softirq: a kprobe that hits while another
 * kprobe's handler runs on the same CPU is skipped, an ftrace callback is not.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>

#include <linux/ephports.h>

#include "compat.h"
#include "event.h"
#include "fault.h"
#include "ns.h"
#include "probe.h"
#include "probe_part.h"
#include "sock.h"
#include "table.h"

/* The handlers read arguments by position; refuse to build if they move. */
static_assert(__same_type(&inet_ehash_nolisten,
			  (bool (*)(struct sock *, struct sock *, bool *))NULL));
static_assert(__same_type(&__inet_inherit_port, (int (*)(const struct sock *, struct sock *))NULL));
static_assert(__same_type(&inet_put_port, (void (*)(struct sock *))NULL));
static_assert(__same_type(&inet_twsk_bind_unhash,
			  (void (*)(struct inet_timewait_sock *, struct inet_hashinfo *))NULL));
static_assert(__same_type(&udp_lib_unhash, (void (*)(struct sock *))NULL));

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
	struct ephports_record of ephports_uncleared;

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
	struct ephports_record rec ephports_uncleared;

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
	ephports_sock_describe_found(&rec, tw, IPPROTO_TCP);
	rec.born = ktime_get_boot_fast_ns();
	rec.handed = rec.born;
	ephports_event_taken(&rec, ephports_table_found(&rec));
}

/*
 * inet_twsk_hashdance(tw, sk, ...): a socket without a record may be one that a walk has
 * yet to meet, or that was lost; by then it has left the tables, so it is taken in here.
 *
 * tcp_time_wait(), which calls this, ends in tcp_done(), where the socket gives its port back, but
 * for one that is still open and was given it by number.
 */
static void on_hand_over(struct ephports_ftrace_regs *regs)
{
	struct sock *tw = (struct sock *)ephports_ftrace_arg(regs, 0);
	struct sock *sk = (struct sock *)ephports_ftrace_arg(regs, 1);
	bool holds_on;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	/* From 6.11 on, BH may still be on here. */
	preempt_disable_notrace();
	holds_on = (sk->sk_userlocks & SOCK_BINDPORT_LOCK) && !sock_flag(sk, SOCK_DEAD);
	if (!ephports_event_handed_over(sk, tw, atomic64_read(&tw->sk_cookie), tw->sk_num,
					holds_on))
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
static bool is_forgetting;

/**
 * ephports_probe_find_hooks() - find the functions that the callback is to follow
 *
 * Where the calls of ftrace stand in the functions: a probe that is not armed finds out, by the
 * kernel's own rules for where a function begins. To be rid of it takes a grace period, for which
 * who loads the module does not wait.
 *
 * Return: 0, or an error that is in the log, but for -ENOMEM; so for all that follow.
 */
int ephports_probe_find_hooks(void)
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
			ephports_refuse(err, "cannot find the function", hooks[n].symbol);
			forget_finders(n);
			return err;
		}
		hooked[n] = kp->addr;
	}
	return 0;
}

/**
 * ephports_probe_forget_hooks() - what found them goes
 */
void ephports_probe_forget_hooks(void)
{
	if (is_forgetting)
		flush_work(&forgetting);
	else
		forget_finders(CANARY);
	unregister_kprobe(&finders[CANARY]);
}

/**
 * ephports_probe_arm_hooks() - have the callback follow all of them, or none
 */
int ephports_probe_arm_hooks(void)
{
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		err = ftrace_set_filter_ip(&hook_ops, (unsigned long)hooked[i], 0, 0);
		if (err) {
			ephports_refuse(err, "cannot trace", hooks[i].symbol);
			goto free_filter;
		}
	}
	err = register_ftrace_function(&hook_ops);
	if (!err)
		return 0;
	ephports_refuse(err, "ftrace does not start; if kernel.ftrace_enabled is 0, set it to 1 to use",
			"ephports");
free_filter:
	ephports_ftrace_free_filter(&hook_ops);
	return err;
}

/**
 * ephports_probe_disarm_hooks() - the callback does not run any more when this returns
 */
void ephports_probe_disarm_hooks(void)
{
	unregister_ftrace_function(&hook_ops);
	ephports_ftrace_free_filter(&hook_ops);
}

/**
 * ephports_probe_try() - arm the canary, and see whether both kinds of probes see it
 *
 * The last step of arming; if it succeeds, what found the functions goes by and by.
 */
int ephports_probe_try(void)
{
	int err = enable_kprobe(&finders[CANARY]);

	if (err) {
		ephports_refuse(err, "cannot probe", "a function of its own");
		return err;
	}
	if (!ephports_probe_blind()) {
		is_forgetting = queue_work(system_long_wq, &forgetting);
		return 0;
	}
	ephports_refuse(-EOPNOTSUPP,
			"probes do not fire; if debugfs kprobes/enabled is 0, set it to 1 to use",
			"ephports");
	return -EOPNOTSUPP;
}
