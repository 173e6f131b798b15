/* SPDX-License-Identifier: GPL-2.0-only */
/* The filters of a netlink request. */
#ifndef EPHPORTS_NETLINK_FILTER_H
#define EPHPORTS_NETLINK_FILTER_H

#include <net/netlink.h>

#include <linux/ephports.h>

struct ephports_filter;
struct user_namespace;

extern const struct nla_policy ephports_filter_policy[EPHPORTS_A_FILTER_MAX + 1];

int ephports_filter_read(struct ephports_filter *filter, struct nlattr **attrs,
			 struct netlink_ext_ack *extack);

#endif /* EPHPORTS_NETLINK_FILTER_H */
