// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records added up by destination and by owner, for one question.
 *
 * Nothing of this is kept while nobody asks: a question goes over all records, reads
 * their sockets, and over what was released of late. A port that a timewait socket is
 * taking over has two holders for a moment, and counts once, whenever that is; one that is taken
 * or released while the question is being answered may count or not.
 *
 * Memory is for the asker to pay, and has bounds.
 */
#include "history.h"
#include "tally_part.h"

#define FIRST_ROOM	32u
#define MOST_GROUPS	(1u << 16)

/**
 * ephports_tally_open() - add up all records that a reader may see and wants
 * @tally: zero but for its view, filter and stock; for ephports_tally_close() in any case
 * @net: the namespace of the view; NULL: all
 *
 * Context: process context, sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int ephports_tally_open(struct ephports_tally *tally, const struct net *net)
{
	int err;

	tally->apart = tally->view.admin;
	err = ephports_groups_open(&tally->dests, sizeof(struct ephports_dest_key),
				   sizeof(struct ephports_dest), FIRST_ROOM, MOST_GROUPS) ?:
	      ephports_groups_open(&tally->owners, sizeof(struct ephports_owner_key),
				   sizeof(struct ephports_holder), FIRST_ROOM, MOST_GROUPS) ?:
	      ephports_tally_count_held(tally, net) ?:
	      ephports_tally_count_flow(tally);
	/* What was overwritten meanwhile was not counted. */
	tally->since = max(tally->since, ephports_history_since());
	return err;
}

void ephports_tally_close(struct ephports_tally *tally)
{
	ephports_groups_close(&tally->owners);
	ephports_groups_close(&tally->dests);
	ephports_rooms_close(&tally->rooms);
}
