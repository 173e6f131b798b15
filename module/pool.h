/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory for records, and their ids. */
#ifndef EPHPORTS_POOL_H
#define EPHPORTS_POOL_H

#include <linux/types.h>

#define EPHPORTS_NIL	U32_MAX		/* the index of no record */

struct ephports_record;

extern struct ephports_record *ephports_records;

u32 ephports_pool_take(void);
void ephports_pool_give(u32 index);
u64 ephports_pool_id(void);

int ephports_pool_init(u32 n);
void ephports_pool_exit(void);

#endif /* EPHPORTS_POOL_H */
