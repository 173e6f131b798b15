/* SPDX-License-Identifier: GPL-2.0-only */
/* The answers of the netlink family. */
#ifndef EPHPORTS_NETLINK_PUT_H
#define EPHPORTS_NETLINK_PUT_H

#include <linux/types.h>

struct ephports_row;
struct net;
struct sk_buff;

int ephports_put_info(struct sk_buff *skb, const struct net *net, bool root);
int ephports_put_row(struct sk_buff *skb, const struct ephports_row *row);

#endif /* EPHPORTS_NETLINK_PUT_H */
