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

#include "history.h"
#include "log.h"

#define MAX_HISTORY	(1u << 23)
#define MIN_RING	16u

static unsigned int history = 65536;
module_param(history, uint, 0444);
MODULE_PARM_DESC(history, "released ports to remember, 1024 to 8388608 (160 bytes each; default 65536, 10 MiB)");

struct ring {
	raw_spinlock_t lock;
	u64 written;		/* entries since loading */
	u32 next;		/* where the next goes */
	u64 forgotten;		/* when the last of those that were overwritten had ended */
	struct ephports_past *entries;
};

static DEFINE_PER_CPU(struct ring, rings);
static u32 size;		/* of each ring */
static u64 loaded;		/* when, ns of CLOCK_BOOTTIME */

/**
 * ephports_history_add() - remember a port that was released
 * @rec: the record of its holder, which is no longer in the tables
 * @sock: the holder
 * @until: when, ns of CLOCK_BOOTTIME
 *
 * Context: any but hard interrupts; no lock of ours held.
 */
void ephports_history_add(const struct ephports_record *rec, const struct ephports_sock *sock,
			  u64 until)
{
	struct ephports_past *past;
	unsigned long flags;
	struct ring *ring;

	local_irq_save(flags);
	ring = this_cpu_ptr(&rings);
	raw_spin_lock(&ring->lock);
	past = &ring->entries[ring->next];
	if (ring->written >= size)
		ring->forgotten = past->until;
	past->rec = *rec;
	past->sock = *sock;
	past->until = until;
	ring->written++;
	ring->next = ring->next + 1 < size ? ring->next + 1 : 0;
	raw_spin_unlock(&ring->lock);
	local_irq_restore(flags);
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

/* Entries of one ring, the latest first, until one that ended before @since. */
static void walk_ring(struct ring *ring, u64 since, ephports_past_visitor visit, void *ctx)
{
	u64 last = READ_ONCE(ring->written);
	unsigned long flags;
	u64 ago, back;

	for (ago = 0; ago < last; ago++) {
		const struct ephports_past *past;
		bool more = false;

		/* What was overwritten meanwhile was older than all that is left to see. */
		raw_spin_lock_irqsave(&ring->lock, flags);
		back = ring->written - last + ago + 1;
		if (back <= size) {
			past = &ring->entries[ring->next >= back ? ring->next - back :
								   ring->next + size - back];
			more = past->until >= since;
			if (more)
				visit(past, ctx);
		}
		raw_spin_unlock_irqrestore(&ring->lock, flags);
		if (!more)
			return;
		if (!(ago & 0x3ff))
			cond_resched();
	}
}

/**
 * ephports_history_walk() - visit what was released
 * @since: no longer ago, ns of CLOCK_BOOTTIME
 * @visit: called with a lock held and interrupts off; quick, no sleep
 * @ctx: handed to @visit
 *
 * Context: process context; may sleep between entries.
 */
void ephports_history_walk(u64 since, ephports_past_visitor visit, void *ctx)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		walk_ring(&per_cpu(rings, cpu), since, visit, ctx);
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
