// SPDX-License-Identifier: GPL-2.0
/* The clock, on numbers: arrival rate x holding time, and what becomes of it. */
#include "forecast.h"

#include "ktap.h"

#define S	1000000000ull

static struct forecast cast;

/* A watched window of ten seconds: ports per second in and out, which had been held for @held_s. */
static struct forecast_facts facts(uint32_t used, uint32_t headroom, uint32_t time_wait,
				   unsigned int in, unsigned int out, double held_s)
{
	return (struct forecast_facts){
		.used = used, .headroom = headroom, .time_wait = time_wait,
		.time_wait_s = TIME_WAIT_S, .born = in * 10, .ended = out * 10,
		.ended_known = out * 10, .ended_held_ns = out * 10 * held_s * S,
		.window_ns = 10 * S, .oldest_ns = 70 * S,
	};
}

static bool about(double got, double wanted)
{
	double off = got - wanted;

	if (off * off <= wanted * wanted / 10000 + 1e-9)
		return true;
	printf("# %g instead of about %g\n", got, wanted);
	return false;
}

/* What began three seconds ago is not spread over ten. */
static void test_window(void)
{
	struct forecast_facts f = facts(300, 27932, 300, 30, 0, 0);

	f.oldest_ns = 3 * S;
	forecast(&f, &cast);
	EXPECT(about(cast.taken_rate, 100) && about(cast.window_s, 3));
	EXPECT(cast.is == FORECAST_LEVELS_OFF && about(cast.level, 6000));
	/* Some of what is held is older, or something has ended: the window counts. */
	f.used = 301;
	forecast(&f, &cast);
	EXPECT(about(cast.taken_rate, 30));
	f.used = 299;
	f.ended = 1;
	forecast(&f, &cast);
	EXPECT(about(cast.taken_rate, 30) && about(cast.window_s, 10));
}

/* 28,232 ports over 60 s: 470 connections a second is the most that TIME_WAIT leaves. */
static void test_churn_begins(void)
{
	struct forecast_facts f = facts(2000, 26232, 1990, 200, 0, 0);

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_LEVELS_OFF && about(cast.level, 200 * 60 + 10));
	EXPECT(about(cast.taken_rate, 200) && cast.given_rate == 0 && about(cast.held_s, 60));

	f = facts(5000, 23232, 4990, 500, 0, 0);
	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_FILLS && about(cast.seconds, 23232 / 500.0));
	EXPECT(about(cast.needed, 30010));
}

static void test_ceiling(void)
{
	struct forecast_facts f = facts(1000, 27232, 1000, 470, 0, 0);

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_LEVELS_OFF && cast.level <= 28232);
	f = facts(1000, 27232, 1000, 471, 0, 0);
	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_FILLS && about(cast.seconds, 27232 / 471.0));
}

/* 331 connects a second, held for 65 s, of which 60 s in TIME_WAIT. */
static void test_churn_is_steady(void)
{
	struct forecast_facts f = facts(21515, 6717, 19860, 331, 331, 65);

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_STEADY && about(cast.level, 331 * 65) && about(cast.held_s, 65));
	/* Chance makes the two differ a little. */
	f.ended -= 100;
	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_STEADY);
}

/* Open for 5 s each, which the churn's 60 s of TIME_WAIT follow; 300 others stay open. */
static void test_churn_beside_a_pool(void)
{
	struct forecast_facts f = facts(4000, 24232, 3200, 100, 60, 65);

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_LEVELS_OFF && about(cast.level, 100 * 65 + 300));
}

/* Ten a second for long, then a hundred: the surplus will stay for a minute too. */
static void test_churn_steps_up(void)
{
	struct forecast_facts f = facts(1500, 26732, 1500, 100, 10, 60);

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_LEVELS_OFF && about(cast.level, 6000) && about(cast.held_s, 60));
}

/* The search for ports became slow, and the churn with it: a third of what it was. */
static void test_churn_steps_down(void)
{
	struct forecast_facts f = facts(17300, 10900, 16200, 100, 60, 60);

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_FALLS && about(cast.level, 7100));
}

/* Half of the connections end by a reset at once: only the others see TIME_WAIT. */
static void test_churn_with_resets(void)
{
	struct forecast_facts f = facts(1000, 27232, 1000, 100, 50, 0.01);

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_LEVELS_OFF && about(cast.level, 50 * 60 + 0.5));
}

static void test_reused_time_wait(void)
{
	struct forecast_facts f = facts(28000, 27500, 27900, 5000, 4000, 6);

	f.time_wait_s = 1;
	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_LEVELS_OFF && cast.level >= f.used);
}

static void test_leak(void)
{
	struct forecast_facts f = facts(3000, 25232, 0, 10, 0, 0);

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_FILLS && about(cast.seconds, 2523.2) && cast.needed == 0);
	/* Others come and go meanwhile: their short lives say nothing of what stays. */
	f = facts(3000, 25232, 10, 100, 80, 0.1);
	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_FILLS && about(cast.seconds, 1261.6));
}

static void test_slow_leak(void)
{
	struct forecast_facts f = facts(20000, 8000, 0, 0, 0, 0);

	f.born = 9;
	f.oldest_ns = 40000 * S;
	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_FILLS && about(cast.seconds, 16000));
	f.ended = 1;
	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_STEADY);
}

static void test_pool(void)
{
	struct forecast_facts f = facts(50, 28182, 0, 0, 0, 0);

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_IDLE && cast.level == 50);
}

static void test_falls(void)
{
	struct forecast_facts f = facts(20000, 8232, 20000, 50, 400, 60);

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_FALLS && about(cast.level, 3000));
	f = facts(100, 8232, 100, 50, 400, 60);
	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_FALLS && cast.level == 100);
	/* Connections that stay open do not fall with the churn beside them. */
	f = facts(7160, 4840, 5160, 2, 67, 60);
	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_FALLS && about(cast.level, 2000));
}

static void test_full(void)
{
	struct forecast_facts f = facts(28232, 0, 28232, 400, 400, 60);

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_FULL && cast.level == 28232 && about(cast.taken_rate, 400));
}

static void test_too_early(void)
{
	struct forecast_facts f = { .used = 5, .headroom = 28000, .born = 5 };

	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_UNKNOWN && cast.taken_rate == 0);
	f.window_ns = S / 10;
	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_UNKNOWN);
	/* A tenth of a second in which much happened is no guess. */
	f.born = 2000;
	forecast(&f, &cast);
	EXPECT(cast.is == FORECAST_FILLS && about(cast.seconds, 1.4));
}

static const struct ktap_test tests[] = {
	{ "clock: what began within the window", test_window },
	{ "clock: churn that began less than a minute ago", test_churn_begins },
	{ "clock: 470 connections a second fit the default range, 471 do not", test_ceiling },
	{ "clock: churn in its steady state", test_churn_is_steady },
	{ "clock: churn beside connections that stay", test_churn_beside_a_pool },
	{ "clock: churn that became more", test_churn_steps_up },
	{ "clock: churn that became less", test_churn_steps_down },
	{ "clock: churn of which half is reset", test_churn_with_resets },
	{ "clock: TIME_WAIT that is reused", test_reused_time_wait },
	{ "clock: a leak, also beside short connections", test_leak },
	{ "clock: a slow leak", test_slow_leak },
	{ "clock: a pool at rest", test_pool },
	{ "clock: less than before", test_falls },
	{ "clock: full", test_full },
	{ "clock: too early to tell", test_too_early },
};

KTAP_MAIN(tests)
