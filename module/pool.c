// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory for records, and their ids: allocated at loading, handed out on any CPU.
 *
 * Each CPU keeps a few free records of its own, and has ids of its own; the lock that CPUs
 * share is taken once for many. Nothing is allocated afterwards.
 *
 * Part of the common store is kept for those that are entitled to it. When it is down to that, the
 * others get none, not even of what CPUs have at hand: it may have come from there.
 */
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "pool.h"
#include "table.h"

#define KEPT(n)	((n) / 4)	/* of the common store, for those that are entitled */

struct ephports_record *ephports_records;

DEFINE_PER_CPU(struct ephports_pool, ephports_pools);
bool ephports_pool_scarce __read_mostly;
static u32 capacity;
static DEFINE_RAW_SPINLOCK(free_lock);
static u32 free_head = EPHPORTS_NIL;	/* chained by ->next */
static u32 never_used;		/* from here up, records were never touched */
static u32 nr_common;		/* both together; under free_lock, as these */

/* Locked. Written only when it changes: every CPU reads it. */
static void judge_scarcity(void)
{
	bool scarce = nr_common <= KEPT(capacity);

	if (scarce != ephports_pool_scarce)
		WRITE_ONCE(ephports_pool_scarce, scarce);
}

/**
 * ephports_pool_refill() - move up to half of a CPU's store from the common one
 * @pool: this CPU's
 *
 * Context: interrupts off.
 */
void ephports_pool_refill(struct ephports_pool *pool)
{
	u32 i;

	raw_spin_lock(&free_lock);
	while (pool->nr_free < pool->most_free / 2) {
		if (free_head != EPHPORTS_NIL) {
			i = free_head;
			free_head = ephports_records[i].next;
		} else if (never_used < capacity) {
			i = never_used;
			ephports_records[i].id = 0;
			/* Pairs with ephports_pool_used(): who comes so far finds id 0. */
			smp_store_release(&never_used, i + 1);
		} else {
			break;
		}
		pool->free[pool->nr_free++] = i;
		nr_common--;
	}
	judge_scarcity();
	raw_spin_unlock(&free_lock);
}

/**
 * ephports_pool_spill() - move half of a CPU's store to the common one
 * @pool: this CPU's
 *
 * Context: interrupts off.
 */
void ephports_pool_spill(struct ephports_pool *pool)
{
	u32 i;

	raw_spin_lock(&free_lock);
	while (pool->nr_free > pool->most_free / 2) {
		i = pool->free[--pool->nr_free];
		ephports_records[i].next = free_head;
		free_head = i;
		nr_common++;
	}
	judge_scarcity();
	raw_spin_unlock(&free_lock);
}

/**
 * ephports_pool_used() - from this index up, no record was ever in use
 */
u32 ephports_pool_used(void)
{
	return smp_load_acquire(&never_used);	/* pairs with ephports_pool_refill() */
}

/**
 * ephports_pool_init() - allocate the records
 * @n: how many
 *
 * Return: 0 or -ENOMEM.
 */
int ephports_pool_init(u32 n)
{
	unsigned int most = EPHPORTS_LOCAL_FREE, cpu;

	capacity = n;
	nr_common = n;
	for_each_possible_cpu(cpu) {
		struct ephports_pool *pool = &per_cpu(ephports_pools, cpu);

		pool->most_free = clamp(n / (8 * num_possible_cpus()), 2u, most);
		/* No id is 0. */
		pool->next_id = nr_cpu_ids + cpu;
	}
	ephports_records = vmalloc(array_size(n, sizeof(*ephports_records)));
	return ephports_records ? 0 : -ENOMEM;
}

void ephports_pool_exit(void)
{
	vfree(ephports_records);
}
