// SPDX-License-Identifier: GPL-2.0
/* What is unusual, and what is not. */
#include <netinet/in.h>
#include <stdlib.h>

#include "unusual.h"

#include "ktap.h"

#define MS	1000000ull
#define SECOND	1000000000ull

static struct unusual *unusual;
static struct unusual_flag flag;
static unsigned int flags;
static uint64_t now;

static void start(void)
{
	unusual_free(unusual);
	unusual = unusual_new();
	now = 1000 * SECOND;
	flags = 0;
}

static void take(uint32_t pid, uint32_t host, uint16_t port)
{
	struct event event = {
		.told = UINT64_MAX, .kind = EPHPORTS_EVENT_ASSIGNED, .boot_ns = now, .time_ns = now,
		.port = { .told = UINT64_MAX, .proto = IPPROTO_TCP, .pid = pid, .comm = "scan",
			  .origin = EPHPORTS_ORIGIN_CONNECT, .peer_port = port, .netns = 1 },
	};
	struct unusual_flag told_flag;

	event.port.peer.len = 4;
	memcpy(event.port.peer.bytes, &host, sizeof(host));
	if (unusual_event(unusual, &event, &told_flag)) {
		flag = told_flag;
		flags++;
	}
}

/* Ports of one address, one in so much time. */
static void scan_ports(uint32_t pid, unsigned int n, uint64_t every)
{
	unsigned int i;

	for (i = 0; i < n; i++, now += every)
		take(pid, 7, 1 + i);
}

static void test_ports(void)
{
	start();
	scan_ports(1, UNUSUAL_PORTS, MS);
	EXPECT(!flags);
	take(1, 7, 5);
	EXPECT(!flags);
	scan_ports(1, 200, MS);
	EXPECT(flags == 1 && flag.rule == UNUSUAL_BY_PORTS && flag.who.pid == 1);
	EXPECT(flag.distinct == UNUSUAL_PORTS + 1 && flag.host.bytes[0] == 7);
	EXPECT(flag.window_ns >= 100 * MS && flag.window_ns < 110 * MS);
}

static void test_hosts(void)
{
	unsigned int i;

	start();
	for (i = 0; i < UNUSUAL_HOSTS; i++)
		take(1, i, 443);
	EXPECT(!flags);
	for (i = 0; i < 1000; i++)
		take(1, 1000 + i, 443);
	EXPECT(flags == 1 && flag.rule == UNUSUAL_BY_HOSTS && flag.distinct == UNUSUAL_HOSTS + 1);
}

static void test_ordinary(void)
{
	unsigned int i;

	start();
	/* A busy client of few services, at a steady rate, for ten minutes. */
	for (i = 0; i < 60000; i++, now += 10 * MS)
		take(1, i % 20, 443);
	/* One that is slow. */
	scan_ports(2, 300, 300 * MS);
	EXPECT(!flags);
}

static void test_rate(void)
{
	unsigned int i;

	start();
	for (i = 0; i < 1000; i++, now += 100 * MS)
		take(1, 3, 443);
	EXPECT(!flags);
	for (i = 0; i < 2000; i++, now += MS)
		take(1, 3, 443);
	EXPECT(flags == 1 && flag.rule == UNUSUAL_BY_RATE);
	EXPECT(flag.habit >= 60 && flag.habit <= 100 && flag.taken > 600);

	/* A burst of what nobody knows yet is no sign. */
	start();
	for (i = 0; i < 5000; i++, now += MS)
		take(1, 3, 443);
	EXPECT(!flags);

	/* Habits fade. */
	start();
	for (i = 0; i < 5000; i++, now += 20 * MS)
		take(1, 3, 443);
	now += 3600 * SECOND;
	for (i = 0; i < 600; i++, now += MS)
		take(1, 3, 443);
	EXPECT(flags == 1 && flag.habit < 10);
}

static void test_quiet(void)
{
	start();
	scan_ports(1, 100, MS);
	now += 60 * SECOND;
	scan_ports(1, 100, MS);
	EXPECT(flags == 1);
	scan_ports(2, 100, MS);
	EXPECT(flags == 2 && flag.who.pid == 2);
	now += UNUSUAL_QUIET_NS;
	scan_ports(1, 100, MS);
	EXPECT(flags == 3 && flag.who.pid == 1);
}

/* More processes than there is room for; who scans among them is found all the same. */
static void test_many(void)
{
	unsigned int i;

	start();
	for (i = 0; i < 200000; i++, now += MS / 100)
		take(1000 + i % 5000, i % 9, 80);
	EXPECT(!flags);
	for (i = 0; i < 200; i++) {
		take(1, 7, i);
		take(1000 + i % 1000, 9, 80);
	}
	EXPECT(flags == 1 && flag.who.pid == 1);
}

static void test_others(void)
{
	struct event event = {
		.told = UINT64_MAX, .boot_ns = SECOND,
		.port = { .told = UINT64_MAX, .pid = 1, .peer = { .len = 4 } },
	};
	unsigned int i;

	start();
	for (i = 0; i < 1000; i++) {
		event.port.peer_port = i;
		event.kind = EPHPORTS_EVENT_RELEASED;
		EXPECT(!unusual_event(unusual, &event, &flag));
		event.kind = EPHPORTS_EVENT_ASSIGNED;
		event.port.origin = EPHPORTS_ORIGIN_ACCEPT;
		EXPECT(!unusual_event(unusual, &event, &flag));
		event.port.origin = EPHPORTS_ORIGIN_CONNECT;
		event.port.told &= ~TOLD(EPHPORTS_A_PORT_PID);
		EXPECT(!unusual_event(unusual, &event, &flag));
		event.port.told = UINT64_MAX;
	}
}

static void test_words(void)
{
	struct text row = { 0 };

	start();
	setenv("TZ", "UTC", 1);
	scan_ports(1, 100, 10 * MS);
	unusual_text(&row, &flag);
	EXPECT_STR(text_get(&row), "00:16:40.500 unusual ports: scan[1] went to 51 ports of 7.0.0.0, "
		   "taking 51 ports in 500ms, uid 0, netns 1");
}

static const struct ktap_test tests[] = {
	{ "unusual: many ports of one address", test_ports },
	{ "unusual: many addresses", test_hosts },
	{ "unusual: ordinary clients are not", test_ordinary },
	{ "unusual: a rate far over the habit", test_rate },
	{ "unusual: each is told once in a while", test_quiet },
	{ "unusual: more processes than fit", test_many },
	{ "unusual: releases and accepted connections are nobody's doing", test_others },
	{ "unusual: in words", test_words },
};

int main(void)
{
	int ret = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));

	unusual_free(unusual);
	return ret;
}
