// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether the records can be trusted to be complete.
 *
 * Trouble is only ever counted up. A walk of the kernel's tables notes the counts when
 * it begins, and when it ends, all trouble up to there is mended.
 */
#include <linux/atomic.h>
#include <linux/spinlock.h>

#include "health.h"
#include "probe.h"

static atomic64_t events;
static atomic_t mendings;
static DEFINE_SPINLOCK(mended_lock);
static struct ephports_trouble mended;

/**
 * ephports_health_note() - something was lost, or turned out to be stale
 *
 * Context: any.
 */
void ephports_health_note(void)
{
	atomic64_inc(&events);
}

/**
 * ephports_health_now() - the counts of this moment
 * @now: filled
 */
void ephports_health_now(struct ephports_trouble *now)
{
	now->events = atomic64_read(&events);
	now->missed = ephports_probe_missed();
}

/**
 * ephports_health_mended() - a walk that found room for everything has ended
 * @upto: the counts when it began
 */
void ephports_health_mended(const struct ephports_trouble *upto)
{
	spin_lock(&mended_lock);
	mended = *upto;
	spin_unlock(&mended_lock);
	atomic_inc(&mendings);
}

/**
 * ephports_health_blind() - try whether the probes see
 *
 * There is no flag to read: kprobes are disarmed, and ftrace is switched off, behind
 * the back of those who use them. So a function of ours is called, and asked whether
 * it was seen.
 *
 * Return: mask of enum ephports_blind.
 */
u32 ephports_health_blind(void)
{
	u32 blind = ephports_probe_blind();

	/* What went by unseen has to be looked for, even when they see again. */
	if (blind)
		ephports_health_note();
	return blind;
}

/**
 * ephports_health_clean() - whether all trouble is mended
 */
bool ephports_health_clean(void)
{
	struct ephports_trouble now;
	bool clean;

	ephports_health_now(&now);
	spin_lock(&mended_lock);
	clean = now.events == mended.events && now.missed == mended.missed;
	spin_unlock(&mended_lock);
	return clean && !ephports_health_blind();
}

/**
 * ephports_health_seq() - changes when records are lost or mended; never 0
 */
u32 ephports_health_seq(void)
{
	struct ephports_trouble now;

	ephports_health_now(&now);
	return (u32)(now.events + now.missed + atomic_read(&mendings)) << 1 | 1;
}
