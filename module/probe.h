/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the kernel gives and takes ports: the only place that hooks its functions. */
#ifndef EPHPORTS_PROBE_H
#define EPHPORTS_PROBE_H

#include <linux/types.h>

u64 ephports_probe_missed(void);
u32 ephports_probe_blind(void);

int ephports_probe_init(void);
void ephports_probe_exit(void);

#endif /* EPHPORTS_PROBE_H */
