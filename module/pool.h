/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory for records, and their ids. */
#ifndef EPHPORTS_POOL_H
#define EPHPORTS_POOL_H

#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/types.h>

#define EPHPORTS_NIL		U32_MAX	/* the index of no record */
#define EPHPORTS_LOCAL_FREE	64	/* most records that a CPU keeps at hand */

struct ephports_record;

extern struct ephports_record *ephports_records;

/**
 * struct ephports_pool - what a CPU has at hand; touched by it alone, interrupts off
 * @next_id: the next id that no other record has; it tells the CPU
 * @nr_free: records in @free
 * @most_free: EPHPORTS_LOCAL_FREE, or less if that would be a good part of all
 * @free: their indices
 */
struct ephports_pool {
	u64 next_id;
	u32 nr_free;
	u32 most_free;
	u32 free[EPHPORTS_LOCAL_FREE];
};

DECLARE_PER_CPU(struct ephports_pool, ephports_pools);

extern bool ephports_pool_scarce __read_mostly;	/* the common store is down to what is kept */

void ephports_pool_refill(struct ephports_pool *pool);
void ephports_pool_spill(struct ephports_pool *pool);

/**
 * ephports_pool_take() - a record that holds nothing
 * @entitled: also to one of those that are kept
 *
 * Context: interrupts off; no other lock of ours is taken inside.
 *
 * Return: its index, or EPHPORTS_NIL if there is none.
 */
static inline u32 ephports_pool_take(bool entitled)
{
	struct ephports_pool *pool = this_cpu_ptr(&ephports_pools);

	if (unlikely(!entitled) && READ_ONCE(ephports_pool_scarce))
		return EPHPORTS_NIL;
	if (unlikely(!pool->nr_free))
		ephports_pool_refill(pool);
	return likely(pool->nr_free) ? pool->free[--pool->nr_free] : EPHPORTS_NIL;
}

/**
 * ephports_pool_give() - a record holds nothing any more
 * @index: of the record
 *
 * Context: as above.
 */
static inline void ephports_pool_give(u32 index)
{
	struct ephports_pool *pool = this_cpu_ptr(&ephports_pools);

	if (unlikely(pool->nr_free == pool->most_free))
		ephports_pool_spill(pool);
	pool->free[pool->nr_free++] = index;
}

/**
 * ephports_pool_id() - an id that no other record has
 *
 * Each CPU counts for itself: what is left when an id is divided by the number of CPUs is the
 * CPU that gave it.
 *
 * Context: interrupts off.
 */
static inline u64 ephports_pool_id(void)
{
	struct ephports_pool *pool = this_cpu_ptr(&ephports_pools);
	u64 id = pool->next_id;

	pool->next_id = id + nr_cpu_ids;
	return id;
}

/**
 * ephports_pool_cpu() - where a record was put in
 * @id: of the record
 */
static inline unsigned int ephports_pool_cpu(u64 id)
{
	return id % nr_cpu_ids;
}

u32 ephports_pool_used(void);
int ephports_pool_init(u32 n);
void ephports_pool_exit(void);

#endif /* EPHPORTS_POOL_H */
