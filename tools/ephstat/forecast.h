/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The clock: from how many ports are taken and given back in a second, and how long they are held,
 * when something will be full, or at what level it stops before.
 */
#ifndef EPHSTAT_FORECAST_H
#define EPHSTAT_FORECAST_H

#include <stdint.h>

/* The kernel's own, TCP_TIMEWAIT_LEN: it cannot be set. */
#define TIME_WAIT_S	60

struct forecast_facts {
	uint32_t used;		/* ports held now */
	uint32_t headroom;	/* further ones that can be had now */
	uint32_t time_wait;	/* of @used */
	double time_wait_s;	/* how long one of these keeps others from its port */
	uint64_t born;		/* taken within @window_ns */
	uint64_t ended;		/* given back within @window_ns */
	uint64_t ended_known;	/* of those, how long these had been held is known, */
	uint64_t ended_held_ns;	/* summed up */
	uint64_t window_ns;
	uint64_t oldest_ns;	/* since the oldest of @used was taken; 0: not known */
};

enum forecast_is {
	FORECAST_UNKNOWN,	/* too short a time was watched */
	FORECAST_FULL,		/* already */
	FORECAST_IDLE,		/* nothing is taken */
	FORECAST_FALLS,		/* more is given back than taken, down to @level */
	FORECAST_STEADY,	/* at @level, which is where it is */
	FORECAST_LEVELS_OFF,	/* grows to @level, which fits */
	FORECAST_FILLS,		/* grows, and is full in @seconds */
};

struct forecast {
	enum forecast_is is;
	double window_s;	/* what the rates are of */
	double taken_rate;	/* per second */
	double given_rate;
	double held_s;		/* how long a port is held; 0: not known, none was given back */
	double level;		/* ports in the steady state; 0 for FILLS: there is none */
	double needed;		/* for FILLS: what the steady state would take; 0: without bound */
	double seconds;		/* for FILLS */
};

void forecast(const struct forecast_facts *facts, struct forecast *cast);

#endif
