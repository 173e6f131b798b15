// SPDX-License-Identifier: GPL-2.0
/* Who held a port, from a log that a test makes up. */
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loglook.h"
#include "logread.h"
#include "logwho.h"
#include "logwrite.h"
#include "situation.h"

#define PORT	43210

static char path[] = "/tmp/ephstat-logwho-XXXXXX";
static struct filter logged;
static const struct log_place here = { .netns = NETNS, .is_hosts = true };
static struct log_writer *writer;
static struct log_done done;
static struct question question;
static struct holder held[16];
static struct holder spans[16];
static unsigned int n_held, n_spans;
static uint64_t start;		/* CLOCK_BOOTTIME, from which events are told */

static void begin_run(void)
{
	const struct log_limits limits = { .size = 1 << 20, .age_ns = 3600 * SECOND };
	int dir;

	EXPECT(!log_dir_lock(path, &dir, &err));
	EXPECT(!log_writer_new(&writer, dir, &limits, &logged, &here, &err));
}

static void watch_from(uint64_t s)
{
	EXPECT(!log_writer_watch(writer, start + s * SECOND, &err));
}

/* One run that has watched since second 0. */
static void begin(void)
{
	reset();
	EXPECT(!system("rm -f /tmp/ephstat-logwho-*/*"));
	filter_init(&logged);
	logged.netns = NETNS;
	start = log_now();
	begin_run();
	watch_from(0);
	question = (struct question){ .es = &es, .netns = NETNS };
	filter_init(&es.filter);
	es.filter.port_low = es.filter.port_high = PORT;
}

/* At second @s; @age is in seconds too, UINT64_MAX: not known. */
static void put(uint8_t type, uint64_t id, uint64_t cookie, uint64_t s, uint64_t age)
{
	struct log_record record = {
		.type = type, .boot_ns = start + s * SECOND,
		.event = { .kind = type, .seq = id, .port = {
			.told = TOLD(EPHPORTS_A_PORT_COOKIE) | TOLD(EPHPORTS_A_PORT_LOCAL_PORT) |
				(age == UINT64_MAX ? 0 : TOLD(EPHPORTS_A_PORT_AGE)),
			.id = id, .cookie = cookie, .age_ns = age * SECOND, .local_port = PORT,
			.proto = IPPROTO_TCP, .netns = NETNS, .pid = 7, .comm = "curl" } },
	};

	EXPECT(!log_write(writer, &record, &err));
}

static void put_end(uint32_t code, uint64_t s)
{
	const struct log_record record = {
		.type = LOG_SNAPSHOT_END, .boot_ns = start + s * SECOND, .code = code,
	};

	EXPECT(!log_write(writer, &record, &err));
}

/* Of nobody. */
static void put_snapshot(uint64_t s)
{
	put(LOG_SNAPSHOT, 0, 0, s, 0);
	put_end(0, s);
}

/* The module vouches for that time, with this range. */
static void put_look_at(uint16_t low, uint16_t high, uint64_t from, uint64_t until)
{
	const struct log_record record = {
		.type = LOG_LOOK, .boot_ns = start + until * SECOND,
		.from_ns = start + from * SECOND, .until_ns = start + until * SECOND,
		.port_low = low, .port_high = high,
	};

	EXPECT(!log_write(writer, &record, &err));
}

static void put_look(uint64_t from, uint64_t until)
{
	put_look_at(32768, 60999, from, until);
}

static void put_span(uint8_t type, uint64_t from, uint64_t until)
{
	const struct log_record record = {
		.type = type, .boot_ns = start + until * SECOND, .from_ns = start + from * SECOND,
		.until_ns = start + until * SECOND, .count = 5,
	};

	EXPECT(!log_write(writer, &record, &err));
}

static void put_lost(uint64_t from, uint64_t until)
{
	const struct log_record record = {
		.type = EPHPORTS_EVENT_LOST, .boot_ns = start + from * SECOND,
		.event = { .kind = EPHPORTS_EVENT_LOST, .lost = 3,
			   .lost_span_ns = (until - from) * SECOND },
	};

	EXPECT(!log_write(writer, &record, &err));
}

static void end_run(void)
{
	log_writer_end(writer, LOG_STOP_ASKED, &done);
}

static int see(const struct holder *holder, void *arg)
{
	(void)arg;
	if (holder_is_span(holder))
		spans[n_spans++] = *holder;
	else
		held[n_held++] = *holder;
	return EXIT_OK;
}

static void ask(void)
{
	bool interrupted = false;

	n_held = n_spans = 0;
	EXPECT(!log_holders(&question, see, NULL, path, &interrupted, &err));
}

/* Clocks move a little while the test runs. */
static bool is_at(uint64_t wall_ns, uint64_t s)
{
	struct timespec now;
	uint64_t wall;

	clock_gettime(CLOCK_REALTIME, &now);
	wall = (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec - log_now() + start +
	       s * SECOND;
	return wall_ns + SECOND / 10 > wall && wall_ns < wall + SECOND / 10;
}

static bool is_span(unsigned int i, uint64_t from, uint64_t until)
{
	return i < n_spans && is_at(spans[i].covered_from_ns, from) &&
	       is_at(spans[i].covered_to_ns, until);
}

static bool is_held(unsigned int i, uint64_t from, uint64_t until)
{
	return i < n_held && is_at(held[i].from_ns, from) && is_at(held[i].to_ns, until) &&
	       told(&held[i], EPHPORTS_A_WHO_FROM) && told(&held[i], EPHPORTS_A_WHO_TO);
}

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

/* As if the log were of a boot before this one. */
static void test_boots(void)
{
	struct log_names names;
	struct log_header header;
	uint8_t raw[LOG_HEADER_SIZE];
	char file[PATH_MAX];
	int dir, fd;
	off_t at = 0;

	begin();
	put_snapshot(0);
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 10, 0);
	put_look(0, 10);
	end_run();
	EXPECT(!log_dir_open(path, &dir, &err));
	EXPECT(!log_dir_list(dir, &names, &err) && names.n > 0);
	snprintf(file, sizeof(file), "%s/%s", path, names.names[names.n - 1].name);
	fd = open(file, O_RDWR);
	while (pread(fd, raw, sizeof(raw), at) == sizeof(raw) && log_header_read(&header, raw)) {
		header.boot_id[0] ^= 1;
		log_header_write(&header, raw);
		EXPECT(pwrite(fd, raw, sizeof(raw), at) == sizeof(raw));
		at += LOG_HEADER_SIZE + header.size;
	}
	EXPECT(at > 0);
	close(fd);
	close(dir);
	log_names_free(&names);

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

static struct log_look look;

/* The run has events since second @s. */
static void look_from(uint64_t s)
{
	put_snapshot(s);
	look = (struct log_look){
		.writer = writer, .vouched_ns = start + s * SECOND, .asked_ns = log_now(),
		.err = &err,
	};
}

static void begin_looking(void)
{
	begin();
	look_from(0);
}

/* The module says at second @s from when to when it knew all: two seconds each. */
static void say(uint16_t low, uint64_t s, unsigned int n, const uint64_t *seconds)
{
	struct log_verdict verdict = {
		.asked_ns = start + s * SECOND, .port_low = low, .port_high = 60999,
	};
	unsigned int i;

	for (i = 0; i < n; i += 2)
		EXPECT(!spans_add(&verdict.spans,
				  &(struct span){ start + seconds[i] * SECOND,
						  start + seconds[i + 1] * SECOND }, &err));
	EXPECT(!log_look_judge(&look, &verdict));
	EXPECT(!log_look_on(&look, verdict.asked_ns));
}

#define SAY_OF(low, s, ...)							\
	say(low, s, sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t),	\
	    (const uint64_t[]){ __VA_ARGS__ })
#define SAY(s, ...)	SAY_OF(32768, s, __VA_ARGS__)

static void end_looking(void)
{
	log_look_free(&look);
	end_run();
	ask();
}

static void test_taken_back(void)
{
	/* Up to the last second. */
	begin_looking();
	SAY(10, 0, 10);
	end_looking();
	EXPECT(n_spans == 1 && is_span(0, 0, 9));

	/* All that was before. */
	begin_looking();
	SAY(10, 0, 10);
	SAY(20, 0, 20);
	SAY(30, 29, 30);
	SAY(40, 29, 40);
	end_looking();
	EXPECT(n_spans == 1 && is_span(0, 29, 39));

	/* A gap that turns out to have begun earlier, and one behind it. */
	begin_looking();
	SAY(10, 0, 10);
	SAY(12, 0, 11);
	SAY(14, 0, 5);
	SAY(20, 0, 5, 15, 20);
	SAY(30, 0, 5, 15, 16, 17, 18, 19, 30);
	end_looking();
	EXPECT(n_spans == 4 && is_span(0, 0, 5) && is_span(1, 15, 16) && is_span(2, 17, 18));
	EXPECT(is_span(3, 19, 29));

	/* A range that was moved takes nothing back. */
	begin_looking();
	SAY(10, 0, 10);
	SAY_OF(50000, 20, 15, 20);
	SAY(30, 25, 30);
	end_looking();
	EXPECT(n_spans == 2 && is_span(0, 0, 9) && is_span(1, 25, 29));

	/* What was taken back while nobody logged. */
	begin_looking();
	SAY(10, 0, 10);
	log_look_free(&look);
	end_run();
	begin_run();
	watch_from(20);
	look_from(20);
	SAY(30, 0, 3, 12, 30);
	end_looking();
	EXPECT(n_spans == 2 && is_span(0, 0, 3) && is_span(1, 20, 29));
}

/* A reader that lags gets as far as it has read. */
static void test_lagging(void)
{
	struct log_verdict verdict = {
		.asked_ns = 0, .port_low = 32768, .port_high = 60999,
	};

	begin_looking();
	verdict.asked_ns = start + 20 * SECOND;
	EXPECT(!spans_add(&verdict.spans, &(struct span){ start, verdict.asked_ns }, &err));
	EXPECT(!log_look_judge(&look, &verdict));
	EXPECT(!log_look_on(&look, start + 5 * SECOND));
	EXPECT(!log_look_on(&look, start + 7 * SECOND));
	end_looking();
	EXPECT(n_spans == 1 && is_span(0, 0, 7));
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
	{ "log: what the module takes back", test_taken_back },
	{ "log: no more is vouched for than was read", test_lagging },
	{ "log: snapshots tell who went unseen", test_snapshots },
	{ "log: a run that follows others ends nobody", test_narrower_run },
	{ "log: two runs", test_runs },
	{ "log: a peer may come later", test_peers },
	{ "log: what a filter left out is not vouched for", test_filters },
};

int main(void)
{
	int ret;

	if (!mkdtemp(path))
		return 1;
	ret = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
	runner_forget();
	return ret || system("rm -rf /tmp/ephstat-logwho-*");
}
