// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports that were released, the latest of each CPU, in rings of a fixed size.
 *
 * A CPU writes its own ring alone; its lock keeps readers out of an entry that is being
 * written. Readers say from when on all rings together are whole: what was overwritten is
 * only known to have ended before that.
 */
#include <linux/cpumask.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include <linux/ephports.h>

#include "history.h"
#include "log.h"

#define MAX_HISTORY	(1u << 23)
#define MIN_RING	16u
#define BATCH		64	/* entries that are looked at with interrupts off */

static unsigned int history = 65536;
module_param(history, uint, 0444);
MODULE_PARM_DESC(history, "released ports to remember, shared out among the possible CPUs, 1024 to 8388608 (168 bytes each; default 65536, 10.5 MiB)");

static_assert(sizeof(struct ephports_past) == 168);

struct ring {
	raw_spinlock_t lock;
	u64 written;		/* entries since loading */
	u32 next;		/* where the next goes */
	u64 latest;		/* when the one that was written last had ended */
	u64 forgotten;		/* likewise, of those that were overwritten */
	struct ephports_past *entries;
};

static DEFINE_PER_CPU(struct ring, rings);
static u32 size;		/* of each ring */
static u64 loaded;		/* when, ns of CLOCK_BOOTTIME */

/**
 * ephports_history_add() - remember a port that was released
 * @rec: the record of its holder, out of the tables or about to go
 * @holder: the socket, which cannot go before this returns; NULL: it is gone
 * @until: when, ns of CLOCK_BOOTTIME; a little later, if that keeps the ring in order
 *
 * Context: interrupts off; no lock of ours held but of the record's bucket.
 */
void ephports_history_add(const struct ephports_record *rec, const struct sock_common *holder,
			  u64 until)
{
	struct ring *ring = this_cpu_ptr(&rings);
	struct ephports_past *past;

	raw_spin_lock(&ring->lock);
	past = &ring->entries[ring->next];
	if (ring->written >= size)
		ring->forgotten = past->until;
	ring->latest = max(ring->latest, until);
	past->rec = *rec;
	past->until = ring->latest;
	if (holder)
		ephports_sock_last(rec, holder, &past->sock);
	else
		past->sock = (struct ephports_sock){ .state = EPHPORTS_STATE_UNKNOWN };
	ring->written++;
	ring->next = ring->next + 1 < size ? ring->next + 1 : 0;
	raw_spin_unlock(&ring->lock);
}

/**
 * ephports_history_since() - since when every release is remembered
 *
 * Return: ns of CLOCK_BOOTTIME; what is released from now on may move it on.
 */
u64 ephports_history_since(void)
{
	u64 since = loaded;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		since = max(since, READ_ONCE(per_cpu(rings, cpu).forgotten));
	return since;
}

/*
 * Returns true if @visit stopped; with @cursor->nr 0 if there is nothing more to see. A search
 * for one port goes through a whole history: what most entries cost is this loop.
 */
static bool walk_batch(struct ring *ring, struct ephports_history_cursor *cursor, u64 since,
		       ephports_past_visitor visit, void *ctx)
{
	const struct ephports_past *past;
	u64 back, nr = cursor->nr;
	unsigned long flags;
	bool stop = false;
	u32 i, left;

	raw_spin_lock_irqsave(&ring->lock, flags);
	/* What was overwritten meanwhile was older than all that is left to see. */
	back = ring->written - nr + 1;
	left = back > size ? 0 : min3((u64)BATCH, nr, size - back + 1);
	nr = left ? nr : 0;
	i = ring->next >= back ? ring->next - back : ring->next + size - back;
	for (; left && !stop; left--, i = (i ?: size) - 1) {
		past = &ring->entries[i];
		nr = past->until < since ? 0 : nr - 1;
		if (past->until < since)
			break;
		if (past->rec.port >= cursor->low && past->rec.port <= cursor->high)
			stop = visit(past, ctx) == EPHPORTS_STOP;
	}
	cursor->nr = nr;
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return stop;
}

static bool walk_ring(struct ring *ring, struct ephports_history_cursor *cursor, u64 since,
		      ephports_past_visitor visit, void *ctx)
{
	if (!cursor->begun)
		cursor->nr = READ_ONCE(ring->written);
	cursor->begun = true;
	while (cursor->nr) {
		cond_resched();
		if (walk_batch(ring, cursor, since, visit, ctx))
			return true;
	}
	cursor->begun = false;
	return false;
}

/**
 * ephports_history_walk() - visit what was released, the latest of each CPU first
 * @cursor: moved on; start with all zero but for the ports
 * @since: no longer ago, ns of CLOCK_BOOTTIME
 * @visit: called with a lock held and interrupts off; quick, no sleep
 * @ctx: handed to @visit
 *
 * What is released after the walk has come to its CPU is not visited.
 *
 * Context: process context; may sleep between entries.
 *
 * Return: true if @visit stopped the walk, false at the end.
 */
bool ephports_history_walk(struct ephports_history_cursor *cursor, u64 since,
			   ephports_past_visitor visit, void *ctx)
{
	for (; cursor->cpu < nr_cpu_ids; cursor->cpu++)
		if (cpu_possible(cursor->cpu) &&
		    walk_ring(&per_cpu(rings, cursor->cpu), cursor, since, visit, ctx))
			return true;
	return false;
}

/**
 * ephports_history_bytes() - memory allocated here, fixed at loading
 */
u64 ephports_history_bytes(void)
{
	return (u64)num_possible_cpus() * size * sizeof(struct ephports_past);
}

/**
 * ephports_history_init() - allocate the rings
 *
 * Return: 0, -EINVAL for a history out of bounds, -ENOMEM.
 */
int ephports_history_init(void)
{
	unsigned int cpu;

	if (history < 1024 || history > MAX_HISTORY) {
		ephports_err("not loaded: history=%u is not from 1024 to %u", history, MAX_HISTORY);
		return -EINVAL;
	}
	size = max(history / num_possible_cpus(), MIN_RING);
	loaded = ktime_get_boot_fast_ns();
	for_each_possible_cpu(cpu) {
		struct ring *ring = &per_cpu(rings, cpu);

		raw_spin_lock_init(&ring->lock);
		ring->entries = vmalloc_node(array_size(size, sizeof(*ring->entries)),
					     cpu_to_node(cpu));
		if (!ring->entries) {
			ephports_history_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * ephports_history_exit() - free the rings; nobody uses them any more
 */
void ephports_history_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		vfree(per_cpu(rings, cpu).entries);
}
