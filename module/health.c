// SPDX-License-Identifier: GPL-2.0-only
/* Trouble is counted, and calls for whoever attends to it (watch.c). */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "health.h"

#define SOON	(HZ / 4)

static atomic64_t troubles[EPHPORTS_SCOPES];
static atomic_t called;
static struct delayed_work *attendant;

/**
 * ephports_health_call() - there is something to attend to, although nothing is wrong
 *
 * Context: any.
 */
void ephports_health_call(void)
{
	struct delayed_work *work;

	/* Pairs with ephports_health_answered(): either we call, or what calls us is seen there. */
	smp_mb();
	rcu_read_lock();
	work = READ_ONCE(attendant);
	if (work && !atomic_read(&called) && !atomic_xchg(&called, 1))
		mod_delayed_work(system_long_wq, work, SOON);
	rcu_read_unlock();
}

/**
 * ephports_health_note() - something was lost, or turned out to be stale or unseen
 * @scope: the narrowest that it concerns. What users' namespaces alone are concerned with calls
 *	nobody, as they could for as long as they like: whoever attends comes by at times.
 *
 * Context: any.
 */
void ephports_health_note(enum ephports_scope scope)
{
	atomic64_inc(&troubles[scope]);
	if (scope == EPHPORTS_HOSTS)
		ephports_health_call();
}

/**
 * ephports_health_count() - how often so far; it only grows
 * @scope: what was noted for this one, and for no narrower one
 */
u64 ephports_health_count(enum ephports_scope scope)
{
	return atomic64_read(&troubles[scope]);
}

/**
 * ephports_health_answered() - what is noted from now on calls again
 */
void ephports_health_answered(void)
{
	atomic_set(&called, 0);
	smp_mb();	/* pairs with ephports_health_call() */
}

/**
 * ephports_health_attend() - have trouble call for a piece of work
 * @work: to be run soon after trouble is noted, on system_long_wq; NULL: none any more,
 *	and when this returns, nobody is about to queue it
 *
 * Context: process context, sleeps.
 */
void ephports_health_attend(struct delayed_work *work)
{
	WRITE_ONCE(attendant, work);
	if (!work)
		synchronize_rcu();
}
