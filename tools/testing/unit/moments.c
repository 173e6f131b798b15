// SPDX-License-Identifier: GPL-2.0
/* Points in time as people write them. */
#include <stdlib.h>
#include <time.h>

#include "moment.h"

#include "ktap.h"

#define S	1000000000ull
#define NOW	(1795269785 * S)	/* 2026-11-21 14:03:05 UTC */
#define MINUTE	(60 * S)

static struct moment got;

static bool is(const char *s, uint64_t ns, uint64_t width_ns)
{
	if (moment_parse(s, NOW, &got) && got.ns == ns && got.width_ns == width_ns)
		return true;
	printf("# \"%s\" became %llu, %llu long\n", s, (unsigned long long)got.ns,
	       (unsigned long long)got.width_ns);
	return false;
}

static void in_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static void test_clock(void)
{
	in_zone("UTC");
	EXPECT(is("14:03", NOW - 5 * S, MINUTE));
	EXPECT(is("14:03:05", NOW, S));
	EXPECT(is("14:03:04.25", NOW - S + S / 4, S / 100));
	EXPECT(is("14:03:04.000000001", NOW - S + 1, 1));
	EXPECT(is("00:00", NOW - (14 * 3600 + 3 * 60 + 5) * S, MINUTE));
	/* What is yet to come today was yesterday. */
	EXPECT(is("14:04", NOW - 5 * S + MINUTE - 86400 * S, MINUTE));
	EXPECT(is("14:03:05.1", NOW + S / 10 - 86400 * S, S / 10));
}

static void test_zones(void)
{
	in_zone("CET-1CEST,M3.5.0,M10.5.0/3");
	EXPECT(is("15:03:05", NOW, S));
	EXPECT(is("2026-11-21 15:03:05", NOW, S));
	EXPECT(is("2026-11-21T14:03:05Z", NOW, S));
	EXPECT(is("2026-11-21T15:03:05+01:00", NOW, S));
	EXPECT(is("2026-11-21T10:33:05.5-0330", NOW + S / 2, S / 10));
	EXPECT(is("2026-11-21 16:03+02", NOW - 5 * S, MINUTE));
	/* A day in summer, and the day that has an hour more. */
	EXPECT(is("2026-07-01 02:00", 1782864000 * S, MINUTE));
	EXPECT(is("2026-10-25", 1792879200 * S, 25 * 3600 * S));
	in_zone("UTC");
}

static void test_dates(void)
{
	EXPECT(is("2026-11-21", NOW - (14 * 3600 + 3 * 60 + 5) * S, 86400 * S));
	EXPECT(is("2024-02-29 00:00", 1709164800 * S, MINUTE));
	EXPECT(is("1970-01-01T00:00:00Z", 0, S));
}

static void test_others(void)
{
	EXPECT(is("now", NOW, 1));
	EXPECT(is("-5m", NOW - 5 * MINUTE, 1));
	EXPECT(is("5m ago", NOW - 5 * MINUTE, 1));
	EXPECT(is("-1h30m", NOW - 90 * MINUTE, 1));
	EXPECT(is("2d ago", NOW - 2 * 86400 * S, 1));
	EXPECT(is("@1795269785", NOW, S));
	EXPECT(is("@1795269785.123456789", NOW + 123456789, 1));
	EXPECT(is("@1795269785.5", NOW + S / 2, S / 10));
}

static void test_refused(void)
{
	static const char *const wrong[] = {
		"", "5", "5m", "-5", "-m", "-5x", "5m before", "--5m", "-5m ago", "14", "14:3", "24:00",
		"14:60", "14:03:", "14:03:60", "14:03:05.", "14:03:05.1234567890", "14:03 ", "1:03",
		"2026-11", "2026-13-01", "2026-02-30", "2025-02-29", "2026-11-21T", "2026-11-21 14",
		"2026-11-21 14:03+", "2026-11-21 14:03+1", "2026-11-21 14:03+25", "2026-11-21x14:03",
		"2026-11-21 14:03Zx", "1969-12-31", "1970-01-01T00:00+01:00", "@", "@x", "@1.", "@1.x",
		"@99999999999", "-999999999d", "tomorrow",
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (moment_parse(wrong[i], NOW, &got))
			printf("# \"%s\" was taken\n", wrong[i]);
		EXPECT(!moment_parse(wrong[i], NOW, &got));
	}
}

static void test_text(void)
{
	struct text text = { 0 };

	moment_text(&text, NOW + 7000000);
	EXPECT_STR(text_get(&text), "2026-11-21 14:03:05.007");
}

static const struct ktap_test tests[] = {
	{ "the time of day is the latest that has been",	test_clock },
	{ "zones and summer time",				test_zones },
	{ "dates are as long as they are",			test_dates },
	{ "relative times and seconds since the epoch",		test_others },
	{ "what is no time is refused",				test_refused },
	{ "a time is told to the millisecond",			test_text },
};

KTAP_MAIN(tests)
