/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The directory of all records: whether there is one of a key, and in which CPUs' tables.
 *
 * One word for each hash of a key:
 *
 *	bit 63		lock
 *	bits 42..62	number of records with this hash, in all tables
 *	bits 0..41	three slots: each the number, + 1, of a CPU whose table holds one
 *			of them, or 0
 *
 * No record is answered by one load. Of up to three, the slots name the tables; of more,
 * some records may have no slot: where the number is more than the slots in use, all
 * tables are to be asked. A record that goes empties a slot with its CPU's number, if there is
 * one: whose it was does not matter, since the number still tells of the other.
 *
 * The words are table.c's, whose lock rules tell when they may change.
 */
#ifndef EPHPORTS_DIRECTORY_H
#define EPHPORTS_DIRECTORY_H

#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/hash.h>
#include <linux/processor.h>
#include <linux/threads.h>
#include <linux/types.h>

#define EPHPORTS_WORD_LOCK	(1ULL << 63)
#define EPHPORTS_SLOTS		3
#define EPHPORTS_SLOT_BITS	14
#define EPHPORTS_SLOT_MASK	((1ULL << EPHPORTS_SLOT_BITS) - 1)
#define EPHPORTS_WORD_SLOTS	(EPHPORTS_SLOTS * EPHPORTS_SLOT_BITS)
#define EPHPORTS_WORD_ONE	(1ULL << EPHPORTS_WORD_SLOTS)

static_assert(NR_CPUS <= EPHPORTS_SLOT_MASK);

extern struct ephports_directory {
	atomic64_t *words;
	unsigned int shift;
} ephports_directory;

/*
 * Sockets stand at regular distances from each other: after one multiplication, two in three of
 * 100,000 shared a word of 500,000.
 */
static inline u64 ephports_directory_hash(const void *key)
{
	u64 hash = (u64)(unsigned long)key * GOLDEN_RATIO_64;

	return (hash ^ hash >> 32) * GOLDEN_RATIO_64;
}

static inline atomic64_t *ephports_directory_word(u64 hash)
{
	return &ephports_directory.words[hash >> ephports_directory.shift];
}

/* The records of a word's content. */
static inline u64 ephports_directory_count(u64 word)
{
	return (word & ~EPHPORTS_WORD_LOCK) >> EPHPORTS_WORD_SLOTS;
}

/* The CPUs that a word's content names; @slots is the loop's own. */
#define ephports_directory_each_cpu(cpu, slots, word)						\
	for ((slots) = (word) & (EPHPORTS_WORD_ONE - 1); (slots);				\
	     (slots) >>= EPHPORTS_SLOT_BITS)							\
		if (((cpu) = ((slots) & EPHPORTS_SLOT_MASK) - 1) < EPHPORTS_SLOT_MASK)

/* The lowest slot of a word that has this content, as what to add to an empty one; 0: none has. */
static __always_inline u64 ephports_directory_slot(u64 word, u64 content, u64 put)
{
	unsigned int shift;

	for (shift = 0; shift < EPHPORTS_WORD_SLOTS; shift += EPHPORTS_SLOT_BITS)
		if ((word >> shift & EPHPORTS_SLOT_MASK) == content)
			return put << shift;
	return 0;
}

/* Interrupts off. Returns what it was. */
static inline u64 ephports_directory_lock(atomic64_t *word)
{
	u64 old;

	while ((old = atomic64_fetch_or_acquire(EPHPORTS_WORD_LOCK, word)) & EPHPORTS_WORD_LOCK)
		cpu_relax();
	return old;
}

static inline void ephports_directory_unlock(atomic64_t *word)
{
	atomic64_add_return_release(-EPHPORTS_WORD_LOCK, word);
}

/*
 * Locked, which ends here, as @old told; others may have gone since. A record of a CPU's table
 * came.
 */
static inline void ephports_directory_add(atomic64_t *word, u64 old, unsigned int cpu)
{
	atomic64_add_return_release(EPHPORTS_WORD_ONE + ephports_directory_slot(old, 0, cpu + 1) -
				    EPHPORTS_WORD_LOCK, word);
}

/* Its bucket locked, a record of a CPU's table goes. */
static __always_inline void ephports_directory_forget(atomic64_t *word, unsigned int cpu)
{
	s64 old = atomic64_read(word);
	s64 new;

	do {
		new = old - EPHPORTS_WORD_ONE - ephports_directory_slot(old, cpu + 1, cpu + 1);
	} while (!atomic64_try_cmpxchg(word, &old, new));
}

#endif /* EPHPORTS_DIRECTORY_H */
