// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events that go unseen on purpose, in a build for tests alone (EPHPORTS_FAULTS=y).
 *
 * Each module parameter miss_* is a number that may be written at any time: so many of the
 * next events of that kind, of those that would change a record, are dropped as if no probe
 * had fired. It counts down to 0. Where the kernel counts what it makes a return probe
 * miss, so does this.
 */
#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "fault.h"
#include "ns.h"
#include "table.h"

/* What can be missed; the return probes first, as enum ephports_probe has them. */
enum {
	MISS_CONNECT,
	MISS_BIND,
	MISS_UDP,
	MISS_TCP_RELEASE,
	MISS_TIMEWAIT_RELEASE,
	MISS_UDP_RELEASE,
	MISS_HAND_OVER,
	MISS_ACCEPT,
	MISS_KINDS
};

static atomic_t left[MISS_KINDS];
module_param_named(miss_connect, left[MISS_CONNECT].counter, int, 0644);
module_param_named(miss_bind, left[MISS_BIND].counter, int, 0644);
module_param_named(miss_udp, left[MISS_UDP].counter, int, 0644);
module_param_named(miss_tcp_release, left[MISS_TCP_RELEASE].counter, int, 0644);
module_param_named(miss_timewait_release, left[MISS_TIMEWAIT_RELEASE].counter, int, 0644);
module_param_named(miss_udp_release, left[MISS_UDP_RELEASE].counter, int, 0644);
module_param_named(miss_hand_over, left[MISS_HAND_OVER].counter, int, 0644);
module_param_named(miss_accept, left[MISS_ACCEPT].counter, int, 0644);

static int maxactive;
module_param(maxactive, int, 0444);
MODULE_PARM_DESC(maxactive, "calls that a return probe can follow at once");

static bool nested;
module_param(nested, bool, 0644);
MODULE_PARM_DESC(nested, "what a return probe misses counts as missed within another probe's handler");

static atomic_t hold_return;
module_param_named(hold_return, hold_return.counter, int, 0644);
MODULE_PARM_DESC(hold_return, "so many return handlers wait until a walk, which waits for them, has met their socket");

static atomic_t hold_release;
module_param_named(hold_release, hold_release.counter, int, 0644);
MODULE_PARM_DESC(hold_release, "so many releases of what has no record, once seen, or of what has one, and missed, wait until a walk has met the socket");

static unsigned int busy_walk;
module_param(busy_walk, uint, 0644);
MODULE_PARM_DESC(busy_walk, "ms that a walk takes of a CPU, besides");

static unsigned int slow_sweep;
module_param(slow_sweep, uint, 0644);
MODULE_PARM_DESC(slow_sweep, "ms to sleep before a walk drops what it met too late");

/* ms, after which one that nobody comes to free goes on */
#define HANDLER_PATIENCE	10000
#define WALK_PATIENCE		40000

static bool waiting;	/* a walk waits for a handler */
module_param(waiting, bool, 0444);
/* A handler waits; a walk has been through the tables. */
static enum { IDLE, HELD, MET } holding;
static int gave_up;	/* how often nobody came */
module_param(gave_up, int, 0444);

static unsigned int slow_drain;
module_param(slow_drain, uint, 0644);
MODULE_PARM_DESC(slow_drain, "ms to sleep before events are handed on, so that their buffers fill");

static void sleep_for(unsigned int ms)
{
	if (ms)
		msleep(ms);
}

static bool take(atomic_t *n)
{
	return atomic_dec_if_positive(n) >= 0;
}

static struct {
	struct kretprobe *rp;
	kretprobe_handler_t enter;
	kretprobe_handler_t leave;
} wrapped[EPHPORTS_PROBES];

static int enter(enum ephports_probe probe, struct kretprobe_instance *ri, struct pt_regs *regs)
{
	int skip = wrapped[probe].enter(ri, regs);

	if (skip || !take(&left[MISS_CONNECT + probe]))
		return skip;
	if (nested)
		wrapped[probe].rp->kp.nmissed++;
	else
		wrapped[probe].rp->nmissed++;
	return 1;
}

/*
 * Waits until a walk has met the socket, and returns true, if it is one of @n that are to. In a
 * return handler preemption is off, on 5.10 interrupts too. The number goes down last: a walk that
 * finds nothing held, nor to be held, does not wait.
 */
static bool hold(atomic_t *n)
{
	bool wanted;
	int ms;

	if (atomic_read(n) <= 0 || cmpxchg(&holding, IDLE, HELD) != IDLE)
		return false;
	/* Another may have been the last meanwhile. */
	wanted = atomic_read(n) > 0;
	for (ms = 0; wanted && ms < HANDLER_PATIENCE && READ_ONCE(holding) != MET; ms++)
		mdelay(1);
	gave_up += wanted && READ_ONCE(holding) != MET;
	take(n);
	xchg(&holding, IDLE);
	return wanted;
}

static int leave(enum ephports_probe probe, struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (!regs_return_value(regs))
		hold(&hold_return);
	return wrapped[probe].leave(ri, regs);
}

/* A handler is not told its probe in the same way on all kernels: each probe has its own. */
#define HANDLERS(name, probe)								\
static int enter_##name(struct kretprobe_instance *ri, struct pt_regs *regs)		\
{											\
	return enter(probe, ri, regs);							\
}											\
static int leave_##name(struct kretprobe_instance *ri, struct pt_regs *regs)		\
{											\
	return leave(probe, ri, regs);							\
}

HANDLERS(connect, EPHPORTS_PROBE_CONNECT)
HANDLERS(bind, EPHPORTS_PROBE_BIND)
HANDLERS(udp, EPHPORTS_PROBE_UDP)

/**
 * ephports_fault_wrap() - put the faults between a return probe and its handlers
 * @probe: which
 * @rp: not registered yet
 */
void ephports_fault_wrap(enum ephports_probe probe, struct kretprobe *rp)
{
	static const struct {
		kretprobe_handler_t enter;
		kretprobe_handler_t leave;
	} handlers[EPHPORTS_PROBES] = {
		[EPHPORTS_PROBE_CONNECT] = { enter_connect, leave_connect },
		[EPHPORTS_PROBE_BIND] = { enter_bind, leave_bind },
		[EPHPORTS_PROBE_UDP] = { enter_udp, leave_udp },
	};

	wrapped[probe].rp = rp;
	wrapped[probe].enter = rp->entry_handler;
	wrapped[probe].leave = rp->handler;
	rp->entry_handler = handlers[probe].enter;
	rp->handler = handlers[probe].leave;
	if (maxactive > 0)
		rp->maxactive = maxactive;
}

static bool recorded(const void *key)
{
	struct ephports_record rec;

	return ephports_table_copy(key, &rec);
}

static bool is_ephemeral(const struct sock *sk)
{
	bool is;

	preempt_disable_notrace();
	is = ephports_ns_in_range(sock_net(sk), sk->sk_num);
	preempt_enable_notrace();
	return is;
}

static bool misses_release(const struct sock *sk, int kind)
{
	if (!recorded(sk) || !take(&left[kind]))
		return false;
	hold(&hold_release);
	return true;
}

/* By the time that the record is there, the release has been seen. */
static bool held_too_long(const struct sock *sk)
{
	return !recorded(sk) && is_ephemeral(sk) && hold(&hold_release);
}

static bool is(const char *symbol, const char *name)
{
	return !strcmp(symbol, name);
}

/**
 * ephports_fault_drops() - whether the ftrace callback is to overlook a call
 * @symbol: the function
 * @regs: its arguments
 *
 * Context: any but hard interrupts.
 */
bool ephports_fault_drops(const char *symbol, struct ephports_ftrace_regs *regs)
{
	struct sock *first = (struct sock *)ephports_ftrace_arg(regs, 0);
	struct sock *second = (struct sock *)ephports_ftrace_arg(regs, 1);

	if (is(symbol, "inet_put_port"))
		return misses_release(first, MISS_TCP_RELEASE) || held_too_long(first);
	if (is(symbol, "inet_twsk_bind_unhash"))
		return inet_twsk(first)->tw_tb && recorded(first) &&
		       take(&left[MISS_TIMEWAIT_RELEASE]);
	if (is(symbol, "udp_lib_unhash"))
		return sk_hashed(first) &&
		       (misses_release(first, MISS_UDP_RELEASE) || held_too_long(first));
	if (is(symbol, EPHPORTS_HASHDANCE))
		return recorded(second) && take(&left[MISS_HAND_OVER]);
	if (is(symbol, "inet_ehash_nolisten"))
		return ephports_ftrace_arg(regs, 2) && first->sk_protocol == IPPROTO_TCP &&
		       is_ephemeral(first) &&
		       take(&left[MISS_ACCEPT]);
	return false;
}

static bool is_handler_to_come(void)
{
	return READ_ONCE(holding) == IDLE &&
	       (atomic_read(&hold_return) > 0 || atomic_read(&hold_release) > 0);
}

/* Without a timer, which may be served on the very CPU that a handler holds up. */
static void spin_while(unsigned int ms, bool (*is_so)(void))
{
	u64 end = ktime_get_ns() + (u64)ms * NSEC_PER_MSEC;

	while (ktime_get_ns() < end && (!is_so || is_so())) {
		cpu_relax();
		cond_resched();
	}
}

/**
 * ephports_fault_walk_begins() - a walk is about to read the kernel's tables
 *
 * Context: process context, sleeps.
 */
void ephports_fault_walk_begins(void)
{
	spin_while(READ_ONCE(busy_walk), NULL);
	/* The module's own may have its turn on the very CPU that a handler holds up. */
	if (current->flags & PF_WQ_WORKER)
		return;
	WRITE_ONCE(waiting, true);
	spin_while(WALK_PATIENCE, is_handler_to_come);
	WRITE_ONCE(waiting, false);
}

/**
 * ephports_fault_walk_met() - the walk has read them all
 */
void ephports_fault_walk_met(void)
{
	cmpxchg(&holding, HELD, MET);
}

/**
 * ephports_fault_walk_sweeps() - the walk is about to drop what it met too late
 *
 * Context: process context, sleeps.
 */
void ephports_fault_walk_sweeps(void)
{
	sleep_for(READ_ONCE(slow_sweep));
}

/**
 * ephports_fault_drain() - events are about to be handed on
 *
 * Context: process context, sleeps.
 */
void ephports_fault_drain(void)
{
	sleep_for(READ_ONCE(slow_drain));
}
