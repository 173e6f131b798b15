// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory for records, and their ids: allocated at loading, handed out on any CPU.
 *
 * Each CPU keeps a few free records and ids of its own; a lock or a counter that CPUs share
 * is touched once for many. Nothing is allocated afterwards.
 */
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "pool.h"
#include "table.h"

#define LOCAL_FREE	64	/* most records that a CPU keeps at hand */
#define ID_BATCH	256	/* ids that a CPU takes at a time */

struct cpu_pool {
	u64 next_id;
	u64 end_id;
	u32 nr_free;
	u32 free[LOCAL_FREE];
};

struct ephports_record *ephports_records;

static DEFINE_PER_CPU(struct cpu_pool, pools);
static u32 capacity;
static u32 local_free;		/* LOCAL_FREE, or less if that would be a good part of all */
static atomic64_t last_id;
static DEFINE_RAW_SPINLOCK(free_lock);
static u32 free_head = EPHPORTS_NIL;	/* chained by ->next */
static u32 never_used;		/* from here up, records were never touched */

/* Interrupts off. Moves up to half of a CPU's store from the common one. */
static void refill(struct cpu_pool *pool)
{
	u32 i;

	raw_spin_lock(&free_lock);
	while (pool->nr_free < local_free / 2) {
		if (free_head != EPHPORTS_NIL) {
			i = free_head;
			free_head = ephports_records[i].next;
		} else if (never_used < capacity) {
			i = never_used++;
		} else {
			break;
		}
		pool->free[pool->nr_free++] = i;
	}
	raw_spin_unlock(&free_lock);
}

/**
 * ephports_pool_take() - a record that holds nothing
 *
 * Context: interrupts off; no other lock of ours is taken inside.
 *
 * Return: its index, or EPHPORTS_NIL if there is none.
 */
u32 ephports_pool_take(void)
{
	struct cpu_pool *pool = this_cpu_ptr(&pools);

	if (!pool->nr_free)
		refill(pool);
	return pool->nr_free ? pool->free[--pool->nr_free] : EPHPORTS_NIL;
}

/**
 * ephports_pool_give() - a record holds nothing any more
 * @index: of the record
 *
 * Context: as above.
 */
void ephports_pool_give(u32 index)
{
	struct cpu_pool *pool = this_cpu_ptr(&pools);

	if (pool->nr_free == local_free) {
		raw_spin_lock(&free_lock);
		while (pool->nr_free > local_free / 2) {
			u32 i = pool->free[--pool->nr_free];

			ephports_records[i].next = free_head;
			free_head = i;
		}
		raw_spin_unlock(&free_lock);
	}
	pool->free[pool->nr_free++] = index;
}

/**
 * ephports_pool_id() - an id that no other record has
 *
 * Ids of one CPU grow, across batches too.
 *
 * Context: interrupts off.
 */
u64 ephports_pool_id(void)
{
	struct cpu_pool *pool = this_cpu_ptr(&pools);

	if (pool->next_id == pool->end_id) {
		pool->end_id = atomic64_add_return(ID_BATCH, &last_id) + 1;
		pool->next_id = pool->end_id - ID_BATCH;
	}
	return pool->next_id++;
}

/**
 * ephports_pool_init() - allocate the records
 * @n: how many
 *
 * Return: 0 or -ENOMEM.
 */
int ephports_pool_init(u32 n)
{
	capacity = n;
	local_free = clamp(n / (8 * num_possible_cpus()), 2u, (unsigned int)LOCAL_FREE);
	ephports_records = vmalloc(array_size(n, sizeof(*ephports_records)));
	return ephports_records ? 0 : -ENOMEM;
}

void ephports_pool_exit(void)
{
	vfree(ephports_records);
}
