// SPDX-License-Identifier: GPL-2.0
/* What the subcommands write, of records that a fake module tells. */
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake.h"
#include "runner.h"

#include "ktap.h"

static struct port ports[8];

static void set_protocol(struct info *info, uint8_t proto)
{
	info->protocols[info->n_protocols++] = (struct protocol){
		.told = ALL_TOLD, .proto = proto, .range_low = 32768, .range_high = 60999,
		.reserved = 2, .in_use = 14116, .sockets = 20000, .failures = 7,
	};
}

/* A healthy module that holds one port of each kind. */
static void reset(void)
{
	struct info info = {
		.told = ALL_TOLD, .time_ns = 1700000000000000000ull, .netns = 4026531840u,
		.complete = true, .version = "0.1.0", .capacity = 262144, .held = 20000,
	};

	set_protocol(&info, IPPROTO_TCP);
	set_protocol(&info, IPPROTO_UDP);
	memset(ports, 0, sizeof(ports));
	ports[0] = (struct port){
		.told = ALL_TOLD & ~TOLD(EPHPORTS_A_PORT_IFINDEX),
		.id = UINT64_MAX, .proto = IPPROTO_TCP, .family = AF_INET,
		.local = address("10.0.0.5"), .local_port = 40000,
		.peer = address("10.0.0.9"), .peer_port = 5432,
		.state = EPHPORTS_STATE_ESTABLISHED, .origin = EPHPORTS_ORIGIN_CONNECT,
		.pid = 1234, .uid = 1000, .comm = "psql", .cgroup = 1, .netns = 4026531840u,
		.age_ns = 3200000000ull,
	};
	ports[1] = (struct port){
		.told = TOLD(EPHPORTS_A_PORT_ID), .id = 2, .proto = IPPROTO_UDP,
		.family = AF_INET6, .local = address("::"), .local_port = 40001,
		.state = EPHPORTS_STATE_UNCONNECTED, .reason = EPHPORTS_REASON_HIDDEN,
		.netns = 4026531840u,
	};
	ports[2] = ports[0];
	ports[2].id = 3;
	ports[2].told = ALL_TOLD;
	ports[2].ifindex = 2;
	ports[2].family = AF_INET6;
	ports[2].local = address("fe80::1");
	ports[2].peer = address("fe80::2");
	strcpy(ports[2].comm, "\033[31m\"\xff\\\xc3\xa9\xc2\x9b");

	fake = (struct fake){ .ports = ports, .n_ports = 3, .distinct = 3,
			      .before = info, .after = info };
	runner_reset();
}

static void test_list_json(void)
{
	struct json_object *doc, *port;

	reset();
	doc = run_json(cmd_list, EXIT_OK);
	EXPECT(number(doc, "schema") == 1 && number(doc, "netns") == 4026531840u);
	EXPECT(number(doc, "time_ns") == 1700000000000000000ull && number(doc, "lost") == 0);
	EXPECT(boolean(doc, "complete"));
	EXPECT(json_object_array_length(member(doc, "ports")) == 3);

	port = row(doc, "ports", 0);
	EXPECT(number(port, "id") == UINT64_MAX && number(port, "local_port") == 40000);
	EXPECT_STR(string(port, "proto"), "tcp");
	EXPECT_STR(string(port, "family"), "ipv4");
	EXPECT_STR(string(port, "local_addr"), "10.0.0.5");
	EXPECT_STR(string(port, "peer_addr"), "10.0.0.9");
	EXPECT(number(port, "peer_port") == 5432 && number(port, "pid") == 1234);
	EXPECT_STR(string(port, "state"), "established");
	EXPECT_STR(string(port, "origin"), "connect");
	EXPECT_STR(string(port, "comm"), "psql");
	EXPECT(number(port, "uid") == 1000 && number(port, "cgroup_id") == 1);
	EXPECT(number(port, "netns") == 4026531840u && number(port, "age_ns") == 3200000000ull);
	EXPECT(!member(port, "owner_reason"));
	EXPECT(!json_object_object_get_ex(port, "ifindex", NULL));
	json_object_put(doc);
}

static void test_list_json_absent(void)
{
	static const char *const absent[] = {
		"peer_addr", "peer_port", "pid", "comm", "uid", "cgroup", "cgroup_id", "age_ns",
	};
	struct json_object *doc, *port;
	size_t i;

	reset();
	doc = run_json(cmd_list, EXIT_OK);
	port = row(doc, "ports", 1);
	for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		EXPECT(!member(port, absent[i]));
	EXPECT_STR(string(port, "owner_reason"), "hidden");
	EXPECT_STR(string(port, "state"), "unconnected");
	EXPECT_STR(string(port, "local_addr"), "::");

	port = row(doc, "ports", 2);
	EXPECT(number(port, "ifindex") == 2);
	EXPECT_STR(string(port, "comm"), "\033[31m\"\xef\xbf\xbd\\\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd");
	EXPECT(!strchr(output, '\033'));
	json_object_put(doc);
}

static void test_list_json_incomplete(void)
{
	struct json_object *doc;

	reset();
	fake.n_ports = 0;
	doc = run_json(cmd_list, EXIT_OK);
	EXPECT(json_object_array_length(member(doc, "ports")) == 0 && boolean(doc, "complete"));
	json_object_put(doc);

	fake.infos = 0;
	fake.after.complete = false;
	fake.after.lost = 5;
	doc = run_json(cmd_list, EXIT_OK);
	EXPECT(!boolean(doc, "complete") && number(doc, "lost") == 5);
	json_object_put(doc);

	reset();
	fake.before.complete = false;
	doc = run_json(cmd_list, EXIT_OK);
	EXPECT(!boolean(doc, "complete"));
	json_object_put(doc);

	reset();
	fake.interrupted = true;
	doc = run_json(cmd_list, EXIT_OK);
	EXPECT(!boolean(doc, "complete"));
	json_object_put(doc);
}

static void test_list_json_broken(void)
{
	struct json_object *doc;
	unsigned int at;

	for (at = 1; at <= 3; at++) {
		reset();
		fake.fail_at = at;
		doc = run_json(cmd_list, EXIT_RUNTIME);
		EXPECT(!boolean(doc, "complete"));
		EXPECT(json_object_array_length(member(doc, "ports")) == at - 1);
		EXPECT_STR(err.text, "the dump broke");
		json_object_put(doc);
	}
}

static void test_list_text(void)
{
	reset();
	EXPECT(run(cmd_list) == EXIT_OK);
	EXPECT_STR(output,
"Netid State       Local Address:Port     Peer Address:Port      Origin   Age    Uid    Pid     Command\n"
"tcp   established 10.0.0.5:40000         10.0.0.9:5432          connect  3.2s   1000   1234    psql\n"
"udp   unconnected [::]:40001             *                      unknown  -      -      -       (hidden)\n"
"tcp   established [fe80::1%2]:40000      [fe80::2]:5432         connect  3.2s   1000   1234    "
"\\x1b[31m\"\\xff\\x5c\\xc3\\xa9\\xc2\\x9b\n");

	es.no_header = true;
	es.filter.all_netns = true;
	es.cgroups = true;
	fake.n_ports = 2;
	EXPECT(run(cmd_list) == EXIT_OK);
	EXPECT(strstr(output, "1234    4026531840  psql ") != NULL);
	EXPECT(!strstr(output, "Netid") && strstr(output, "(hidden) -\n"));
}

static void test_not_loaded(void)
{
	reset();
	fake.fail_at = 1;
	EXPECT(run(cmd_list) == EXIT_RUNTIME);
	EXPECT_STR(output, "");
	reset();
	fake.n_ports = 0;
	EXPECT(run(cmd_list) == EXIT_OK);
	EXPECT(!strncmp(output, "Netid ", 6));
	reset();
	fake.open_ret = EXIT_NOT_LOADED;
	EXPECT(run(cmd_list) == EXIT_NOT_LOADED);
	EXPECT_STR(output, "");
	EXPECT(run(cmd_summary) == EXIT_NOT_LOADED);
	EXPECT(run(cmd_resync) == EXIT_NOT_LOADED);
}

static void test_summary_json(void)
{
	struct json_object *doc, *obj;

	reset();
	doc = run_json(cmd_summary, EXIT_OK);
	EXPECT(number(doc, "schema") == 1 && number(doc, "netns") == 4026531840u);
	EXPECT(number(doc, "time_ns") > 0 && number(doc, "lost") == 0 && boolean(doc, "complete"));
	EXPECT(json_object_array_length(member(doc, "protocols")) == 2);
	obj = row(doc, "protocols", 0);
	EXPECT_STR(string(obj, "proto"), "tcp");
	EXPECT(number(obj, "range_low") == 32768 && number(obj, "range_high") == 60999);
	EXPECT(number(obj, "range_ports") == 28232 && number(obj, "reserved_ports") == 2);
	EXPECT(number(obj, "ports_in_use") == 14116 && number(obj, "sockets") == 20000);
	EXPECT(json_object_array_length(member(doc, "destinations")) == 0);
	EXPECT(json_object_array_length(member(doc, "owners")) == 0);
	json_object_put(doc);

	reset();
	es.filter.proto = IPPROTO_UDP;
	fake.interrupted = true;
	doc = run_json(cmd_summary, EXIT_OK);
	EXPECT(json_object_array_length(member(doc, "protocols")) == 1 && !boolean(doc, "complete"));
	EXPECT(fake.asked.proto == IPPROTO_UDP);
	json_object_put(doc);
}

static struct dest destination(uint16_t peer_port, uint32_t used)
{
	struct dest dest = {
		.told = TOLD(EPHPORTS_A_DEST_USED), .used = used, .range = 28232,
		.local = address("192.168.100.200"), .proto = IPPROTO_TCP,
	};

	if (peer_port) {
		dest.peer = address("192.168.100.201");
		dest.peer_port = peer_port;
	}
	return dest;
}

/* An owner of all of them together. */
static struct dest owner_of(uint32_t pid, uint32_t used)
{
	return (struct dest){
		.n_owners = 1,
		.owners[0] = {
			.who = {
				.told = TOLD(EPHPORTS_A_OWNER_REASON) | TOLD(EPHPORTS_A_OWNER_UID),
				.pid = pid, .uid = 1000, .comm = "fifteen letters",
			},
			.used = used,
		},
	};
}

/* What has no peer, holds nothing any more or is all the others together is none of the busiest. */
static void test_summary_top(void)
{
	struct dest dests[27] = { { .proto = IPPROTO_TCP }, { .proto = IPPROTO_UDP } };
	struct json_object *doc, *obj;
	unsigned int i;

	reset();
	dests[0].counts.states[EPHPORTS_STATE_ESTABLISHED] = 7;
	dests[0].counts.origins[EPHPORTS_ORIGIN_CONNECT] = 7;
	dests[1].counts.states[EPHPORTS_STATE_UNCONNECTED] = 3;
	dests[2] = destination(0, 5000);
	for (i = 3; i < 19; i++)
		dests[i] = destination(i, 1000 - i);
	dests[19] = destination(0, 9000);
	dests[19].told |= TOLD(EPHPORTS_A_DEST_GROUPS);
	for (i = 0; i < 7; i++)
		dests[20 + i] = owner_of(100 + i, 70 - i);
	fake.dests = dests;
	fake.n_dests = 27;
	doc = run_json(cmd_summary, EXIT_OK);
	EXPECT(fake.asked_owners == 5);
	EXPECT(json_object_array_length(member(doc, "destinations")) == 5);
	EXPECT(number(row(doc, "destinations", 0), "peer_port") == 3);
	EXPECT(number(row(doc, "destinations", 0), "ports") == 997);
	EXPECT(number(row(doc, "destinations", 4), "ports") == 993);
	EXPECT(json_object_array_length(member(doc, "owners")) == 5);
	EXPECT(number(row(doc, "owners", 0), "pid") == 100);
	EXPECT(number(row(doc, "owners", 0), "ports") == 70);
	obj = row(doc, "protocols", 0);
	EXPECT(number(member(obj, "by_state"), "established") == 7);
	EXPECT(number(member(obj, "by_state"), "time-wait") == 0);
	EXPECT(number(member(obj, "by_origin"), "connect") == 7);
	EXPECT(number(member(row(doc, "protocols", 1), "by_state"), "unconnected") == 3);
	json_object_put(doc);

	reset();
	dests[20].owners[0].who.reason = EPHPORTS_REASON_HIDDEN;
	fake.dests = &dests[20];
	fake.n_dests = 1;
	doc = run_json(cmd_summary, EXIT_OK);
	obj = row(doc, "owners", 0);
	EXPECT(!member(obj, "pid") && !member(obj, "comm") && number(obj, "uid") == 1000);
	EXPECT_STR(string(obj, "owner_reason"), "hidden");
	json_object_put(doc);
}

/* However much there is to say, it fits a terminal of 80 x 24. */
static void test_summary_screen(void)
{
	struct dest dests[128] = { { .proto = IPPROTO_TCP } };
	unsigned int i, lines = 0;
	const char *line;

	reset();
	for (i = 0; i <= EPHPORTS_STATE_MAX; i++)
		dests[0].counts.states[i] = 1000000;
	for (i = 0; i <= EPHPORTS_ORIGIN_MAX; i++)
		dests[0].counts.origins[i] = 1000000;
	for (i = 1; i < 64; i++)
		dests[i] = destination(40000 + i, 28232);
	for (i = 64; i < 128; i++)
		dests[i] = owner_of(4000000 + i, 10000000);
	fake.dests = dests;
	fake.n_dests = 128;
	EXPECT(run(cmd_summary) == EXIT_OK);
	EXPECT(strstr(output, " 10000000\n") && strstr(output, "100.0%\n"));
	for (line = output; *line; line = strchr(line, '\n') + 1) {
		EXPECT(strcspn(line, "\n") <= 80);
		lines++;
	}
	EXPECT(lines <= 23);
}

static void test_resync(void)
{
	struct json_object *doc;

	reset();
	fake.before.counters[EPHPORTS_A_COUNTER_MENDED_IN] = 10;
	fake.after.counters[EPHPORTS_A_COUNTER_MENDED_IN] = 13;
	fake.after.counters[EPHPORTS_A_COUNTER_MENDED_OUT] = 1;
	EXPECT(run(cmd_resync) == EXIT_OK);
	EXPECT_STR(output, "resync: 3 added, 1 removed; complete, nothing lost\n");
	fake.infos = 0;
	doc = run_json(cmd_resync, EXIT_OK);
	EXPECT(number(doc, "mended_in") == 3 && number(doc, "mended_out") == 1);
	EXPECT(boolean(doc, "complete"));
	json_object_put(doc);
}

static void test_full_disk(void)
{
	reset();
	fake.n_ports = 1000000;
	es.out = fopen("/dev/full", "w");
	EXPECT(cmd_list(&es, 0, NULL, &err) == EXIT_RUNTIME);
	fclose(es.out);
}

static const struct ktap_test tests[] = {
	{ "list -j: the members of a record", test_list_json },
	{ "list -j: absent is null, and strings are safe", test_list_json_absent },
	{ "list -j: complete and lost", test_list_json_incomplete },
	{ "list -j: a broken dump is still a document", test_list_json_broken },
	{ "list: columns", test_list_text },
	{ "list: a full disk ends the dump", test_full_disk },
	{ "a refusal has no header, nothing has one", test_not_loaded },
	{ "summary -j", test_summary_json },
	{ "summary: the busiest", test_summary_top },
	{ "summary: one screen", test_summary_screen },
	{ "resync", test_resync },
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
