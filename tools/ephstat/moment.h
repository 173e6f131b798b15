/* SPDX-License-Identifier: GPL-2.0 */
/* Points in time, as people write them on a command line and read them in a table. */
#ifndef EPHSTAT_MOMENT_H
#define EPHSTAT_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/* ns of CLOCK_REALTIME. As exact as it was written: 14:03 is a minute long, 14:03:05 a second. */
struct moment {
	uint64_t ns;
	uint64_t width_ns;	/* at least 1 */
};

#define MOMENT_FORMS	"14:03, 14:03:05, 2026-11-21 14:03, 2026-11-21T14:03:05+01:00, @SECONDS, -5m"

/*
 * Reads a time: one of MOMENT_FORMS, with fractions of seconds; "5m ago", "now", a date alone. Without
 * a date it is the latest such time that is not after @now_ns, without a zone it is local. Returns
 * false if it is none of them.
 */
bool moment_parse(const char *s, uint64_t now_ns, struct moment *moment);

/* "2026-11-21 14:03:05.123" where we are. */
void moment_text(struct text *text, uint64_t ns);

#endif
