// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family; its contract is told in uapi/linux/ephports.h.
 *
 * This file has the table of commands, information and resync, and the dump of records. Who
 * may ask for what is decided in netlink_asker.c, filters are read in netlink_filter.c,
 * answers are written in netlink_put*.c; the other commands have files of their own.
 */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include <linux/ephports.h>

#include "attrs.h"
#include "compat.h"
#include "log.h"
#include "netlink.h"
#include "netlink_alert.h"
#include "netlink_asker.h"
#include "netlink_box.h"
#include "netlink_failure.h"
#include "netlink_filter.h"
#include "netlink_put.h"
#include "netlink_tally.h"
#include "netlink_watch.h"
#include "netlink_who.h"
#include "view.h"
#include "watch.h"

static const struct nla_policy info_policy[EPHPORTS_A_INFO_MAX + 1] = {
	[EPHPORTS_A_INFO_NETNS] = { .type = NLA_U32 },
	[EPHPORTS_A_INFO_BRIEF] = { .type = NLA_FLAG },
	[EPHPORTS_A_INFO_ALL_NETNS] = { .type = NLA_FLAG },
};

/* No attribute is known. */
static const struct nla_policy no_policy[1 + 1] = {
	[1] = { .type = NLA_REJECT },
};

static const struct nla_policy port_policy[EPHPORTS_A_PORT_MAX + 1] = {
	[EPHPORTS_A_PORT_FILTER] = { .type = NLA_NESTED },
	[EPHPORTS_A_PORT_WANTED] = { .type = NLA_U32 },
};

static int reply_info(struct genl_info *info, const struct net *net,
		      const struct ephports_info_request *request)
{
	struct sk_buff *reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *head;
	int err;

	if (!reply)
		return -ENOMEM;
	head = genlmsg_put_reply(reply, info, &ephports_family, 0, info->genlhdr->cmd);
	err = head ? ephports_put_info(reply, net, request) : -EMSGSIZE;
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, head);
	return genlmsg_reply(reply, info);
}

static int get_info(struct sk_buff *skb, struct genl_info *info)
{
	struct ephports_asker asker = ephports_asker(skb);
	struct ephports_info_request request = {
		.root	= asker.root,
		.all	= info->attrs[EPHPORTS_A_INFO_ALL_NETNS],
		.brief	= info->attrs[EPHPORTS_A_INFO_BRIEF],
	};
	struct net *net;
	int err;

	err = request.all ? ephports_asker_may_see_all(&asker, info->extack) : 0;
	if (err)
		return err;
	net = ephports_asker_net(&asker, skb, info->attrs[EPHPORTS_A_INFO_NETNS], info->extack);
	if (IS_ERR(net))
		return PTR_ERR(net);
	err = ephports_watch_catch_up(request.all ? NULL : net, asker.root) ?:
	      reply_info(info, net, &request);
	put_net(net);
	return err;
}

static int do_resync(struct sk_buff *skb, struct genl_info *info)
{
	const struct ephports_info_request request = { .root = true };
	struct ephports_asker asker = ephports_asker(skb);

	if (!asker.root) {
		NL_SET_ERR_MSG(info->extack,
			       "a resync needs CAP_NET_ADMIN in the initial user namespace");
		return -EPERM;
	}
	return ephports_watch_resync() ?: reply_info(info, sock_net(skb->sk), &request);
}

/* What a reader may want of a record; the rest is for requests, or says nothing. */
#define TOLD_OF_PORTS	((BIT(EPHPORTS_A_PORT_MAX + 1) - 1) & \
			 ~(BIT(EPHPORTS_A_PORT_UNSPEC) | BIT(EPHPORTS_A_PORT_FILTER) | \
			   BIT(EPHPORTS_A_PORT_PAD) | BIT(EPHPORTS_A_PORT_WANTED)))

/* A dump under way, from start to done. */
struct dump {
	struct ephports_view view;
	struct ephports_filter filter;
	struct ephports_cursor cursor;
	struct ephports_row row;
	u32 wanted;	/* of each record */
	bool pending;	/* @row did not fit into the last message */
};

/*
 * The first step of a dump. Not in genl_ops.start, which takes down no more than who asks:
 * every kernel passes on what the extack of a dump says, but 6.1 has none for its start.
 */
static struct dump *begin_dump(struct netlink_callback *cb)
{
	struct ephports_asker asker = ephports_asker_of_dump(cb);
	const struct nlattr *wanted = ephports_dump_attrs(cb)[EPHPORTS_A_PORT_WANTED];
	struct nlattr *attrs[EPHPORTS_A_FILTER_MAX + 1];
	struct dump *dump;
	int err;

	err = ephports_filter_parse(attrs, ephports_dump_attrs(cb)[EPHPORTS_A_PORT_FILTER],
				    cb->extack);
	if (err)
		return ERR_PTR(err);
	dump = kzalloc(sizeof(*dump), GFP_KERNEL);
	if (!dump)
		return ERR_PTR(-ENOMEM);
	dump->wanted = EPHPORTS_ATTRS_ALL;
	err = ephports_asker_view(&asker, cb->skb, attrs, &dump->view, NULL, cb->extack) ?:
	      ephports_filter_read(&dump->filter, attrs, cb->extack) ?:
	      ephports_filter_mask(wanted, TOLD_OF_PORTS, &dump->wanted, cb->extack);
	if (err) {
		kfree(dump);
		return ERR_PTR(err);
	}
	cb->args[0] = (long)dump;
	return dump;
}

static int end_dump(struct netlink_callback *cb)
{
	kfree((struct dump *)cb->args[0]);
	return 0;
}

struct message {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	u32 wanted;
};

/* Puts a row, mostly where it is found, its bucket locked; false if there is no room. */
static bool put_row(const struct ephports_row *row, void *ctx)
{
	const struct message *message = ctx;
	struct sk_buff *skb = message->skb;
	void *head = ephports_put_dump_head(skb, message->cb, EPHPORTS_CMD_PORT_GET);

	if (!head)
		return false;
	if (ephports_put_row(skb, row, message->wanted)) {
		genlmsg_cancel(skb, head);
		return false;
	}
	genlmsg_end(skb, head);
	return true;
}

static int dump_ports(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->args[0] ?: begin_dump(cb);
	struct message message = { .skb = skb, .cb = cb };

	if (IS_ERR(dump))
		return PTR_ERR(dump);
	message.wanted = dump->wanted;
	dump->view.pids = task_active_pid_ns(current);
	cb->seq = ephports_watch_seq(dump->view.scope, sock_net(cb->skb->sk));
	if (dump->pending && !put_row(&dump->row, &message))
		return skb->len;
	/* One look at the clock for all that fits. */
	dump->row.at = ktime_get_boot_fast_ns();
	dump->pending = ephports_view_walk(&dump->view, &dump->filter, &dump->cursor, &dump->row,
					   put_row, &message);
	return skb->len;
}

static const struct genl_ops ops[] = {
	{
		.cmd		= EPHPORTS_CMD_INFO_GET,
		.doit		= get_info,
		.policy		= info_policy,
		.maxattr	= EPHPORTS_A_INFO_MAX,
	},
	{
		.cmd		= EPHPORTS_CMD_PORT_GET,
		.start		= ephports_asker_start,
		.dumpit		= dump_ports,
		.done		= end_dump,
		.policy		= port_policy,
		.maxattr	= EPHPORTS_A_PORT_MAX,
	},
	{
		.cmd		= EPHPORTS_CMD_DEST_GET,
		.start		= ephports_asker_start,
		.dumpit		= ephports_dump_dests,
		.done		= ephports_dump_tally_done,
		.policy		= ephports_dest_policy,
		.maxattr	= EPHPORTS_A_DEST_MAX,
	},
	{
		.cmd		= EPHPORTS_CMD_OWNER_GET,
		.start		= ephports_asker_start,
		.dumpit		= ephports_dump_owners,
		.done		= ephports_dump_tally_done,
		.policy		= ephports_owner_policy,
		.maxattr	= EPHPORTS_A_OWNER_MAX,
	},
	{
		.cmd		= EPHPORTS_CMD_FAILURE_GET,
		.start		= ephports_asker_start,
		.dumpit		= ephports_dump_failures,
		.done		= ephports_dump_failures_done,
		.policy		= ephports_failure_policy,
		.maxattr	= EPHPORTS_A_FAILURE_MAX,
	},
	{
		.cmd		= EPHPORTS_CMD_HIST_GET,
		.start		= ephports_asker_start,
		.dumpit		= ephports_dump_hists,
		.policy		= ephports_hist_policy,
		.maxattr	= EPHPORTS_A_HIST_MAX,
	},
	{
		.cmd		= EPHPORTS_CMD_BOX_GET,
		.start		= ephports_asker_start,
		.dumpit		= ephports_dump_boxes,
		.done		= ephports_dump_boxes_done,
		.policy		= ephports_box_policy,
		.maxattr	= EPHPORTS_A_BOX_MAX,
	},
	{
		.cmd		= EPHPORTS_CMD_ALERT_GET,
		.doit		= ephports_get_alert,
		.policy		= no_policy,
		.maxattr	= ARRAY_SIZE(no_policy) - 1,
	},
	{
		.cmd		= EPHPORTS_CMD_ALERT_SET,
		.doit		= ephports_set_alert,
		.policy		= ephports_alert_policy,
		.maxattr	= EPHPORTS_A_ALERT_MAX,
	},
	{
		.cmd		= EPHPORTS_CMD_WATCH,
		.doit		= ephports_do_watch,
		.policy		= ephports_event_policy,
		.maxattr	= EPHPORTS_A_EVENT_MAX,
	},
	{
		.cmd		= EPHPORTS_CMD_WHO_GET,
		.start		= ephports_asker_start,
		.dumpit		= ephports_dump_who,
		.done		= ephports_dump_who_done,
		.policy		= ephports_who_policy,
		.maxattr	= EPHPORTS_A_WHO_MAX,
	},
	{
		.cmd		= EPHPORTS_CMD_RESYNC,
		.doit		= do_resync,
		.policy		= no_policy,
		.maxattr	= ARRAY_SIZE(no_policy) - 1,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = EPHPORTS_ALERT_GROUP },
};

struct genl_family ephports_family = {
	.name		= EPHPORTS_GENL_NAME,
	.version	= EPHPORTS_GENL_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
	EPHPORTS_GENL_RESV_START
};

/**
 * ephports_netlink_init() - register the family
 */
int ephports_netlink_init(void)
{
	int err = ephports_netlink_watch_init();

	if (err)
		return err;
	err = genl_register_family(&ephports_family);
	if (err == -EEXIST)
		ephports_err("not loaded: another module has registered the generic netlink family %s; find it with lsmod and remove it",
			     EPHPORTS_GENL_NAME);
	else if (err && err != -ENOMEM)
		ephports_err("not loaded: generic netlink family %s: %pe", EPHPORTS_GENL_NAME,
			     ERR_PTR(err));
	if (err)
		ephports_netlink_watch_exit();
	else
		ephports_netlink_alert_open(true);
	return err;
}

/**
 * ephports_netlink_exit() - unregister it; no request is under way when it returns
 */
void ephports_netlink_exit(void)
{
	ephports_netlink_alert_open(false);
	genl_unregister_family(&ephports_family);
	ephports_netlink_watch_exit();
}
