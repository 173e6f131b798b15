// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was added up, for those who tell it: the rows with most, what is left to be had, and sums
 * of sums. Nobody else changes it any more; context: process context.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "tally.h"

/* The items that @numbers name, in that order, are all that stays. */
static int keep_items(struct ephports_groups *groups, const u32 *numbers, u32 n)
{
	struct ephports_groups kept;
	u32 i;
	int err;

	err = ephports_groups_open(&kept, groups->key, groups->size, max(n, 1u), max(n, 1u));
	if (err) {
		ephports_groups_close(&kept);
		return err;
	}
	for (i = 0; i < n; i++)
		memcpy(ephports_groups_item(&kept, i), ephports_groups_item(groups, numbers[i]),
		       groups->size);
	kept.n = n;
	ephports_groups_close(groups);
	*groups = kept;
	return 0;
}

/*
 * Owners that destinations name stay too: their old numbers go after the @n in @numbers, which
 * has room for all; @places, zeroed, is where each of all owners will be, + 1. Returns how
 * many stay.
 */
static u32 renumber_owners(struct ephports_tally *tally, u32 *numbers, u32 n, u32 *places)
{
	u32 i, j;

	for (i = 0; i < n; i++)
		places[numbers[i]] = i + 1;
	for (i = 0; i < tally->dests.n; i++) {
		struct ephports_dest *dest = ephports_groups_item(&tally->dests, i);

		for (j = 0; j < dest->nr_owners; j++) {
			u32 old = dest->owners[j].owner;

			if (!places[old]) {
				numbers[n++] = old;
				places[old] = n;
			}
			dest->owners[j].owner = places[old] - 1;
		}
	}
	return n;
}

/**
 * ephports_tally_cut() - keep some rows, and give back the memory of all others
 * @tally: the answer; can afterwards only be read by the number of a row
 * @dests: numbers of the destinations that stay, in the order that they are to have
 * @nr_dests: how many
 * @owners: likewise the owners; those that destinations name stay after them
 * @nr_owners: how many
 *
 * Context: process context, sleeps.
 *
 * Return: 0 or -ENOMEM; @tally is still to be closed.
 */
int ephports_tally_cut(struct ephports_tally *tally, const u32 *dests, u32 nr_dests,
		       const u32 *owners, u32 nr_owners)
{
	u32 most = max(tally->owners.n, 1u);
	u32 *numbers = kvcalloc(2 * most, sizeof(*numbers), GFP_KERNEL_ACCOUNT);
	int err;

	if (!numbers)
		return -ENOMEM;
	memcpy(numbers, owners, nr_owners * sizeof(*numbers));
	err = keep_items(&tally->dests, dests, nr_dests);
	if (!err)
		err = keep_items(&tally->owners, numbers,
				 renumber_owners(tally, numbers, nr_owners, numbers + most));
	kvfree(numbers);
	return err;
}

/**
 * ephports_tally_capacity() - ports for a destination that none is held towards
 * @room: of the namespace
 * @proto: IPPROTO_TCP, or IPPROTO_UDP, whose ports are not shared by destinations: all
 *	that there are
 */
u32 ephports_tally_capacity(const struct ephports_room *room, u8 proto)
{
	return proto == IPPROTO_TCP ? ephports_room_open_tcp(room) :
				      ephports_room_size(room) - room->nr_reserved;
}

/**
 * ephports_tally_headroom() - further ports for one destination
 * @room: of its namespace
 * @dest: the destination, with a peer
 */
u32 ephports_tally_headroom(const struct ephports_room *room, const struct ephports_dest *dest)
{
	u32 open;

	if (dest->key.proto == IPPROTO_UDP)
		return ephports_room_open_udp(room, dest->key.family);
	open = ephports_room_open_tcp(room);
	return open - min(open, dest->blocked);
}

static bool sum_above(const struct ephports_sum *a, const struct ephports_sum *b)
{
	if (a->used != b->used)
		return a->used > b->used;
	if (a->failures != b->failures)
		return a->failures > b->failures;
	return a->born > b->born;
}

static bool dest_above(const void *a, const void *b)
{
	return sum_above(&((const struct ephports_dest *)a)->sum,
			 &((const struct ephports_dest *)b)->sum);
}

static bool holder_above(const void *a, const void *b)
{
	return sum_above(&((const struct ephports_holder *)a)->sum,
			 &((const struct ephports_holder *)b)->sum);
}

/**
 * ephports_tally_top_dests() - the destinations with most ports
 * @tally: the answer
 * @top: filled with their numbers in @tally->dests, most first
 * @n: how many are wanted, from 1
 *
 * Return: how many there are.
 */
u32 ephports_tally_top_dests(const struct ephports_tally *tally, u32 *top, u32 n)
{
	return ephports_groups_top(&tally->dests, dest_above, top, n);
}

/**
 * ephports_tally_top_owners() - the owners with most ports
 * @tally: the answer
 * @top: filled with their numbers in @tally->owners, most first
 * @n: how many are wanted, from 1
 *
 * Return: how many there are.
 */
u32 ephports_tally_top_owners(const struct ephports_tally *tally, u32 *top, u32 n)
{
	return ephports_groups_top(&tally->owners, holder_above, top, n);
}

/**
 * ephports_tally_add() - two sums in one
 * @sum: the one
 * @more: the other
 */
void ephports_tally_add(struct ephports_sum *sum, const struct ephports_sum *more)
{
	int i;

	sum->used += more->used;
	for (i = 0; i <= EPHPORTS_STATE_MAX; i++)
		sum->states[i] += more->states[i];
	for (i = 0; i <= EPHPORTS_ORIGIN_MAX; i++)
		sum->origins[i] += more->origins[i];
	sum->born += more->born;
	sum->ended += more->ended;
	sum->ended_held += more->ended_held;
	sum->ended_known += more->ended_known;
	if (more->oldest && (!sum->oldest || more->oldest < sum->oldest))
		sum->oldest = more->oldest;
	sum->failures += more->failures;
	sum->search = max(sum->search, more->search);
}
