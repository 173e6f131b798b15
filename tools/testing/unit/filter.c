// SPDX-License-Identifier: GPL-2.0
/* The filter words of ephstat list. */
#include <arpa/inet.h>
#include <stdarg.h>

#include "filter.h"
#include "match.h"
#include "names.h"

#include "ktap.h"

#define BIT(n)	(1u << (n))

static struct filter f;
static struct error err;

/* Parses words up to NULL. */
static int parse(const char *word, ...)
{
	char *argv[16];
	int argc = 0;
	va_list ap;

	va_start(ap, word);
	for (; word && argc < 16; word = va_arg(ap, const char *))
		argv[argc++] = (char *)word;
	va_end(ap);
	filter_init(&f);
	err.text[0] = '\0';
	return filter_parse(&f, argc, argv, &err);
}

/* Refused as wrong usage, with a sentence that names @culprit. */
static bool refused(const char *words, const char *culprit)
{
	int ret = parse(words, NULL);

	if (ret == EXIT_USAGE && strstr(err.text, culprit))
		return true;
	printf("# \"%s\": %d, \"%s\"\n", words, ret, err.text);
	return false;
}

static bool is_address(const struct prefix *prefix, const char *text, int bits)
{
	unsigned char bytes[16];
	int len = strchr(text, ':') ? 16 : 4;

	inet_pton(len == 16 ? AF_INET6 : AF_INET, text, bytes);
	return prefix->addr.len == len && !memcmp(prefix->addr.bytes, bytes, len) &&
	       prefix->bits == bits;
}

static void test_nothing(void)
{
	EXPECT(!parse(NULL));
	EXPECT(f.port_low == 0 && f.port_high == 65535 && !f.states && !f.origins && !f.has_pid);
	EXPECT(!parse("", "  ", "and", NULL));
}

static void test_ports(void)
{
	static const char *const same[] = {
		"sport = :80", "sport :80", "sport 80", "sport=:80", "sport==80", "sport eq :80",
		"sport = :http", "sport >= :80 and sport <= :80", "sport > 79 && sport lt 81",
		"sport :80-80", "src :80", "src *:80", "src any:80",
	};
	size_t i;

	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		EXPECT(!parse(same[i], NULL));
		EXPECT(f.port_low == 80 && f.port_high == 80 && !f.local.addr.len);
	}
	EXPECT(!parse("sport", ">=", ":1024", "and", "sport", "<=", ":2048", NULL));
	EXPECT(f.port_low == 1024 && f.port_high == 2048);
	EXPECT(!parse("sport", ":1000-2000", "sport", ">=", "1500", NULL));
	EXPECT(f.port_low == 1500 && f.port_high == 2000);
	EXPECT(!parse("dport = :443", NULL));
	EXPECT(f.peer_port == 443 && f.port_high == 65535);
}

static void test_addresses(void)
{
	EXPECT(!parse("dst", "10.1.2.3", NULL));
	EXPECT(is_address(&f.peer, "10.1.2.3", 32) && !f.peer_port);
	EXPECT(!parse("dst", "10.0.0.0/8:5432", NULL));
	EXPECT(is_address(&f.peer, "10.0.0.0", 8) && f.peer_port == 5432);
	EXPECT(!parse("dst", "[2001:db8::1]:443", NULL));
	EXPECT(is_address(&f.peer, "2001:db8::1", 128) && f.peer_port == 443);
	EXPECT(!parse("dst = [2001:db8::/32]:443", NULL));
	EXPECT(is_address(&f.peer, "2001:db8::", 32) && f.peer_port == 443);
	EXPECT(!parse("dst [2001:db8::]/32:443", NULL));
	EXPECT(is_address(&f.peer, "2001:db8::", 32) && f.peer_port == 443);
	EXPECT(!parse("src ::1", NULL));
	EXPECT(is_address(&f.local, "::1", 128));
	EXPECT(!parse("src fe80::/10", NULL));
	EXPECT(is_address(&f.local, "fe80::", 10));
	EXPECT(!parse("src ::ffff:10.0.0.1", NULL));
	EXPECT(is_address(&f.local, "::ffff:10.0.0.1", 128));
	EXPECT(!parse("src 10.0.0.1:1000-2000 dst 0.0.0.0/0", NULL));
	EXPECT(is_address(&f.local, "10.0.0.1", 32) && f.port_low == 1000 && f.port_high == 2000);
	EXPECT(is_address(&f.peer, "0.0.0.0", 0));
	EXPECT(!parse("dst 10.0.0.1 dst 10.0.0.1:22", NULL));
	EXPECT(!parse("dst [::1]:*", NULL) && !f.peer_port);
}

static void test_states(void)
{
	const uint32_t estab = BIT(EPHPORTS_STATE_ESTABLISHED);
	const uint32_t listening = BIT(EPHPORTS_STATE_LISTEN);

	EXPECT(!parse("state established", NULL) && f.states == estab);
	EXPECT(!parse("state", "established,listen", NULL) && f.states == (estab | listening));
	EXPECT(!parse("state established state listening", NULL) &&
	       f.states == (estab | listening));
	EXPECT(!parse("state all", NULL) && !f.states);
	EXPECT(!parse("exclude time-wait", NULL) &&
	       f.states == (STATES_ALL & ~BIT(EPHPORTS_STATE_TIME_WAIT)));
	EXPECT(!parse("state connected exclude established", NULL) && f.states &&
	       !(f.states & (estab | listening | BIT(EPHPORTS_STATE_UNCONNECTED))));
	EXPECT(!parse("state synchronized", NULL) && f.states & estab &&
	       !(f.states & BIT(EPHPORTS_STATE_SYN_SENT)));
	EXPECT(!parse("state bucket", NULL) && f.states & BIT(EPHPORTS_STATE_TIME_WAIT));
	EXPECT(refused("state foo", "foo"));
	EXPECT(refused("state established,", "\"\""));
	EXPECT(refused("state ,", "\"\""));
	EXPECT(refused("exclude all", "excluded"));
}

static void test_every_name(void)
{
	char words[64];
	unsigned int i;

	for (i = 0; i <= EPHPORTS_STATE_MAX; i++) {
		snprintf(words, sizeof(words), "state %s", state_name(i));
		EXPECT(!parse(words, NULL) && f.states == BIT(i));
	}
	for (i = 0; i <= EPHPORTS_ORIGIN_MAX; i++) {
		snprintf(words, sizeof(words), "origin %s", origin_name(i));
		EXPECT(!parse(words, NULL) && f.origins == BIT(i));
	}
}

static void test_owners(void)
{
	EXPECT(!parse("pid 42 uid 0 origin bind,send", NULL));
	EXPECT(f.has_pid && f.pid == 42 && f.has_uid && !f.uid);
	EXPECT(f.origins == (BIT(EPHPORTS_ORIGIN_BIND) | BIT(EPHPORTS_ORIGIN_SEND)));
	EXPECT(!parse("uid root", NULL) && f.has_uid && !f.uid);
	EXPECT(!parse("pid 42 pid 42", NULL));
	EXPECT(refused("pid 42 pid 43", "pid"));
	EXPECT(refused("pid 0", "0"));
	EXPECT(refused("pid -1", "-1"));
	EXPECT(refused("pid 4294967296", "4294967296"));
	EXPECT(refused("uid no-such-user-here", "no-such-user-here"));
}

static void test_refusals(void)
{
	static const char *const values[] = {
		"state", "exclude", "src", "dst", "sport", "dport", "origin", "pid", "uid", "sport =",
	};
	char endless[600];
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		EXPECT(refused(values[i], "needs a value"));

	EXPECT(refused("sport :80 or sport :81", "\"or\""));
	EXPECT(refused("sport :80 || sport :81", "\"||\""));
	EXPECT(refused("not sport :80", "\"not\""));
	EXPECT(refused("! sport :80", "\"!\""));
	EXPECT(refused("( sport :80 )", "\"(\""));
	EXPECT(refused("(sport :80)", "\"(\""));
	EXPECT(refused("autobound", "\"autobound\""));
	EXPECT(refused("sport != :80", "!="));
	EXPECT(refused("sport ne :80", "ne"));
	EXPECT(refused("dport >= :80", "dport"));
	EXPECT(refused("dport :80-90", "range"));
	EXPECT(refused("dport :0", "65535"));
	EXPECT(refused("dport :80 dport :81", "two ports"));
	EXPECT(refused("sport >= :80-90", "range"));
	EXPECT(refused("sport :90-80", "90-80"));
	EXPECT(refused("sport :65536", "65536"));
	EXPECT(refused("sport :80x", "80x"));
	EXPECT(refused("sport :no-such-service", "no-such-service"));
	EXPECT(refused("sport >= 90 sport <= 80", "no local port"));
	EXPECT(refused("sport > 65535", "no local port"));
	EXPECT(refused("sport < 0", "no local port"));
	EXPECT(refused("dst 10.0.0.256", "10.0.0.256"));
	EXPECT(refused("dst 10.0.0.0/33", "/33"));
	EXPECT(refused("dst 10.0.0.0/", "10.0.0.0/"));
	EXPECT(refused("dst ::/129", "/129"));
	EXPECT(refused("dst [::1", "[::1"));
	EXPECT(refused("dst [::1]x", "[::1]x"));
	EXPECT(refused("dst != 10.0.0.1", "dst"));
	EXPECT(refused("dst 10.0.0.1 dst 10.0.0.2", "two addresses"));
	EXPECT(refused("dst example.com", "example.com"));
	EXPECT(refused("origin foo", "foo"));

	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	EXPECT(refused(endless, "..."));
	EXPECT(parse("dst", endless, NULL) == EXIT_USAGE);
	EXPECT(parse("state", endless, NULL) == EXIT_USAGE);
}

static bool lets_pass(const char *words, const struct failure *failure)
{
	return !parse(words, NULL) && filter_passes_failure(&f, failure);
}

static void test_failures(void)
{
	struct failure none_free = {
		.proto = IPPROTO_TCP, .family = AF_INET, .origin = EPHPORTS_ORIGIN_CONNECT,
		.local = { .len = 4, .bytes = { 10, 0, 0, 1 } },
		.peer = { .len = 4, .bytes = { 10, 0, 0, 9 } }, .peer_port = 443,
		.who = { .told = TOLD(EPHPORTS_A_OWNER_PID), .pid = 7 },
	};
	struct failure stolen = {
		.told = TOLD(EPHPORTS_A_FAILURE_PORT), .port = 40000, .proto = IPPROTO_TCP,
		.family = AF_INET, .origin = EPHPORTS_ORIGIN_EXPLICIT,
	};

	EXPECT(lets_pass("", &none_free) && lets_pass("", &stolen));
	EXPECT(lets_pass("dst 10.0.0.9:443", &none_free) && lets_pass("src 10.0.0.0/8", &none_free));
	EXPECT(!lets_pass("dst 10.0.0.8", &none_free) && !lets_pass("src 10.0.0.2", &none_free));
	EXPECT(!lets_pass("dport 80", &none_free) && lets_pass("dport 443", &none_free));
	EXPECT(!lets_pass("dst 10.0.0.9", &stolen));
	EXPECT(lets_pass("dst ::ffff:10.0.0.0/104", &none_free));
	EXPECT(lets_pass("sport 40000", &stolen) && !lets_pass("sport 40000", &none_free));
	EXPECT(lets_pass("origin connect", &none_free) && !lets_pass("origin connect", &stolen));
	EXPECT(lets_pass("pid 7", &none_free) && !lets_pass("pid 8", &none_free));
	EXPECT(!lets_pass("pid 7", &stolen) && !lets_pass("uid 0", &none_free));
	EXPECT(!lets_pass("state syn-sent", &none_free));
}

static const struct ktap_test tests[] = {
	{ "no filter wants everything", test_nothing },
	{ "ports in every spelling", test_ports },
	{ "addresses and prefixes", test_addresses },
	{ "states and their groups", test_states },
	{ "every name of the contract is a word", test_every_name },
	{ "process, user and origin", test_owners },
	{ "what is not supported is refused by name", test_refusals },
	{ "a refusal passes as the module would have it", test_failures },
};

KTAP_MAIN(tests)
