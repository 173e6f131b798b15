// SPDX-License-Identifier: GPL-2.0-only
/* The part of a tally that is gone: what was released of late, and what was refused. */
#include <linux/mm.h>

#include "failure.h"
#include "history.h"
#include "tally_key.h"
#include "tally_part.h"

#define ROOM_FOR_PAST	1024u	/* destinations, or owners, that hold nothing any more */

static void add_past(const struct ephports_tally *tally, struct ephports_sum *sum,
		     const struct ephports_past *past)
{
	sum->born += ephports_tally_born_within(tally, &past->rec);
	sum->search = max(sum->search, past->rec.search);
	if (past->rec.flags & EPHPORTS_F_SECOND)
		return;
	sum->ended++;
	if (past->rec.flags & EPHPORTS_F_ADOPTED)
		return;
	sum->ended_known++;
	sum->ended_held += past->until - min(past->until, past->rec.born);
}

static enum ephports_visit count_past(const struct ephports_past *past, void *ctx)
{
	struct ephports_tally *tally = ctx;
	struct ephports_holder *holder;
	struct ephports_dest *dest;

	/* What ended after the question was asked may have been met as held. */
	if (past->until > tally->now ||
	    !ephports_view_passes(&tally->view, &tally->filter, &past->rec, &past->sock))
		return EPHPORTS_NEXT;
	dest = ephports_tally_find_dest(tally, &past->rec, &past->sock);
	holder = ephports_tally_find_owner(tally, &past->rec);
	add_past(tally, dest ? &dest->sum : &tally->rest_dests, past);
	add_past(tally, holder ? &holder->sum : &tally->rest_owners, past);
	return ephports_tally_next(tally);
}

static void count_failure(struct ephports_tally *tally, const struct ephports_failure *failure)
{
	struct ephports_holder *holder;
	struct ephports_dest *dest;

	if (!ephports_view_passes(&tally->view, &tally->filter, &failure->rec, &failure->sock))
		return;
	holder = ephports_tally_find_owner(tally, &failure->rec);
	(holder ? &holder->sum : &tally->rest_owners)->failures += failure->count;
	if (!failure->sock.peer_port)
		return;
	dest = ephports_tally_find_dest(tally, &failure->rec, &failure->sock);
	(dest ? &dest->sum : &tally->rest_dests)->failures += failure->count;
}

static int count_failures(struct ephports_tally *tally)
{
	struct ephports_failure *failures;
	u32 i, n;
	int err = 0;

	if (!ephports_failure_total(EPHPORTS_TCP) && !ephports_failure_total(EPHPORTS_UDP))
		return 0;
	failures = kvcalloc(EPHPORTS_FAILURES, sizeof(*failures), GFP_KERNEL);
	if (!failures)
		return -ENOMEM;
	n = ephports_failure_copy(failures);
	for (i = 0; i < n && !err; i++) {
		count_failure(tally, &failures[i]);
		err = ephports_tally_grow(tally);
	}
	kvfree(failures);
	return err;
}

/**
 * ephports_tally_has_flow() - whether born, ended and failures are counted
 * @tally: a filter on what a socket is doing says nothing of those that are gone
 */
bool ephports_tally_has_flow(const struct ephports_tally *tally)
{
	return !tally->stock && tally->filter.states == U32_MAX;
}

/* What is gone must not take the room of what is held, nor find none. */
static void reserve_past(struct ephports_groups *groups)
{
	groups->most = max(groups->room, groups->n + ROOM_FOR_PAST);
}

/**
 * ephports_tally_count_flow() - add up what was released of late and what was refused
 * @tally: what is held is added up
 *
 * Context: process context, sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int ephports_tally_count_flow(struct ephports_tally *tally)
{
	struct ephports_history_cursor cursor = {
		.low = tally->filter.low,
		.high = tally->filter.high,
	};
	int err;

	if (!ephports_tally_has_flow(tally))
		return 0;
	reserve_past(&tally->dests);
	reserve_past(&tally->owners);
	err = ephports_tally_grow(tally);
	while (!err && ephports_history_walk(&cursor, tally->since, count_past, tally))
		err = ephports_tally_grow(tally);
	return err ?: count_failures(tally);
}
