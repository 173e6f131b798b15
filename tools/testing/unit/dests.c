// SPDX-License-Identifier: GPL-2.0
/* What the commands about destinations and owners write, of what a fake module tells. */
#include "owners_by.h"
#include "situation.h"

static double decimal(struct json_object *obj, const char *name)
{
	return json_object_get_double(member(obj, name));
}

static void test_dest_json(void)
{
	struct json_object *doc, *dest, *owner;

	reset();
	doc = run_json(cmd_dest, EXIT_OK);
	EXPECT(number(doc, "schema") == 1 && number(doc, "netns") == NETNS);
	EXPECT(number(doc, "time_ns") == NOW && boolean(doc, "complete") && !number(doc, "lost"));
	EXPECT(number(row(doc, "protocols", 0), "bound") == 1000);
	EXPECT(number(row(doc, "protocols", 0), "headroom") == 27230);
	EXPECT(json_object_array_length(member(doc, "dests")) == 2);

	dest = row(doc, "dests", 0);
	EXPECT_STR(string(dest, "proto"), "tcp");
	EXPECT_STR(string(dest, "local_addr"), "10.0.0.5");
	EXPECT_STR(string(dest, "peer_addr"), "10.0.0.9");
	EXPECT(number(dest, "peer_port") == 5432 && number(dest, "used") == 14115);
	EXPECT(number(dest, "headroom") == 13115 && number(dest, "capacity") == 27230);
	EXPECT(decimal(dest, "full") > 0.5353 && decimal(dest, "full") < 0.5355);
	EXPECT(decimal(dest, "rate") == 331 && number(dest, "held_ns") == 2 * SECOND);
	EXPECT(number(member(dest, "by_state"), "time-wait") == 14000);
	EXPECT(number(member(dest, "by_state"), "listen") == 0);
	EXPECT(number(member(dest, "by_origin"), "connect") == 14115);
	EXPECT(number(dest, "failures") == 12 && number(dest, "others") == 115);
	owner = row(dest, "owners", 1);
	EXPECT(number(owner, "pid") == 77 && number(owner, "used") == 4000);
	EXPECT_STR(string(owner, "comm"), "java");
	json_object_put(doc);
}

static void test_dest_json_absent(void)
{
	static const char *const absent[] = {
		"peer_addr", "peer_port", "headroom", "full", "rate", "born", "held_ns",
		"oldest_ns", "failures",
	};
	struct json_object *doc, *dest;
	size_t i;

	reset();
	doc = run_json(cmd_dest, EXIT_OK);
	dest = row(doc, "dests", 1);
	EXPECT_STR(string(dest, "local_addr"), "::");
	EXPECT(number(dest, "used") == 7);
	for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		EXPECT(!member(dest, absent[i]));
	EXPECT(number(member(doc, "other"), "used") == 9);
	EXPECT(number(member(doc, "other"), "destinations") == 3);
	json_object_put(doc);

	fake.n_dests = 1;
	doc = run_json(cmd_dest, EXIT_OK);
	EXPECT(json_object_array_length(member(doc, "dests")) == 0 && !member(doc, "other"));
	json_object_put(doc);
}

static void test_dest_text(void)
{
	reset();
	EXPECT(run(cmd_dest) == EXIT_OK);
	EXPECT_STR(output,
"tcp: 28232 ports in the range, 2 reserved, 1000 taken by bind(); 27230 left for a new destination\n"
"Netid Local Address   Peer Address:Port        Used   Full  Headroom   Rate/s  Held   Failed  "
"Owners                                            States\n"
"tcp   10.0.0.5        10.0.0.9:5432           14115  53.5%     13115      331  2.0s       12  "
"psql[1234] 10000, java[77] 4000, others 115       time-wait 14000, established 115\n"
"udp   ::              *                           7      -         -        -  -           -  "
"others 7                                          -\n"
"-     3 other destinations                        9      -         -        -  -           -  "
"-                                                 -\n");
	EXPECT(fake.asked_top == 20);

	es.no_header = true;
	es.top = 3;
	fake.n_dests = 1;
	EXPECT(run(cmd_dest) == EXIT_OK && fake.asked_top == 3);
	EXPECT_STR(output, "");
	fake.fail_at = 1;
	EXPECT(run(cmd_dest) == EXIT_RUNTIME);
}

/* A port that bind() took early is gone, towards whomever: what is left decides, not the rest. */
static void test_dest_early(void)
{
	reset();
	dests[1].used = 10;
	dests[1].capacity = 14232;
	dests[1].headroom = 14222;
	EXPECT(run(cmd_dest) == EXIT_OK && strstr(output, "    10  49.6%     14222 "));
}

static void test_owners_json(void)
{
	struct json_object *doc, *owner;

	reset();
	doc = run_json(cmd_owners, EXIT_OK);
	EXPECT_STR(string(doc, "by"), "process");
	EXPECT(json_object_array_length(member(doc, "owners")) == 4 && fake.asked_top == 0);
	owner = row(doc, "owners", 0);
	EXPECT(number(owner, "pid") == 1234 && number(owner, "uid") == 1000);
	EXPECT(number(owner, "netns") == NETNS && number(owner, "used") == 100);
	EXPECT(number(owner, "failures") == 5 && decimal(owner, "rate") == 2);
	EXPECT(number(member(owner, "by_state"), "established") == 100);
	EXPECT(!member(owner, "cgroup"));
	EXPECT_STR(string(owner, "comm"), "psql");
	owner = row(doc, "owners", 3);
	EXPECT(!member(owner, "pid") && !member(owner, "comm") && number(owner, "uid") == 33);
	EXPECT_STR(string(owner, "owner_reason"), "hidden");
	EXPECT(number(member(doc, "other"), "owners") == 7);
	EXPECT(number(member(doc, "other"), "used") == 96);
	json_object_put(doc);
}

static void test_owners_by(void)
{
	struct json_object *doc;

	reset();
	fake.n_owners = 4;	/* the kernel has told all of them apart */
	es.by = OWNERS_BY_UID;
	es.top = 1;
	doc = run_json(cmd_owners, EXIT_OK);
	EXPECT(fake.asked_top == 0);
	EXPECT(json_object_array_length(member(doc, "owners")) == 1);
	EXPECT(number(row(doc, "owners", 0), "uid") == 33);
	EXPECT(number(row(doc, "owners", 0), "used") == 99 + 98 + 97);
	EXPECT(number(row(doc, "owners", 0), "owners") == 3);
	EXPECT(decimal(row(doc, "owners", 0), "rate") == 6);
	EXPECT(!member(row(doc, "owners", 0), "comm") && !member(row(doc, "owners", 0), "pid"));
	EXPECT(!member(row(doc, "owners", 0), "owner_reason"));
	EXPECT(number(member(doc, "other"), "used") == 100);
	EXPECT(number(member(doc, "other"), "owners") == 1);
	json_object_put(doc);

	reset();
	fake.n_owners = 4;
	es.by = OWNERS_BY_COMMAND;
	doc = run_json(cmd_owners, EXIT_OK);
	EXPECT_STR(string(row(doc, "owners", 0), "comm"), "psql");
	EXPECT(number(row(doc, "owners", 0), "used") == 198);
	EXPECT(number(row(doc, "owners", 0), "failures") == 5);
	EXPECT_STR(string(row(doc, "owners", 2), "owner_reason"), "hidden");
	json_object_put(doc);

	reset();
	fake.n_owners = 4;
	es.by = OWNERS_BY_NETNS;
	doc = run_json(cmd_owners, EXIT_OK);
	EXPECT(json_object_array_length(member(doc, "owners")) == 2);
	EXPECT(number(row(doc, "owners", 1), "netns") == NETNS + 1);
	EXPECT(number(row(doc, "owners", 0), "used") == 100 + 99 + 98);
	json_object_put(doc);
}

/* A thousand processes of one service with a port each are more than one with five hundred. */
static void test_owners_of_many(void)
{
	struct json_object *doc;

	reset();
	es.by = OWNERS_BY_COMMAND;
	ports[0].told = ports[1].told = ALL_TOLD & ~TOLD(EPHPORTS_A_PORT_REASON);
	snprintf(ports[0].comm, sizeof(ports[0].comm), "curl");
	snprintf(ports[1].comm, sizeof(ports[1].comm), "nginx");
	fake.n_ports = 3;	/* the first of the two once more */
	doc = run_json(cmd_owners, EXIT_OK);
	EXPECT(json_object_array_length(member(doc, "owners")) == 2);
	EXPECT_STR(string(row(doc, "owners", 0), "comm"), "curl");
	EXPECT(number(row(doc, "owners", 0), "used") == 2);
	EXPECT_STR(string(row(doc, "owners", 1), "comm"), "nginx");
	EXPECT(number(member(row(doc, "owners", 1), "by_state"), "listen") == 1);
	EXPECT(!member(row(doc, "owners", 0), "rate") && !member(row(doc, "owners", 0), "failures"));
	EXPECT(!member(doc, "other"));
	json_object_put(doc);
}

static void test_owners_text(void)
{
	reset();
	fake.n_owners = 5;
	EXPECT(run(cmd_owners) == EXIT_OK && fake.asked_top == 20);
	EXPECT(strstr(output,
"   100     2.0  2.0s        5   1000     1234  psql             -                           "
"established 100\n"));
	EXPECT(strstr(output,
"    97     2.0  2.0s        -     33        -  (hidden)         -                           "
"established 97\n"));
	EXPECT(strstr(output, " -        -  7 others         -    "));
}

static const struct ktap_test tests[] = {
	{ "dest -j: the members of a destination", test_dest_json },
	{ "dest -j: what is not known is null", test_dest_json_absent },
	{ "dest: columns", test_dest_text },
	{ "dest: early binds do not make it full", test_dest_early },
	{ "owners -j: the members of an owner", test_owners_json },
	{ "owners --by: sums", test_owners_by },
	{ "owners --by: sums of more owners than are told apart", test_owners_of_many },
	{ "owners: columns", test_owners_text },
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
