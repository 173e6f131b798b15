/* SPDX-License-Identifier: GPL-2.0-only */
/* The answers of the netlink family to what is added up. */
#ifndef EPHPORTS_NETLINK_PUT_TALLY_H
#define EPHPORTS_NETLINK_PUT_TALLY_H

#include <linux/types.h>

struct ephports_dest;
struct ephports_holder;
struct ephports_room;
struct ephports_sum;
struct ephports_tally;
struct sk_buff;

int ephports_put_room(struct sk_buff *skb, const struct ephports_tally *tally,
		      const struct ephports_room *room, u8 proto);
int ephports_put_dest(struct sk_buff *skb, const struct ephports_tally *tally,
		      const struct ephports_dest *dest);
int ephports_put_dest_rest(struct sk_buff *skb, const struct ephports_tally *tally,
			   const struct ephports_sum *rest, u32 groups);
int ephports_put_holder(struct sk_buff *skb, const struct ephports_tally *tally, u32 owner);
int ephports_put_owner(struct sk_buff *skb, const struct ephports_tally *tally,
		       const struct ephports_holder *holder);
int ephports_put_owner_rest(struct sk_buff *skb, const struct ephports_tally *tally,
			    const struct ephports_sum *rest, u32 groups);

#endif /* EPHPORTS_NETLINK_PUT_TALLY_H */
