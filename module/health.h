/* SPDX-License-Identifier: GPL-2.0-only */
/* Trouble: whatever makes the records incomplete until a walk has mended it. */
#ifndef EPHPORTS_HEALTH_H
#define EPHPORTS_HEALTH_H

#include <linux/types.h>

#include "scope.h"

struct delayed_work;

void ephports_health_call(void);
void ephports_health_note(enum ephports_scope scope);
u64 ephports_health_count(enum ephports_scope scope);
void ephports_health_answered(void);
void ephports_health_attend(struct delayed_work *work);

#endif /* EPHPORTS_HEALTH_H */
