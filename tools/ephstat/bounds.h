/* SPDX-License-Identifier: GPL-2.0 */
/* The ranges of monitoring plugins: -w 80, -c 10:90. */
#ifndef EPHSTAT_BOUNDS_H
#define EPHSTAT_BOUNDS_H

#include <stdbool.h>

struct bounds {
	double low;
	double high;
	bool inside;		/* it is what lies inside that is bad */
	const char *text;	/* as it was given */
};

/* "N" (bad below 0 and above N), "N:", "~:N", "N:M", "@N:M"; a percent sign may follow. */
bool bounds_parse(const char *text, struct bounds *bounds);

bool bounds_are_hit(const struct bounds *bounds, double value);

#endif
