// SPDX-License-Identifier: GPL-2.0
/* Ranges of monitoring plugins, and the list of reserved ports. */
#include "bounds.h"
#include "portset.h"

#include "ktap.h"

/* Whether 0, 10, 10.5, 20 and 21 are hit, as a string of five digits. */
static void expect_hits(const char *range, const char *wanted)
{
	static const double values[] = { 0, 10, 10.5, 20, 21 };
	struct bounds bounds;
	char got[6] = "";
	unsigned int i;

	EXPECT(bounds_parse(range, &bounds));
	for (i = 0; i < 5; i++)
		got[i] = bounds_are_hit(&bounds, values[i]) ? '1' : '0';
	EXPECT_STR(got, wanted);
}

static void test_ranges(void)
{
	struct bounds bounds;

	expect_hits("10", "00111");
	expect_hits("10%", "00111");
	expect_hits("10:", "10000");
	expect_hits("10:20", "10001");
	expect_hits("~:10", "00111");
	expect_hits("@10:20", "01110");
	expect_hits("@10", "11000");
	expect_hits("0.5", "01111");
	EXPECT(bounds_parse("10", &bounds) && bounds_are_hit(&bounds, -1));
	EXPECT(bounds_parse("~:10", &bounds) && !bounds_are_hit(&bounds, -1));
}

static void test_refused_ranges(void)
{
	static const char *const wrong[] = {
		"", ":", "x", "10x", "10:x", "20:10", "@", "10:20:30", "nan", "inf", "~", "~:",
		":10", "10%%", "- 5",
	};
	struct bounds bounds;
	unsigned int i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (bounds_parse(wrong[i], &bounds))
			printf("# \"%s\" was taken\n", wrong[i]);
		EXPECT(!bounds_parse(wrong[i], &bounds));
	}
}

static void expect_list(const char *list, const char *wanted)
{
	struct portset ports = { { 0 } };
	char got[64] = "";
	FILE *out = fmemopen(got, sizeof(got), "w");

	EXPECT(portset_parse(&ports, list));
	portset_print(&ports, out);
	fclose(out);
	EXPECT_STR(got, wanted);
}

static bool is_list(const char *list)
{
	struct portset ports = { { 0 } };

	return portset_parse(&ports, list);
}

static void test_reserved(void)
{
	struct portset ports = { { 0 } };

	expect_list("\n", "");
	expect_list("8080\n", "8080");
	expect_list("8080,9000-9010\n", "8080,9000-9010");
	expect_list("9001-9010,8080,9000,5,6", "5-6,8080,9000-9010");
	expect_list("0-65535\n", "0-65535");
	expect_list("65534-65535,0", "0,65534-65535");
	EXPECT(portset_parse(&ports, "8080,9000-9010"));
	EXPECT(portset_has(&ports, 8080) && portset_has(&ports, 9005) &&
	       !portset_has(&ports, 8081) && !portset_has(&ports, 9011));
	EXPECT(!is_list("8080-8070") && !is_list("65536") && !is_list("80 90") && !is_list("http"));
}

static const struct ktap_test tests[] = {
	{ "ranges of plugins", test_ranges },
	{ "what is no range", test_refused_ranges },
	{ "reserved ports, read and written", test_reserved },
};

KTAP_MAIN(tests)
