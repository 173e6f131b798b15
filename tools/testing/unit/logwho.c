// SPDX-License-Identifier: GPL-2.0
/* Who held a port, from a log that a test makes up. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "madelog.h"

static void test_plain(void)
{
	begin();
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 1, 0);
	put(EPHPORTS_EVENT_TIME_WAIT, 2, 100, 5, 4);
	put(EPHPORTS_EVENT_RELEASED, 2, 100, 65, 64);
	put_look(0, 30);
	put(EPHPORTS_EVENT_ASSIGNED, 3, 101, 66, 0);
	put_look(30, 65);
	end_run();
	ask();
	EXPECT(n_held == 2 && n_spans == 1 && is_span(0, 0, 65));
	if (told(&held[0], EPHPORTS_A_WHO_TO)) {
		EXPECT(is_held(0, 1, 65) && held[0].port.pid == 7);
		EXPECT(is_at(held[1].from_ns, 66) && !told(&held[1], EPHPORTS_A_WHO_TO));
	} else {
		EXPECT(is_held(1, 1, 65));
	}

	es.filter.port_low = es.filter.port_high = PORT + 1;
	ask();
	EXPECT(!n_held && n_spans == 1);
	es.filter.port_low = es.filter.port_high = PORT;
	question.netns = NETNS + 1;
	ask();
	EXPECT(!n_held && !n_spans);
}

static void test_again(void)
{
	begin();
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 1, 0);
	put(EPHPORTS_EVENT_RELEASED, 1, 100, 2, 1);
	put(EPHPORTS_EVENT_ASSIGNED, 2, 100, 3, 0);
	put(EPHPORTS_EVENT_RELEASED, 2, 100, 4, 1);
	end_run();
	ask();
	EXPECT(n_held == 2 && (is_held(0, 1, 2) || is_held(1, 1, 2)));
	EXPECT(is_held(0, 3, 4) || is_held(1, 3, 4));
}

static void test_gaps(void)
{
	begin();
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 1, 0);
	put_look(0, 9);
	put_lost(10, 20);
	put_look(9, 21);
	put_snapshot(22);
	put(EPHPORTS_EVENT_ASSIGNED, 2, 101, 25, 0);
	put_look(21, 33);
	put_span(LOG_DISK, 30, 40);
	put_span(LOG_DOUBT, 35, 50);
	put_look(50, 54);
	put_snapshot(55);
	put(EPHPORTS_EVENT_RELEASED, 2, 101, 60, 35);
	put_look(54, 66);
	put_span(LOG_DOUBT, 62, 70);
	put(EPHPORTS_EVENT_ASSIGNED, 3, 102, 80, 0);
	put_look(70, 80);
	end_run();
	ask();
	EXPECT(n_spans == 4 && is_span(0, 0, 10) && is_span(1, 20, 30) && is_span(2, 50, 62));
	EXPECT(is_span(3, 70, 80));
	EXPECT(n_held == 3);
}

/* Who took a port in the gap, and holds it, is known from a whole snapshot alone. */
static void test_unfinished(void)
{
	begin();
	put(LOG_SNAPSHOT, 0, 0, 1, 0);
	put_end(1, 1);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 5, 0);
	put_look(0, 9);
	put_lost(10, 20);
	put(LOG_SNAPSHOT, 0, 0, 30, 0);
	put(EPHPORTS_EVENT_ASSIGNED, 2, 101, 40, 0);
	put_look(9, 39);
	end_run();
	ask();
	EXPECT(n_spans == 0 && n_held == 2);

	/* The first of two that is whole is good for all since the gap. */
	begin();
	put(LOG_SNAPSHOT, 0, 0, 1, 0);
	put_end(1, 1);
	put_snapshot(11);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 15, 0);
	put_look(0, 14);
	/* Told late, of a time before that snapshot: it has all that was lost. */
	put_lost(5, 8);
	put(EPHPORTS_EVENT_RELEASED, 1, 100, 20, 5);
	put_look(14, 20);
	end_run();
	ask();
	EXPECT(n_spans == 2 && is_span(0, 0, 5) && is_span(1, 8, 20));
}

/* Nothing but the word of the module counts. */
static void test_without_a_look(void)
{
	begin();
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 1, 0);
	put(EPHPORTS_EVENT_RELEASED, 1, 100, 20, 19);
	end_run();
	ask();
	EXPECT(n_spans == 0 && n_held == 1);
}

/* Told after what came later had been vouched for. */
static void test_late(void)
{
	begin();
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 1, 0);
	put_look(0, 22);
	put_span(LOG_DOUBT, 20, 25);
	put_lost(5, 8);
	put(EPHPORTS_EVENT_ASSIGNED, 2, 101, 26, 0);
	put_snapshot(27);
	put(EPHPORTS_EVENT_RELEASED, 2, 101, 30, 4);
	put_look(25, 30);
	end_run();
	ask();
	EXPECT(n_spans == 3 && is_span(0, 0, 5) && is_span(1, 8, 20) && is_span(2, 25, 30));

	/* What counted already does no more: there was no snapshot after what was lost. */
	begin();
	put_snapshot(0);
	put_look(0, 30);
	put_lost(30, 31);
	put_lost(5, 8);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 32, 0);
	put_look(31, 40);
	end_run();
	ask();
	EXPECT(n_spans == 1 && is_span(0, 0, 5));
}

static void test_ranges(void)
{
	begin();
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 1, 0);
	put_look(0, 10);
	put_look_at(50000, 60999, 10, 20);
	put(EPHPORTS_EVENT_RELEASED, 1, 100, 30, 29);
	put_look(20, 30);
	end_run();
	ask();
	EXPECT(n_spans == 2 && is_span(0, 0, 10) && is_span(1, 20, 30) && !question.doubt);
	question.since_ns = spans[0].covered_from_ns + 12 * SECOND;
	question.until_ns = question.since_ns + SECOND;
	ask();
	EXPECT(n_spans == 2 && question.doubt && strstr(question.doubt, "ip_local_port_range"));

	/* Nobody is recorded who holds port 80. */
	question = (struct question){ .es = &es, .netns = NETNS };
	es.filter.port_low = es.filter.port_high = 80;
	ask();
	EXPECT(n_spans == 0 && question.doubt);
}

/* What the log of all namespaces does not say is the range of the others. */
static void test_places(void)
{
	begin();
	logged.netns = 0;
	logged.all_netns = true;
	end_run();
	begin_run();
	watch_from(0);
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 10, 0);
	put_look(0, 10);
	end_run();
	ask();
	EXPECT(n_spans == 1 && n_held == 1 && !question.doubt);
	question.netns = NETNS + 1;
	ask();
	EXPECT(n_spans == 0 && n_held == 0 && question.doubt);
	es.filter.all_netns = true;
	ask();
	EXPECT(n_spans == 0 && n_held == 1 && question.doubt);
}

static void test_boots(void)
{
	begin();
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 10, 0);
	put_look(0, 10);
	end_run();
	age_by_a_boot();

	/* The host's namespace is the host's, whatever its number is today. */
	question.netns = NETNS + 7;
	question.is_hosts = true;
	ask();
	EXPECT(n_spans == 1 && n_held == 1 && !question.doubt);
	/* Another's number may have been anybody's. */
	question.netns = NETNS;
	question.is_hosts = false;
	ask();
	EXPECT(n_spans == 0 && n_held == 0 && question.doubt && strstr(question.doubt, "boot"));
}

static void test_snapshots(void)
{
	unsigned int i;

	begin();
	put(LOG_SNAPSHOT, 0, 0, 0, 0);
	put(LOG_HELD, 1, 100, 0, UINT64_MAX);
	put(LOG_SNAPSHOT_END, 0, 0, 0, 0);
	put(EPHPORTS_EVENT_ASSIGNED, 2, 101, 5, 0);
	put(EPHPORTS_EVENT_ASSIGNED, 4, 103, 6, 0);
	put_lost(10, 20);
	put(LOG_SNAPSHOT, 0, 0, 30, 0);
	put(LOG_HELD, 1, 100, 30, UINT64_MAX);
	/* Met a second after the snapshot began. */
	put(LOG_HELD, 4, 103, 30, 25);
	put(LOG_HELD, 3, 102, 30, 15);
	put(LOG_SNAPSHOT_END, 0, 0, 30, 0);
	put(EPHPORTS_EVENT_RELEASED, 1, 100, 40, UINT64_MAX);
	put(EPHPORTS_EVENT_RELEASED, 3, 102, 50, 35);
	end_run();
	ask();
	EXPECT(n_held == 4);
	for (i = 0; i < n_held; i++) {
		switch (held[i].port.id) {
		case 1:
			EXPECT(!told(&held[i], EPHPORTS_A_WHO_FROM));
			EXPECT(is_at(held[i].to_ns, 40));
			break;
		case 2:
			/* It went in the gap, nobody saw when. */
			EXPECT(is_held(i, 5, 20));
			break;
		case 4:
			EXPECT(is_at(held[i].from_ns, 6));
			break;
		default:
			EXPECT(is_held(i, 15, 50));
		}
	}
}

/* Who is not in it may be none of those that the run follows. */
static void test_narrower_run(void)
{
	begin();
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 1, 0);
	end_run();
	logged.proto = IPPROTO_UDP;
	begin_run();
	watch_from(30);
	put_snapshot(30);
	end_run();
	ask();
	EXPECT(n_held == 1 && !told(&held[0], EPHPORTS_A_WHO_TO));
	logged.proto = IPPROTO_TCP;
	begin_run();
	watch_from(40);
	put_snapshot(40);
	end_run();
	ask();
	EXPECT(n_held == 1 && is_held(0, 1, 40));
}

static void test_runs(void)
{
	begin();
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 1, 0);
	put(EPHPORTS_EVENT_ASSIGNED, 2, 101, 2, 0);
	put_look(0, 2);
	end_run();
	begin_run();
	watch_from(30);
	put(LOG_SNAPSHOT, 0, 0, 30, 0);
	put(LOG_HELD, 1, 100, 30, 29);
	put(LOG_SNAPSHOT_END, 0, 0, 30, 0);
	put(EPHPORTS_EVENT_RELEASED, 1, 100, 40, 39);
	/* It is about more than this run. */
	put_look(20, 40);
	end_run();
	ask();
	EXPECT(n_spans == 2 && is_span(0, 0, 2) && is_span(1, 30, 40));
	EXPECT(n_held == 2 && (is_held(0, 1, 40) || is_held(1, 1, 40)));
	EXPECT(is_held(0, 2, 30) || is_held(1, 2, 30));

	/* Nothing from before the second run matters, and its file is the first that is read. */
	question.since_ns = spans[1].covered_from_ns + 20 * SECOND;
	ask();
	EXPECT(n_held == 0);
}

/* To whom a socket is connected after it has taken its port, is told when it is released. */
static void test_peers(void)
{
	const struct address peer = { 4, { 10, 0, 0, 9 } };
	struct log_record record = {
		.type = EPHPORTS_EVENT_RELEASED, .boot_ns = 0,
		.event = { .kind = EPHPORTS_EVENT_RELEASED, .seq = 2, .port = {
			.told = TOLD(EPHPORTS_A_PORT_COOKIE) | TOLD(EPHPORTS_A_PORT_LOCAL_PORT) |
				TOLD(EPHPORTS_A_PORT_AGE),
			.id = 1, .cookie = 100, .age_ns = 29 * SECOND, .local_port = PORT,
			.proto = IPPROTO_TCP, .netns = NETNS, .peer = peer, .peer_port = 53 } },
	};

	begin();
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 1, 0);
	put(EPHPORTS_EVENT_ASSIGNED, 3, 102, 25, 0);
	put(EPHPORTS_EVENT_RELEASED, 3, 102, 26, 1);
	put_look(0, 28);
	record.boot_ns = start + 30 * SECOND;
	es.filter.peer.addr = peer;
	es.filter.peer.bits = 32;
	end_run();
	ask();
	EXPECT(n_held == 0 && n_spans == 1 && question.doubt && strstr(question.doubt, "connected"));
	begin_run();
	watch_from(28);
	EXPECT(!log_write(writer, &record, &err));
	end_run();
	question.doubt = NULL;
	ask();
	EXPECT(n_held == 1 && is_held(0, 1, 30) && !question.doubt);
}

/* Nor does a log of one peer's have all of them. */
static void test_filters(void)
{
	begin();
	end_run();
	logged.proto = IPPROTO_UDP;
	begin_run();
	watch_from(10);
	put_snapshot(10);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 20, 0);
	put_look(10, 20);
	end_run();
	ask();
	EXPECT(n_spans == 0);
	es.filter.proto = IPPROTO_UDP;
	ask();
	EXPECT(n_spans == 1 && is_span(0, 10, 20));

	begin();
	end_run();
	logged.peer.addr = es.filter.peer.addr = (struct address){ 4, { 10, 0, 0, 9 } };
	logged.peer.bits = es.filter.peer.bits = 32;
	begin_run();
	watch_from(0);
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 5, 0);
	put_look(0, 5);
	end_run();
	ask();
	EXPECT(n_spans == 0);
	filter_init(&es.filter);
}

static const struct ktap_test tests[] = {
	{ "log: who held a port", test_plain },
	{ "log: one socket that took a port twice", test_again },
	{ "log: what is missing is in no span", test_gaps },
	{ "log: without a whole snapshot nothing is vouched for", test_unfinished },
	{ "log: nor is what the module did not vouch for", test_without_a_look },
	{ "log: a loss that is told late", test_late },
	{ "log: what is not in the range is not vouched for", test_ranges },
	{ "log: nor is what another namespace's range was", test_places },
	{ "log: a namespace's number is good for one boot", test_boots },
	{ "log: snapshots tell who went unseen", test_snapshots },
	{ "log: a run that follows others ends nobody", test_narrower_run },
	{ "log: two runs", test_runs },
	{ "log: a peer may come later", test_peers },
	{ "log: what a filter left out is not vouched for", test_filters },
};

int main(void)
{
	return madelog_run(tests, sizeof(tests) / sizeof(tests[0]));
}
