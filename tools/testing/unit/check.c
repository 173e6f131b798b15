// SPDX-License-Identifier: GPL-2.0
/* The plugin for monitoring systems. */
#include <netinet/in.h>

#include "situation.h"

static void expect_check(int status, const char *wanted)
{
	EXPECT(run(cmd_check) == status);
	if (!strstr(output, wanted))
		printf("# no \"%s\" in: %s", wanted, output);
	EXPECT(strstr(output, wanted));
	EXPECT(strchr(output, '\n') == output + strlen(output) - 1);
}

static void test_check_good(void)
{
	reset();
	fake.n_failures = 1;
	expect_check(0, "EPHPORTS OK - tcp range 50.0% (14000 of 28000), udp range 0.1% (28 of 28000), "
		     "fullest tcp 10.0.0.5 -> 10.0.0.9:5432 53.5% (15115 of 28230), "
		     "no failure in 5m00s | tcp_range=50.0%;80;90;0;100 udp_range=0.1%;80;90;0;100 "
		     "tcp_destination=53.5%;80;90;0;100 failures=1000c;;;0\n");
	es.filter.proto = IPPROTO_UDP;
	expect_check(0, "- udp range 0.1% (28 of 28000), no failure in 5m00s | "
		     "udp_range=0.1%;80;90;0;100 failures=1000c;;;0\n");
}

static void test_check_bad(void)
{
	reset();
	fake.n_failures = 1;
	es.warning = "50.5%";
	es.critical = "60";
	expect_check(1, "EPHPORTS WARNING - tcp 10.0.0.5 -> 10.0.0.9:5432 53.5% (15115 of 28230) | "
		     "tcp_range=50.0%;50.5;60;0;100 ");
	es.critical = "49";
	expect_check(2, "EPHPORTS CRITICAL - tcp range 50.0% (14000 of 28000); tcp 10.0.0.5");
}

/* A failure is critical for a while, and what steers a monitoring system does not get through. */
static void test_check_failures(void)
{
	reset();
	expect_check(2, "EPHPORTS CRITICAL - no free port for tcp connect by a/b[1234] 3m20s ago | ");
	es.since = "3m";
	expect_check(0, "no failure in 3m00s");
	es.since = "1d";
	expect_check(2, "3m20s ago, and for 1 other |");
}

static void test_check_unsure(void)
{
	reset();
	fake.n_failures = 1;
	fake.before.complete = false;
	expect_check(3, "EPHPORTS UNKNOWN - incomplete: ");
	fake.infos = 0;
	es.warning = "10";
	expect_check(1, "EPHPORTS WARNING - tcp range 50.0% (14000 of 28000); tcp 10.0.0.5");
	reset();
	fake.n_failures = 1;
	fake.interrupted = true;
	expect_check(3, "EPHPORTS UNKNOWN - incomplete: ");
	reset();
	fake.n_dests = fake.n_failures = 0;
	expect_check(0, "tcp_destination=0.0%;80;90;0;100 failures=0c;;;0\n");
}

static void test_check_refused(void)
{
	static const char *const times[] = { "", "m", "5x", "5mm", "-5", "99999999999999999999" };
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		reset();
		es.since = times[i];
		EXPECT(run(cmd_check) == EXIT_USAGE && strstr(err.text, "--since"));
	}
	reset();
	es.warning = "20:10";
	EXPECT(run(cmd_check) == EXIT_USAGE);
	reset();
	fake.open_ret = EXIT_NOT_LOADED;
	EXPECT(run(cmd_check) == EXIT_NOT_LOADED);
	EXPECT_STR(output, "");
	es.out = tmpfile();
	EXPECT(check_unknown(es.out, &err) == 3 && !*err.text);
	fclose(es.out);
}

static const struct ktap_test tests[] = {
	{ "check: ok", test_check_good },
	{ "check: thresholds", test_check_bad },
	{ "check: failures", test_check_failures },
	{ "check: when not all is known", test_check_unsure },
	{ "check: refusals", test_check_refused },
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
