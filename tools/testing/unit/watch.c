// SPDX-License-Identifier: GPL-2.0
/* Events as they come. */
#include <netinet/in.h>
#include <stdlib.h>

#include "situation.h"

#define EVENT_TOLD	(ALL_TOLD & ~TOLD(EPHPORTS_A_EVENT_FAILURE))
#define LAST		4

static struct event events[LAST + 1];

static void make_events(void)
{
	const struct event assigned = {
		.told = EVENT_TOLD, .seq = 1, .kind = EPHPORTS_EVENT_ASSIGNED,
		.time_ns = NOW + 123456789, .boot_ns = 1000 * SECOND, .port = ports[0],
	};

	events[0] = assigned;
	events[1] = assigned;
	events[1].seq = 2;
	events[1].kind = EPHPORTS_EVENT_RELEASED;
	events[1].time_ns += 3 * SECOND;
	events[1].port.age_ns = 3 * SECOND;
	events[2] = (struct event){ .told = ALL_TOLD & ~TOLD(EPHPORTS_A_EVENT_PORT), .seq = 3,
		.kind = EPHPORTS_EVENT_FAILED, .time_ns = NOW, .failure = failures[1] };
	events[3] = events[2];
	events[3].failure = failures[2];
	events[LAST] = (struct event){ .told = TOLD(EPHPORTS_A_EVENT_KIND), .seq = 5,
		.kind = EPHPORTS_EVENT_LOST, .time_ns = NOW, .lost = 123,
		.lost_span_ns = SECOND / 3 };
}

static void prepare(void)
{
	reset();
	make_events();
	setenv("TZ", "UTC", 1);
	es.no_header = true;
	fake.events = events;
	fake.n_events = LAST + 1;
	fake.early_events = 1;
}

static void test_lines(void)
{
	prepare();
	EXPECT(run(cmd_watch) == EXIT_NOT_LOADED);
	EXPECT_STR(output,
"22:13:20.123 assigned  tcp   established 10.0.0.5:40001         10.0.0.9:443           connect  -      55      curl\n"
"22:13:23.123 released  tcp   established 10.0.0.5:40001         10.0.0.9:443           connect  3.0s   55      curl\n"
"22:13:20.000 failed    tcp   -           10.0.0.5:*             10.0.0.9:5432          connect  -      1234    a|b\n"
"22:13:20.000 failed    tcp   -           10.0.0.5:40001         10.0.0.9:5432          explicit -      99      nginx\n"
"22:13:20.000 lost 123 events between 22:13:20.000 and 22:13:20.333\n");
}

static void test_lost(void)
{
	prepare();
	fake.events = &events[LAST];
	fake.n_events = 1;
	EXPECT(run(cmd_watch) == EXIT_NOT_LOADED);
	EXPECT_STR(output, "22:13:20.000 lost 123 events between 22:13:20.000 and 22:13:20.333\n");
}

static struct json_object *line(unsigned int n)
{
	const char *at = output;

	while (n--)
		at = strchr(at, '\n') + 1;
	return json_tokener_parse(at);
}

static void test_json(void)
{
	struct json_object *obj;

	prepare();
	es.json = true;
	EXPECT(run(cmd_watch) == EXIT_NOT_LOADED);
	obj = line(1);
	EXPECT(number(obj, "seq") == 2 && number(obj, "time_ns") == NOW + 3123456789);
	EXPECT_STR(string(obj, "event"), "released");
	EXPECT_STR(string(obj, "proto"), "tcp");
	EXPECT(number(obj, "age_ns") == 3 * SECOND);
	EXPECT(number(obj, "local_port") == ports[0].local_port);
	json_object_put(obj);
	obj = line(2);
	EXPECT_STR(string(obj, "event"), "failed");
	EXPECT_STR(string(obj, "op"), "connect");
	EXPECT(!member(obj, "local_port"));
	json_object_put(obj);
	obj = line(LAST);
	EXPECT(number(obj, "lost") == 123 && number(obj, "until_ns") == NOW + SECOND / 3);
	json_object_put(obj);
}

static void test_asked(void)
{
	prepare();
	es.kinds = 1u << EPHPORTS_EVENT_FAILED;
	EXPECT(run(cmd_watch) == EXIT_NOT_LOADED);
	EXPECT(fake.asked_kinds == 1u << EPHPORTS_EVENT_FAILED);
	es.unusual = true;
	EXPECT(run(cmd_watch) == EXIT_USAGE);
	es.kinds = 0;
	EXPECT(run(cmd_watch) == EXIT_NOT_LOADED);
	EXPECT(fake.asked_kinds ==
	       (1u << EPHPORTS_EVENT_ASSIGNED | 1u << EPHPORTS_EVENT_FAILED));
	/* Nothing is unusual there, and a loss is told all the same. */
	EXPECT_STR(output, "22:13:20.000 lost 123 events between 22:13:20.000 and 22:13:20.333\n");
}

static const struct ktap_test tests[] = {
	{ "watch: a line an event", test_lines },
	{ "watch: a loss is a line of its own", test_lost },
	{ "watch: JSON", test_json },
	{ "watch: only the kinds that are wanted", test_asked },
};

int main(void)
{
	int ret;

	/* Warnings are not what is looked at here. */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	ret = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
	runner_forget();
	return ret;
}
