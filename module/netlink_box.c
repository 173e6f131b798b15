// SPDX-License-Identifier: GPL-2.0-only
/* The netlink command that tells the pictures of failures. */
#include <linux/ktime.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "box.h"
#include "compat.h"
#include "netlink_asker.h"
#include "netlink_box.h"
#include "netlink_failure.h"
#include "netlink_filter.h"
#include "netlink_put.h"
#include "netlink_put_tally.h"
#include "watch.h"

const struct nla_policy ephports_box_policy[EPHPORTS_A_BOX_MAX + 1] = {
	[EPHPORTS_A_BOX_FILTER] = { .type = NLA_NESTED },
};

/* A dump under way, from start to done. */
struct dump {
	struct ephports_view view;
	struct ephports_filter filter;
	u32 n;
	u32 box;	/* that is being told */
	u32 next;	/* message of it */
	struct ephports_box *boxes[EPHPORTS_BOXES];
};

int ephports_dump_boxes_done(struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->args[0];

	while (dump && dump->n)
		ephports_box_put(dump->boxes[--dump->n]);
	kfree(dump);
	return 0;
}

static int begin_with(struct netlink_callback *cb, struct dump *dump)
{
	struct ephports_asker asker = ephports_asker_of_dump(cb);
	struct nlattr *attrs[EPHPORTS_A_FILTER_MAX + 1];
	int err;

	err = ephports_filter_parse(attrs, ephports_dump_attrs(cb)[EPHPORTS_A_BOX_FILTER],
				    cb->extack) ?:
	      ephports_filter_only_kind(attrs, cb->extack) ?:
	      ephports_filter_read(&dump->filter, attrs, cb->extack) ?:
	      ephports_asker_view(&asker, cb->skb, attrs, &dump->view, NULL, cb->extack);
	if (!err)
		dump->n = ephports_box_get_all(dump->boxes);
	return err;
}

static struct dump *begin(struct netlink_callback *cb)
{
	struct dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	int err;

	if (!dump)
		return ERR_PTR(-ENOMEM);
	cb->args[0] = (long)dump;
	err = begin_with(cb, dump);
	return err ? ERR_PTR(err) : dump;
}

static bool wants(const struct dump *dump, const struct ephports_box *box)
{
	return ephports_view_passes(&dump->view, &dump->filter, &box->failure.rec,
				    &box->failure.sock);
}

static int put_failure(struct sk_buff *skb, const struct ephports_view *view,
		       const struct ephports_box *box)
{
	const struct ephports_room *room = &box->tally.rooms.rooms[0];
	u64 ago = ktime_get_boottime_ns() - box->tally.now;
	struct nlattr *nest;

	if (nla_put_u64_64bit(skb, EPHPORTS_A_BOX_TIME, ktime_get_real_ns() - ago,
			      EPHPORTS_A_BOX_PAD) ||
	    nla_put_u16(skb, EPHPORTS_A_BOX_RANGE_LOW, room->low) ||
	    nla_put_u16(skb, EPHPORTS_A_BOX_RANGE_HIGH, room->high) ||
	    nla_put_u8(skb, EPHPORTS_A_BOX_COMPLETE, box->complete))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, EPHPORTS_A_BOX_FAILURE);
	if (!nest || ephports_put_failure(skb, view, &box->failure))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* What stood in row @i of the picture: first the protocols, then destinations, then owners. */
static int put_row(struct sk_buff *skb, const struct ephports_tally *tally, u32 i)
{
	bool owner = i >= EPHPORTS_PROTOS + tally->dests.n;
	struct nlattr *nest = nla_nest_start(skb, owner ? EPHPORTS_A_BOX_OWNER :
							  EPHPORTS_A_BOX_DEST);
	int err;

	if (!nest)
		return -EMSGSIZE;
	if (i < EPHPORTS_PROTOS)
		err = ephports_put_room(skb, tally, &tally->rooms.rooms[0],
					i ? IPPROTO_UDP : IPPROTO_TCP);
	else if (!owner)
		err = ephports_put_dest(skb, tally, ephports_groups_item(&tally->dests,
									 i - EPHPORTS_PROTOS));
	else
		err = ephports_put_owner(skb, tally,
					 ephports_groups_item(&tally->owners, i - EPHPORTS_PROTOS -
								      tally->dests.n));
	if (!err)
		nla_nest_end(skb, nest);
	return err;
}

/* The picture as this reader may see it; a shallow copy, not to be closed. */
static struct ephports_tally seen_by(const struct ephports_view *view,
				     const struct ephports_box *box)
{
	struct ephports_tally tally = box->tally;

	tally.view = *view;
	return tally;
}

static int put_message(struct sk_buff *skb, const struct dump *dump,
		       const struct ephports_box *box, u32 i)
{
	struct ephports_tally tally = seen_by(&dump->view, box);

	if (nla_put_u32(skb, EPHPORTS_A_BOX_ID, box->id) ||
	    nla_put_u32(skb, EPHPORTS_A_BOX_NETNS, box->failure.rec.netns))
		return -EMSGSIZE;
	return i ? put_row(skb, &tally, i - 1) : put_failure(skb, &dump->view, box);
}

/* Owners were told apart when the picture was taken; that is not for everybody. */
static u32 count_messages(const struct dump *dump, const struct ephports_box *box)
{
	return 1 + EPHPORTS_PROTOS + box->tally.dests.n +
	       (dump->view.admin ? box->tally.owners.n : 0);
}

/* Returns false when the message is full. */
static bool tell_box(struct sk_buff *skb, struct netlink_callback *cb, struct dump *dump,
		     const struct ephports_box *box)
{
	for (; dump->next < count_messages(dump, box); dump->next++) {
		void *head = ephports_put_dump_head(skb, cb, EPHPORTS_CMD_BOX_GET);

		if (!head)
			return false;
		if (put_message(skb, dump, box, dump->next)) {
			genlmsg_cancel(skb, head);
			return false;
		}
		genlmsg_end(skb, head);
	}
	dump->next = 0;
	return true;
}

/* EPHPORTS_CMD_BOX_GET */
int ephports_dump_boxes(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->args[0] ?: begin(cb);

	if (IS_ERR(dump))
		return PTR_ERR(dump);
	dump->view.pids = task_active_pid_ns(current);
	cb->seq = ephports_watch_seq(dump->view.scope, sock_net(cb->skb->sk));
	for (; dump->box < dump->n; dump->box++) {
		const struct ephports_box *box = dump->boxes[dump->box];

		if (wants(dump, box) && !tell_box(skb, cb, dump, box))
			break;
	}
	return skb->len;
}
