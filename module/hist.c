// SPDX-License-Identifier: GPL-2.0-only
/* Histograms of times, per namespace and protocol. */
#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "hist.h"

/* All that a CPU counts of one namespace. */
struct counts {
	u64 counts[EPHPORTS_PROTOS][EPHPORTS_HIST_MAX + 1][EPHPORTS_HIST_BUCKETS];
};

struct ephports_hists {
	struct counts __percpu *cpus;
	struct list_head dead;
};

#define FIRST_BITS	8	/* times of so many bits, or less, are in the first bucket */

/**
 * ephports_hist_note() - count a time
 * @ns: the namespace; one that found no memory for histograms counts nothing
 * @proto: the protocol
 * @kind: what the time is of
 * @time: the time, ns
 *
 * Context: any, preemption off: that is what keeps the histograms from going.
 */
void ephports_hist_note(const struct ephports_ns *ns, enum ephports_proto proto,
			enum ephports_hist kind, u64 time)
{
	struct ephports_hists *hists = READ_ONCE(ns->hists);
	int bucket = clamp(fls64(time) - FIRST_BITS, 0, EPHPORTS_HIST_BUCKETS - 1);

	if (likely(hists))
		this_cpu_inc(hists->cpus->counts[proto][kind][bucket]);
}

/**
 * ephports_hist_read() - the counts of all CPUs
 * @net: the namespace
 * @proto: the protocol
 * @kind: what the times are of
 * @counts: filled
 *
 * Context: process context.
 *
 * Return: false if the namespace has none, for want of memory.
 */
bool ephports_hist_read(const struct net *net, enum ephports_proto proto, enum ephports_hist kind,
			u64 counts[EPHPORTS_HIST_BUCKETS])
{
	struct ephports_hists *hists = ephports_ns(net)->hists;
	unsigned int cpu;
	int i;

	memset(counts, 0, EPHPORTS_HIST_BUCKETS * sizeof(*counts));
	if (!hists)
		return false;
	for_each_possible_cpu(cpu)
		for (i = 0; i < EPHPORTS_HIST_BUCKETS; i++)
			counts[i] += READ_ONCE(per_cpu_ptr(hists->cpus, cpu)->counts[proto][kind][i]);
	return true;
}

/**
 * ephports_hist_alloc() - histograms for a namespace
 *
 * Return: NULL if there is no memory.
 */
struct ephports_hists *ephports_hist_alloc(void)
{
	struct ephports_hists *hists = kzalloc(sizeof(*hists), GFP_KERNEL);

	if (!hists)
		return NULL;
	hists->cpus = alloc_percpu(struct counts);
	if (hists->cpus)
		return hists;
	kfree(hists);
	return NULL;
}

/**
 * ephports_hist_drop() - take away the histograms of a namespace
 * @hists: set to NULL
 * @dead: for ephports_hist_free(), when nobody can be counting any more
 */
void ephports_hist_drop(struct ephports_hists **hists, struct list_head *dead)
{
	if (*hists)
		list_add(&(*hists)->dead, dead);
	WRITE_ONCE(*hists, NULL);
}

void ephports_hist_free(struct list_head *dead)
{
	struct ephports_hists *hists, *next;

	list_for_each_entry_safe(hists, next, dead, dead) {
		free_percpu(hists->cpus);
		kfree(hists);
	}
}

#define UNIT_BITS	6	/* short times are counted in units of 64 ns */
#define MANTISSA_BITS	3

/**
 * ephports_short_time() - a time in one byte
 * @ns: up to 17 minutes; more is told as that
 *
 * Return: what ephports_long_time() makes a time of again, which is less by an eighth, or
 * by 64 ns, at most.
 */
u8 ephports_short_time(u64 ns)
{
	u64 units = ns >> UNIT_BITS;
	int shift = fls64(units) - (MANTISSA_BITS + 1);

	if (shift <= 0)
		return units;
	return min_t(u64, ((u64)shift << MANTISSA_BITS) + (units >> shift), U8_MAX);
}

u64 ephports_long_time(u8 code)
{
	int shift = (code >> MANTISSA_BITS) - 1;
	u64 units = code;

	if (shift > 0)
		units = ((u64)(code & (BIT(MANTISSA_BITS) - 1)) | BIT(MANTISSA_BITS)) << shift;
	return units << UNIT_BITS;
}
