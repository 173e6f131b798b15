/* SPDX-License-Identifier: GPL-2.0-only */
/* Things that are added up by a key: a hash table that grows, for one question. */
#ifndef EPHPORTS_GROUPS_H
#define EPHPORTS_GROUPS_H

#include <linux/types.h>

/**
 * struct ephports_groups - a table of items that begin with their key
 * @key: bytes of an item's key, a multiple of 4
 * @size: bytes of an item
 * @n: items in use
 * @room: items that there is memory for
 * @items: all items, in the order that they came
 * @index: by hash, numbers of items + 1
 * @bits: of the hash that count
 */
struct ephports_groups {
	u32 key;
	u32 size;
	u32 n;
	u32 room;
	void *items;
	u32 *index;
	u32 bits;
};

int ephports_groups_open(struct ephports_groups *groups, u32 key, u32 size, u32 room);
int ephports_groups_grow(struct ephports_groups *groups, u32 more);
void ephports_groups_close(struct ephports_groups *groups);
void *ephports_groups_look(const struct ephports_groups *groups, const void *key);
void *ephports_groups_find(struct ephports_groups *groups, const void *key);
u32 ephports_groups_top(const struct ephports_groups *groups,
			bool (*above)(const void *a, const void *b), u32 *top, u32 n);

static inline void *ephports_groups_item(const struct ephports_groups *groups, u32 i)
{
	return groups->items + (size_t)i * groups->size;
}

#endif /* EPHPORTS_GROUPS_H */
