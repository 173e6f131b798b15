/* SPDX-License-Identifier: GPL-2.0-only */
/* The netlink command that tells who held ports, and when. */
#ifndef EPHPORTS_NETLINK_WHO_H
#define EPHPORTS_NETLINK_WHO_H

#include <linux/ephports.h>

struct netlink_callback;
struct nla_policy;
struct sk_buff;

extern const struct nla_policy ephports_who_policy[EPHPORTS_A_WHO_MAX + 1];

int ephports_dump_who(struct sk_buff *skb, struct netlink_callback *cb);
int ephports_dump_who_done(struct netlink_callback *cb);

#endif /* EPHPORTS_NETLINK_WHO_H */
