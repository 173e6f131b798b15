// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of port holders, in hash tables of their own per CPU.
 *
 * A record goes into the table of the CPU that runs the assignment and stays there
 * until its release, which may run on any CPU. The directory (directory.h) finds it again:
 * where it knows of more records than its slots name, all tables are asked.
 *
 * Locks, outer to inner; all are taken with interrupts off, because a handler in
 * process context is interrupted by handlers in softirq:
 *
 *	directory word	insertion alone: "is there one? then no" is one step
 *	bucket		the chain of records, and their contents
 *	free list	in pool.c
 *	ring		in stream.c: what happens to one record is noted in the order in
 *			which it does
 *
 * The release of a socket is seen before the kernel lets it go, and needs the
 * bucket's lock: who holds that lock may look at the sockets of the bucket's records
 * (and must not fault or believe what no longer fits, since a release may be missed).
 *
 * Who reads all records goes through the pool, not through the tables: there are no empty buckets
 * to pass over, and a record stays where it is from its insertion to its removal, or until it
 * leaves its place to that of the timewait socket that takes over.
 */
#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/moduleparam.h>
#include <linux/numa.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include "directory.h"
#include "log.h"
#include "pool.h"
#include "stream.h"
#include "table.h"

#define MIN_PORTS	1024u
#define MAX_PORTS	(1u << 23)

/* A record, its word of the directory and its bucket are what is told of as 128 bytes. */
static_assert(sizeof(struct ephports_record) + sizeof(atomic64_t) + 8 <= 128);

static unsigned int max_ports = 262144;
module_param(max_ports, uint, 0444);
MODULE_PARM_DESC(max_ports, "records that fit, 1024 to 8388608 (128 bytes each if a power of two, else up to 144; default 262144, 32 MiB)");

struct bucket {
	raw_spinlock_t lock;
	u32 head;
};

static DEFINE_PER_CPU(struct bucket *, tables);
struct ephports_directory ephports_directory __read_mostly;
static unsigned int bucket_bits __read_mostly;
static u64 bytes;
static u32 epoch;
static DECLARE_BITMAP(had_ports, 1 << 16);	/* ports that records ever had; only grows */

static struct bucket *key_bucket(unsigned int cpu, u64 hash)
{
	return &per_cpu(tables, cpu)[hash >> (64 - bucket_bits)];
}

/* Bucket locked. */
static u32 *find_link(struct bucket *bucket, const void *key)
{
	u32 *link = &bucket->head;

	while (*link != EPHPORTS_NIL && ephports_records[*link].key != key)
		link = &ephports_records[*link].next;
	return link;
}

/* Bucket locked; *@link is then the next record. */
static u32 unlink_record(u32 *link, unsigned int cpu, u64 hash)
{
	u32 index = *link;

	*link = ephports_records[index].next;
	ephports_directory_forget(ephports_directory_word(hash), cpu);
	return index;
}

static void drop_uncounted(u32 *link, unsigned int cpu)
{
	u64 hash = ephports_directory_hash(ephports_records[*link].key);

	ephports_table_give(&ephports_records[unlink_record(link, cpu, hash)]);
}

static void drop_record(u32 *link, unsigned int cpu, enum ephports_cause cause)
{
	ephports_stream_went(&ephports_records[*link], cause);
	drop_uncounted(link, cpu);
	ephports_count_note(cause);
}

/* What it was counted as when it was found turned out to be something else. */
static void take_back_found(const struct ephports_record *rec)
{
	ephports_count_take_back(ephports_table_found(rec));
	if (rec->flags & EPHPORTS_F_WIDENED)
		ephports_count_note(rec->flags & EPHPORTS_F_GUEST ? EPHPORTS_GUEST_WIDENED_BACK :
								    EPHPORTS_WIDENED_BACK);
}

/*
 * What a walk put in, and finds at its end to hold no port, it met between its release and
 * its leaving the kernel's table: nothing was amiss, and nothing was mended. Nor was it if its
 * memory is a holder's again by then.
 */
static void drop_stale(u32 *link, unsigned int cpu)
{
	if (!(ephports_records[*link].flags & EPHPORTS_F_MET)) {
		drop_record(link, cpu, EPHPORTS_MENDED_OUT);
		return;
	}
	ephports_stream_went(&ephports_records[*link], EPHPORTS_MENDED_OUT);
	take_back_found(&ephports_records[*link]);
	drop_uncounted(link, cpu);
}

/* What is done to a record that was found, its bucket locked. */
typedef void (*action)(u32 *link, unsigned int cpu, void *ctx);

static __always_inline bool act_on_cpu(unsigned int cpu, u64 hash, const void *key, action act,
				       void *ctx)
{
	struct bucket *bucket = key_bucket(cpu, hash);
	bool found;
	u32 *link;

	if (READ_ONCE(bucket->head) == EPHPORTS_NIL)
		return false;
	raw_spin_lock(&bucket->lock);
	link = find_link(bucket, key);
	found = *link != EPHPORTS_NIL;
	if (found)
		act(link, cpu, ctx);
	raw_spin_unlock(&bucket->lock);
	return found;
}

/* For a record that may have no slot. */
static noinline bool act_on_all(u64 hash, const void *key, action act, void *ctx)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (act_on_cpu(cpu, hash, key, act, ctx))
			return true;
	return false;
}

/*
 * Find the record of @key wherever it is, and do something to it; interrupts off. A
 * record that is in is found for certain: its part of the directory word comes and goes
 * with its bucket locked.
 */
static __always_inline bool act_on_key(u64 word, u64 hash, const void *key, action act, void *ctx)
{
	u64 left = ephports_directory_count(word), slots;
	unsigned int cpu;

	ephports_directory_each_cpu(cpu, slots, word) {
		if (act_on_cpu(cpu, hash, key, act, ctx))
			return true;
		left--;
	}
	return unlikely(left) && act_on_all(hash, key, act, ctx);
}

/*
 * Word locked, which this unlocks; @old is what it was, and others may have gone since. The id
 * comes last: what has one is whole, and in the chain. Inlined by force: out of line, it is 40
 * instructions more for each assignment.
 */
static __always_inline void link_record(u32 index, u64 hash, u64 old, enum ephports_cause cause)
{
	struct bucket *bucket = &__this_cpu_read(tables)[hash >> (64 - bucket_bits)];
	struct ephports_record *rec = &ephports_records[index];

	raw_spin_lock(&bucket->lock);
	rec->next = bucket->head;
	WRITE_ONCE(bucket->head, index);
	/* Pairs with ephports_record_id(). */
	smp_store_release(&rec->id, ephports_pool_id());
	ephports_stream_came(rec, cause);
	ephports_directory_add(ephports_directory_word(hash), old, raw_smp_processor_id());
	raw_spin_unlock(&bucket->lock);
}

/* A record that is to be put in, and what became of the one that was there. */
struct newcomer {
	const struct ephports_record *rec;
	enum ephports_cause cause;
	struct ephports_record *stale;
	bool known;
};

/*
 * Whether the holder that is to be put in is this one. Who takes a port that it was found to hold,
 * by a walk that is over, has given it back meanwhile.
 */
static bool is_same_holder(const struct ephports_record *old, const struct ephports_record *rec)
{
	bool again = (old->flags & EPHPORTS_F_ADOPTED) && !(old->flags & EPHPORTS_F_MET) &&
		     !(rec->flags & EPHPORTS_F_ADOPTED);

	return old->cookie == rec->cookie && old->port == rec->port && old->proto == rec->proto &&
	       !again;
}

/*
 * A holder that was assigned its port while a walk had met it already: what the walk could
 * not know is now known, and it is counted as what it is. One that is another socket's, or
 * of another port that the same socket had, is stale.
 */
static void settle(u32 *link, unsigned int cpu, void *ctx)
{
	struct newcomer *newcomer = ctx;
	struct ephports_record *old = &ephports_records[*link];
	struct ephports_record rec;

	newcomer->known = is_same_holder(old, newcomer->rec);
	if (!newcomer->known) {
		if (!(old->flags & EPHPORTS_F_MET))
			*newcomer->stale = *old;
		drop_stale(link, cpu);
		return;
	}
	ephports_table_mark(old);
	/* Who takes a port anew has given it back, also if that was missed. */
	old->flags &= ~EPHPORTS_F_HANDED;
	if (!(old->flags & EPHPORTS_F_ADOPTED) || (newcomer->rec->flags & EPHPORTS_F_ADOPTED))
		return;
	take_back_found(old);
	rec = *newcomer->rec;
	rec.id = old->id;
	rec.next = old->next;
	*old = rec;
	ephports_stream_came(old, newcomer->cause);
	ephports_count_note(newcomer->cause);
}

/* Word locked. Kept apart, so that what is common is quick. */
static noinline bool is_known(u64 word, u64 hash, const struct ephports_record *rec,
			      enum ephports_cause cause, struct ephports_record *stale)
{
	struct newcomer newcomer = { .rec = rec, .cause = cause, .stale = stale };

	act_on_key(word, hash, rec->key, settle, &newcomer);
	return newcomer.known;
}

/**
 * ephports_table_insert() - record a holder
 * @rec: all but id and next; its epoch is filled in
 * @cause: what to count it as
 * @stale: a record with the same key and another cookie or port is what a missed release
 *	left behind: it goes here, and is counted as mended out; without one, @stale->id is 0
 *
 * Context: any but hard interrupts; no bucket locked.
 */
enum ephports_inserted ephports_table_insert(struct ephports_record *rec,
					     enum ephports_cause cause,
					     struct ephports_record *stale)
{
	u64 hash = ephports_directory_hash(rec->key);
	atomic64_t *word = ephports_directory_word(hash);
	enum ephports_inserted answer = EPHPORTS_NEW;
	unsigned long flags;
	u32 index;
	u64 old;

	stale->id = 0;
	if (unlikely(!test_bit(rec->port, had_ports)))
		set_bit(rec->port, had_ports);
	ephports_table_mark(rec);
	local_irq_save(flags);
	old = ephports_directory_lock(word);
	if (unlikely(old) && is_known(old, hash, rec, cause, stale)) {
		ephports_directory_unlock(word);
		answer = EPHPORTS_KNOWN;
		goto out;
	}
	index = ephports_pool_take(!(rec->flags & EPHPORTS_F_GUEST));
	if (unlikely(index == EPHPORTS_NIL)) {
		ephports_directory_unlock(word);
		answer = EPHPORTS_NO_ROOM;
		goto out;
	}
	rec->id = 0;
	ephports_records[index] = *rec;
	link_record(index, hash, old, cause);
	ephports_count_note(cause);
out:
	local_irq_restore(flags);
	return answer;
}

struct handing {
	u64 cookie;
	u16 port;
	bool found;	/* there is a record of this holder */
	u32 place;	/* EPHPORTS_NIL: none was free to which it could go aside */
};

/* Its place is left to the one that takes over, and what it says to be filled in. */
static void move_aside(u32 *link, unsigned int cpu, void *ctx)
{
	struct handing *handing = ctx;
	struct ephports_record *rec = &ephports_records[*link];
	u64 id = rec->id;
	u32 aside;

	handing->found = rec->cookie == handing->cookie && rec->port == handing->port;
	if (!handing->found)
		return;
	aside = ephports_pool_take(!(rec->flags & EPHPORTS_F_GUEST));
	if (unlikely(aside == EPHPORTS_NIL))
		return;
	handing->place = *link;
	*link = aside;
	WRITE_ONCE(rec->id, EPHPORTS_ID_CHANGES);
	smp_wmb();	/* who finds it half changed finds its id changed */
	ephports_records[aside] = *rec;
	ephports_records[aside].flags |= EPHPORTS_F_HANDED;
	/* Pairs with ephports_record_id(). */
	smp_store_release(&ephports_records[aside].id, id);
}

/* Interrupts off; the record at @place is nobody's but ours, and who reads it waits. */
static void take_over(u32 place, const void *to, u64 now, struct ephports_record *stale)
{
	struct ephports_record *rec = &ephports_records[place];
	u64 hash = ephports_directory_hash(to), old;
	atomic64_t *word = ephports_directory_word(hash);

	rec->key = to;
	rec->handed = now;
	rec->flags &= ~(EPHPORTS_F_MET | EPHPORTS_F_HANDED);
	rec->flags |= EPHPORTS_F_TIMEWAIT;
	ephports_table_mark(rec);
	old = ephports_directory_lock(word);
	/* None of the timewait socket's own can be there, before it is in the kernel's tables. */
	if (unlikely(old) && is_known(old, hash, rec, EPHPORTS_CLONED, stale)) {
		ephports_directory_unlock(word);
		ephports_table_give(rec);
		return;
	}
	link_record(place, hash, old, EPHPORTS_CLONED);
	ephports_count_note(EPHPORTS_CLONED);
}

/**
 * ephports_table_hand_over() - record that a timewait socket takes over what a socket holds
 * @from: the socket; its record is EPHPORTS_F_HANDED until it is released
 * @to: the timewait socket. Its record stands where the other's stood: who reads all meets the one
 *	before or the other after, whenever it comes by
 * @cookie: of both
 * @port: of both
 * @now: ns of CLOCK_BOOTTIME
 * @stale: as of ephports_table_insert()
 *
 * Context: any but hard interrupts; no bucket locked. Neither can be released before this returns.
 *
 * Return: what came of it.
 */
enum ephports_handed ephports_table_hand_over(const void *from, const void *to, u64 cookie,
					      u16 port, u64 now, struct ephports_record *stale)
{
	struct handing handing = { .cookie = cookie, .port = port, .place = EPHPORTS_NIL };
	u64 hash = ephports_directory_hash(from);
	u64 word = atomic64_read(ephports_directory_word(hash));
	unsigned long flags;

	stale->id = 0;
	if (!word)
		return EPHPORTS_HANDED_NOTHING;
	local_irq_save(flags);
	act_on_key(word, hash, from, move_aside, &handing);
	if (likely(handing.place != EPHPORTS_NIL))
		take_over(handing.place, to, now, stale);
	local_irq_restore(flags);
	if (likely(handing.place != EPHPORTS_NIL))
		return EPHPORTS_HANDED_OVER;
	return handing.found ? EPHPORTS_HANDED_NO_ROOM : EPHPORTS_HANDED_NOTHING;
}

struct taking {
	u64 hash;
	u64 cookie;
	u16 port;
	u32 index;	/* EPHPORTS_NIL: there was none of this holder */
};

/* Inlined by force: out of line, it is 30 instructions of each release. */
static __always_inline void take_record(u32 *link, unsigned int cpu, void *ctx)
{
	struct taking *taking = ctx;

	/* A walk's late find; the holder that its memory is now, or its port, has no record. */
	if (unlikely((ephports_records[*link].flags & EPHPORTS_F_MET) &&
		     (ephports_records[*link].cookie != taking->cookie ||
		      ephports_records[*link].port != taking->port))) {
		drop_stale(link, cpu);
		return;
	}
	ephports_stream_went(&ephports_records[*link], EPHPORTS_RELEASED);
	taking->index = unlink_record(link, cpu, taking->hash);
}

/**
 * ephports_table_take() - the holder let go of its port
 * @key: the holder
 * @cookie: its cookie, 0 if it has none
 * @port: that port
 *
 * Context: interrupts off; no bucket locked.
 *
 * Return: its record, which is in the tables no more, for ephports_table_give(); or NULL.
 */
struct ephports_record *ephports_table_take(const void *key, u64 cookie, u16 port)
{
	struct taking taking = {
		.hash = ephports_directory_hash(key),
		.cookie = cookie,
		.port = port,
		.index = EPHPORTS_NIL,
	};
	u64 word = atomic64_read(ephports_directory_word(taking.hash));

	act_on_key(word, taking.hash, key, take_record, &taking);
	if (taking.index == EPHPORTS_NIL)
		return NULL;
	ephports_count_note(EPHPORTS_RELEASED);
	return &ephports_records[taking.index];
}

struct visit {
	ephports_visitor visit;
	void *ctx;
};

static void visit_record(u32 *link, unsigned int cpu, void *ctx)
{
	struct visit *visit = ctx;

	visit->visit(&ephports_records[*link], visit->ctx);
}

/**
 * ephports_table_visit() - look at, or change, the record of one holder
 * @key: the holder
 * @visit: called with the bucket locked and interrupts off; may change owner,
 *	reason, flags and epoch; its answer is not asked for
 * @ctx: handed to @visit
 *
 * Return: whether there is a record.
 */
bool ephports_table_visit(const void *key, ephports_visitor visit, void *ctx)
{
	u64 hash = ephports_directory_hash(key);
	u64 word = atomic64_read(ephports_directory_word(hash));
	struct visit act = { visit, ctx };
	unsigned long flags;
	bool found;

	if (likely(!word))
		return false;
	local_irq_save(flags);
	found = act_on_key(word, hash, key, visit_record, &act);
	local_irq_restore(flags);
	return found;
}

/**
 * ephports_table_had_port() - whether a record of this port is there, or was since loading
 * @port: host byte order
 */
bool ephports_table_had_port(u16 port)
{
	return test_bit(port, had_ports);
}

static enum ephports_visit copy_record(struct ephports_record *rec, void *ctx)
{
	*(struct ephports_record *)ctx = *rec;
	return EPHPORTS_STOP;
}

/**
 * ephports_table_copy() - a copy of the record of one holder
 * @key: the holder
 * @copy: filled if there is one
 *
 * Return: whether there is a record.
 */
bool ephports_table_copy(const void *key, struct ephports_record *copy)
{
	return ephports_table_visit(key, copy_record, copy);
}

struct stop {
	u32 index;
	ephports_visitor visit;
	void *ctx;
	bool met;
	enum ephports_visit answer;
};

/* A record that is at another index came later, has gone aside, or has been visited there. */
static void visit_there(u32 *link, unsigned int cpu, void *ctx)
{
	struct stop *stop = ctx;

	stop->met = *link == stop->index;
	if (!stop->met)
		return;
	stop->answer = stop->visit(&ephports_records[*link], stop->ctx);
	if (stop->answer == EPHPORTS_REMOVE)
		drop_stale(link, cpu);
}

/*
 * Until its bucket is locked, the record may go, and its place be another's: what is read of it
 * by then only serves to find the bucket. Who has taken over its place is to be met instead.
 */
static enum ephports_visit visit_index(u32 index, ephports_visitor visit, void *ctx)
{
	struct stop stop = { .index = index, .visit = visit, .ctx = ctx, .answer = EPHPORTS_NEXT };
	const struct ephports_record *rec = &ephports_records[index];
	unsigned long flags;
	const void *key;
	u64 id;

	do {
		id = ephports_record_id(rec);
		if (!id)
			break;
		key = READ_ONCE(rec->key);
		local_irq_save(flags);
		act_on_cpu(ephports_pool_cpu(id), ephports_directory_hash(key), key, visit_there,
			   &stop);
		local_irq_restore(flags);
	} while (unlikely(!stop.met) && ephports_record_changed(rec, id));
	return stop.answer;
}

#define STRIDE	256	/* records between two chances for others to run */

/**
 * ephports_table_walk() - visit every record, from where the cursor stands
 * @cursor: moved on
 * @visit: called with the bucket locked and interrupts off; quick, no sleep
 * @ctx: handed to @visit
 *
 * Context: process context; may sleep between records.
 *
 * Return: true if @visit stopped the walk, false at the end.
 */
bool ephports_table_walk(struct ephports_cursor *cursor, ephports_visitor visit, void *ctx)
{
	while (cursor->index < ephports_pool_used()) {
		if (cursor->index % STRIDE == 0)
			cond_resched();
		if (visit_index(cursor->index++, visit, ctx) == EPHPORTS_STOP)
			return true;
	}
	return false;
}

/**
 * ephports_table_new_epoch() - a walk begins
 *
 * Records are marked with the epoch that they were put in or met in: after the walk, those
 * with an older mark were not met.
 */
void ephports_table_new_epoch(void)
{
	WRITE_ONCE(epoch, epoch + 1);
}

/**
 * ephports_table_mark() - a record is of this epoch
 * @rec: not in the table, or its bucket locked
 */
void ephports_table_mark(struct ephports_record *rec)
{
	rec->epoch = READ_ONCE(epoch);
}

bool ephports_table_marked(const struct ephports_record *rec)
{
	return rec->epoch == (u8)READ_ONCE(epoch);
}

/**
 * ephports_table_found() - what to count a holder as that is found without a record
 * @rec: the record that it gets
 */
enum ephports_cause ephports_table_found(const struct ephports_record *rec)
{
	if (READ_ONCE(epoch) <= 1)
		return EPHPORTS_ADOPTED;
	if (rec->flags & EPHPORTS_F_WIDENED)
		return rec->flags & EPHPORTS_F_GUEST ? EPHPORTS_GUEST_WIDENED : EPHPORTS_WIDENED;
	return rec->flags & EPHPORTS_F_GUEST ? EPHPORTS_GUEST_MENDED_IN : EPHPORTS_MENDED_IN;
}

/**
 * ephports_table_lost() - what to count a holder as that finds no room
 * @rec: the record that it does not get
 */
enum ephports_cause ephports_table_lost(const struct ephports_record *rec)
{
	return rec->flags & EPHPORTS_F_GUEST ? EPHPORTS_GUEST_LOST : EPHPORTS_LOST;
}

u32 ephports_table_capacity(void)
{
	return max_ports;
}

/**
 * ephports_table_bytes() - memory allocated here, fixed at loading
 */
u64 ephports_table_bytes(void)
{
	return bytes + (u64)max_ports * sizeof(struct ephports_record);
}

static void *alloc_table(size_t n, size_t size, int node)
{
	void *mem = vmalloc_node(array_size(n, size), node);

	if (mem)
		bytes += n * size;
	return mem;
}

static int init_cpu(unsigned int cpu)
{
	struct bucket *table = alloc_table(1u << bucket_bits, sizeof(*table), cpu_to_node(cpu));
	u32 i;

	per_cpu(tables, cpu) = table;
	if (!table)
		return -ENOMEM;
	for (i = 0; i < 1u << bucket_bits; i++) {
		raw_spin_lock_init(&table[i].lock);
		table[i].head = EPHPORTS_NIL;
	}
	return 0;
}

/**
 * ephports_table_init() - allocate all the memory that will ever be used
 *
 * Return: 0, -EINVAL for a max_ports out of bounds, -ENOMEM.
 */
int ephports_table_init(void)
{
	unsigned int directory_bits;
	atomic64_t *words;
	unsigned int cpu;
	int err;

	if (max_ports < MIN_PORTS || max_ports > MAX_PORTS) {
		ephports_err("not loaded: max_ports=%u is not from %u to %u", max_ports, MIN_PORTS, MAX_PORTS);
		return -EINVAL;
	}
	directory_bits = order_base_2(max_ports);
	ephports_directory.shift = 64 - directory_bits;
	bucket_bits = order_base_2(max(max_ports / num_possible_cpus(), MIN_PORTS));

	words = alloc_table(1u << directory_bits, sizeof(*words), NUMA_NO_NODE);
	ephports_directory.words = words;
	err = words ? ephports_pool_init(max_ports) : -ENOMEM;
	if (!err)
		memset(words, 0, sizeof(*words) << directory_bits);
	for_each_possible_cpu(cpu)
		err = err ?: init_cpu(cpu);
	if (err)
		ephports_table_exit();
	return err;
}

/**
 * ephports_table_exit() - free everything; nobody uses it any more
 */
void ephports_table_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		vfree(per_cpu(tables, cpu));
	vfree(ephports_directory.words);
	ephports_pool_exit();
}
