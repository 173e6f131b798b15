/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of a tally, for each other. */
#ifndef EPHPORTS_TALLY_PART_H
#define EPHPORTS_TALLY_PART_H

#include "tally.h"

int ephports_tally_count_held(struct ephports_tally *tally, const struct net *net);
int ephports_tally_count_flow(struct ephports_tally *tally);

static inline bool ephports_tally_born_within(const struct ephports_tally *tally,
					      const struct ephports_record *rec)
{
	return !(rec->flags & (EPHPORTS_F_ADOPTED | EPHPORTS_F_SECOND)) &&
	       rec->born >= tally->since;
}

/* Whether to stop, in order to make room for what comes next. */
static __always_inline enum ephports_visit ephports_tally_next(const struct ephports_tally *tally)
{
	return ephports_groups_may_grow(&tally->dests) || ephports_groups_may_grow(&tally->owners) ?
	       EPHPORTS_STOP : EPHPORTS_NEXT;
}

static inline int ephports_tally_grow(struct ephports_tally *tally)
{
	return ephports_groups_grow(&tally->dests) ?: ephports_groups_grow(&tally->owners);
}

#endif /* EPHPORTS_TALLY_PART_H */
