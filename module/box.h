/* SPDX-License-Identifier: GPL-2.0-only */
/* Pictures of the moments in which allocations failed, to be looked at hours later. */
#ifndef EPHPORTS_BOX_H
#define EPHPORTS_BOX_H

#include <linux/refcount.h>

#include "failure.h"
#include "tally.h"

#define EPHPORTS_BOXES		8	/* pictures that are kept */
#define EPHPORTS_BOX_ROWS	16	/* destinations, and owners, of each */

/**
 * struct ephports_box - a picture; does not change any more
 * @refs: who holds it
 * @id: its number, from 1
 * @failure: what called for it
 * @tally: what was held in that namespace, cut down to the most important rows
 * @complete: whether every holder was recorded, as far as could be known
 */
struct ephports_box {
	refcount_t refs;
	u32 id;
	struct ephports_failure failure;
	struct ephports_tally tally;
	bool complete;
};

void ephports_box_picture(const struct net *net, const struct ephports_failure *failure);
u32 ephports_box_get_all(struct ephports_box *boxes[EPHPORTS_BOXES]);
void ephports_box_put(struct ephports_box *box);

int ephports_box_init(void);
void ephports_box_exit(void);

#endif /* EPHPORTS_BOX_H */
