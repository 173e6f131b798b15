// SPDX-License-Identifier: GPL-2.0-only
/* What happened, and what was lost, as messages of EPHPORTS_CMD_EVENT. */
#include <linux/ktime.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include <linux/ephports.h>

#include "attrs.h"
#include "failure.h"
#include "netlink.h"
#include "netlink_failure.h"
#include "netlink_put.h"
#include "netlink_put_event.h"
#include "stream.h"
#include "view.h"

static int put_head(struct sk_buff *skb, u64 seq, u8 kind, u64 time)
{
	u64 ago = ktime_get_boottime_ns() - time;	/* by the clock of now */

	return nla_put_u64_64bit(skb, EPHPORTS_A_EVENT_SEQ, seq, EPHPORTS_A_EVENT_PAD) ?:
	       nla_put_u8(skb, EPHPORTS_A_EVENT_KIND, kind) ?:
	       nla_put_u64_64bit(skb, EPHPORTS_A_EVENT_TIME, ktime_get_real_ns() - ago,
				 EPHPORTS_A_EVENT_PAD) ?:
	       nla_put_u64_64bit(skb, EPHPORTS_A_EVENT_BOOT, time, EPHPORTS_A_EVENT_PAD);
}

static int put_port(struct sk_buff *skb, const struct ephports_view *view,
		    const struct ephports_stream_event *event)
{
	struct ephports_row row = { .rec = event->rec, .sock = event->sock, .at = event->time };

	ephports_view_tell(view, &row.rec, &row.told);
	return ephports_put_row(skb, &row, EPHPORTS_ATTRS_ALL);
}

static int put_failure(struct sk_buff *skb, const struct ephports_view *view,
		       const struct ephports_stream_event *event)
{
	struct ephports_failure failure = {
		.rec = event->rec,
		.sock = event->sock,
		.count = 1,
		.first = event->time,
		.last = event->time,
	};

	return ephports_put_failure(skb, view, &failure);
}

static int put_what(struct sk_buff *skb, const struct ephports_view *view,
		    const struct ephports_stream_event *event)
{
	bool failed = event->kind == EPHPORTS_EVENT_FAILED;
	struct nlattr *nest = nla_nest_start(skb, failed ? EPHPORTS_A_EVENT_FAILURE :
							   EPHPORTS_A_EVENT_PORT);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = failed ? put_failure(skb, view, event) : put_port(skb, view, event);
	if (!err)
		nla_nest_end(skb, nest);
	return err;
}

static int end_message(struct sk_buff *skb, void *head, int err)
{
	if (err)
		genlmsg_cancel(skb, head);
	else
		genlmsg_end(skb, head);
	return err;
}

/**
 * ephports_put_event() - a message of one event
 * @skb: added to
 * @to: who is told
 * @view: what it may see
 * @event: what happened
 * @seq: its number for this reader
 *
 * Return: 0, or -EMSGSIZE with nothing put.
 */
int ephports_put_event(struct sk_buff *skb, const struct ephports_addressee *to,
		       const struct ephports_view *view,
		       const struct ephports_stream_event *event, u64 seq)
{
	void *head = genlmsg_put(skb, to->portid, to->nlseq, &ephports_family, 0,
				 EPHPORTS_CMD_EVENT);

	if (!head)
		return -EMSGSIZE;
	return end_message(skb, head, put_head(skb, seq, event->kind, event->time) ?:
				      put_what(skb, view, event));
}

static int put_lost(struct sk_buff *skb, const struct ephports_loss *loss)
{
	return put_head(skb, loss->seq, EPHPORTS_EVENT_LOST, loss->first) ?:
	       nla_put_u64_64bit(skb, EPHPORTS_A_EVENT_LOST, loss->count, EPHPORTS_A_EVENT_PAD) ?:
	       nla_put_u64_64bit(skb, EPHPORTS_A_EVENT_LOST_SPAN, loss->last - loss->first,
				 EPHPORTS_A_EVENT_PAD) ?:
	       (loss->unsorted ? nla_put_u64_64bit(skb, EPHPORTS_A_EVENT_LOST_UNSORTED,
						   loss->unsorted, EPHPORTS_A_EVENT_PAD) : 0);
}

/**
 * ephports_put_loss() - a message of what was lost
 * @skb: added to
 * @to: who is told
 * @loss: what
 *
 * Return: 0, or -EMSGSIZE with nothing put.
 */
int ephports_put_loss(struct sk_buff *skb, const struct ephports_addressee *to,
		      const struct ephports_loss *loss)
{
	void *head = genlmsg_put(skb, to->portid, to->nlseq, &ephports_family, 0,
				 EPHPORTS_CMD_EVENT);

	return head ? end_message(skb, head, put_lost(skb, loss)) : -EMSGSIZE;
}
