/* SPDX-License-Identifier: GPL-2.0-only */
/* The filters of a netlink request. */
#ifndef EPHPORTS_NETLINK_FILTER_H
#define EPHPORTS_NETLINK_FILTER_H

#include <net/netlink.h>

#include <linux/ephports.h>

struct ephports_filter;
struct user_namespace;

int ephports_filter_parse(struct nlattr *attrs[EPHPORTS_A_FILTER_MAX + 1],
			  const struct nlattr *nest, struct netlink_ext_ack *extack);
int ephports_filter_only_kind(struct nlattr **attrs, struct netlink_ext_ack *extack);
int ephports_filter_mask(const struct nlattr *attr, u32 all, u32 *mask,
			 struct netlink_ext_ack *extack);
int ephports_filter_read(struct ephports_filter *filter, struct nlattr **attrs,
			 struct netlink_ext_ack *extack);

#endif /* EPHPORTS_NETLINK_FILTER_H */
