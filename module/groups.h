/* SPDX-License-Identifier: GPL-2.0-only */
/* Things that are added up by a key: a hash table that grows, for one question. */
#ifndef EPHPORTS_GROUPS_H
#define EPHPORTS_GROUPS_H

#include <linux/hash.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/types.h>

#define EPHPORTS_GROUPS_KEY	64	/* bytes of a key, at most */

/**
 * struct ephports_groups - a table of items that begin with their key
 * @key: bytes of an item's key, a multiple of 8
 * @size: bytes of an item
 * @n: items in use
 * @room: items that there is memory for
 * @most: items that there may be
 * @items: all items, in the order that they came
 * @index: by hash, numbers of items + 1
 * @bits: of the hash that count
 * @secret: random, so that nobody can choose what collides
 */
struct ephports_groups {
	u32 key;
	u32 size;
	u32 n;
	u32 room;
	u32 most;
	void *items;
	u32 *index;
	u32 bits;
	u64 secret[EPHPORTS_GROUPS_KEY / sizeof(u64)];
};

int ephports_groups_open(struct ephports_groups *groups, u32 key, u32 size, u32 room, u32 most);
int ephports_groups_grow(struct ephports_groups *groups);
void ephports_groups_close(struct ephports_groups *groups);
void ephports_groups_empty(struct ephports_groups *groups);
void ephports_groups_thin(struct ephports_groups *groups, bool (*wear)(void *item));
u32 ephports_groups_top(const struct ephports_groups *groups,
			bool (*above)(const void *a, const void *b), u32 *top, u32 n);

static inline void *ephports_groups_item(const struct ephports_groups *groups, u32 i)
{
	return groups->items + (size_t)i * groups->size;
}

static inline bool ephports_groups_is_full(const struct ephports_groups *groups)
{
	return groups->n == groups->room;
}

/**
 * ephports_groups_may_grow() - whether there is no room, and may be
 */
static inline bool ephports_groups_may_grow(const struct ephports_groups *groups)
{
	return ephports_groups_is_full(groups) && groups->room < groups->most;
}

/*
 * Where a key is in the index, or would be. All that it calls is inlined and unrolled where
 * @size is a constant: a question asks it of every record.
 */
static __always_inline u32 *ephports_groups_slot(const struct ephports_groups *groups,
						 const void *key, size_t size)
{
	const u64 *words = key, *other;
	u64 hash = 0, differs;
	unsigned int i;
	u32 at;

#pragma GCC unroll 4
	for (i = 0; i + 1 < size / sizeof(u64); i += 2)
		hash += mul_u64_u64_shr(words[i] + groups->secret[i],
					words[i + 1] + groups->secret[i + 1], 32);
	if (i < size / sizeof(u64))
		hash += mul_u64_u64_shr(words[i] + groups->secret[i], groups->secret[i + 1], 32);
	for (at = hash * GOLDEN_RATIO_64 >> (64 - groups->bits); groups->index[at];
	     at = (at + 1) & ((1u << groups->bits) - 1)) {
		other = ephports_groups_item(groups, groups->index[at] - 1);
		differs = 0;
#pragma GCC unroll 8
		for (i = 0; i < size / sizeof(u64); i++)
			differs |= words[i] ^ other[i];
		if (!differs)
			break;
	}
	return &groups->index[at];
}

/**
 * ephports_groups_look() - the item of a key
 * @groups: the table
 * @key: whose, u64 aligned
 * @size: of a key, as the table was opened with
 *
 * Return: the item, or NULL if there is none.
 */
static __always_inline void *ephports_groups_look(const struct ephports_groups *groups,
						  const void *key, size_t size)
{
	u32 *slot = ephports_groups_slot(groups, key, size);

	return *slot ? ephports_groups_item(groups, *slot - 1) : NULL;
}

/**
 * ephports_groups_find() - the item of a key
 * @groups: the table
 * @key: whose, u64 aligned; a new item has this key and is zero otherwise
 * @size: of a key, as the table was opened with
 *
 * Context: any.
 *
 * Return: the item, or NULL if there is none and no room.
 */
static __always_inline void *ephports_groups_find(struct ephports_groups *groups, const void *key,
						  size_t size)
{
	u32 *slot = ephports_groups_slot(groups, key, size);

	if (unlikely(!*slot)) {
		if (ephports_groups_is_full(groups))
			return NULL;
		memcpy(ephports_groups_item(groups, groups->n), key, size);
		*slot = ++groups->n;
	}
	return ephports_groups_item(groups, *slot - 1);
}

#endif /* EPHPORTS_GROUPS_H */
