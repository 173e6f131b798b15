// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <stdlib.h>

#include "lifetimes.h"

#define FIRST_BIT	7	/* as in the module's histograms */
#define BUCKETS		48

/* A holder, in times of CLOCK_REALTIME. Many are kept. */
struct life {
	uint64_t nsid;
	uint64_t cookie;
	uint64_t from_ns;	/* 0: not seen */
	uint64_t to_ns;		/* UINT64_MAX: held */
	uint64_t closed_ns;	/* when it went to TIME_WAIT; 0: it did not, or was not seen to */
	uint16_t port;
	uint8_t proto;
};

static int grow(struct lifetimes *lifetimes, struct error *err)
{
	size_t room = lifetimes->room ? 2 * lifetimes->room : 1024;
	struct life *more;

	if (lifetimes->n == LIFETIMES_MAX)
		return error_set(err, EXIT_RUNTIME, "more than %u holders are remembered; "
				 "ask for one protocol: -t or -u", LIFETIMES_MAX);
	more = realloc(lifetimes->lives, room * sizeof(*more));
	if (!more)
		return error_set(err, EXIT_RUNTIME, "out of memory for %zu holders", room);
	lifetimes->lives = more;
	lifetimes->room = room;
	return EXIT_OK;
}

/* When TIME_WAIT took over: so long before the end, or before its age was told. */
static uint64_t closed(const struct holder *holder)
{
	const struct port *port = &holder->port;
	uint64_t end;

	if (!told(port, EPHPORTS_A_PORT_TIME_WAIT))
		return 0;
	if (told(holder, EPHPORTS_A_WHO_TO))
		end = holder->to_ns;
	else if (told(holder, EPHPORTS_A_WHO_FROM))
		end = holder->from_ns + port->age_ns;
	else
		return 0;
	return end - port->time_wait_ns;
}

int lifetimes_add(struct lifetimes *lifetimes, const struct holder *holder, struct error *err)
{
	int ret = EXIT_OK;

	if (holder_is_span(holder))
		return spans_add(&lifetimes->covered, &(struct span){ holder->covered_from_ns,
								      holder->covered_to_ns }, err);
	if (lifetimes->n == lifetimes->room)
		ret = grow(lifetimes, err);
	if (ret)
		return ret;
	lifetimes->lives[lifetimes->n++] = (struct life){
		.nsid = holder->port.nsid, .cookie = holder->port.cookie,
		.from_ns = holder->from_ns, .closed_ns = closed(holder),
		.to_ns = told(holder, EPHPORTS_A_WHO_TO) ? holder->to_ns : UINT64_MAX,
		.port = holder->port.local_port, .proto = holder->port.proto,
	};
	return EXIT_OK;
}

void lifetimes_free(struct lifetimes *lifetimes)
{
	free(lifetimes->lives);
	spans_free(&lifetimes->covered);
	*lifetimes = (struct lifetimes){ 0 };
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static bool same_port(const struct life *a, const struct life *b)
{
	return a->nsid == b->nsid && a->proto == b->proto && a->port == b->port;
}

/* Those of one port together, in time. */
static int by_port(const void *left, const void *right)
{
	const struct life *a = left, *b = right;
	int order = compare(a->nsid, b->nsid);

	if (!order)
		order = compare((uint32_t)a->proto << 16 | a->port,
				(uint32_t)b->proto << 16 | b->port);
	if (!order)
		order = compare(a->from_ns, b->from_ns);
	return order ? order : compare(a->cookie, b->cookie);
}

/* A socket and its TIME_WAIT, or one that was told twice because it let go meanwhile. */
static void merge(struct life *kept, const struct life *other, uint64_t begun_ns)
{
	uint64_t sooner = other->to_ns, later = kept->to_ns;

	if (sooner > later) {
		sooner = kept->to_ns;
		later = other->to_ns;
	}
	if (!kept->closed_ns)
		kept->closed_ns = other->closed_ns;
	/* One is held: still, or when it was told, before it was told as released. */
	kept->to_ns = later == UINT64_MAX && sooner >= begun_ns ? sooner : later;
}

void lifetimes_settle(struct lifetimes *lifetimes, uint64_t begun_ns)
{
	struct life *all = lifetimes->lives;
	size_t i, kept = 0;

	if (!lifetimes->n)
		return;
	qsort(all, lifetimes->n, sizeof(*all), by_port);
	for (i = 1; i < lifetimes->n; i++) {
		if (same_port(&all[kept], &all[i]) && all[kept].cookie == all[i].cookie &&
		    all[kept].from_ns == all[i].from_ns)
			merge(&all[kept], &all[i], begun_ns);
		else
			all[++kept] = all[i];
	}
	lifetimes->n = kept + 1;
}

static bool is_covered(const struct lifetimes *lifetimes, uint64_t from_ns, uint64_t to_ns)
{
	return spans_cover(&lifetimes->covered, &(struct span){ from_ns, to_ns });
}

static void count(struct hist *hist, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t ns = to_ns > from_ns ? to_ns - from_ns : 0;
	unsigned int bits = 0;

	while (bits < BUCKETS - 1 && ns >> (bits + FIRST_BIT + 1))
		bits++;
	hist->counts[bits]++;
}

static void count_open(const struct lifetimes *lifetimes, const struct life *life,
		       struct hist *hist)
{
	uint64_t end = life->closed_ns ? life->closed_ns : life->to_ns;

	if (life->from_ns && end != UINT64_MAX && is_covered(lifetimes, end, end))
		count(hist, life->from_ns, end);
}

static void count_time_wait(const struct lifetimes *lifetimes, const struct life *life,
			    struct hist *hist)
{
	if (life->closed_ns && life->to_ns != UINT64_MAX &&
	    is_covered(lifetimes, life->to_ns, life->to_ns))
		count(hist, life->closed_ns, life->to_ns);
}

/* Up to the next: @free_ns is when the last holder of the port before it let go. */
static void count_gap(const struct lifetimes *lifetimes, const struct life *next, uint64_t free_ns,
		      struct hist *hist)
{
	if (next->from_ns > free_ns && is_covered(lifetimes, free_ns, next->from_ns))
		count(hist, free_ns, next->from_ns);
}

void lifetimes_sum(const struct lifetimes *lifetimes, uint8_t proto, enum lifetime kind,
		   struct hist *hist)
{
	const struct life *life, *before = NULL;
	uint64_t free_ns = 0;
	size_t i;

	*hist = (struct hist){ .proto = proto, .n_counts = BUCKETS };
	for (i = 0; i < lifetimes->n; i++) {
		life = &lifetimes->lives[i];
		if (life->proto != proto)
			continue;
		if (kind == LIFETIME_OPEN)
			count_open(lifetimes, life, hist);
		else if (kind == LIFETIME_TIME_WAIT)
			count_time_wait(lifetimes, life, hist);
		else if (before && same_port(before, life))
			count_gap(lifetimes, life, free_ns, hist);
		if (!before || !same_port(before, life) || life->to_ns > free_ns)
			free_ns = life->to_ns;
		before = life;
	}
}
