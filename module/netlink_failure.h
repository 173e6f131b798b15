/* SPDX-License-Identifier: GPL-2.0-only */
/* The netlink commands that tell what was refused, and how long searches took. */
#ifndef EPHPORTS_NETLINK_FAILURE_H
#define EPHPORTS_NETLINK_FAILURE_H

#include <linux/ephports.h>

struct ephports_failure;
struct ephports_view;
struct netlink_callback;
struct nla_policy;
struct sk_buff;

extern const struct nla_policy ephports_failure_policy[EPHPORTS_A_FAILURE_MAX + 1];
extern const struct nla_policy ephports_hist_policy[EPHPORTS_A_HIST_MAX + 1];

int ephports_dump_failures(struct sk_buff *skb, struct netlink_callback *cb);
int ephports_dump_failures_done(struct netlink_callback *cb);
int ephports_dump_hists(struct sk_buff *skb, struct netlink_callback *cb);

int ephports_put_failure(struct sk_buff *skb, const struct ephports_view *view,
			 const struct ephports_failure *failure);

#endif /* EPHPORTS_NETLINK_FAILURE_H */
