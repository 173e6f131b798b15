/* SPDX-License-Identifier: GPL-2.0-only */
/* The netlink command that tells the pictures of failures. */
#ifndef EPHPORTS_NETLINK_BOX_H
#define EPHPORTS_NETLINK_BOX_H

#include <linux/ephports.h>

struct netlink_callback;
struct nla_policy;
struct sk_buff;

extern const struct nla_policy ephports_box_policy[EPHPORTS_A_BOX_MAX + 1];

int ephports_dump_boxes(struct sk_buff *skb, struct netlink_callback *cb);
int ephports_dump_boxes_done(struct netlink_callback *cb);

#endif /* EPHPORTS_NETLINK_BOX_H */
