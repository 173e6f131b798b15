// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to records, noted down for whoever watches; nothing while nobody does.
 *
 * Each CPU has a ring of events that are yet to be told. A drain hands them on, those of all
 * CPUs merged by their times. It need not guess how late a CPU may be: an event's time is
 * taken with its ring locked, and not before the ring's last drain. So once a drain has read
 * the clock and then held each ring's lock, whatever happened until then is in the rings, and
 * whatever comes later has a later time and waits for the next drain.
 *
 * A ring that is full takes no more until the next drain; what it turns away is counted by
 * namespace, and handed on as a gap in the place where the events would have stood.
 *
 * Locks: a ring's is the innermost of all (table.c), taken with interrupts off. Rings come
 * and go with those who watch, who see to it that only one of them opens, closes or drains.
 */
#include <linux/cpumask.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>
#include <linux/vmalloc.h>

#include <linux/ephports.h>

#include "log.h"
#include "stream.h"

#define MIN_EVENTS	1024u
#define MAX_EVENTS	(1u << 23)
#define MIN_RING	1024u
#define GAPS		8	/* namespaces that a full ring tells apart */

static unsigned int events = 65536;
module_param(events, uint, 0444);
MODULE_PARM_DESC(events, "events to buffer while somebody watches, 1024 to 8388608 (168 bytes each; per CPU a power of two, at least 1024; default 65536, 10.5 MiB)");

/* What a ring turned away, since the last drain that took it along. */
struct gaps {
	u64 at;		/* number of the event before which they fall */
	u32 n;		/* lines in use; line 0 is the earliest */
	struct ephports_stream_gap lines[GAPS];
};

struct ring {
	raw_spinlock_t lock;
	struct ephports_stream_event *events;
	u64 head;	/* number of the event to come */
	u64 tail;	/* number of the earliest that is not handed on */
	u64 last;	/* time of the latest event, or of a drain after it */
	struct gaps gaps;
};

/* A ring as a drain found it. */
struct source {
	struct ring *ring;
	u64 next;
	u64 end;
	struct gaps gaps;
};

static_assert(sizeof(struct ephports_stream_event) == 168);

DEFINE_STATIC_KEY_FALSE(ephports_stream_key);

static DEFINE_PER_CPU(struct ring, rings);
static u32 size;			/* of each ring, a power of two */
static struct source *sources;		/* as many as there are rings; NULL while closed */

static struct ephports_stream_event *event_at(const struct ring *ring, u64 number)
{
	return &ring->events[number & (size - 1)];
}

/* Ring locked. The last line takes all namespaces that the others have no place for. */
static void note_gap(struct ring *ring, u64 nsid, u64 now)
{
	struct gaps *gaps = &ring->gaps;
	struct ephports_stream_gap *line;
	u32 i;

	for (i = 0; i < gaps->n; i++)
		if (gaps->lines[i].nsid == nsid || i == GAPS - 1)
			break;
	line = &gaps->lines[i];
	if (!gaps->n)
		gaps->at = ring->head;
	if (i == gaps->n) {
		gaps->n++;
		*line = (struct ephports_stream_gap){ .nsid = nsid, .first = now };
	} else if (line->nsid != nsid) {
		line->nsid = 0;
	}
	line->count++;
	line->last = now;
}

static void note(u8 kind, const struct ephports_record *rec, const struct ephports_sock *sock)
{
	struct ephports_stream_event *event;
	unsigned long flags;
	struct ring *ring;

	local_irq_save(flags);
	ring = this_cpu_ptr(&rings);
	raw_spin_lock(&ring->lock);
	ring->last = max(ring->last, ktime_get_boottime_ns());
	if (likely(ring->head - ring->tail < size)) {
		event = event_at(ring, ring->head++);
		event->time = ring->last;
		event->rec = *rec;
		event->sock = *sock;
		event->kind = kind;
	} else {
		note_gap(ring, rec->nsid, ring->last);
	}
	raw_spin_unlock(&ring->lock);
	local_irq_restore(flags);
}

/**
 * ephports_stream_note_came() - what ephports_stream_came() does while somebody watches
 * @rec: the record, its bucket locked
 * @cause: why it came
 */
void ephports_stream_note_came(const struct ephports_record *rec, enum ephports_cause cause)
{
	struct ephports_sock sock;

	ephports_sock_read(rec, &sock);
	note(cause == EPHPORTS_ASSIGNED ? EPHPORTS_EVENT_ASSIGNED :
	     cause == EPHPORTS_CLONED ? EPHPORTS_EVENT_TIME_WAIT : EPHPORTS_EVENT_FOUND,
	     rec, &sock);
}

/**
 * ephports_stream_note_went() - what ephports_stream_went() does while somebody watches
 * @rec: the record, its bucket locked; if it was released, its socket cannot go before this
 *	returns
 * @cause: why it goes
 */
void ephports_stream_note_went(const struct ephports_record *rec, enum ephports_cause cause)
{
	struct ephports_sock sock;

	/* The timewait socket that took over stands in its place. */
	if (rec->flags & EPHPORTS_F_HANDED)
		return;
	if (cause == EPHPORTS_RELEASED) {
		ephports_sock_last(rec, rec->key, &sock);
		note(EPHPORTS_EVENT_RELEASED, rec, &sock);
		return;
	}
	ephports_sock_read(rec, &sock);
	note(EPHPORTS_EVENT_DROPPED, rec, &sock);
}

/**
 * ephports_stream_note_refused() - what ephports_stream_refused() does while somebody watches
 * @rec: who asked
 * @sock: from where, towards whom; there is no state to speak of
 */
void ephports_stream_note_refused(const struct ephports_record *rec,
				  const struct ephports_sock *sock)
{
	struct ephports_sock stateless = *sock;

	stateless.state = EPHPORTS_STATE_UNKNOWN;
	note(EPHPORTS_EVENT_FAILED, rec, &stateless);
}

/* Returns whether the ring has anything from before @until. */
static bool take_stock(struct ring *ring, u64 until, struct source *source)
{
	bool any;

	raw_spin_lock_irq(&ring->lock);
	ring->last = max(ring->last, until);
	source->ring = ring;
	source->next = ring->tail;
	source->end = ring->head;
	source->gaps.n = 0;
	if (ring->gaps.n && ring->gaps.lines[0].first <= until) {
		source->gaps = ring->gaps;
		ring->gaps.n = 0;
	}
	any = source->next != source->end || source->gaps.n;
	raw_spin_unlock_irq(&ring->lock);
	return any;
}

/* When the next thing of a source happened, U64_MAX after the last. */
static u64 next_time(const struct source *source)
{
	if (source->gaps.n && source->next == source->gaps.at)
		return source->gaps.lines[0].first;
	if (source->next < source->end)
		return event_at(source->ring, source->next)->time;
	return U64_MAX;
}

static struct source *earliest(u32 n, u64 until)
{
	struct source *found = NULL;
	u64 time;
	u32 i;

	for (i = 0; i < n; i++) {
		time = next_time(&sources[i]);
		if (time > until)
			continue;
		until = time;
		found = &sources[i];
	}
	return found;
}

static void hand_on(struct source *source, const struct ephports_stream_sink *sink, void *ctx)
{
	u32 i;

	if (!source->gaps.n || source->next != source->gaps.at) {
		sink->event(event_at(source->ring, source->next++), ctx);
		return;
	}
	for (i = 0; i < source->gaps.n; i++)
		sink->gap(&source->gaps.lines[i], ctx);
	source->gaps.n = 0;
}

static void make_room(const struct source *source)
{
	raw_spin_lock_irq(&source->ring->lock);
	source->ring->tail = source->next;
	raw_spin_unlock_irq(&source->ring->lock);
}

/**
 * ephports_stream_drain() - hand on all that happened until now
 * @sink: to whom; it sees the events of all drains in the order of their times, and gaps
 *	in the order of the first event that they lack
 * @ctx: handed to @sink
 *
 * Context: process context, may sleep; while the stream is open.
 */
void ephports_stream_drain(const struct ephports_stream_sink *sink, void *ctx)
{
	u64 until = ktime_get_boottime_ns();
	struct source *source;
	unsigned int cpu;
	u32 i, n = 0;

	for_each_possible_cpu(cpu)
		n += take_stock(&per_cpu(rings, cpu), until, &sources[n]);
	while ((source = earliest(n, until))) {
		hand_on(source, sink, ctx);
		cond_resched();
	}
	for (i = 0; i < n; i++)
		make_room(&sources[i]);
}

static void free_rings(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		vfree(per_cpu(rings, cpu).events);
		per_cpu(rings, cpu).events = NULL;
	}
	kvfree(sources);
	sources = NULL;
}

static int alloc_rings(void)
{
	unsigned int cpu;

	sources = kvcalloc(num_possible_cpus(), sizeof(*sources), GFP_KERNEL);
	if (!sources)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct ring *ring = &per_cpu(rings, cpu);

		ring->head = 0;
		ring->tail = 0;
		ring->last = 0;
		ring->gaps.n = 0;
		ring->events = vmalloc_node(array_size(size, sizeof(*ring->events)),
					    cpu_to_node(cpu));
		if (!ring->events)
			return -ENOMEM;
	}
	return 0;
}

/**
 * ephports_stream_open() - note down what happens from now on
 *
 * Context: process context, sleeps.
 *
 * Return: 0, also if it was open, or -ENOMEM.
 */
int ephports_stream_open(void)
{
	int err;

	if (sources)
		return 0;
	err = alloc_rings();
	if (err)
		free_rings();
	else
		static_branch_enable(&ephports_stream_key);
	return err;
}

/**
 * ephports_stream_close() - note down no more, and forget what was not handed on
 *
 * Context: process context, sleeps.
 */
void ephports_stream_close(void)
{
	if (!sources)
		return;
	static_branch_disable(&ephports_stream_key);
	/* Whoever notes has preemption off. */
	synchronize_rcu();
	free_rings();
}

/**
 * ephports_stream_init() - nothing is allocated before somebody watches
 *
 * Return: 0, -EINVAL for a number of events out of bounds.
 */
int ephports_stream_init(void)
{
	unsigned int cpu;

	if (events < MIN_EVENTS || events > MAX_EVENTS) {
		ephports_err("not loaded: events=%u is not from %u to %u", events, MIN_EVENTS,
			     MAX_EVENTS);
		return -EINVAL;
	}
	size = max(events / num_possible_cpus(), MIN_RING);
	size = rounddown_pow_of_two(size);
	for_each_possible_cpu(cpu)
		raw_spin_lock_init(&per_cpu(rings, cpu).lock);
	return 0;
}
