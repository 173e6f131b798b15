/* SPDX-License-Identifier: GPL-2.0-only */
/* Watches over the records: whether they are complete, and that they become so again. */
#ifndef EPHPORTS_WATCH_H
#define EPHPORTS_WATCH_H

#include "coverage.h"

bool ephports_watch_complete(const struct net *net);
u32 ephports_watch_blind(void);
u32 ephports_watch_covered(enum ephports_scope scope, u64 from, u64 to,
			   struct ephports_span spans[EPHPORTS_SPANS]);
u32 ephports_watch_seq(enum ephports_scope scope, const struct net *net);
u64 ephports_watch_walks(void);
int ephports_watch_resync(void);
int ephports_watch_catch_up(const struct net *net, bool wait);

int ephports_watch_init(void);
void ephports_watch_exit(void);

#endif /* EPHPORTS_WATCH_H */
