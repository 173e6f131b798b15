/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks of the kernel's own socket tables, which take in what the probes did not see. */
#ifndef EPHPORTS_WALK_H
#define EPHPORTS_WALK_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "table.h"

extern u8 ephports_walks;

/**
 * ephports_walk_number() - which walk is the latest, modulo 256
 */
static inline u8 ephports_walk_number(void)
{
	return READ_ONCE(ephports_walks);
}

void ephports_walk_ask(void);
int ephports_walk_now(void);
int ephports_walk_catch_up(bool moved, bool wait);
u64 ephports_walk_count(void);
enum ephports_cause ephports_walk_cause(void);

int ephports_walk_adopt(void);
void ephports_walk_exit(void);

#endif /* EPHPORTS_WALK_H */
