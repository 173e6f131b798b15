/* SPDX-License-Identifier: GPL-2.0-only */
/* A walk of the kernel's own socket tables, which takes in what the probes did not see. */
#ifndef EPHPORTS_WALK_H
#define EPHPORTS_WALK_H

#include <linux/types.h>

bool ephports_walk(void);
u64 ephports_walk_widened(void);

#endif /* EPHPORTS_WALK_H */
