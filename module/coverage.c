// SPDX-License-Identifier: GPL-2.0-only
/*
 * For which stretches of time everything is known, in each scope: from the first walk that found
 * all of its holders on, but for gaps.
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

/**
 * struct coverage - of one scope
 * @since: the first span's start
 * @walked: when the last walk began after which all was well
 * @looked: when all was last well, as far as trouble is counted
 * @gaping: nothing is vouched for at present
 * @gap_from: if so, from when on
 * @gaps: that are over, the earliest first
 * @n_gaps: how many
 */
struct coverage {
	u64 since;
	u64 walked;
	u64 looked;
	bool gaping;
	u64 gap_from;
	struct ephports_span gaps[EPHPORTS_GAPS];
	u32 n_gaps;
};

static DEFINE_SPINLOCK(lock);
static struct coverage coverages[EPHPORTS_SCOPES] = {
	[EPHPORTS_HOSTS] = { .gaping = true },
	[EPHPORTS_ALL] = { .gaping = true },
};

/**
 * ephports_coverage_clean() - nothing was amiss
 * @scope: here
 * @at: when the counts of trouble were looked at
 *
 * Context: process context, as for all of these.
 */
void ephports_coverage_clean(enum ephports_scope scope, u64 at)
{
	struct coverage *c = &coverages[scope];

	spin_lock(&lock);
	c->looked = max(c->looked, at);
	spin_unlock(&lock);
}

/**
 * ephports_coverage_trouble() - something is amiss
 * @scope: here
 * @silent: nothing had told of it
 */
void ephports_coverage_trouble(enum ephports_scope scope, bool silent)
{
	struct coverage *c = &coverages[scope];
	u64 from;

	spin_lock(&lock);
	from = silent ? c->walked : max(c->walked, c->looked - min(c->looked, (u64)LATE));
	c->gap_from = c->gaping ? min(c->gap_from, from) : from;
	c->gaping = true;
	spin_unlock(&lock);
}

/* Locked. Gaps that touch become one; the oldest goes, and all that was before it. */
static void close_gap(struct coverage *c, u64 to)
{
	struct ephports_span *gaps = c->gaps;

	while (c->n_gaps && gaps[c->n_gaps - 1].to >= c->gap_from)
		c->gap_from = min(c->gap_from, gaps[--c->n_gaps].from);
	c->gaping = false;
	if (c->gap_from <= c->since) {
		c->since = to;
		return;
	}
	if (c->n_gaps == EPHPORTS_GAPS) {
		c->since = gaps[0].to;
		memmove(gaps, gaps + 1, sizeof(c->gaps) - sizeof(gaps[0]));
		c->n_gaps--;
	}
	gaps[c->n_gaps++] = (struct ephports_span){ c->gap_from, to };
}

/**
 * ephports_coverage_walked() - a walk has found all that was to be found, and all is well
 * @scope: here
 * @began: when it began
 * @ended: when it ended
 */
void ephports_coverage_walked(enum ephports_scope scope, u64 began, u64 ended)
{
	struct coverage *c = &coverages[scope];

	spin_lock(&lock);
	c->walked = began;
	c->looked = max(c->looked, ended);
	if (c->gaping)
		close_gap(c, ended);
	spin_unlock(&lock);
}

/**
 * ephports_coverage_spans() - for when everything is known
 * @scope: here
 * @from: since when nothing is forgotten
 * @to: of no interest from here on
 * @spans: filled, the earliest first
 *
 * Return: how many.
 */
u32 ephports_coverage_spans(enum ephports_scope scope, u64 from, u64 to,
			    struct ephports_span spans[EPHPORTS_SPANS])
{
	const struct coverage *c = &coverages[scope];
	const struct ephports_span *gap;
	u32 n = 0;

	spin_lock(&lock);
	from = max(from, c->since);
	if (c->gaping)
		to = min(to, c->gap_from);
	for (gap = c->gaps; gap < c->gaps + c->n_gaps; gap++) {
		if (from < min(gap->from, to))
			spans[n++] = (struct ephports_span){ from, min(gap->from, to) };
		from = max(from, gap->to);
	}
	if (from < to)
		spans[n++] = (struct ephports_span){ from, to };
	spin_unlock(&lock);
	return n;
}

/**
 * ephports_coverage_doubt_at() - since when a holder may have been there that was found
 * @scope: the narrowest that has it
 * @at: when it was found
 *
 * Return: the start of the gap that it was found in; 0 before all spans; @at itself if
 * everything was known then.
 */
u64 ephports_coverage_doubt_at(enum ephports_scope scope, u64 at)
{
	const struct coverage *c = &coverages[scope];
	const struct ephports_span *gap;
	u64 from = at;

	spin_lock(&lock);
	if (at <= c->since)
		from = 0;
	for (gap = c->gaps; gap < c->gaps + c->n_gaps; gap++)
		if (at >= gap->from && at <= gap->to)
			from = gap->from;
	if (c->gaping && at >= c->gap_from)
		from = c->gap_from;
	spin_unlock(&lock);
	return from;
}
