/* SPDX-License-Identifier: GPL-2.0-only */
/* How many holders came and went since loading, and why; each CPU counts for itself. */
#ifndef EPHPORTS_COUNT_H
#define EPHPORTS_COUNT_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "scope.h"

/* Why a record came, or went; each is counted. */
enum ephports_cause {
	EPHPORTS_ASSIGNED,
	EPHPORTS_ADOPTED,
	EPHPORTS_CLONED,
	EPHPORTS_MENDED_IN,
	EPHPORTS_GUEST_MENDED_IN,	/* the same, of EPHPORTS_F_GUEST */
	EPHPORTS_WIDENED,		/* mended in, and new to a range that was moved */
	EPHPORTS_GUEST_WIDENED,		/* likewise */
	EPHPORTS_RELEASED,
	EPHPORTS_MENDED_OUT,
	EPHPORTS_LOST,
	EPHPORTS_GUEST_LOST,		/* likewise */
	EPHPORTS_UNKNOWN,
	EPHPORTS_WIDENED_BACK,		/* counted as widened, and taken back */
	EPHPORTS_GUEST_WIDENED_BACK,	/* likewise */
	EPHPORTS_COUNTERS
};

DECLARE_PER_CPU(u64 [EPHPORTS_COUNTERS], ephports_counters);

/**
 * ephports_count_note() - count one more
 * @cause: why it came, went or did neither
 *
 * Context: any.
 */
static inline void ephports_count_note(enum ephports_cause cause)
{
	this_cpu_inc(ephports_counters[cause]);
}

/**
 * ephports_count_take_back() - count one less: it turned out to be something else
 * @cause: what it was counted as
 *
 * Context: any.
 */
static inline void ephports_count_take_back(enum ephports_cause cause)
{
	this_cpu_dec(ephports_counters[cause]);
}

u64 ephports_count_of(enum ephports_cause cause);
u64 ephports_count_mended_in(enum ephports_scope scope);
u64 ephports_count_lost(enum ephports_scope scope);
u64 ephports_count_widened(enum ephports_scope scope);
u64 ephports_count_widenings(enum ephports_scope scope);
u32 ephports_count_held(void);

#endif /* EPHPORTS_COUNT_H */
