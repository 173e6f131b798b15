// SPDX-License-Identifier: GPL-2.0
/* How long ports are held, in TIME_WAIT, and left alone. */
#include <netinet/in.h>

#include "lifetimes.h"

#include "ktap.h"

#define S	1000000000ull
#define HELD	UINT64_MAX
#define BEGUN	(1000 * S)

static struct lifetimes lives;
static struct hist hist;
static struct error err;

static void begin(void)
{
	const struct holder span = {
		.told = TOLD(EPHPORTS_A_WHO_COVERED_FROM), .covered_from_ns = 100 * S,
		.covered_to_ns = BEGUN,
	};

	lifetimes_free(&lives);
	lifetimes_add(&lives, &span, &err);
}

/* Of port @port, the last @wait s of it in TIME_WAIT. */
static void add(uint64_t cookie, uint16_t port, uint64_t from, uint64_t to, uint64_t wait)
{
	struct holder holder = {
		.told = from ? TOLD(EPHPORTS_A_WHO_FROM) : 0, .from_ns = from * S,
		.port = { .cookie = cookie, .nsid = 1, .local_port = port, .proto = IPPROTO_TCP },
	};

	if (to != HELD) {
		holder.told |= TOLD(EPHPORTS_A_WHO_TO);
		holder.to_ns = to * S;
	} else {
		holder.port.age_ns = BEGUN - from * S;
	}
	if (wait) {
		holder.port.told |= TOLD(EPHPORTS_A_PORT_TIME_WAIT);
		holder.port.time_wait_ns = wait * S;
	}
	EXPECT(!lifetimes_add(&lives, &holder, &err));
}

static unsigned int bucket(uint64_t ns)
{
	unsigned int i = 0;

	while (ns >> (i + 8))
		i++;
	return i;
}

/* @n of @kind, of @s seconds, and nothing else. */
static bool is(enum lifetime kind, unsigned int n, uint64_t s)
{
	uint64_t sum = 0;
	unsigned int i;

	lifetimes_sum(&lives, IPPROTO_TCP, kind, &hist);
	for (i = 0; i < hist.n_counts; i++)
		sum += hist.counts[i];
	return sum == n && hist.counts[bucket(s * S)] == n;
}

static void test_parts(void)
{
	begin();
	add(1, 40000, 200, 300, 60);
	/* In TIME_WAIT for 8 s so far, after 100 s; open still; adopted. */
	add(2, 40001, 892, HELD, 8);
	add(3, 40002, 500, HELD, 0);
	add(4, 40003, 0, 800, 0);
	lifetimes_settle(&lives, BEGUN);
	EXPECT(lives.n == 4);
	lifetimes_sum(&lives, IPPROTO_TCP, LIFETIME_OPEN, &hist);
	EXPECT(hist.counts[bucket(40 * S)] == 1 && hist.counts[bucket(100 * S)] == 1);
	EXPECT(is(LIFETIME_TIME_WAIT, 1, 60));
	EXPECT(is(LIFETIME_GAP, 0, 0));
	lifetimes_sum(&lives, IPPROTO_UDP, LIFETIME_OPEN, &hist);
	EXPECT(!hist.counts[bucket(40 * S)] && hist.n_counts == 48);
}

/* Ports are shared by destination: only while nobody holds it is a port left alone. */
static void test_gaps(void)
{
	begin();
	add(1, 40000, 200, 400, 0);
	add(2, 40000, 250, 300, 0);
	add(3, 40000, 410, HELD, 0);
	add(4, 40000, 500, 600, 0);
	add(5, 40001, 450, 460, 0);
	lifetimes_settle(&lives, BEGUN);
	EXPECT(is(LIFETIME_GAP, 1, 10));
}

/* What ended where not everything is known is no sample. */
static void test_spans(void)
{
	begin();
	add(1, 40000, 20, 50, 5);
	add(2, 40000, 90, 120, 5);
	lifetimes_settle(&lives, BEGUN);
	EXPECT(is(LIFETIME_GAP, 0, 0) && is(LIFETIME_OPEN, 1, 25) && is(LIFETIME_TIME_WAIT, 1, 5));
}

static void test_told_twice(void)
{
	begin();
	/* Let go while it was told. */
	add(1, 40000, 200, HELD, 0);
	add(1, 40000, 200, 1001, 0);
	/* Bound by number: it holds on beside its TIME_WAIT. */
	add(2, 40001, 300, 400, 60);
	add(2, 40001, 300, HELD, 0);
	add(3, 40001, 500, 600, 0);
	lifetimes_settle(&lives, BEGUN);
	EXPECT(lives.n == 3);
	EXPECT(is(LIFETIME_GAP, 0, 0));
	EXPECT(is(LIFETIME_TIME_WAIT, 0, 0));
	lifetimes_free(&lives);
}

static const struct ktap_test tests[] = {
	{ "open and TIME_WAIT are told apart",			test_parts },
	{ "a port is left alone while nobody holds it",		test_gaps },
	{ "only what ended inside the spans counts",		test_spans },
	{ "one holder that was told twice is one",		test_told_twice },
};

KTAP_MAIN(tests)
