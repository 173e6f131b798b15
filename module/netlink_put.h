/* SPDX-License-Identifier: GPL-2.0-only */
/* The answers of the netlink family. */
#ifndef EPHPORTS_NETLINK_PUT_H
#define EPHPORTS_NETLINK_PUT_H

#include <linux/types.h>

struct ephports_row;
struct in6_addr;
struct net;
struct netlink_callback;
struct sk_buff;
struct ephports_record;
struct ephports_told;

/* Who an owner is stands in several kinds of messages, under other numbers; @tid may be 0. */
struct ephports_who_attrs {
	u16 uid, reason, pid, tid, comm, cgroup, netns, pad;
};

/**
 * struct ephports_info_request - what is wanted of EPHPORTS_CMD_INFO_GET
 * @root: the reader may know what sums over all namespaces
 * @all: whether all is known of all namespaces, not only of the one told about
 * @brief: without what takes a look at every record
 */
struct ephports_info_request {
	bool root;
	bool all;
	bool brief;
};

int ephports_put_address(struct sk_buff *skb, int attr, u8 family, const struct in6_addr *addr);
int ephports_put_info(struct sk_buff *skb, const struct net *net,
		      const struct ephports_info_request *request);
int ephports_put_who(struct sk_buff *skb, const struct ephports_who_attrs *types,
		     const struct ephports_record *rec, const struct ephports_told *told);
void *ephports_put_dump_head(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd);
int ephports_put_row(struct sk_buff *skb, const struct ephports_row *row, u32 wanted);

#endif /* EPHPORTS_NETLINK_PUT_H */
