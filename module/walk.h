/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks of the kernel's own socket tables, which take in what the probes did not see. */
#ifndef EPHPORTS_WALK_H
#define EPHPORTS_WALK_H

#include <linux/compiler.h>
#include <linux/types.h>

extern bool ephports_walking;
extern u8 ephports_walks;

void ephports_walk_bury(const void *key);

/**
 * ephports_walk_number() - which walk is the latest, modulo 256
 */
static inline u8 ephports_walk_number(void)
{
	return READ_ONCE(ephports_walks);
}

/**
 * ephports_walk_released() - tell a walk under way that a holder is letting go
 * @key: the holder
 *
 * To be called before its record is looked for. Costs a load when there is no walk.
 */
static inline void ephports_walk_released(const void *key)
{
	if (unlikely(READ_ONCE(ephports_walking)))
		ephports_walk_bury(key);
}

void ephports_walk_ask(void);
void ephports_walk_now(void);
u64 ephports_walk_count(void);

int ephports_walk_adopt(void);
int ephports_walk_init(void);
void ephports_walk_exit(void);

#endif /* EPHPORTS_WALK_H */
