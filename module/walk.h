/* SPDX-License-Identifier: GPL-2.0-only */
/* A walk of the kernel's own socket tables, which takes in what the probes did not see. */
#ifndef EPHPORTS_WALK_H
#define EPHPORTS_WALK_H

#include <linux/types.h>

#include "scope.h"

u32 ephports_walk(void);

#endif /* EPHPORTS_WALK_H */
