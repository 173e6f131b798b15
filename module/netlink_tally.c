// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink commands that tell what was added up.
 *
 * All of the adding up is done in the first step of the dump; what is not going to be told
 * is thrown away then, because a reader may take its time, or stop.
 */
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "compat.h"
#include "netlink_asker.h"
#include "netlink_filter.h"
#include "netlink_put.h"
#include "netlink_put_tally.h"
#include "netlink_tally.h"
#include "tally.h"
#include "watch.h"

#define MOST_ROWS	1024

const struct nla_policy ephports_dest_policy[EPHPORTS_A_DEST_MAX + 1] = {
	[EPHPORTS_A_DEST_FILTER] = { .type = NLA_NESTED },
	[EPHPORTS_A_DEST_TOP]	 = NLA_POLICY_RANGE(NLA_U32, 1, MOST_ROWS),
	[EPHPORTS_A_DEST_OWNERS] = NLA_POLICY_RANGE(NLA_U32, 1, MOST_ROWS),
	[EPHPORTS_A_DEST_HELD]	 = { .type = NLA_FLAG },
};

const struct nla_policy ephports_owner_policy[EPHPORTS_A_OWNER_MAX + 1] = {
	[EPHPORTS_A_OWNER_FILTER] = { .type = NLA_NESTED },
	[EPHPORTS_A_OWNER_TOP]	  = NLA_POLICY_RANGE(NLA_U32, 1, MOST_ROWS),
};

/* A dump under way, from start to done. */
struct dump {
	struct ephports_tally tally;
	u32 rows;			/* destinations, or owners, to tell */
	u32 holders;			/* owners to tell after the destinations */
	u32 next;			/* message to tell */
	u32 rest_groups;
	struct ephports_sum rest;	/* of all that is in no row */
};

int ephports_dump_tally_done(struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->args[0];

	if (dump)
		ephports_tally_close(&dump->tally);
	kfree(dump);
	return 0;
}

static int count(struct netlink_callback *cb, struct dump *dump, const struct nlattr *nest)
{
	struct ephports_asker asker = ephports_asker_of_dump(cb);
	struct nlattr *attrs[EPHPORTS_A_FILTER_MAX + 1];
	struct net *net;
	int err;

	err = ephports_filter_parse(attrs, nest, cb->extack) ?:
	      ephports_filter_read(&dump->tally.filter, attrs, cb->extack) ?:
	      ephports_asker_view(&asker, cb->skb, attrs, &dump->tally.view, &net, cb->extack);
	if (err)
		return err;
	dump->tally.view.pids = task_active_pid_ns(current);
	cb->prev_seq = ephports_watch_seq(dump->tally.view.scope, sock_net(cb->skb->sk));
	err = ephports_tally_open(&dump->tally, net);
	if (net)
		put_net(net);
	return err;
}

static struct dump *begin(struct netlink_callback *cb, const struct nlattr *nest, bool held)
{
	struct dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL_ACCOUNT);
	int err;

	if (!dump)
		return ERR_PTR(-ENOMEM);
	cb->args[0] = (long)dump;
	dump->tally.stock = held;
	err = count(cb, dump, nest);
	return err ? ERR_PTR(err) : dump;
}

static u32 wanted(const struct nlattr *top, u32 otherwise)
{
	return top ? nla_get_u32(top) : otherwise;
}

/* All groups together, less those that are told. */
static void add_rest(struct dump *dump, const struct ephports_groups *groups, const u32 *top,
		     size_t sum_offset, const struct ephports_sum *rest)
{
	u32 i, row;

	dump->rest = *rest;
	dump->rest_groups = groups->n - dump->rows;
	if (!dump->rest_groups)
		return;
	for (row = 0; row < dump->rows; row++)
		((struct ephports_sum *)(ephports_groups_item(groups, top[row]) +
					 sum_offset))->told = true;
	for (i = 0; i < groups->n; i++) {
		const struct ephports_sum *sum = ephports_groups_item(groups, i) + sum_offset;

		if (!sum->told)
			ephports_tally_add(&dump->rest, sum);
	}
}

static bool has_rest(const struct dump *dump)
{
	const struct ephports_sum *rest = &dump->rest;

	return dump->rest_groups || rest->used || rest->born || rest->ended || rest->failures;
}

static int choose_dests(struct dump *dump, u32 *top, u32 n)
{
	struct ephports_tally *tally = &dump->tally;

	dump->rows = ephports_tally_top_dests(tally, top, n);
	add_rest(dump, &tally->dests, top, offsetof(struct ephports_dest, sum),
		 &tally->rest_dests);
	if (dump->holders)
		dump->holders = ephports_tally_top_owners(tally, top + n, dump->holders);
	return ephports_tally_cut(tally, top, dump->rows, top + n, dump->holders);
}

static int choose_owners(struct dump *dump, u32 *top, u32 n)
{
	struct ephports_tally *tally = &dump->tally;

	dump->rows = ephports_tally_top_owners(tally, top, n);
	add_rest(dump, &tally->owners, top, offsetof(struct ephports_holder, sum),
		 &tally->rest_owners);
	return ephports_tally_cut(tally, NULL, 0, top, dump->rows);
}

/* Attributes of the request; 0: it has none such. */
struct request_attrs {
	int filter;
	int top;
	int owners;
	int held;
};

static struct dump *begin_rows(struct netlink_callback *cb, const struct request_attrs *request,
			       int (*choose)(struct dump *dump, u32 *top, u32 n))
{
	struct nlattr **attrs = ephports_dump_attrs(cb);
	struct dump *dump = begin(cb, attrs[request->filter],
				  request->held && attrs[request->held]);
	u32 *top, n;
	int err;

	if (IS_ERR(dump))
		return dump;
	n = wanted(attrs[request->top], MOST_ROWS);
	dump->holders = request->owners ? wanted(attrs[request->owners], 0) : 0;
	top = kvcalloc(n + dump->holders, sizeof(*top), GFP_KERNEL_ACCOUNT);
	err = top ? choose(dump, top, n) : -ENOMEM;
	kvfree(top);
	return err ? ERR_PTR(err) : dump;
}

/* Puts message number @i: -ENOENT after the last, -EMSGSIZE if it does not fit. */
typedef int (*put_message)(struct sk_buff *skb, const struct dump *dump, u32 i);

static int put_dest_message(struct sk_buff *skb, const struct dump *dump, u32 i)
{
	const struct ephports_tally *tally = &dump->tally;
	u32 rooms = tally->rooms.n * EPHPORTS_PROTOS;

	if (i < rooms)
		return ephports_put_room(skb, tally, &tally->rooms.rooms[i / EPHPORTS_PROTOS],
					 i % EPHPORTS_PROTOS ? IPPROTO_UDP : IPPROTO_TCP);
	i -= rooms;
	if (i < dump->rows)
		return ephports_put_dest(skb, tally, ephports_groups_item(&tally->dests, i));
	i -= dump->rows;
	if (has_rest(dump) && !i--)
		return ephports_put_dest_rest(skb, tally, &dump->rest, dump->rest_groups);
	return i < dump->holders ? ephports_put_holder(skb, tally, i) : -ENOENT;
}

static int put_owner_message(struct sk_buff *skb, const struct dump *dump, u32 i)
{
	const struct ephports_tally *tally = &dump->tally;

	if (i < dump->rows)
		return ephports_put_owner(skb, tally, ephports_groups_item(&tally->owners, i));
	if (i == dump->rows && has_rest(dump))
		return ephports_put_owner_rest(skb, tally, &dump->rest, dump->rest_groups);
	return -ENOENT;
}

static int tell(struct sk_buff *skb, struct netlink_callback *cb, struct dump *dump, u8 cmd,
		put_message put)
{
	int err = 0;

	dump->tally.view.pids = task_active_pid_ns(current);
	cb->seq = ephports_watch_seq(dump->tally.view.scope, sock_net(cb->skb->sk));
	for (; !err; dump->next++) {
		void *head = ephports_put_dump_head(skb, cb, cmd);

		if (!head)
			break;
		err = put(skb, dump, dump->next);
		if (err) {
			genlmsg_cancel(skb, head);
			break;
		}
		genlmsg_end(skb, head);
	}
	return skb->len;
}

/* EPHPORTS_CMD_DEST_GET */
int ephports_dump_dests(struct sk_buff *skb, struct netlink_callback *cb)
{
	static const struct request_attrs request = {
		.filter	= EPHPORTS_A_DEST_FILTER,
		.top	= EPHPORTS_A_DEST_TOP,
		.owners	= EPHPORTS_A_DEST_OWNERS,
		.held	= EPHPORTS_A_DEST_HELD,
	};
	struct dump *dump = (struct dump *)cb->args[0] ?: begin_rows(cb, &request, choose_dests);

	return IS_ERR(dump) ? PTR_ERR(dump) :
			      tell(skb, cb, dump, EPHPORTS_CMD_DEST_GET, put_dest_message);
}

/* EPHPORTS_CMD_OWNER_GET */
int ephports_dump_owners(struct sk_buff *skb, struct netlink_callback *cb)
{
	static const struct request_attrs request = {
		.filter	= EPHPORTS_A_OWNER_FILTER,
		.top	= EPHPORTS_A_OWNER_TOP,
	};
	struct dump *dump = (struct dump *)cb->args[0] ?: begin_rows(cb, &request, choose_owners);

	return IS_ERR(dump) ? PTR_ERR(dump) :
			      tell(skb, cb, dump, EPHPORTS_CMD_OWNER_GET, put_owner_message);
}
