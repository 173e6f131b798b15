/* SPDX-License-Identifier: GPL-2.0-only */
/* What happened, and what was lost, as messages of EPHPORTS_CMD_EVENT. */
#ifndef EPHPORTS_NETLINK_PUT_EVENT_H
#define EPHPORTS_NETLINK_PUT_EVENT_H

#include <linux/types.h>

struct ephports_stream_event;
struct ephports_view;
struct sk_buff;

/**
 * struct ephports_addressee - to whom a message goes
 * @portid: of its socket
 * @nlseq: of its request
 */
struct ephports_addressee {
	u32 portid;
	u32 nlseq;
};

/**
 * struct ephports_loss - events in a row that did not get to a reader
 * @count: how many
 * @unsorted: of them, those that nobody can say whether they were for this reader
 * @seq: number of the first
 * @first: its time, ns of CLOCK_BOOTTIME
 * @last: time of the last
 */
struct ephports_loss {
	u64 count;
	u64 unsorted;
	u64 seq;
	u64 first;
	u64 last;
};

int ephports_put_event(struct sk_buff *skb, const struct ephports_addressee *to,
		       const struct ephports_view *view,
		       const struct ephports_stream_event *event, u64 seq);
int ephports_put_loss(struct sk_buff *skb, const struct ephports_addressee *to,
		      const struct ephports_loss *loss);

#endif /* EPHPORTS_NETLINK_PUT_EVENT_H */
