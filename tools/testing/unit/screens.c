// SPDX-License-Identifier: GPL-2.0
/* What why and top write, of what a fake module tells. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "nsfile.h"
#include "situation.h"
#include "top.h"

static bool unreadable;

/* In the place of nsfile.c: nothing of this machine is looked at. */
int nsfile_open(uint32_t netns, const char *path)
{
	(void)netns;
	(void)path;
	return unreadable ? -EPERM : open("/dev/null", O_RDONLY);
}

/* In the place of top_screen.c: there is no terminal here. */
int top_screen(struct top *top, double seconds, struct error *error)
{
	(void)top;
	(void)seconds;
	return error_set(error, EXIT_RUNTIME, "a screen was asked for");
}

static struct json_object *why(void)
{
	fake.infos = 0;
	return run_json(cmd_why, EXIT_OK);
}

/* The gain of a remedy; 0 if it is not told. */
static uint64_t gain(struct json_object *doc, const char *name)
{
	struct json_object *list = member(doc, "remedies");
	size_t i;

	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *remedy = json_object_array_get_idx(list, i);

		if (!strcmp(string(remedy, "name"), name))
			return number(remedy, "gain");
	}
	return 0;
}

static void test_why_churn(void)
{
	struct json_object *doc, *dest, *cast;
	const char *text;

	reset();
	dests[1].early = 900;
	doc = why();
	EXPECT(boolean(doc, "short") && boolean(doc, "complete"));
	EXPECT_STR(string(doc, "cause"), "churn");
	dest = member(doc, "dest");
	EXPECT_STR(string(dest, "peer_addr"), "10.0.0.9");
	EXPECT(number(dest, "used") == 14115 && number(dest, "headroom") == 13115);
	EXPECT(number(dest, "bound") == 1000 && number(dest, "reserved") == 2);
	EXPECT(number(dest, "refused") == 900);
	EXPECT(number(dest, "refused_last_ago_ns") == 200 * SECOND);
	EXPECT(gain(doc, "pool") == 14000 && gain(doc, "tcp_tw_reuse") == 100);
	EXPECT(gain(doc, "bind_no_port") == 900 && gain(doc, "move_binds") == 100);
	EXPECT(gain(doc, "source_address") == 27230 && gain(doc, "port_range") == 36280);
	EXPECT(boolean(row(doc, "remedies", 0), "cures"));
	cast = member(doc, "forecast");
	EXPECT_STR(string(cast, "verdict"), "levels off");
	text = string(doc, "text");
	EXPECT(strstr(text, "tcp 10.0.0.5 -> 10.0.0.9:5432: 13115 of 28230 ports are left for it "
			    "(53.5% gone)."));
	EXPECT(strstr(text, " Held towards it: 14115 (time-wait 14000, established 115)."));
	EXPECT(strstr(text, " bind() took 1000 from every destination, 900 of them early"));
	EXPECT(strstr(text, " This is churn: "));
	EXPECT(strstr(text, " Most are held by psql[1234] (uid 1000): 100."));
	EXPECT(strstr(text, " 900 calls were refused for want of a port, the last 3m20s ago."));
	json_object_put(doc);
}

static void test_why_nothing(void)
{
	struct json_object *doc;

	reset();
	dests[1].used = 100;
	dests[1].headroom = 27130;
	fake.n_failures = 1;
	doc = why();
	EXPECT(!boolean(doc, "short") && json_object_array_length(member(doc, "remedies")) == 0);
	EXPECT(!strncmp(string(doc, "text"), "Nothing is short. The fullest is tcp 10.0.0.5 -> ", 48));
	json_object_put(doc);

	/* Asked about, it is told what it would bring all the same. */
	give_word("10.0.0.9:5432");
	doc = why();
	EXPECT(!boolean(doc, "short") && gain(doc, "source_address") == 27230);
	EXPECT(fake.asked.proto == 0 && strstr(string(doc, "text"), "Not short: tcp 10.0.0.5 -> "));
	json_object_put(doc);

	fake.n_dests = 1;
	doc = why();
	EXPECT(strstr(string(doc, "text"), "tcp 10.0.0.9:5432: 27230 of 28230 ports are left for it "
		      "(3.5% gone). Nothing is held towards it."));
	json_object_put(doc);
}

static void test_why_recent_refusal(void)
{
	struct json_object *doc;

	reset();
	dests[1].used = 100;
	dests[1].headroom = 27130;
	doc = why();
	EXPECT(boolean(doc, "short"));
	json_object_put(doc);
	failures[1].last_ns = NOW - 3600 * SECOND;
	doc = why();
	EXPECT(!boolean(doc, "short"));
	json_object_put(doc);
}

static void test_why_port(void)
{
	struct json_object *doc;

	reset();
	give_word(":40001");
	doc = why();
	EXPECT(number(doc, "port") == 40001 && number(doc, "sockets") == 1);
	EXPECT_STR(string(member(doc, "stolen_from"), "comm"), "nginx");
	EXPECT(strstr(string(doc, "text"), " nginx[99] asked for this port by number and was refused "
		      "(3 times, the last 3m20s ago)"));
	EXPECT(gain(doc, "reserve_port") == 1);
	EXPECT(strstr(string(row(doc, "remedies", 0), "text"), "ip_local_reserved_ports=40001 "));
	json_object_put(doc);

	/* A line without what is reserved already would take that away. */
	unreadable = true;
	doc = why();
	EXPECT(strstr(string(row(doc, "remedies", 0), "text"), "add 40001 to net.ipv4.ip_local_res"));
	json_object_put(doc);
	reset();
	doc = why();
	EXPECT(gain(doc, "port_range") == 0 && gain(doc, "pool") == 14000);
	json_object_put(doc);
	unreadable = false;
}

/* A number is a port if somebody has it, else a process. */
static void test_why_number(void)
{
	struct json_object *doc;

	reset();
	give_word("40002");
	doc = why();
	EXPECT(number(doc, "port") == 40002 && !member(doc, "stolen_from"));
	json_object_put(doc);
	fake.n_ports = 0;
	doc = why();
	EXPECT(!json_object_object_get_ex(doc, "port", NULL));
	EXPECT(strstr(string(doc, "text"), " The process that you ask about holds "));
	json_object_put(doc);
	fake.n_dests = 1;
	doc = run_json(cmd_why, EXIT_RUNTIME);
	EXPECT(strstr(err.text, "process 40002 holds no port") && !boolean(doc, "complete"));
	json_object_put(doc);
}

static void test_why_udp(void)
{
	struct json_object *doc;

	reset();
	dests[0].proto = IPPROTO_UDP;
	dests[0].headroom = 10;
	dests[1] = dests[2];
	dests[1].told |= TOLD(EPHPORTS_A_DEST_PEER_ADDR);
	dests[1].peer = address("fe80::1");
	dests[1].used = 27000;
	doc = why();
	EXPECT_STR(string(doc, "cause"), "udp held");
	EXPECT(number(member(doc, "dest"), "used") == 27007);
	EXPECT(strstr(string(doc, "text"), "udp: 10 of 28230 ports are left ("));
	EXPECT(gain(doc, "close") == 100 && gain(doc, "source_address") == 0);
	json_object_put(doc);
}

static unsigned int longest_line(void)
{
	unsigned int longest = 0;
	const char *line;

	for (line = output; *line; line += strcspn(line, "\n") + 1) {
		unsigned int len = strcspn(line, "\n");

		longest = len > longest ? len : longest;
	}
	return longest;
}

static void test_why_text(void)
{
	reset();
	strcpy(owners[0].who.comm, "\033[31mred");
	EXPECT(run(cmd_why) == EXIT_OK);
	EXPECT(longest_line() < 80);
	EXPECT(strstr(output, "\nWhat helps, and how many more connects it brings as things are now:\n"
		      "  +14000  keep connections"));
	EXPECT(!strchr(output, '\033') && strstr(output, "\\x1b[31mred[1234]"));
	fake.open_ret = EXIT_NOT_LOADED;
	EXPECT(run(cmd_why) == EXIT_NOT_LOADED);
	EXPECT_STR(output, "");
}

static int top(const char *word)
{
	fake.infos = 0;
	es.batch = true;
	es.iterations = "1";
	if (word)
		give_word(word);
	return run(cmd_top);
}

static void test_top_dests(void)
{
	reset();
	dests[1].headroom = 2823;
	EXPECT(top(NULL) == EXIT_OK);
	EXPECT(!strncmp(output, "ephports: complete, nothing lost; netns 4026531840\ntcp ", 55));
	EXPECT(strstr(output, "\ndestinations by Used; "));
	EXPECT(strstr(output, "\nDestination                                     Used   Left   Full  "
		      "New/s  Held"));
	EXPECT(strstr(output, "\ntcp 10.0.0.5 -> 10.0.0.9:5432                  14115   2823  90.0%"));
	EXPECT(strstr(output, "\nudp :: (no peer)                                   7      -      -"));
	EXPECT(strstr(output, "#########. psql[1234], ...\n"));
	fake.interrupted = true;
	EXPECT(top(NULL) == EXIT_OK && !strncmp(output, "ephports: incomplete: ", 22));
}

static void test_top_views(void)
{
	reset();
	EXPECT(top("owners") == EXIT_OK);
	EXPECT(strstr(output, "\n    1234  psql ") < strstr(output, "\n      77  java "));
	EXPECT(strstr(output, "(hidden)"));
	EXPECT(top("failures") == EXIT_OK);
	EXPECT(strstr(output, "failures by Count; 1000 in all\n"));
	EXPECT(strstr(output, "\n    900   3m20s"));
	EXPECT(strstr(output, "tcp stolen   nginx[99]             port 40001\n"));
}

static void test_top_filter(void)
{
	static char view[] = "failures", filter[] = "dst 10.0.0.0/25 and dport = :5432";
	static char *both[] = { view, filter };

	reset();
	EXPECT(top("dst 10.1.0.0/16 state bound") == EXIT_OK);
	EXPECT(fake.asked.peer.bits == 16 && fake.asked.states == 1u << EPHPORTS_STATE_BOUND);
	EXPECT(strstr(output, "; filter: dst 10.1.0.0/16 state bound\n"));
	EXPECT(top("state foo") == EXIT_USAGE);

	/* The module does not filter failures by their peer. */
	words = both;
	n_words = 2;
	EXPECT(top(NULL) == EXIT_OK);
	EXPECT(strstr(output, "10.0.0.9:5432") && !strstr(output, "listen"));
	strcpy(filter, "dst 10.0.0.128/25");
	EXPECT(top(NULL) == EXIT_OK && !strstr(output, "10.0.0.9:5432"));
}

static void test_top_ends(void)
{
	reset();
	es.iterations = "1";
	EXPECT(run(cmd_top) == EXIT_USAGE && strstr(err.text, "top -b"));
	reset();
	fake.open_ret = EXIT_NOT_LOADED;
	EXPECT(top(NULL) == EXIT_NOT_LOADED);
	reset();
	fake.fail_at = 1;
	EXPECT(top(NULL) == EXIT_RUNTIME);
	reset();
	es.delay = "0.1";
	es.batch = true;
	es.iterations = "3";
	EXPECT(run(cmd_top) == EXIT_OK);
	EXPECT(strstr(strstr(strstr(output, "ephports: ") + 1, "\nephports: ") + 1, "\nephports: "));
}

static const struct ktap_test tests[] = {
	{ "why: churn, and each number of it", test_why_churn },
	{ "why: nothing is short", test_why_nothing },
	{ "why: a refusal is short while it is recent", test_why_recent_refusal },
	{ "why: a port, and who was refused because of it", test_why_port },
	{ "why: a number is a port or a process", test_why_number },
	{ "why: UDP sockets are one case", test_why_udp },
	{ "why: lines fit, and nothing steers the terminal", test_why_text },
	{ "top -b: destinations", test_top_dests },
	{ "top -b: owners and failures", test_top_views },
	{ "top -b: filters", test_top_filter },
	{ "top: how it ends", test_top_ends },
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
