// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "logheld.h"
#include "match.h"

#define BUCKETS		65536

/*
 * A holder is known by its socket's cookie, which a timewait socket has from the socket before it,
 * and which outlives the module; without one, by the number of its record.
 */
struct held {
	struct held *chain;
	struct holder holder;
	uint64_t boot_from;		/* as holder.from_ns, CLOCK_BOOTTIME */
	uint32_t snapshot;		/* the last one that had it */
	bool passes;
	bool may_pass;			/* if not, perhaps since */
	bool guessed;			/* nobody saw its end */
	bool over;			/* of a boot before */
};

struct log_held {
	const struct filter *filter;
	uint64_t since_ns;
	int64_t wall_ns;
	struct filter followed;		/* by the run */
	uint32_t snapshot;
	uint64_t snapshot_ns;		/* 0: none, or not all of it */
	struct held *buckets[BUCKETS];
};

struct log_held *log_held_new(const struct filter *filter, uint64_t since_ns)
{
	struct log_held *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->filter = filter;
	h->since_ns = since_ns;
	return h;
}

void log_held_free(struct log_held *h)
{
	unsigned int i;

	for (i = 0; h && i < BUCKETS; i++) {
		while (h->buckets[i]) {
			struct held *held = h->buckets[i];

			h->buckets[i] = held->chain;
			free(held);
		}
	}
	free(h);
}

static bool has_cookie(const struct port *port)
{
	return told(port, EPHPORTS_A_PORT_COOKIE) && port->cookie;
}

static bool is_open(const struct held *held)
{
	return !told(&held->holder, EPHPORTS_A_WHO_TO);
}

static unsigned int bucket_of(const struct port *port)
{
	uint64_t key = has_cookie(port) ? port->cookie : ~port->id;

	return (key ^ key >> 16) % BUCKETS;
}

static bool is_same(const struct port *a, const struct port *b)
{
	if (a->proto != b->proto || a->local_port != b->local_port || a->netns != b->netns ||
	    has_cookie(a) != has_cookie(b))
		return false;
	return has_cookie(a) ? a->cookie == b->cookie : a->id == b->id;
}

/* The latest; the others of the same socket are over. */
static struct held *find(struct log_held *h, const struct port *port)
{
	struct held *held = h->buckets[bucket_of(port)];

	while (held && (held->over || !is_same(&held->holder.port, port)))
		held = held->chain;
	return held;
}

static struct held *add(struct log_held *h, const struct port *port)
{
	struct held *held = calloc(1, sizeof(*held)), **bucket = &h->buckets[bucket_of(port)];

	if (!held)
		return NULL;
	held->holder.told = TOLD(EPHPORTS_A_WHO_HOLDER);
	held->snapshot = h->snapshot;
	held->chain = *bucket;
	*bucket = held;
	return held;
}

static bool passes(const struct log_held *h, const struct port *port)
{
	return (!h->filter->netns || h->filter->netns == port->netns) &&
	       filter_passes(h->filter, port);
}

static bool may_pass(const struct log_held *h, const struct port *port)
{
	return (!h->filter->netns || h->filter->netns == port->netns) &&
	       filter_may_pass(h->filter, port);
}

/* The later word about a holder; what only an earlier one had stays. */
static void update(struct log_held *h, struct held *held, const struct log_record *record)
{
	const struct port *port = &record->event.port;
	struct holder *holder = &held->holder;

	holder->port = *port;
	/* The age in a snapshot is of a moment in it, and not of its beginning. */
	if (told(port, EPHPORTS_A_PORT_AGE) &&
	    !(record->type == LOG_HELD && told(holder, EPHPORTS_A_WHO_FROM))) {
		holder->told |= TOLD(EPHPORTS_A_WHO_FROM);
		held->boot_from = record->boot_ns - port->age_ns;
		holder->from_ns = held->boot_from + (uint64_t)h->wall_ns;
	}
	held->passes = passes(h, port);
	held->may_pass = may_pass(h, port);
}

static void end(struct log_held *h, struct held *held, uint64_t boot_ns, bool guessed)
{
	held->holder.told |= TOLD(EPHPORTS_A_WHO_TO);
	held->holder.to_ns = boot_ns + (uint64_t)h->wall_ns;
	held->guessed = guessed;
}

static void reopen(struct held *held)
{
	held->holder.told &= ~TOLD(EPHPORTS_A_WHO_TO);
	held->guessed = false;
}

/* What is of no interest any more makes room. */
static void forget(struct log_held *h, struct held *held)
{
	struct held **link = &h->buckets[bucket_of(&held->holder.port)];

	if (held->holder.to_ns >= h->since_ns && held->passes)
		return;
	while (*link != held)
		link = &(*link)->chain;
	*link = held->chain;
	free(held);
}

/* The same socket may have taken the port once more since. */
static bool is_another(const struct held *held, const struct log_record *record)
{
	const struct port *port = &record->event.port;

	return !is_open(held) && !held->guessed &&
	       (!told(port, EPHPORTS_A_PORT_AGE) ||
		record->boot_ns - port->age_ns > held->boot_from + 1000);
}

static int note_holding(struct log_held *h, const struct log_record *record)
{
	const struct port *port = &record->event.port;
	struct held *held = find(h, port);

	if (held && is_another(held, record))
		held = NULL;
	if (!held) {
		if (!passes(h, port) && !may_pass(h, port))
			return 0;
		held = add(h, port);
		if (!held)
			return -1;
	}
	held->snapshot = h->snapshot;
	/* A snapshot may have met it in the moment before it ended. */
	if (!is_open(held) && !held->guessed)
		return 0;
	reopen(held);
	update(h, held, record);
	return 0;
}

static int note_end(struct log_held *h, const struct log_record *record)
{
	const struct port *port = &record->event.port;
	struct held *held = find(h, port);

	if (held && is_another(held, record))
		held = NULL;
	if (!held) {
		if (!passes(h, port))
			return 0;
		held = add(h, port);
		if (!held)
			return -1;
	}
	update(h, held, record);
	/* As it was to the last. */
	held->may_pass = false;
	end(h, held, record->boot_ns, false);
	forget(h, held);
	return 0;
}

/* Whether the run would tell of it; what it does not follow may go on. */
static bool is_followed(const struct log_held *h, const struct held *held)
{
	const struct port *port = &held->holder.port;
	const struct filter itself = {
		.proto = port->proto, .family = port->family, .netns = port->netns,
		.port_low = port->local_port, .port_high = port->local_port,
		.origins = port->origin < 32 ? 1u << port->origin : 0,
		.has_pid = told(port, EPHPORTS_A_PORT_PID), .pid = port->pid,
		.has_uid = told(port, EPHPORTS_A_PORT_UID), .uid = port->uid,
	};

	return filter_contains(&h->followed, &itself);
}

/* Who is not in a snapshot, and was there before it, has let go unseen. */
static void end_missing(struct log_held *h, uint64_t gap_ns)
{
	unsigned int i;

	if (!gap_ns || gap_ns > h->snapshot_ns)
		gap_ns = h->snapshot_ns;
	for (i = 0; i < BUCKETS; i++) {
		struct held *held;

		for (held = h->buckets[i]; held; held = held->chain) {
			if (!held->over && is_open(held) && held->snapshot != h->snapshot &&
			    is_followed(h, held))
				end(h, held, gap_ns, true);
		}
	}
}

void log_held_hole(struct log_held *h)
{
	h->snapshot_ns = 0;
}

void log_held_boot(struct log_held *h, uint64_t last_ns)
{
	struct held *held;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		for (held = h->buckets[i]; held; held = held->chain) {
			if (!held->over && is_open(held))
				end(h, held, last_ns, true);
			held->over = true;
		}
	}
}

int log_held_record(struct log_held *h, const struct log_record *record, uint64_t gap_ns,
		    int64_t wall_ns)
{
	h->wall_ns = wall_ns;
	switch (record->type) {
	case EPHPORTS_EVENT_ASSIGNED:
	case EPHPORTS_EVENT_TIME_WAIT:
	case EPHPORTS_EVENT_FOUND:
	case LOG_HELD:
		return note_holding(h, record);
	case EPHPORTS_EVENT_RELEASED:
	case EPHPORTS_EVENT_DROPPED:
		return note_end(h, record);
	case LOG_RUN:
		h->followed = record->run.filter;
		return 0;
	case LOG_SNAPSHOT:
		h->snapshot++;
		h->snapshot_ns = record->boot_ns;
		return 0;
	case LOG_SNAPSHOT_END:
		if (!record->code && h->snapshot_ns)
			end_missing(h, gap_ns);
		return 0;
	default:
		return 0;
	}
}

bool log_held_may_pass(const struct log_held *h, uint64_t since_ns, uint64_t until_ns)
{
	const struct held *held;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		for (held = h->buckets[i]; held; held = held->chain) {
			if (held->may_pass && held->holder.from_ns <= until_ns &&
			    (is_open(held) || held->holder.to_ns >= since_ns))
				return true;
		}
	}
	return false;
}

int log_held_tell(const struct log_held *h, int (*fn)(const struct holder *holder, void *arg),
		  void *arg)
{
	const struct held *held;
	int ret = EXIT_OK;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		for (held = h->buckets[i]; !ret && held; held = held->chain) {
			if (held->passes)
				ret = fn(&held->holder, arg);
		}
	}
	return ret;
}
