// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watches over the records: whether they are complete, and that they become so again.
 *
 * Trouble is only ever counted up (health.c, and the probes' own counts of what they
 * missed). A walk of the kernel's tables notes the counts when it begins, and when it ends,
 * all trouble up to there is mended.
 *
 * All of that is kept account of in two scopes (scope.h), since users can have so many sockets in
 * namespaces of their own that there is no room for them: that is not to make the host's records
 * incomplete, nor the answers about them interrupted.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "coverage.h"
#include "health.h"
#include "ns.h"
#include "pool.h"
#include "probe.h"
#include "spare.h"
#include "table.h"
#include "walk.h"
#include "watch.h"

#define HEARTBEAT	(5 * HZ)	/* how often trouble is looked for that did not call */
#define REST		HZ		/* between two walks, if nobody with rights asks for one */
#define LONG_REST	(10 * HZ)	/* after a walk that found no room for all, or was blind */
#define NO_ROOM_REST	(60 * HZ)	/* and as long as there is none for users' namespaces */
#define LONGEST_REST	(60 * HZ)	/* of the host, after a walk that took unusually long */

/* The counts of a moment; in each scope, what no narrower one has. */
struct trouble {
	u64 of[EPHPORTS_SCOPES];
};

static DEFINE_MUTEX(walk_lock);
static u64 walks;					/* under walk_lock */
static u64 mendings[EPHPORTS_SCOPES];			/* of these, that mended, or may have */
static unsigned long not_before = INITIAL_JIFFIES;	/* likewise */
static unsigned long not_for_guests = INITIAL_JIFFIES;	/* likewise, if only users are concerned */
static unsigned long not_without_room = INITIAL_JIFFIES;	/* and there is no room for them */

static DEFINE_SPINLOCK(mended_lock);
static struct trouble mended;

/* What was found by the end of the last walk after which all was well; under walk_lock to write. */
static struct {
	u64 in[EPHPORTS_SCOPES];	/* holders without a record, that should have had one */
	u64 told[EPHPORTS_SCOPES];	/* assignments that were known to be missed or lost */
	u64 stale;			/* records without a holder */
} found;

static bool blinded;	/* since then */

/* A range was, and somebody asked without the right to have a walk at once. */
static bool moved[EPHPORTS_SCOPES];

static void count_trouble(struct trouble *now)
{
	now->of[EPHPORTS_HOSTS] = ephports_health_count(EPHPORTS_HOSTS) + ephports_probe_missed();
	now->of[EPHPORTS_ALL] = ephports_health_count(EPHPORTS_ALL);
}

/**
 * ephports_watch_blind() - try whether the probes see
 *
 * There is no flag to read: kprobes are disarmed, and ftrace is switched off, behind the
 * back of those who use them. So a function of ours is called, and asked whether it was
 * seen. What went by unseen has to be looked for, even when the probes see again.
 *
 * Return: mask of enum ephports_blind.
 */
u32 ephports_watch_blind(void)
{
	u32 blind = ephports_probe_blind();

	if (blind) {
		WRITE_ONCE(blinded, true);
		ephports_health_note(EPHPORTS_HOSTS);
	}
	return blind;
}

static u64 count_stale(void)
{
	return ephports_count_of(EPHPORTS_MENDED_OUT) + ephports_count_of(EPHPORTS_UNKNOWN);
}

/* Of what a probe missed, nobody knows whose it was. */
static u64 count_told(enum ephports_scope scope)
{
	return ephports_count_lost(scope) + ephports_probe_missed();
}

/* Releases that nobody saw, and no blindness to explain it. */
static bool found_stale(u64 stale)
{
	return stale != READ_ONCE(found.stale) && !READ_ONCE(blinded);
}

/* At the end of a walk: more holders without a record than were known to be missed. */
static bool found_more(enum ephports_scope scope)
{
	s64 in = ephports_count_mended_in(scope) - found.in[scope];

	return in > (s64)(count_told(scope) - found.told[scope]) && !READ_ONCE(blinded);
}

static bool is_mended(enum ephports_scope scope)
{
	struct trouble now;
	bool is;

	count_trouble(&now);
	spin_lock(&mended_lock);
	is = now.of[EPHPORTS_HOSTS] == mended.of[EPHPORTS_HOSTS] &&
	     (scope == EPHPORTS_HOSTS || now.of[EPHPORTS_ALL] == mended.of[EPHPORTS_ALL]);
	spin_unlock(&mended_lock);
	return is;
}

static void note_coverage(enum ephports_scope scope, bool clean, u64 now)
{
	if (clean)
		ephports_coverage_clean(scope, now);
	else
		ephports_coverage_trouble(scope, false);
	if (found_stale(count_stale()))
		ephports_coverage_trouble(scope, true);
}

/* Whether every holder has its record, but for those that a moved range has come to have. */
static bool is_clean(enum ephports_scope scope)
{
	u64 now = ktime_get_boot_fast_ns();
	bool hosts = is_mended(EPHPORTS_HOSTS) && !ephports_watch_blind();
	bool all = hosts && is_mended(EPHPORTS_ALL);

	note_coverage(EPHPORTS_HOSTS, hosts, now);
	note_coverage(EPHPORTS_ALL, all, now);
	return scope == EPHPORTS_HOSTS ? hosts : all;
}

/**
 * ephports_watch_complete() - whether every holder has its record, as far as can be known
 * @net: in this namespace; what others do with their ranges is not its concern. NULL: in all.
 *
 * Context: process context, may sleep.
 */
bool ephports_watch_complete(const struct net *net)
{
	bool known = ephports_ns_range_known(net);

	return is_clean(ephports_ns_scope(net)) && known;
}

/**
 * ephports_watch_covered() - for when every holder was known, remembered still or not
 * @scope: of these namespaces
 * @from: of no interest before, ns of CLOCK_BOOTTIME
 * @to: nor from here on
 * @spans: filled, the earliest first
 *
 * Return: how many.
 */
u32 ephports_watch_covered(enum ephports_scope scope, u64 from, u64 to,
			   struct ephports_span spans[EPHPORTS_SPANS])
{
	is_clean(scope);
	return ephports_coverage_spans(scope, from, to, spans);
}

/**
 * ephports_watch_seq() - changes when records are lost or mended; never 0
 * @scope: of these namespaces. Who asks about the host is not concerned with what users do, who
 *	could interrupt all of its readings.
 * @net: where the reader is
 */
u32 ephports_watch_seq(enum ephports_scope scope, const struct net *net)
{
	struct trouble now;
	u64 seq;

	count_trouble(&now);
	seq = now.of[EPHPORTS_HOSTS] + READ_ONCE(mendings[scope]) +
	      ephports_count_widenings(scope) + ephports_ns_range_walks(net);
	if (scope == EPHPORTS_ALL)
		seq += now.of[EPHPORTS_ALL];
	return (u32)seq << 1 | 1;
}

/**
 * ephports_watch_walks() - walks since loading, the one at loading included
 */
u64 ephports_watch_walks(void)
{
	return READ_ONCE(walks);
}

/*
 * All trouble up to the walk's beginning is mended, but in scopes that were @full, of which that is
 * noted first: who looks meanwhile must not find all mended. Where a search for a port that no
 * probe follows may outlast a walk, the next walk has to confirm it: what counts then is what was
 * known when the one before began.
 */
static void mend(const struct trouble *before, u32 full)
{
	static struct trouble before_last;
	const struct trouble *until = EPHPORTS_WAITS_FOR_PREEMPTED ? before : &before_last;
	enum ephports_scope scope;

	for (scope = 0; scope < EPHPORTS_SCOPES; scope++)
		if (full & BIT(scope))
			ephports_health_note(scope);
	for (scope = 0; scope < EPHPORTS_SCOPES; scope++) {
		if (full & BIT(scope))
			continue;
		spin_lock(&mended_lock);
		mended.of[scope] = until->of[scope];
		spin_unlock(&mended_lock);
		before_last.of[scope] = before->of[scope];
	}
}

/* walk_lock held. @silent: something was found that nothing had told of. */
static void reckon_scope(enum ephports_scope scope, bool silent, bool all_is_mended, u64 began)
{
	if (silent)
		ephports_coverage_trouble(scope, true);
	if (!all_is_mended) {
		ephports_coverage_trouble(scope, false);
		return;
	}
	found.in[scope] = ephports_count_mended_in(scope);
	found.told[scope] = count_told(scope);
	ephports_coverage_walked(scope, began, ktime_get_boot_fast_ns());
}

/* walk_lock held, a walk that began then has ended. What is amiss on the host is in all scopes. */
static void reckon(u64 began)
{
	bool hosts = is_mended(EPHPORTS_HOSTS), all = hosts && is_mended(EPHPORTS_ALL);
	u64 stale = count_stale();
	bool silent = found_stale(stale) || found_more(EPHPORTS_HOSTS);

	reckon_scope(EPHPORTS_ALL, silent || found_more(EPHPORTS_ALL), all, began);
	reckon_scope(EPHPORTS_HOSTS, silent, hosts, began);
	if (!hosts)
		return;
	WRITE_ONCE(blinded, false);
	WRITE_ONCE(found.stale, stale);
}

/* What had been amiss, and found, when a walk began. */
struct outset {
	bool troubled[EPHPORTS_SCOPES];
	u64 in[EPHPORTS_SCOPES];
	u64 stale;
};

static void note_outset(struct outset *outset)
{
	enum ephports_scope scope;

	for (scope = 0; scope < EPHPORTS_SCOPES; scope++) {
		outset->troubled[scope] = !is_mended(scope);
		outset->in[scope] = ephports_count_mended_in(scope);
	}
	outset->stale = count_stale();
}

/* walk_lock held. */
static void count_mending(const struct outset *outset)
{
	bool stale = outset->stale != count_stale();
	enum ephports_scope scope;

	for (scope = 0; scope < EPHPORTS_SCOPES; scope++)
		if (stale || outset->troubled[scope] ||
		    outset->in[scope] != ephports_count_mended_in(scope))
			WRITE_ONCE(mendings[scope], mendings[scope] + 1);
}

/* walk_lock held; a walk has ended that took so many ns of a CPU. */
static void rest(u64 spent, u32 full)
{
	unsigned long least = full & BIT(EPHPORTS_HOSTS) ? LONG_REST : REST;
	unsigned long guests_least = full ? LONG_REST : REST;

	/* Users can do that to the host, too: connect in more threads than a probe can follow. */
	not_before = jiffies + clamp(EPHPORTS_HOSTS_SPARE * nsecs_to_jiffies(spent), least,
				     (unsigned long)LONGEST_REST);
	not_for_guests = jiffies + max(EPHPORTS_SPARE * nsecs_to_jiffies(spent), guests_least);
	not_without_room = jiffies + NO_ROOM_REST;
}

/* walk_lock held. */
static void walk(void)
{
	u64 began = ktime_get_boot_fast_ns(), spent = current->se.sum_exec_runtime;
	struct trouble before;
	struct outset outset;
	u32 full;

	WRITE_ONCE(moved[EPHPORTS_HOSTS], false);
	WRITE_ONCE(moved[EPHPORTS_ALL], false);
	/* Whoever asks for it from now on gets the next. */
	smp_mb();
	count_trouble(&before);
	note_outset(&outset);
	full = ephports_walk();
	if (ephports_watch_blind())
		full = BIT(EPHPORTS_HOSTS) | BIT(EPHPORTS_ALL);
	mend(&before, full);
	/* Last: who sees that all is known of the ranges sees what is wrong besides. */
	ephports_ns_range_walked();
	reckon(began);
	count_mending(&outset);
	WRITE_ONCE(walks, walks + 1);
	rest(current->se.sum_exec_runtime - spent, full);
}

/*
 * walk_lock held. What users can bring about for as long as they like is not to take more than a
 * small part of a CPU. For their holders that found no room there is little use in a walk before
 * there is some, but for those that have gone since.
 */
static bool is_walk_due(void)
{
	if (!is_clean(EPHPORTS_HOSTS) || READ_ONCE(moved[EPHPORTS_HOSTS]))
		return true;
	if (READ_ONCE(moved[EPHPORTS_ALL]) && time_after_eq(jiffies, not_for_guests))
		return true;
	return !is_clean(EPHPORTS_ALL) &&
	       time_after_eq(jiffies, READ_ONCE(ephports_pool_scarce) ? not_without_room :
									not_for_guests);
}

static void beat(struct work_struct *work);
static DECLARE_DELAYED_WORK(heart, beat);

static void beat(struct work_struct *work)
{
	unsigned long next = HEARTBEAT, now;

	mutex_lock(&walk_lock);
	if (time_after_eq(jiffies, not_before)) {
		ephports_health_answered();
		if (is_walk_due())
			walk();
	}
	now = jiffies;
	/* A walk that somebody asks for may end the rest earlier. */
	if (time_before(now, not_before))
		next = min(not_before - now, next);
	mutex_unlock(&walk_lock);
	queue_delayed_work(system_long_wq, &heart, next);
}

/**
 * ephports_watch_resync() - walk the kernel's tables, and return when it is done
 *
 * Context: process context, sleeps.
 *
 * Return: 0, or -EINTR if a fatal signal came first.
 */
int ephports_watch_resync(void)
{
	int err = mutex_lock_killable(&walk_lock);

	if (err)
		return err;
	walk();
	mutex_unlock(&walk_lock);
	return 0;
}

/**
 * ephports_watch_catch_up() - make up for a port range that was changed
 * @net: in this namespace; NULL: in any
 * @wait: the reader may have the walk at once; others are told that the records are not
 *	complete until it is done
 *
 * Context: process context, sleeps.
 *
 * Return: 0, or -EINTR.
 */
int ephports_watch_catch_up(const struct net *net, bool wait)
{
	if (!(net ? ephports_ns_range_moved(net) : ephports_ns_any_range_moved()))
		return 0;
	if (wait)
		return ephports_watch_resync();
	WRITE_ONCE(moved[ephports_ns_scope(net)], true);
	ephports_health_call();
	return 0;
}

/**
 * ephports_watch_init() - take in the sockets that are older than the module, and watch on
 *
 * Context: process context, sleeps; the probes are armed.
 */
int ephports_watch_init(void)
{
	mutex_lock(&walk_lock);
	walk();
	mutex_unlock(&walk_lock);
	if (!EPHPORTS_WAITS_FOR_PREEMPTED)
		ephports_health_note(EPHPORTS_HOSTS);
	ephports_health_attend(&heart);
	queue_delayed_work(system_long_wq, &heart, REST);
	return 0;
}

/**
 * ephports_watch_exit() - watch no more
 *
 * Context: process context, sleeps; the probes may still note trouble.
 */
void ephports_watch_exit(void)
{
	ephports_health_attend(NULL);
	cancel_delayed_work_sync(&heart);
}
