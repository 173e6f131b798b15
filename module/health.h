/* SPDX-License-Identifier: GPL-2.0-only */
/* Trouble: whatever makes the records incomplete until a walk has mended it. */
#ifndef EPHPORTS_HEALTH_H
#define EPHPORTS_HEALTH_H

#include <linux/types.h>

struct delayed_work;

void ephports_health_call(void);
void ephports_health_note(void);
u64 ephports_health_count(void);
void ephports_health_answered(void);
void ephports_health_attend(struct delayed_work *work);

#endif /* EPHPORTS_HEALTH_H */
