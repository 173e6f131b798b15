/* SPDX-License-Identifier: GPL-2.0-only */
/* Those who watch what happens, each told over its own netlink socket. */
#ifndef EPHPORTS_NETLINK_WATCH_H
#define EPHPORTS_NETLINK_WATCH_H

#include <linux/ephports.h>

struct genl_info;
struct nla_policy;
struct sk_buff;

extern const struct nla_policy ephports_event_policy[EPHPORTS_A_EVENT_MAX + 1];

int ephports_do_watch(struct sk_buff *skb, struct genl_info *info);

int ephports_netlink_watch_init(void);
void ephports_netlink_watch_exit(void);

#endif /* EPHPORTS_NETLINK_WATCH_H */
