/* SPDX-License-Identifier: GPL-2.0-only */
/* Who asks over netlink, and what about: rights, and the namespace. */
#ifndef EPHPORTS_NETLINK_ASKER_H
#define EPHPORTS_NETLINK_ASKER_H

#include <linux/netlink.h>

#include "view.h"

bool ephports_asker_is_root(struct sk_buff *skb);
struct net *ephports_asker_net(struct sk_buff *skb, const struct nlattr *attr,
			       struct netlink_ext_ack *extack);
int ephports_asker_view(struct sk_buff *skb, struct nlattr **attrs, struct ephports_view *view,
			struct net **of, struct netlink_ext_ack *extack);

#endif /* EPHPORTS_NETLINK_ASKER_H */
