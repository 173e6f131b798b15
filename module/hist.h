/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms of times, per namespace and protocol. */
#ifndef EPHPORTS_HIST_H
#define EPHPORTS_HIST_H

#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include <linux/ephports.h>

#include "ns.h"

#define EPHPORTS_HIST_BUCKETS		24
#define EPHPORTS_HIST_FIRST_BITS	8	/* times of so many bits are in the first bucket */

/* All that a CPU counts of one namespace. */
struct ephports_counts {
	u64 counts[EPHPORTS_PROTOS][EPHPORTS_HIST_MAX + 1][EPHPORTS_HIST_BUCKETS];
};

struct ephports_hists {
	struct ephports_counts __percpu *cpus;
	struct list_head dead;
};

/**
 * ephports_hist_note() - count a time
 * @ns: the namespace; one that found no memory for histograms counts nothing
 * @proto: the protocol
 * @kind: what the time is of
 * @time: the time, ns
 *
 * Context: any, preemption off: that is what keeps the histograms from going.
 */
static inline void ephports_hist_note(const struct ephports_ns *ns, enum ephports_proto proto,
				      enum ephports_hist kind, u64 time)
{
	struct ephports_hists *hists = READ_ONCE(ns->hists);
	int bucket = clamp(fls64(time) - EPHPORTS_HIST_FIRST_BITS, 0, EPHPORTS_HIST_BUCKETS - 1);

	if (likely(hists))
		this_cpu_inc(hists->cpus->counts[proto][kind][bucket]);
}

bool ephports_hist_read(const struct net *net, enum ephports_proto proto, enum ephports_hist kind,
			u64 counts[EPHPORTS_HIST_BUCKETS]);

struct ephports_hists *ephports_hist_alloc(void);
void ephports_hist_drop(struct ephports_hists **hists, struct list_head *dead);
void ephports_hist_free(struct list_head *dead);

#define EPHPORTS_UNIT_BITS	6	/* short times are counted in units of 64 ns */
#define EPHPORTS_MANTISSA_BITS	3

/**
 * ephports_short_time() - a time in one byte
 * @ns: up to 17 minutes; more is told as that
 *
 * Return: what ephports_long_time() makes a time of again, which is less by an eighth, or
 * by 64 ns, at most.
 */
static inline u8 ephports_short_time(u64 ns)
{
	u64 units = ns >> EPHPORTS_UNIT_BITS;
	int shift = fls64(units) - (EPHPORTS_MANTISSA_BITS + 1);

	if (shift <= 0)
		return units;
	return min_t(u64, ((u64)shift << EPHPORTS_MANTISSA_BITS) + (units >> shift), U8_MAX);
}

u64 ephports_long_time(u8 code);

#endif /* EPHPORTS_HIST_H */
