// SPDX-License-Identifier: GPL-2.0
/* Lines of text: numbers, addresses, durations, and nothing that steers a terminal. */
#include <arpa/inet.h>

#include "health.h"
#include "text.h"

#include "ktap.h"

static struct text text;

static const char *taken(void)
{
	static char copy[2048];

	strcpy(copy, text_get(&text));
	text.len = 0;
	return copy;
}

static struct address address(const char *s)
{
	struct address addr = { .len = strchr(s, ':') ? 16 : 4 };

	inet_pton(addr.len == 16 ? AF_INET6 : AF_INET, s, addr.bytes);
	return addr;
}

static void test_numbers(void)
{
	unsigned long long n;

	text_u64(&text, 0);
	EXPECT_STR(taken(), "0");
	text_u64(&text, UINT64_MAX);
	EXPECT_STR(taken(), "18446744073709551615");
	for (n = 1; n; n *= 10) {
		char wanted[48];

		snprintf(wanted, sizeof(wanted), "%llu %llu", n - 1, n);
		text_u64(&text, n - 1);
		text_char(&text, ' ');
		text_u64(&text, n);
		EXPECT_STR(taken(), wanted);
		if (n == 10000000000000000000ull)
			break;
	}
	text_u64_right(&text, 42, 5);
	EXPECT_STR(taken(), "   42");
	text_str(&text, "abcdef");
	text_u64_right(&text, 42, 5);
	EXPECT_STR(taken(), "abcdef 42");
	text_percent(&text, 14116, 28232);
	EXPECT_STR(taken(), "50.0%");
	text_percent(&text, 1, 3000);
	EXPECT_STR(taken(), "0.0%");
	text_percent(&text, 5, 0);
	EXPECT_STR(taken(), "-");
}

static void test_columns(void)
{
	text_str(&text, "tcp");
	text_column(&text, 6);
	text_str(&text, "x");
	EXPECT_STR(taken(), "tcp   x");
	text_str(&text, "too long a word");
	text_column(&text, 6);
	text_str(&text, "x");
	EXPECT_STR(taken(), "too long a word x");
}

static void test_endpoints(void)
{
	static const char *const v6[] = {
		"::", "::1", "fe80::1", "2001:db8::1:0:0:1", "::ffff:10.0.0.1", "1:2:3:4:5:6:7:8",
	};
	struct address addr = address("255.255.255.255");
	char wanted[80];
	size_t i;

	text_endpoint(&text, &addr, 0, 65535);
	EXPECT_STR(taken(), "255.255.255.255:65535");
	addr = address("0.0.0.0");
	text_endpoint(&text, &addr, 3, 1);
	EXPECT_STR(taken(), "0.0.0.0%3:1");
	for (i = 0; i < sizeof(v6) / sizeof(v6[0]); i++) {
		addr = address(v6[i]);
		snprintf(wanted, sizeof(wanted), "[%s]:80", v6[i]);
		text_endpoint(&text, &addr, 0, 80);
		EXPECT_STR(taken(), wanted);
	}
	text_endpoint(&text, &(struct address){ 0 }, 0, 80);
	EXPECT_STR(taken(), "-:80");
}

static void test_v4(void)
{
	unsigned int i, octet;

	for (i = 0; i < 4; i++) {
		for (octet = 0; octet < 256; octet++) {
			struct address addr = { .len = 4, .bytes = { 10, 20, 30, 40 } };
			char wanted[INET_ADDRSTRLEN];

			addr.bytes[i] = octet;
			inet_ntop(AF_INET, addr.bytes, wanted, sizeof(wanted));
			text_address(&text, &addr);
			EXPECT_STR(taken(), wanted);
		}
	}
}

/* As inet_ntop() has them, but for the v4-compatible form, which nobody uses. */
static void test_v6(void)
{
	unsigned int seed = 1, round, i;

	for (round = 0; round < 50000; round++) {
		struct address addr = { .len = 16 };
		char wanted[INET6_ADDRSTRLEN];

		for (i = 0; i < 16; i++) {
			seed = seed * 1103515245 + 12345;
			if (seed >> 30)
				addr.bytes[i] = round % 3 ? seed >> 16 : seed >> 16 & 1;
			if (seed >> 30 == 1)
				addr.bytes[i] = 0;
		}
		if (round % 4)
			memset(addr.bytes + round % 14, 0, 16 - round % 14 - round % 3);
		inet_ntop(AF_INET6, addr.bytes, wanted, sizeof(wanted));
		text_address(&text, &addr);
		if (!strchr(wanted, '.') || !strncmp(wanted, "::ffff:", 7))
			EXPECT_STR(taken(), wanted);
		text.len = 0;
	}
}

static void test_durations(void)
{
	static const struct {
		uint64_t ns;
		const char *wanted;
	} cases[] = {
		{ 0, "0ms" }, { 999999999, "999ms" }, { 1000000000, "1.0s" },
		{ 3290000000, "3.2s" }, { 9999999999, "9.9s" }, { 10000000000, "10s" },
		{ 59999999999, "59s" }, { 60000000000, "1m00s" }, { 312000000000, "5m12s" },
		{ 3600000000000, "1h00m" }, { 86399000000000, "23h59m" },
		{ 86400000000000, "1d0h" }, { UINT64_MAX, "213503d23h" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_duration(&text, cases[i].ns);
		EXPECT_STR(taken(), cases[i].wanted);
	}
}

static void test_escapes(void)
{
	text_escaped(&text, "tmux: server");
	EXPECT_STR(taken(), "tmux: server");
	text_escaped(&text, "\033[31mred\n\t\r\x7f");
	EXPECT_STR(taken(), "\\x1b[31mred\\x0a\\x09\\x0d\\x7f");
	text_escaped(&text, "\xc2\x9b\\");
	EXPECT_STR(taken(), "\\xc2\\x9b\\x5c");
}

static void test_overflow(void)
{
	int i;

	for (i = 0; i < 5000; i++)
		text_escaped(&text, "\033x");
	text_column(&text, 100000);
	text_u64(&text, 1);
	EXPECT(text.len == TEXT_ROOM);
	EXPECT(strlen(taken()) == TEXT_ROOM);
}

static void test_health(void)
{
	struct info info = { .complete = true };

	health_text(&text, &info);
	EXPECT_STR(taken(), "complete, nothing lost");
	info.lost = 3;
	health_text(&text, &info);
	EXPECT_STR(taken(), "complete, 3 holders lost since loading, all mended");
	EXPECT(!health_is_bad(&info));
	info.complete = false;
	health_text(&text, &info);
	EXPECT(health_is_bad(&info));
	EXPECT_STR(taken(), "incomplete: 3 holders lost since loading; mend with: ephstat resync");
	info.lost = 0;
	info.counters[EPHPORTS_A_COUNTER_MISSED_ASSIGN] = 7;
	health_text(&text, &info);
	EXPECT_STR(taken(), "incomplete: some holders may be missing, 7 probes missed; "
			    "mend with: ephstat resync");
	info.complete = true;
	health_text(&text, &info);
	EXPECT_STR(taken(), "complete, nothing lost, 7 probes missed, all mended");
	info.blind = EPHPORTS_BLIND_KPROBES;
	health_text(&text, &info);
	EXPECT(!strncmp(taken(), "blind: kprobes", 14));
}

static const struct ktap_test tests[] = {
	{ "numbers", test_numbers },
	{ "columns", test_columns },
	{ "addresses", test_endpoints },
	{ "IPv4 as inet_ntop() writes it", test_v4 },
	{ "IPv6 as inet_ntop() writes it", test_v6 },
	{ "durations", test_durations },
	{ "nothing steers the terminal", test_escapes },
	{ "a long line is cut", test_overflow },
	{ "health in words", test_health },
};

KTAP_MAIN(tests)
