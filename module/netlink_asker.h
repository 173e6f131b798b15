/* SPDX-License-Identifier: GPL-2.0-only */
/* Who asks over netlink, and what about: rights, and the namespace. */
#ifndef EPHPORTS_NETLINK_ASKER_H
#define EPHPORTS_NETLINK_ASKER_H

#include <linux/netlink.h>

#include "view.h"

/*
 * The rights of who sent a request.
 * @root: an administrator of everything, of the initial user namespace
 * @admin: one of the socket's network namespace
 * @uid: its effective uid; INVALID_UID if it did not open the socket
 */
struct ephports_asker {
	bool root;
	bool admin;
	kuid_t uid;
};

struct ephports_asker ephports_asker(struct sk_buff *skb);
int ephports_asker_start(struct netlink_callback *cb);
struct ephports_asker ephports_asker_of_dump(const struct netlink_callback *cb);
int ephports_asker_may_see_all(const struct ephports_asker *asker, struct netlink_ext_ack *extack);
struct net *ephports_asker_net(const struct ephports_asker *asker, struct sk_buff *skb,
			       const struct nlattr *attr, struct netlink_ext_ack *extack);
int ephports_asker_view(const struct ephports_asker *asker, struct sk_buff *skb,
			struct nlattr **attrs, struct ephports_view *view, struct net **of,
			struct netlink_ext_ack *extack);

#endif /* EPHPORTS_NETLINK_ASKER_H */
