// SPDX-License-Identifier: GPL-2.0
/* Who held a port: what is made of holders and spans, and when the answer is whole. */
#include <netinet/in.h>
#include <stdlib.h>

#include "answer.h"
#include "holder.h"
#include "situation.h"

#define HELD		(ALL_TOLD & ~TOLD(EPHPORTS_A_WHO_COVERED_FROM) & ~TOLD(EPHPORTS_A_WHO_TO))
#define RELEASED	(HELD | TOLD(EPHPORTS_A_WHO_TO))
#define SPAN		TOLD(EPHPORTS_A_WHO_COVERED_FROM)
#define BEFORE(s)	(NOW - (s) * SECOND)

static struct holder told_holders[8];
static unsigned int n_told;
static bool interrupted;

static int memory(struct question *question, holder_fn fn, void *fn_arg, void *arg,
		  bool *was_interrupted, struct error *error)
{
	unsigned int i;
	int ret = EXIT_OK;

	(void)question;
	(void)arg;
	(void)error;
	*was_interrupted = interrupted;
	for (i = 0; !ret && i < n_told; i++)
		ret = fn(&told_holders[i], fn_arg);
	return ret;
}

static struct question question;

static int ask(struct ephstat *stat, int argc, char **argv, struct error *error)
{
	(void)argc;
	(void)argv;
	question.es = stat;
	return answer(&question, memory, NULL, error);
}

static void tell_span(uint64_t from_ns, uint64_t to_ns)
{
	told_holders[n_told++] = (struct holder){
		.told = SPAN, .covered_from_ns = from_ns, .covered_to_ns = to_ns,
	};
}

static struct holder *tell(uint64_t id, uint64_t from_ns, uint64_t to_ns)
{
	struct holder *holder = &told_holders[n_told++];

	*holder = (struct holder){
		.told = to_ns ? RELEASED : HELD, .from_ns = from_ns, .to_ns = to_ns,
		.port = { .told = ALL_TOLD & ~TOLD(EPHPORTS_A_PORT_TIME_WAIT) &
				 ~TOLD(EPHPORTS_A_PORT_AGE), .id = id, .cookie = id,
			  .proto = IPPROTO_TCP, .family = AF_INET, .local = address("10.0.0.5"),
			  .local_port = 43210, .peer = address("10.0.0.9"), .peer_port = 443,
			  .state = EPHPORTS_STATE_ESTABLISHED, .origin = EPHPORTS_ORIGIN_CONNECT,
			  .pid = 812, .uid = 33, .netns = NETNS, .nsid = 1, .comm = "nginx" },
	};
	return holder;
}

static void begin(void)
{
	reset();
	setenv("TZ", "UTC", 1);
	n_told = 0;
	interrupted = false;
	question = (struct question){ .now_ns = NOW, .netns = NETNS };
}

static void test_text(void)
{
	begin();
	tell(7, BEFORE(5), 0);
	tell(5, BEFORE(60) + 31000000, BEFORE(10));
	tell_span(BEFORE(100), NOW);
	EXPECT(run(ask) == EXIT_OK);
	EXPECT_STR(output,
"Netid Local Address:Port     Peer Address:Port      From                    To                      "
"Origin      Uid      Pid Command\n"
"tcp   10.0.0.5:43210         10.0.0.9:443           2023-11-14 22:12:20.031 2023-11-14 22:13:10.000 "
"connect      33      812 nginx\n"
"tcp   10.0.0.5:43210         10.0.0.9:443           2023-11-14 22:13:15.000 held                    "
"connect      33      812 nginx\n"
"every holder is told for 2023-11-14 22:11:40.000 to 2023-11-14 22:13:20.000\n");
}

static void test_nothing_known(void)
{
	begin();
	question.since_ns = BEFORE(500);
	question.until_ns = BEFORE(499);
	tell_span(BEFORE(100), NOW);
	es.no_header = true;
	EXPECT(run(ask) == EXIT_NOT_WHOLE);
	EXPECT_STR(output,
"nothing is known for certain of 2023-11-14 22:05:00.000: what is remembered begins at "
"2023-11-14 22:11:40.000\n"
"every holder is told for 2023-11-14 22:11:40.000 to 2023-11-14 22:13:20.000\n");
	n_told = 0;
	EXPECT(run(ask) == EXIT_NOT_WHOLE);
	EXPECT_STR(output, "nothing is known for certain of 2023-11-14 22:05:00.000\n"
		   "holders may be missing\n");
}

/* Inside a span, across its end, across a gap, in the gap; to the very nanosecond. */
static void test_whole(void)
{
	static const struct {
		uint64_t since, until;
		bool whole;
	} cases[] = {
		{ BEFORE(100), BEFORE(50), true }, { BEFORE(100) - 1, BEFORE(50), false },
		{ BEFORE(60), BEFORE(50) + 1, false }, { BEFORE(50) + 1, BEFORE(40) - 1, false },
		{ BEFORE(40), 0, true }, { BEFORE(60), 0, false }, { 0, 0, false },
		{ 0, BEFORE(50), true }, { 0, BEFORE(45), false }, { BEFORE(10), BEFORE(10), true },
	};
	struct json_object *doc;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		question.since_ns = cases[i].since;
		question.until_ns = cases[i].until;
		tell_span(BEFORE(100), BEFORE(50));
		tell_span(BEFORE(40), NOW);
		doc = run_json(ask, cases[i].whole ? EXIT_OK : EXIT_NOT_WHOLE);
		EXPECT(boolean(doc, "whole") == cases[i].whole);
		EXPECT(number(row(doc, "covered", 1), "from_ns") == BEFORE(40));
		json_object_put(doc);
	}
}

static void test_doubts(void)
{
	begin();
	tell_span(BEFORE(100), NOW);
	EXPECT(run(ask) == EXIT_OK);
	interrupted = true;
	EXPECT(run(ask) == EXIT_NOT_WHOLE && strstr(output, "ask again"));
	interrupted = false;
	question.doubt = "it is so";
	EXPECT(run(ask) == EXIT_NOT_WHOLE && !strncmp(output, "it is so\n", 9));
}

static void test_json(void)
{
	struct json_object *doc, *holder;

	begin();
	tell(7, BEFORE(5), 0);
	tell(5, BEFORE(60), BEFORE(10))->port.told |= TOLD(EPHPORTS_A_PORT_TIME_WAIT);
	told_holders[1].port.time_wait_ns = 3 * SECOND;
	tell(9, 0, BEFORE(90))->told &= ~TOLD(EPHPORTS_A_WHO_FROM);
	tell_span(BEFORE(100), NOW);
	doc = run_json(ask, EXIT_OK);
	EXPECT(!member(doc, "since_ns") && !member(doc, "until_ns") && !member(doc, "doubt"));
	holder = row(doc, "holders", 0);
	EXPECT(number(holder, "id") == 9 && !member(holder, "from_ns") && !member(holder, "held_ns"));
	holder = row(doc, "holders", 1);
	EXPECT(number(holder, "held_ns") == 50 * SECOND && number(holder, "to_ns") == BEFORE(10));
	EXPECT(number(holder, "time_wait_ns") == 3 * SECOND && number(holder, "pid") == 812);
	holder = row(doc, "holders", 2);
	EXPECT(!member(holder, "to_ns") && number(holder, "held_ns") == 5 * SECOND);
	EXPECT(number(holder, "nsid") == 1 && number(holder, "netns") == NETNS);
	json_object_put(doc);
}

/* A memory that tells too much. */
static void test_asked_alone(void)
{
	struct json_object *doc;

	begin();
	question.since_ns = BEFORE(50);
	question.until_ns = BEFORE(40);
	tell(1, BEFORE(60), BEFORE(50) - 1);
	tell(2, BEFORE(60), BEFORE(50));
	tell(3, BEFORE(40), 0);
	tell(4, BEFORE(40) + 1, 0);
	tell_span(BEFORE(100), NOW);
	doc = run_json(ask, EXIT_OK);
	EXPECT(json_object_array_length(member(doc, "holders")) == 2);
	EXPECT(number(row(doc, "holders", 0), "id") == 2);
	EXPECT(number(row(doc, "holders", 1), "id") == 3);
	json_object_put(doc);
}

static struct holders settled;

static void settle(void)
{
	unsigned int i;

	holders_free(&settled);
	for (i = 0; i < n_told; i++)
		holders_add(&settled, &told_holders[i], &err);
	holders_settle(&settled, NOW);
}

static void test_one_holder(void)
{
	begin();
	/* Let go while it was told. */
	tell(3, BEFORE(30), 0);
	tell(3, BEFORE(30), NOW + 5);
	/* Went to TIME_WAIT while it was told: told as both. */
	tell(5, BEFORE(20), 0);
	tell(6, BEFORE(20), 0)->port.cookie = 5;
	told_holders[3].port.told |= TOLD(EPHPORTS_A_PORT_TIME_WAIT);
	settle();
	EXPECT(settled.n == 2);
	EXPECT(settled.holders[0].to_ns == NOW + 5);
	EXPECT(!told(&settled.holders[1], EPHPORTS_A_WHO_TO) && settled.holders[1].port.id == 6);

	/* Its TIME_WAIT ended, and the socket, bound to the port by number, holds on. */
	begin();
	tell(9, BEFORE(10), BEFORE(5))->port.cookie = 8;
	told_holders[0].port.told |= TOLD(EPHPORTS_A_PORT_TIME_WAIT);
	told_holders[0].port.time_wait_ns = SECOND;
	tell(8, BEFORE(10), 0);
	settle();
	EXPECT(settled.n == 1 && !told(&settled.holders[0], EPHPORTS_A_WHO_TO));
	EXPECT(settled.holders[0].port.time_wait_ns == SECOND);

	/* One socket, two ports; the same port, twice. */
	begin();
	tell(1, BEFORE(10), BEFORE(9));
	tell(2, BEFORE(8), BEFORE(7))->port.cookie = 1;
	tell(3, BEFORE(8), 0)->port.cookie = 1;
	told_holders[2].port.local_port++;
	settle();
	EXPECT(settled.n == 3);
	holders_free(&settled);
}

static const struct ktap_test tests[] = {
	{ "holders are told in the order of time, then the span",	test_text },
	{ "what is outside all spans is said first",			test_nothing_known },
	{ "an answer is whole inside one span",				test_whole },
	{ "no answer is whole that something is against",		test_doubts },
	{ "JSON has null for what was not seen or is not over",		test_json },
	{ "only what was asked for is told",				test_asked_alone },
	{ "one holder that was told twice is one",			test_one_holder },
};

int main(void)
{
	int ret = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));

	runner_forget();
	return ret;
}
