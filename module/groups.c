// SPDX-License-Identifier: GPL-2.0-only
/* Things that are added up by a key: a hash table that grows, for one question. */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "groups.h"

void ephports_groups_close(struct ephports_groups *groups)
{
	kvfree(groups->items);
	kvfree(groups->index);
}

/* The index is empty. */
static void enter_items(struct ephports_groups *groups)
{
	u32 i;

	for (i = 0; i < groups->n; i++)
		*ephports_groups_slot(groups, ephports_groups_item(groups, i), groups->key) = i + 1;
}

static void empty_index(struct ephports_groups *groups)
{
	memset(groups->index, 0, sizeof(*groups->index) << groups->bits);
}

static int set_room(struct ephports_groups *groups, u32 room)
{
	struct ephports_groups old = *groups;

	groups->room = room;
	/* Twice as many places in the index as there is room for items. */
	groups->bits = order_base_2(groups->room) + 1;
	groups->items = kvcalloc(groups->room, groups->size, GFP_KERNEL_ACCOUNT);
	groups->index = kvcalloc(1ul << groups->bits, sizeof(*groups->index), GFP_KERNEL_ACCOUNT);
	if (!groups->items || !groups->index) {
		ephports_groups_close(groups);
		*groups = old;
		return -ENOMEM;
	}
	if (old.n)
		memcpy(groups->items, old.items, (size_t)old.n * old.size);
	enter_items(groups);
	ephports_groups_close(&old);
	return 0;
}

/**
 * ephports_groups_open() - an empty table
 * @groups: filled; for ephports_groups_close() in any case
 * @key: bytes of an item's key, a multiple of 8, at most EPHPORTS_GROUPS_KEY
 * @size: bytes of an item
 * @room: items to make room for at first, from 1
 * @most: items that there may be
 *
 * Context: process context, sleeps; the memory is charged to the running process.
 *
 * Return: 0 or -ENOMEM.
 */
int ephports_groups_open(struct ephports_groups *groups, u32 key, u32 size, u32 room, u32 most)
{
	memset(groups, 0, sizeof(*groups));
	get_random_bytes(groups->secret, sizeof(groups->secret));
	groups->key = key;
	groups->size = size;
	groups->most = most;
	return set_room(groups, room);
}

/**
 * ephports_groups_grow() - make room for more, if there is none and may be
 * @groups: the table, which stays as it is if this fails
 *
 * Context: as above.
 *
 * Return: 0 or -ENOMEM.
 */
int ephports_groups_grow(struct ephports_groups *groups)
{
	return ephports_groups_may_grow(groups) ?
	       set_room(groups, min(2 * groups->room, groups->most)) : 0;
}

/* What is beyond the items has to be zero. */
static void forget_from(struct ephports_groups *groups, u32 n)
{
	memset(ephports_groups_item(groups, n), 0, (size_t)(groups->n - n) * groups->size);
	groups->n = n;
	empty_index(groups);
	enter_items(groups);
}

/**
 * ephports_groups_empty() - forget all items
 * @groups: the table, which keeps its room
 */
void ephports_groups_empty(struct ephports_groups *groups)
{
	forget_from(groups, 0);
}

/* Those that nothing is left of go. Returns how many stay, at the beginning. */
static u32 wear_all(struct ephports_groups *groups, u32 n, bool (*wear)(void *item))
{
	u32 i, stay = 0;

	for (i = 0; i < n; i++) {
		void *item = ephports_groups_item(groups, i);

		if (!wear(item))
			continue;
		if (i != stay)
			memcpy(ephports_groups_item(groups, stay), item, groups->size);
		stay++;
	}
	return stay;
}

/**
 * ephports_groups_thin() - make room in a full table, by forgetting those that are least
 * @groups: the table; half of it or more is free then
 * @wear: takes one off what an item counts; answers whether anything is left
 *
 * Of N that are counted and thinned out on the way, an item with more than 2 N / @groups->room
 * is never forgotten: each time that all are worn by one, half of the room or more is.
 *
 * Context: process context, sleeps.
 */
void ephports_groups_thin(struct ephports_groups *groups, bool (*wear)(void *item))
{
	u32 n = groups->n;

	while (n > groups->room / 2) {
		n = wear_all(groups, n, wear);
		cond_resched();
	}
	forget_from(groups, n);
}

/* The heap's root is the lowest of those that are in. */
static void sift_down(const struct ephports_groups *groups,
		      bool (*above)(const void *a, const void *b), u32 *heap, u32 n, u32 i)
{
	for (;;) {
		u32 child = 2 * i + 1;

		if (child >= n)
			return;
		if (child + 1 < n && above(ephports_groups_item(groups, heap[child]),
					   ephports_groups_item(groups, heap[child + 1])))
			child++;
		if (!above(ephports_groups_item(groups, heap[i]),
			   ephports_groups_item(groups, heap[child])))
			return;
		swap(heap[i], heap[child]);
		i = child;
	}
}

/**
 * ephports_groups_top() - the highest items
 * @groups: the table
 * @above: whether one item is higher than another
 * @top: filled with their numbers, the highest first
 * @n: how many are wanted, from 1
 *
 * Return: how many there are.
 */
u32 ephports_groups_top(const struct ephports_groups *groups,
			bool (*above)(const void *a, const void *b), u32 *top, u32 n)
{
	u32 have = min(n, groups->n), i;

	for (i = 0; i < have; i++)
		top[i] = i;
	for (i = have / 2; i--; )
		sift_down(groups, above, top, have, i);
	for (i = have; i < groups->n; i++) {
		if (!above(ephports_groups_item(groups, i), ephports_groups_item(groups, top[0])))
			continue;
		top[0] = i;
		sift_down(groups, above, top, have, 0);
	}
	for (i = have; i-- > 1; ) {
		swap(top[0], top[i]);
		sift_down(groups, above, top, i, 0);
	}
	return have;
}
