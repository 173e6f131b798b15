/* SPDX-License-Identifier: GPL-2.0-only */
/* Alerts: a namespace or a destination crosses a threshold, or an allocation failed. */
#ifndef EPHPORTS_ALERT_H
#define EPHPORTS_ALERT_H

#include <linux/ephports.h>

#include "failure.h"

/* Percent: level by level, and how far below its threshold a level is left again. */
struct ephports_thresholds {
	u8 at[EPHPORTS_LEVEL_MAX + 1];
	u8 clear;
};

void ephports_alert_failure(struct net *net, const struct ephports_failure *failure);

void ephports_alert_get(struct ephports_thresholds *thresholds);
const char *ephports_alert_set(const struct ephports_thresholds *thresholds);

int ephports_alert_init(void);
void ephports_alert_exit(void);

#endif /* EPHPORTS_ALERT_H */
