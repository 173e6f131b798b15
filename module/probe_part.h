/* SPDX-License-Identifier: GPL-2.0-only */
/* The two kinds of probes, for probe.c alone, which arms both or none. Process context, sleeps. */
#ifndef EPHPORTS_PROBE_PART_H
#define EPHPORTS_PROBE_PART_H

#include <linux/err.h>
#include <linux/errno.h>

#include "log.h"

int ephports_probe_find_hooks(void);
void ephports_probe_forget_hooks(void);
int ephports_probe_arm_hooks(void);
void ephports_probe_disarm_hooks(void);
int ephports_probe_arm_returns(void);
void ephports_probe_disarm_returns(void);
int ephports_probe_try(void);

/* Why a probe cannot be armed; for want of memory, who loads the module is told in main.c. */
static inline void ephports_refuse(int err, const char *what, const char *name)
{
	if (err != -ENOMEM)
		ephports_err("not loaded: %s %s (%pe)", what, name, ERR_PTR(err));
}

#endif /* EPHPORTS_PROBE_PART_H */
