// SPDX-License-Identifier: GPL-2.0-only
/*
 * For which stretches of time everything is known: from the first walk that found all holders
 * on, but for gaps.
 *
 * A gap begins when all was last known to be well, and ends with the walk after which it is
 * again. Trouble that is counted when it happens came after the last look at the counts that
 * found none; what a walk finds, and nobody had counted, came after the last walk.
 */
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "coverage.h"

/* A task that has taken a port may have to wait before it comes to count it as lost. */
#define LATE	(1ULL * NSEC_PER_SEC)

static DEFINE_SPINLOCK(lock);
static u64 since;	/* the first span's start */
static u64 walked;	/* when the last walk began after which all was well */
static u64 looked;	/* when all was last well, as far as trouble is counted */
static bool gaping = true;
static u64 gap_from;	/* if @gaping */
static struct ephports_span gaps[EPHPORTS_GAPS];
static u32 n_gaps;

/**
 * ephports_coverage_clean() - nothing was amiss
 * @at: when the counts of trouble were looked at
 *
 * Context: process context, as for all of these.
 */
void ephports_coverage_clean(u64 at)
{
	spin_lock(&lock);
	looked = max(looked, at);
	spin_unlock(&lock);
}

/**
 * ephports_coverage_trouble() - something is amiss
 * @silent: nothing had told of it
 */
void ephports_coverage_trouble(bool silent)
{
	u64 from;

	spin_lock(&lock);
	from = silent ? walked : max(walked, looked - min(looked, (u64)LATE));
	gap_from = gaping ? min(gap_from, from) : from;
	gaping = true;
	spin_unlock(&lock);
}

/* Locked. Gaps that touch become one; the oldest goes, and all that was before it. */
static void close_gap(u64 to)
{
	while (n_gaps && gaps[n_gaps - 1].to >= gap_from)
		gap_from = min(gap_from, gaps[--n_gaps].from);
	gaping = false;
	if (gap_from <= since) {
		since = to;
		return;
	}
	if (n_gaps == EPHPORTS_GAPS) {
		since = gaps[0].to;
		memmove(gaps, gaps + 1, sizeof(gaps) - sizeof(gaps[0]));
		n_gaps--;
	}
	gaps[n_gaps++] = (struct ephports_span){ gap_from, to };
}

/**
 * ephports_coverage_walked() - a walk has found all that was to be found, and all is well
 * @began: when it began
 * @ended: when it ended
 */
void ephports_coverage_walked(u64 began, u64 ended)
{
	spin_lock(&lock);
	walked = began;
	looked = max(looked, ended);
	if (gaping)
		close_gap(ended);
	spin_unlock(&lock);
}

/**
 * ephports_coverage_spans() - for when everything is known
 * @from: since when nothing is forgotten
 * @to: of no interest from here on
 * @spans: filled, the earliest first
 *
 * Return: how many.
 */
u32 ephports_coverage_spans(u64 from, u64 to, struct ephports_span spans[EPHPORTS_SPANS])
{
	u32 i, n = 0;

	spin_lock(&lock);
	from = max(from, since);
	if (gaping)
		to = min(to, gap_from);
	for (i = 0; i < n_gaps; i++) {
		if (from < min(gaps[i].from, to))
			spans[n++] = (struct ephports_span){ from, min(gaps[i].from, to) };
		from = max(from, gaps[i].to);
	}
	if (from < to)
		spans[n++] = (struct ephports_span){ from, to };
	spin_unlock(&lock);
	return n;
}

/**
 * ephports_coverage_doubt_at() - since when a holder may have been there that was found
 * @at: when it was found
 *
 * Return: the start of the gap that it was found in; 0 before all spans; @at itself if
 * everything was known then.
 */
u64 ephports_coverage_doubt_at(u64 at)
{
	u64 from = at;
	u32 i;

	spin_lock(&lock);
	if (at <= since)
		from = 0;
	for (i = 0; i < n_gaps; i++)
		if (at >= gaps[i].from && at <= gaps[i].to)
			from = gaps[i].from;
	if (gaping && at >= gap_from)
		from = gap_from;
	spin_unlock(&lock);
	return from;
}
