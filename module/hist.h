/* SPDX-License-Identifier: GPL-2.0-only */
/* Histograms of times, per namespace and protocol. */
#ifndef EPHPORTS_HIST_H
#define EPHPORTS_HIST_H

#include <linux/types.h>

#include <linux/ephports.h>

#include "ns.h"

#define EPHPORTS_HIST_BUCKETS	24

void ephports_hist_note(const struct ephports_ns *ns, enum ephports_proto proto,
			enum ephports_hist kind, u64 time);
bool ephports_hist_read(const struct net *net, enum ephports_proto proto, enum ephports_hist kind,
			u64 counts[EPHPORTS_HIST_BUCKETS]);

struct ephports_hists *ephports_hist_alloc(void);
void ephports_hist_drop(struct ephports_hists **hists, struct list_head *dead);
void ephports_hist_free(struct list_head *dead);

u8 ephports_short_time(u64 ns);
u64 ephports_long_time(u8 code);

#endif /* EPHPORTS_HIST_H */
