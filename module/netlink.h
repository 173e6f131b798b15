/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family; its contract is told in uapi/linux/ephports.h. */
#ifndef EPHPORTS_NETLINK_H
#define EPHPORTS_NETLINK_H

struct genl_family;

extern struct genl_family ephports_family;

int ephports_netlink_init(void);
void ephports_netlink_exit(void);

#endif /* EPHPORTS_NETLINK_H */
