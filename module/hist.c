// SPDX-License-Identifier: GPL-2.0-only
/* Histograms of times, per namespace and protocol. */
#include <linux/bitops.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "hist.h"

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
			counts[i] += READ_ONCE(per_cpu_ptr(hists->cpus, cpu)->
					       counts[proto][kind][i]);
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
	hists->cpus = alloc_percpu(struct ephports_counts);
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

/**
 * ephports_long_time() - what ephports_short_time() made a byte of
 * @code: that byte
 */
u64 ephports_long_time(u8 code)
{
	int shift = (code >> EPHPORTS_MANTISSA_BITS) - 1;
	u64 units = code;

	if (shift > 0)
		units = ((u64)(code & (BIT(EPHPORTS_MANTISSA_BITS) - 1)) |
			 BIT(EPHPORTS_MANTISSA_BITS)) << shift;
	return units << EPHPORTS_UNIT_BITS;
}
