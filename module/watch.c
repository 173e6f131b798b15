// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watches over the records: whether they are complete, and that they become so again.
 *
 * Trouble is only ever counted up (health.c, and the probes' own counts of what they
 * missed). A walk of the kernel's tables notes the counts when it begins, and when it ends,
 * all trouble up to there is mended.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "coverage.h"
#include "health.h"
#include "history.h"
#include "ns.h"
#include "probe.h"
#include "table.h"
#include "walk.h"
#include "watch.h"

#define HEARTBEAT	(5 * HZ)	/* how often trouble is looked for that did not call */
#define REST		HZ		/* between two walks, if nobody with rights asks for one */
#define LONG_REST	(10 * HZ)	/* after a walk that found no room for all, or was blind */

/* The counts of a moment. */
struct trouble {
	u64 noted;
	u64 missed;
};

static DEFINE_MUTEX(walk_lock);
static u64 walks;					/* under walk_lock */
static u64 mendings;	/* of these, those that mended something, or may have; under walk_lock */
static unsigned long not_before = INITIAL_JIFFIES;	/* under walk_lock */

static DEFINE_SPINLOCK(mended_lock);
static struct trouble mended;

/* What was found by the end of the last walk after which all was well; under walk_lock to write. */
static struct {
	u64 in;		/* holders without a record, that should have had one */
	u64 stale;	/* records without a holder */
	u64 told;	/* assignments that were known to be missed or lost */
} found;

static bool blinded;	/* since then */

static bool moved;	/* a range was, and somebody without rights asked: a walk is due */

static void count_trouble(struct trouble *now)
{
	now->noted = ephports_health_count();
	now->missed = ephports_probe_missed();
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
		ephports_health_note();
	}
	return blind;
}

static u64 count_stale(void)
{
	return ephports_table_count(EPHPORTS_MENDED_OUT) + ephports_table_count(EPHPORTS_UNKNOWN);
}

static u64 count_told(void)
{
	return ephports_table_count(EPHPORTS_LOST) + ephports_probe_missed();
}

/* Holders that were mended in, but for those that are new to a range which was moved. */
static u64 count_in(void)
{
	return ephports_table_count(EPHPORTS_MENDED_IN) - ephports_walk_widened();
}

/* Releases that nobody saw, and no blindness to explain it. */
static bool found_stale(void)
{
	return count_stale() != READ_ONCE(found.stale) && !READ_ONCE(blinded);
}

/* At the end of a walk: more holders without a record than were known to be missed. */
static bool found_more(void)
{
	s64 in = count_in() - found.in;

	return in > (s64)(count_told() - found.told) && !READ_ONCE(blinded);
}

static bool is_mended(void)
{
	struct trouble now;
	bool is;

	count_trouble(&now);
	spin_lock(&mended_lock);
	is = now.noted == mended.noted && now.missed == mended.missed;
	spin_unlock(&mended_lock);
	return is;
}

/* Whether every holder has its record, but for those that a moved range has come to have. */
static bool is_clean(void)
{
	u64 now = ktime_get_boot_fast_ns();
	bool clean = is_mended() && !ephports_watch_blind();

	if (clean)
		ephports_coverage_clean(now);
	else
		ephports_coverage_trouble(false);
	if (found_stale())
		ephports_coverage_trouble(true);
	return clean;
}

/**
 * ephports_watch_complete() - whether every holder has its record, as far as can be known
 * @net: in this namespace; what others do with their ranges is not its concern
 */
bool ephports_watch_complete(const struct net *net)
{
	bool known = ephports_ns_range_known(net);

	return is_clean() && known;
}

/**
 * ephports_watch_covered() - for when every holder is known, held or released
 * @from: of no interest before, ns of CLOCK_BOOTTIME
 * @to: nor from here on
 * @spans: filled, the earliest first
 *
 * Return: how many.
 */
u32 ephports_watch_covered(u64 from, u64 to, struct ephports_span spans[EPHPORTS_SPANS])
{
	is_clean();
	return ephports_coverage_spans(max(from, ephports_history_since()), to, spans);
}

/**
 * ephports_watch_seq() - changes when records are lost or mended; never 0
 * @net: for a reader there. One of the host is not concerned with what others do with their
 *	ranges, who could interrupt all of its readings.
 */
u32 ephports_watch_seq(const struct net *net)
{
	u64 others = ephports_ns_is_hosts(net) ? 0 : ephports_walk_widened();
	struct trouble now;

	count_trouble(&now);
	return (u32)(now.noted + now.missed + READ_ONCE(mendings) + others +
		     ephports_ns_range_walks(net)) << 1 | 1;
}

/**
 * ephports_watch_walks() - walks since loading, the one at loading included
 */
u64 ephports_watch_walks(void)
{
	return READ_ONCE(walks);
}

/*
 * All trouble up to the walk's beginning is mended. Where a search for a port that no probe
 * follows may outlast a walk, the next walk has to confirm it: what counts then is what was
 * known when the one before began.
 */
static void mend(const struct trouble *before)
{
	static struct trouble before_last;

	spin_lock(&mended_lock);
	mended = EPHPORTS_WAITS_FOR_PREEMPTED ? *before : before_last;
	spin_unlock(&mended_lock);
	before_last = *before;
}

/* walk_lock held, a walk that began then has ended. */
static void reckon(u64 began)
{
	if (found_stale() || found_more())
		ephports_coverage_trouble(true);
	if (!is_mended()) {
		ephports_coverage_trouble(false);
		return;
	}
	WRITE_ONCE(blinded, false);
	found.in = count_in();
	WRITE_ONCE(found.stale, count_stale());
	found.told = count_told();
	ephports_coverage_walked(began, ktime_get_boot_fast_ns());
}

/* walk_lock held. */
static void walk(void)
{
	u64 began = ktime_get_boot_fast_ns();
	bool well, troubled, mended_any;
	struct trouble before;
	u64 in, stale;

	WRITE_ONCE(moved, false);
	/* Whoever asks for it from now on gets the next. */
	smp_mb();
	count_trouble(&before);
	troubled = !is_mended();
	in = count_in();
	stale = count_stale();
	well = ephports_walk() && !ephports_watch_blind();
	if (well)
		mend(&before);
	else
		ephports_health_note();
	/* Last: who sees that all is known of the ranges sees what is wrong besides. */
	ephports_ns_range_walked();
	reckon(began);
	mended_any = troubled || in != count_in() || stale != count_stale();
	WRITE_ONCE(mendings, mendings + mended_any);
	WRITE_ONCE(walks, walks + 1);
	not_before = jiffies + (well ? REST : LONG_REST);
}

static void beat(struct work_struct *work);
static DECLARE_DELAYED_WORK(heart, beat);

static void beat(struct work_struct *work)
{
	unsigned long next = HEARTBEAT;

	mutex_lock(&walk_lock);
	if (time_before(jiffies, not_before)) {
		next = not_before - jiffies;
	} else {
		ephports_health_answered();
		if (!is_clean() || READ_ONCE(moved)) {
			walk();
			next = not_before - jiffies;
		}
	}
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
 * @is_moved: whether one was, as far as the reader is concerned
 * @wait: the reader may have the walk at once; others are told that the records are not
 *	complete until it is done
 *
 * Context: process context, sleeps.
 *
 * Return: 0, or -EINTR.
 */
int ephports_watch_catch_up(bool is_moved, bool wait)
{
	if (is_moved && wait)
		return ephports_watch_resync();
	if (is_moved) {
		WRITE_ONCE(moved, true);
		ephports_health_call();
	}
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
		ephports_health_note();
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
