/* SPDX-License-Identifier: GPL-2.0-only */
/* The netlink commands that tell what was added up. */
#ifndef EPHPORTS_NETLINK_TALLY_H
#define EPHPORTS_NETLINK_TALLY_H

#include <linux/ephports.h>

struct netlink_callback;
struct nla_policy;
struct sk_buff;

extern const struct nla_policy ephports_dest_policy[EPHPORTS_A_DEST_MAX + 1];
extern const struct nla_policy ephports_owner_policy[EPHPORTS_A_OWNER_MAX + 1];

int ephports_dump_dests(struct sk_buff *skb, struct netlink_callback *cb);
int ephports_dump_owners(struct sk_buff *skb, struct netlink_callback *cb);
int ephports_dump_tally_done(struct netlink_callback *cb);

#endif /* EPHPORTS_NETLINK_TALLY_H */
