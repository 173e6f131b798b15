// SPDX-License-Identifier: GPL-2.0
/*
 * Little's law: what is held in the steady state is the arrival rate times the holding time. The
 * holding time of what ended lately is told by the kernel, but says nothing of what has not ended
 * yet, and a storm that began half a minute ago has ended nothing. So the arrivals are split: as
 * many as end are taken to be like those that end; the surplus is what the growth is made of. If
 * that stays in TIME_WAIT, it ends when TIME_WAIT does, which is known; if it does not, nothing
 * says that it ever ends, and it is taken to stay: a leak.
 */
#include <stdbool.h>

#include "forecast.h"

/* A rate from less than both is a guess. */
#define WINDOW_MIN_NS	500000000ull
#define EVENTS_MIN	100

/*
 * Counts of independent events scatter by their square root; a difference below three of these is
 * no growth. Squared, to do without the root.
 */
static bool is_noise(uint64_t born, uint64_t ended)
{
	double surplus = (double)born - (double)ended;

	return surplus * surplus <= 9.0 * ((double)born + (double)ended);
}

/* What grows is churn if TIME_WAIT is most of what is held. */
static bool is_churn(const struct forecast_facts *facts)
{
	return facts->time_wait * 2ull >= facts->used && facts->time_wait;
}

/*
 * The steady state's ports, if the surplus of arrivals ends in TIME_WAIT. What is open now beyond
 * what the churn itself keeps open for a while before its TIME_WAIT, stays open.
 */
static double churn_level(const struct forecast_facts *facts, const struct forecast *cast)
{
	double surplus = cast->taken_rate - cast->given_rate;
	double open_s = cast->held_s > facts->time_wait_s ? cast->held_s - facts->time_wait_s : 0;
	double stays = facts->used - facts->time_wait - cast->taken_rate * open_s;

	return cast->given_rate * cast->held_s + surplus * (facts->time_wait_s + open_s) +
	       (stays > 0 ? stays : 0);
}

/* Down to @level, but of what is open nothing says that it ends. */
static void cast_fall(const struct forecast_facts *facts, double level, struct forecast *cast)
{
	cast->is = FORECAST_FALLS;
	cast->level = level;
	if (is_churn(facts) && cast->level < facts->used - facts->time_wait)
		cast->level = facts->used - facts->time_wait;
	if (cast->level > facts->used)
		cast->level = facts->used;
}

/* The churn that is there now needs @needed ports, of which there are enough. */
static void cast_fitting(const struct forecast_facts *facts, double needed, struct forecast *cast)
{
	if (needed < facts->used && facts->time_wait_s >= TIME_WAIT_S) {
		cast_fall(facts, needed, cast);		/* it was more before */
		return;
	}
	cast->is = FORECAST_LEVELS_OFF;
	/* TIME_WAIT that is over for others already is still there. */
	cast->level = needed > facts->used ? needed : facts->used;
}

static void cast_growth(const struct forecast_facts *facts, double surplus, struct forecast *cast)
{
	double limit = (double)facts->used + facts->headroom;

	if (is_churn(facts)) {
		double needed = churn_level(facts, cast);

		cast->held_s = needed / cast->taken_rate;
		if (needed <= limit) {
			cast_fitting(facts, needed, cast);
			return;
		}
		cast->needed = needed;
	}
	cast->is = FORECAST_FILLS;
	cast->level = 0;
	cast->seconds = facts->headroom / surplus;
}

/*
 * What is taken now and then and never given back is a slow leak, of which ten seconds show next to
 * nothing; the age of the oldest tells its pace. 0: it is none.
 */
static double slow_leak(const struct forecast_facts *facts)
{
	if (!facts->born || facts->ended || is_churn(facts) ||
	    facts->oldest_ns <= facts->window_ns)
		return 0;
	return facts->used / (facts->oldest_ns / 1e9);
}

/* What began within the window did not take all of it. */
static uint64_t time_of(const struct forecast_facts *facts)
{
	if (!facts->ended && facts->born >= facts->used && facts->oldest_ns &&
	    facts->oldest_ns < facts->window_ns)
		return facts->oldest_ns;
	return facts->window_ns;
}

static void set_rates(const struct forecast_facts *facts, struct forecast *cast)
{
	double window_s = time_of(facts) / 1e9;

	if (facts->window_ns) {
		cast->taken_rate = facts->born / window_s;
		cast->given_rate = facts->ended / window_s;
	}
	cast->window_s = window_s;
	if (facts->ended_known)
		cast->held_s = facts->ended_held_ns / 1e9 / facts->ended_known;
}

static bool is_guess(const struct forecast_facts *facts)
{
	return !facts->window_ns || (time_of(facts) < WINDOW_MIN_NS &&
				     facts->born + facts->ended < EVENTS_MIN);
}

void forecast(const struct forecast_facts *facts, struct forecast *cast)
{
	*cast = (struct forecast){ .is = FORECAST_UNKNOWN };
	set_rates(facts, cast);
	if (!facts->headroom) {
		cast->is = FORECAST_FULL;
		cast->level = facts->used;
	} else if (is_guess(facts)) {
		return;
	} else if (is_noise(facts->born, facts->ended)) {
		double leak = slow_leak(facts);

		cast->is = facts->born ? FORECAST_STEADY : FORECAST_IDLE;
		cast->level = facts->used;
		if (leak > 0)
			cast_growth(facts, leak, cast);
	} else if (facts->born > facts->ended) {
		cast_growth(facts, cast->taken_rate - cast->given_rate, cast);
	} else {
		cast_fall(facts, cast->taken_rate * cast->held_s, cast);
	}
}
