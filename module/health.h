/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the records can be trusted to be complete. */
#ifndef EPHPORTS_HEALTH_H
#define EPHPORTS_HEALTH_H

#include <linux/types.h>

/**
 * struct ephports_trouble - all that went wrong up to a moment
 * @events: losses, stale records, unknown owners of a release: see ephports_health_note()
 * @missed: calls that return probes did not follow
 */
struct ephports_trouble {
	u64 events;
	u64 missed;
};

void ephports_health_note(void);
void ephports_health_now(struct ephports_trouble *now);
void ephports_health_mended(const struct ephports_trouble *upto);
bool ephports_health_clean(void);
u32 ephports_health_blind(void);
u32 ephports_health_seq(void);

#endif /* EPHPORTS_HEALTH_H */
