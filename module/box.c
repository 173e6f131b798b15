// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pictures of the moments in which allocations failed, to be looked at hours later.
 *
 * A picture is a tally (tally.c) of the namespace, of which only the top rows are kept.
 * When there is no room for one more, an old one goes (find_place()).
 */
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <linux/ephports.h>

#include "box.h"
#include "watch.h"

static DEFINE_MUTEX(boxes_lock);
static struct ephports_box *boxes[EPHPORTS_BOXES];	/* the latest first */
static u32 last_id;

static int cut(struct ephports_tally *tally)
{
	u32 dests[EPHPORTS_BOX_ROWS], owners[EPHPORTS_BOX_ROWS];
	u32 nr_dests = ephports_tally_top_dests(tally, dests, EPHPORTS_BOX_ROWS);

	return ephports_tally_cut(tally, dests, nr_dests, owners,
				  ephports_tally_top_owners(tally, owners, EPHPORTS_BOX_ROWS));
}

static struct ephports_box *take(const struct net *net, const struct ephports_failure *failure)
{
	struct ephports_box *box = kzalloc(sizeof(*box), GFP_KERNEL);
	int err;

	if (!box)
		return NULL;
	refcount_set(&box->refs, 1);
	box->failure = *failure;
	box->complete = ephports_watch_complete(net);
	box->tally.view = (struct ephports_view)EPHPORTS_VIEW_OWN;
	box->tally.view.nsid = failure->rec.nsid;
	box->tally.filter = (struct ephports_filter)EPHPORTS_FILTER_ANY;
	err = ephports_tally_open(&box->tally, net) ?: cut(&box->tally);
	if (!err)
		return box;
	ephports_box_put(box);
	return NULL;
}

static u64 box_nsid(const struct ephports_box *box)
{
	return box->failure.rec.nsid;
}

/*
 * boxes_lock held. A free place, or that of the picture to give up: a namespace with half of
 * them gives up its own oldest, so that none can make the others' go; and what is the host's
 * goes last.
 */
static u32 find_place(const struct ephports_box *box)
{
	u32 i, own = 0, oldest_own = 0, oldest_guest = EPHPORTS_BOXES;

	for (i = 0; i < EPHPORTS_BOXES && boxes[i]; i++) {
		if (box_nsid(boxes[i]) == box_nsid(box)) {
			own++;
			oldest_own = i;
		}
		if (boxes[i]->failure.rec.flags & EPHPORTS_F_GUEST)
			oldest_guest = i;
	}
	if (own >= EPHPORTS_BOXES / 2)
		return oldest_own;
	if (i < EPHPORTS_BOXES)
		return i;
	return oldest_guest < EPHPORTS_BOXES ? oldest_guest : EPHPORTS_BOXES - 1;
}

/**
 * ephports_box_picture() - take a picture of a namespace
 * @net: the namespace
 * @failure: what calls for it
 *
 * Without memory there is no picture; the failure itself is remembered elsewhere.
 *
 * Context: process context, sleeps.
 */
void ephports_box_picture(const struct net *net, const struct ephports_failure *failure)
{
	struct ephports_box *box = take(net, failure);
	u32 i;

	if (!box)
		return;
	mutex_lock(&boxes_lock);
	box->id = ++last_id;
	i = find_place(box);
	if (boxes[i])
		ephports_box_put(boxes[i]);
	memmove(boxes + 1, boxes, i * sizeof(*boxes));
	boxes[0] = box;
	mutex_unlock(&boxes_lock);
}

/**
 * ephports_box_get_all() - all pictures that there are
 * @copies: filled, the latest first; each is to be given back by ephports_box_put()
 *
 * Context: process context, sleeps.
 *
 * Return: how many.
 */
u32 ephports_box_get_all(struct ephports_box *copies[EPHPORTS_BOXES])
{
	u32 n;

	mutex_lock(&boxes_lock);
	for (n = 0; n < EPHPORTS_BOXES && boxes[n]; n++) {
		refcount_inc(&boxes[n]->refs);
		copies[n] = boxes[n];
	}
	mutex_unlock(&boxes_lock);
	return n;
}

/**
 * ephports_box_put() - done with a picture
 * @box: the picture
 */
void ephports_box_put(struct ephports_box *box)
{
	if (!refcount_dec_and_test(&box->refs))
		return;
	ephports_tally_close(&box->tally);
	kfree(box);
}

/**
 * ephports_box_init() - no picture is there yet
 */
int ephports_box_init(void)
{
	return 0;
}

/**
 * ephports_box_exit() - throw all pictures away; nobody takes or looks at any more
 */
void ephports_box_exit(void)
{
	u32 i;

	for (i = 0; i < EPHPORTS_BOXES; i++) {
		if (boxes[i])
			ephports_box_put(boxes[i]);
		boxes[i] = NULL;
	}
}
