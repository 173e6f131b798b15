// SPDX-License-Identifier: GPL-2.0
/* Thresholds of alerts, and alerts as they come. */
#include <netinet/in.h>
#include <stdlib.h>

#include "situation.h"

static void test_alerts_set(void)
{
	struct json_object *doc;

	reset();
	EXPECT(run(cmd_alerts) == EXIT_OK);
	EXPECT_STR(output, "notice    50%\nwarning   80%\ncritical  90%\n"
		   "clear     10% below a threshold its level is left\n");
	es.set = "warning=70,clear=0";
	doc = run_json(cmd_alerts, EXIT_OK);
	EXPECT(number(doc, "notice") == 50 && number(doc, "warning") == 70);
	EXPECT(number(doc, "critical") == 90 && number(doc, "clear") == 0);
	json_object_put(doc);
}

static void test_alerts_refused(void)
{
	static const char *const wrong[] = {
		"", "notice", "notice=", "notice=0", "notice=101", "clear=51", "frob=5",
		"notice=50,", "notice=50 %", "notice=-5", "warning=5x", "notic=50",
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		reset();
		es.set = wrong[i];
		EXPECT(run(cmd_alerts) == EXIT_USAGE);
		EXPECT(fake.thresholds.notice == 50);
	}
}

static const struct alert alerts[] = {
	{ .told = ALL_TOLD & ~TOLD(EPHPORTS_A_ALERT_FAILURES), .time_ns = NOW,
	  .netns = NETNS, .proto = IPPROTO_TCP, .level = EPHPORTS_LEVEL_WARNING,
	  .was = EPHPORTS_LEVEL_NOTICE, .used = 22600, .capacity = 28232 },
	{ .told = 0 },
	{ .told = TOLD(EPHPORTS_A_ALERT_FAILURES) | TOLD(EPHPORTS_A_ALERT_PEER_PORT),
	  .time_ns = NOW, .netns = NETNS, .proto = IPPROTO_UDP,
	  .level = EPHPORTS_LEVEL_CRITICAL, .origin = EPHPORTS_ORIGIN_SEND, .failures = 12,
	  .local = { 4, { 10, 0, 0, 5 } }, .peer = { 4, { 10, 0, 0, 9 } }, .peer_port = 53 },
};

static void test_alerts_follow(void)
{
	struct json_object *line;
	char *second;

	reset();
	setenv("TZ", "UTC", 1);
	es.follow = true;
	fake.alerts = alerts;
	fake.n_alerts = 3;
	EXPECT(run(cmd_alerts) == EXIT_RUNTIME);
	EXPECT_STR(output,
"2023-11-14 22:13:20 warning: tcp 80.1%, 22600 of 28232 ports in use, was notice, netns 4026531840\n"
"2023-11-14 22:13:20 critical: udp 10.0.0.5 -> 10.0.0.9:53 send found no free port, 12 failures "
"since loading, netns 4026531840\n");

	es.json = true;
	EXPECT(run(cmd_alerts) == EXIT_RUNTIME);
	line = json_tokener_parse(output);
	EXPECT_STR(string(line, "kind"), "threshold");
	EXPECT_STR(string(line, "was"), "notice");
	EXPECT(number(line, "used") == 22600 && !member(line, "failures"));
	json_object_put(line);
	second = strchr(output, '\n') + 1;
	EXPECT(!strncmp(second, "{\"schema\":1,\"kind\":\"lost\"}\n", 27));
	line = json_tokener_parse(strchr(second, '\n') + 1);
	EXPECT_STR(string(line, "op"), "send");
	EXPECT(number(line, "failures") == 12 && !member(line, "was"));
	json_object_put(line);

	es.set = "notice=50";
	EXPECT(run(cmd_alerts) == EXIT_USAGE);
}

static const struct ktap_test tests[] = {
	{ "alerts: thresholds", test_alerts_set },
	{ "alerts: what sets no threshold", test_alerts_refused },
	{ "alerts: as they come", test_alerts_follow },
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
