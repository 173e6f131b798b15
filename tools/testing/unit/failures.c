// SPDX-License-Identifier: GPL-2.0
/* What the commands about failures write, of what a fake module tells. */
#include <netinet/in.h>
#include <stdlib.h>

#include "situation.h"

static void test_failures(void)
{
	struct json_object *doc, *failure;

	reset();
	doc = run_json(cmd_failures, EXIT_OK);
	EXPECT(number(doc, "total") == 1000 && number(doc, "other") == 1000 - 900 - 60);
	EXPECT(json_object_array_length(member(doc, "failures")) == 2);
	failure = row(doc, "failures", 0);
	EXPECT_STR(string(failure, "proto"), "tcp");
	EXPECT_STR(string(failure, "op"), "connect");
	EXPECT(number(failure, "count") == 900 && number(failure, "pid") == 1234);
	EXPECT_STR(string(failure, "peer_addr"), "10.0.0.9");
	EXPECT(number(failure, "peer_port") == 5432);
	EXPECT(number(failure, "first_ns") == NOW - 3600 * SECOND);
	EXPECT(number(failure, "last_ns") == NOW - 200 * SECOND);
	failure = row(doc, "failures", 1);
	EXPECT_STR(string(failure, "op"), "bind");
	EXPECT(!member(failure, "pid") && !member(failure, "peer_addr"));
	json_object_put(doc);

	reset();
	EXPECT(run(cmd_failures) == EXIT_OK);
	EXPECT_STR(output,
"Netid Call       Count  First ago  Last ago  Peer Address:Port         Uid      Pid  Command          "
"Unit or cgroup\n"
"tcp   connect      900  1h00m      3m20s     10.0.0.9:5432            1000     1234  a|b              -\n"
"udp   bind          60  2h00m      2h00m     *                           -        -  (hidden)         -\n"
"-     other         40\n"
"-     total       1000\n");
}

/* A failure during the dump: what is told may be more than the total that was read before. */
static void test_failures_race(void)
{
	struct json_object *doc;

	reset();
	failures[0].total = 10;
	doc = run_json(cmd_failures, EXIT_OK);
	EXPECT(number(doc, "total") == 10 && number(doc, "other") == 0);
	json_object_put(doc);
}

static void test_thief(void)
{
	struct json_object *doc, *conflict, *watched;

	reset();
	give_word("40001-40003");
	doc = run_json(cmd_thief, EXIT_OK);
	EXPECT(json_object_array_length(member(doc, "conflicts")) == 1);
	conflict = row(doc, "conflicts", 0);
	EXPECT(number(conflict, "port") == 40001 && number(conflict, "count") == 3);
	EXPECT_STR(string(conflict, "comm"), "nginx");
	EXPECT_STR(string(member(conflict, "holder"), "comm"), "curl");
	EXPECT(json_object_array_length(member(doc, "watched")) == 3);
	watched = row(doc, "watched", 0);
	EXPECT(number(watched, "port") == 40001 && boolean(watched, "stolen"));
	EXPECT(boolean(watched, "in_range"));
	EXPECT(!boolean(row(doc, "watched", 1), "stolen"));
	EXPECT(!member(row(doc, "watched", 2), "holder"));
	EXPECT(strstr(string(doc, "sysctl"), "40001-40003"));
	json_object_put(doc);
}

static void test_thief_text(void)
{
	reset();
	give_word("40001");
	EXPECT(run(cmd_thief) == EXIT_OK);
	EXPECT(strstr(output,
"tcp 40001: nginx[99] could not bind it, 3 times, last 3m20s ago; curl[55] has it as its source "
"port, by connect, towards 10.0.0.9:443, established, for 42s\n"
"tcp 40001: curl[55] has it as its source port, by connect, towards 10.0.0.9:443, established, "
"for 42s\n"
"to keep them from being given away: sysctl -w net.ipv4.ip_local_reserved_ports="));
	give_word("80");
	fake.n_failures = 0;
	EXPECT(run(cmd_thief) == EXIT_OK);
	EXPECT(strstr(output, "80: outside of the range, so nobody is given it\n"));
	EXPECT(!strstr(output, "sysctl"));
	n_words = 0;
	EXPECT(run(cmd_thief) == EXIT_OK && strstr(output, "nobody was refused"));
	give_word("80x");
	EXPECT(run(cmd_thief) == EXIT_USAGE);
	EXPECT_STR(output, "");
}

static void test_hist(void)
{
	struct json_object *doc, *bucket;

	reset();
	EXPECT(run(cmd_hist) == EXIT_OK);
	EXPECT_STR(output,
"tcp: time to choose a port, 106 times\n"
"    512ns    1.02us             5  ##\n"
"   1.02us    2.05us           100  ########################################\n"
"   2.05us     4.1us             0\n"
"    4.1us    8.19us             1  #\n");
	doc = run_json(cmd_hist, EXIT_OK);
	EXPECT(number(row(doc, "histograms", 0), "count") == 106);
	EXPECT_STR(string(row(doc, "histograms", 0), "kind"), "search");
	EXPECT(json_object_array_length(member(row(doc, "histograms", 0), "buckets")) == 24);
	bucket = row(row(doc, "histograms", 0), "buckets", 3);
	EXPECT(number(bucket, "from_ns") == 1024 && number(bucket, "below_ns") == 2048 &&
	       number(bucket, "count") == 100);
	bucket = row(row(doc, "histograms", 0), "buckets", 0);
	EXPECT(number(bucket, "from_ns") == 0 && number(bucket, "below_ns") == 256);
	EXPECT(!member(row(row(doc, "histograms", 0), "buckets", 23), "below_ns"));
	json_object_put(doc);

	reset();
	es.filter.proto = IPPROTO_UDP;
	EXPECT(run(cmd_hist) == EXIT_OK);
	EXPECT_STR(output, "");

	/* However many there are, and none. */
	reset();
	memset(hist.counts, 1, sizeof(hist.counts));
	hist.n_counts = HIST_BUCKETS;
	EXPECT(run(cmd_hist) == EXIT_OK && strstr(output, "and more"));
	hist.n_counts = 0;
	EXPECT(run(cmd_hist) == EXIT_OK);
	EXPECT_STR(output, "tcp: time to choose a port, 0 times\n");
}

static void test_blackbox(void)
{
	struct json_object *doc, *picture;

	reset();
	setenv("TZ", "UTC", 1);
	EXPECT(run(cmd_blackbox) == EXIT_OK);
	EXPECT_STR(output,
"  Id  Time                 Netns       What failed\n"
"   2  2023-11-14 22:12:20  4026531840  tcp connect 10.0.0.5 -> 10.0.0.9:5432 by a|b[1234]\n"
"   1  2023-11-14 22:11:20  4026531840  tcp connect 10.0.0.5 -> 10.0.0.9:5432 by a|b[1234]\n");

	doc = run_json(cmd_blackbox, EXIT_OK);
	EXPECT(json_object_array_length(member(doc, "pictures")) == 2);
	picture = row(doc, "pictures", 0);
	EXPECT(number(picture, "id") == 2 && boolean(picture, "complete"));
	EXPECT(number(picture, "range_low") == 32768 && number(picture, "range_high") == 60999);
	EXPECT_STR(string(member(picture, "failure"), "op"), "connect");
	EXPECT(json_object_array_length(member(picture, "protocols")) == 1);
	EXPECT(number(row(picture, "dests", 0), "used") == 14115);
	EXPECT(number(row(picture, "owners", 0), "pid") == 1234);
	picture = row(doc, "pictures", 1);
	EXPECT(number(picture, "id") == 1 && !boolean(picture, "complete"));
	EXPECT(json_object_array_length(member(picture, "owners")) == 0);
	json_object_put(doc);
}

static void test_blackbox_one(void)
{
	struct json_object *doc;

	reset();
	give_word("2");
	EXPECT(run(cmd_blackbox) == EXIT_OK);
	EXPECT(strstr(output, "Picture 2 of 2023-11-14 22:12:20, 1m00s ago\n"
		      "Refused: tcp connect 10.0.0.5 -> 10.0.0.9:5432 by a|b[1234], -\n"
		      "Range 32768-60999, netns 4026531840, records complete\n"
		      "tcp: 28232 ports in the range,"));
	EXPECT(strstr(output, "\n\nNetid Local Address") && strstr(output, "\n\n  Used  Rate/s"));
	EXPECT(strstr(output, " 14115  53.5%") && strstr(output, "   100     2.0"));
	doc = run_json(cmd_blackbox, EXIT_OK);
	EXPECT(json_object_array_length(member(doc, "pictures")) == 1);
	EXPECT(number(row(doc, "pictures", 0), "id") == 2);
	json_object_put(doc);
	es.json = false;
	give_word("7");
	EXPECT(run(cmd_blackbox) == EXIT_RUNTIME && strstr(err.text, "no picture 7"));
	give_word("0");
	EXPECT(run(cmd_blackbox) == EXIT_USAGE);
	reset();
	fake.n_boxes = 0;
	EXPECT(run(cmd_blackbox) == EXIT_OK && strstr(output, "no allocation has failed"));
}

/* However the dump breaks, what is written is a document. */
static void test_broken(void)
{
	static const struct {
		command_fn run;
		unsigned int messages;
	} commands[] = {
		{ cmd_dest, 4 }, { cmd_owners, 5 }, { cmd_failures, 4 }, { cmd_thief, 4 },
		{ cmd_hist, 1 }, { cmd_blackbox, 6 },
	};
	unsigned int i, at;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (at = 1; at <= commands[i].messages; at++) {
			struct json_object *doc;

			reset();
			fake.fail_at = at;
			doc = run_json(commands[i].run, EXIT_RUNTIME);
			EXPECT(!boolean(doc, "complete"));
			EXPECT_STR(err.text, "the dump broke");
			json_object_put(doc);
		}
	}
}

static const struct ktap_test tests[] = {
	{ "failures", test_failures },
	{ "failures: one more during the dump", test_failures_race },
	{ "thief -j", test_thief },
	{ "thief", test_thief_text },
	{ "hist", test_hist },
	{ "blackbox: the list", test_blackbox },
	{ "blackbox: a picture", test_blackbox_one },
	{ "a broken dump is still a document", test_broken },
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
