// SPDX-License-Identifier: GPL-2.0-only
/* How many holders came and went since loading, and why; each CPU counts for itself. */
#include <linux/cpumask.h>
#include <linux/minmax.h>

#include "count.h"

DEFINE_PER_CPU(u64 [EPHPORTS_COUNTERS], ephports_counters);

/**
 * ephports_count_of() - one counter, summed over all CPUs
 * @cause: which
 */
u64 ephports_count_of(enum ephports_cause cause)
{
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(ephports_counters, cpu)[cause]);
	/* One may be counted on a CPU that was read, and taken back on one that is yet to be. */
	return max_t(s64, sum, 0);
}

/**
 * ephports_count_mended_in() - holders that were lost or missed, and found since loading
 * @scope: of these namespaces
 */
u64 ephports_count_mended_in(enum ephports_scope scope)
{
	u64 hosts = ephports_count_of(EPHPORTS_MENDED_IN);

	return scope == EPHPORTS_HOSTS ? hosts :
					 hosts + ephports_count_of(EPHPORTS_GUEST_MENDED_IN);
}

/**
 * ephports_count_lost() - holders that found no room, since loading
 * @scope: of these namespaces
 */
u64 ephports_count_lost(enum ephports_scope scope)
{
	u64 hosts = ephports_count_of(EPHPORTS_LOST);

	return scope == EPHPORTS_HOSTS ? hosts : hosts + ephports_count_of(EPHPORTS_GUEST_LOST);
}

/**
 * ephports_count_widened() - holders that were found because a range has come to have their ports
 * @scope: of these namespaces
 *
 * Their probes had let them pass, and rightly so.
 */
u64 ephports_count_widened(enum ephports_scope scope)
{
	u64 hosts = ephports_count_of(EPHPORTS_WIDENED);

	return scope == EPHPORTS_HOSTS ? hosts : hosts + ephports_count_of(EPHPORTS_GUEST_WIDENED);
}

/**
 * ephports_count_widenings() - changes of what ephports_count_widened() says; this never falls
 * @scope: of these namespaces
 */
u64 ephports_count_widenings(enum ephports_scope scope)
{
	u64 back = ephports_count_of(EPHPORTS_WIDENED_BACK);

	if (scope != EPHPORTS_HOSTS)
		back += ephports_count_of(EPHPORTS_GUEST_WIDENED_BACK);
	return ephports_count_widened(scope) + 2 * back;
}

/**
 * ephports_count_held() - records in the tables, exact when nothing happens
 */
u32 ephports_count_held(void)
{
	u64 in = 0, out = 0;
	int i;

	for (i = EPHPORTS_RELEASED; i <= EPHPORTS_MENDED_OUT; i++)
		out += ephports_count_of(i);
	for (i = EPHPORTS_ASSIGNED; i <= EPHPORTS_GUEST_WIDENED; i++)
		in += ephports_count_of(i);
	return in - min(in, out);
}
