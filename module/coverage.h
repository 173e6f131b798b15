/* SPDX-License-Identifier: GPL-2.0-only */
/* For which stretches of time everything is known. */
#ifndef EPHPORTS_COVERAGE_H
#define EPHPORTS_COVERAGE_H

#include <linux/types.h>

#include "scope.h"

#define EPHPORTS_GAPS	64	/* that are remembered */
#define EPHPORTS_SPANS	(EPHPORTS_GAPS + 1)

/* Ends are ns of CLOCK_BOOTTIME. */
struct ephports_span {
	u64 from;
	u64 to;
};

void ephports_coverage_clean(enum ephports_scope scope, u64 at);
void ephports_coverage_trouble(enum ephports_scope scope, bool silent);
void ephports_coverage_walked(enum ephports_scope scope, u64 began, u64 ended);
u32 ephports_coverage_spans(enum ephports_scope scope, u64 from, u64 to,
			    struct ephports_span spans[EPHPORTS_SPANS]);
u64 ephports_coverage_doubt_at(enum ephports_scope scope, u64 at);

#endif /* EPHPORTS_COVERAGE_H */
