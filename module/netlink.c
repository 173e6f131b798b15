// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family; its contract is told in uapi/linux/ephports.h.
 *
 * This file decides who may ask for what and keeps a dump going; filters are read in
 * netlink_filter.c, answers are written in netlink_put.c.
 */
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include <linux/ephports.h>

#include "compat.h"
#include "log.h"
#include "netlink.h"
#include "netlink_filter.h"
#include "netlink_put.h"
#include "view.h"
#include "watch.h"

static struct genl_family family;

static const struct nla_policy info_policy[EPHPORTS_A_INFO_MAX + 1] = {
	[EPHPORTS_A_INFO_NETNS] = { .type = NLA_U32 },
};

/* No attribute is known. */
static const struct nla_policy no_policy[1 + 1] = {
	[1] = { .type = NLA_REJECT },
};

static const struct nla_policy port_policy[EPHPORTS_A_PORT_MAX + 1] = {
	[EPHPORTS_A_PORT_FILTER] = { .type = NLA_NESTED },
};

/* An administrator of everything: of the initial user namespace. */
static bool is_root(struct sk_buff *skb)
{
	return netlink_capable(skb, CAP_NET_ADMIN);
}

/*
 * The namespace that a request is about: the one named by @attr, else the socket's own.
 * To be given back with put_net().
 */
static struct net *asked_net(struct sk_buff *skb, const struct nlattr *attr,
			     struct netlink_ext_ack *extack)
{
	struct net *own = sock_net(skb->sk), *net;

	if (!attr || nla_get_u32(attr) == own->ns.inum)
		return get_net(own);
	if (!is_root(skb)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "another network namespace needs CAP_NET_ADMIN in the initial user namespace");
		return ERR_PTR(-EPERM);
	}
	net = ephports_ns_get(nla_get_u32(attr));
	if (!net) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "no network namespace has this inode number");
		return ERR_PTR(-ENOENT);
	}
	return net;
}

static int reply_info(struct sk_buff *skb, struct genl_info *info, const struct net *net)
{
	struct sk_buff *reply = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *head;
	int err;

	if (!reply)
		return -ENOMEM;
	head = genlmsg_put_reply(reply, info, &family, 0, info->genlhdr->cmd);
	err = head ? ephports_put_info(reply, net, is_root(skb)) : -EMSGSIZE;
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	genlmsg_end(reply, head);
	return genlmsg_reply(reply, info);
}

static int get_info(struct sk_buff *skb, struct genl_info *info)
{
	struct net *net = asked_net(skb, info->attrs[EPHPORTS_A_INFO_NETNS], info->extack);
	int err;

	if (IS_ERR(net))
		return PTR_ERR(net);
	err = ephports_watch_catch_up(ephports_ns_range_moved(net), is_root(skb)) ?:
	      reply_info(skb, info, net);
	put_net(net);
	return err;
}

static int do_resync(struct sk_buff *skb, struct genl_info *info)
{
	if (!is_root(skb)) {
		NL_SET_ERR_MSG(info->extack,
			       "a resync needs CAP_NET_ADMIN in the initial user namespace");
		return -EPERM;
	}
	return ephports_watch_resync() ?: reply_info(skb, info, sock_net(skb->sk));
}

/* A dump under way, from start to done. */
struct dump {
	struct ephports_view view;
	struct ephports_filter filter;
	struct ephports_cursor cursor;
	struct ephports_row row;
	bool pending;	/* @row did not fit into the last message */
};

/*
 * Who asks: only if it also opened the socket. Else a program with more rights, made to
 * write to a socket that it was given, would ask for what the one that opened it may not see.
 */
static kuid_t asker(const struct sock *sk)
{
	const struct file *file = sk->sk_socket ? sk->sk_socket->file : NULL;
	kuid_t uid = current_euid();

	return file && uid_eq(file->f_cred->euid, uid) ? uid : INVALID_UID;
}

/*
 * The rights are those of the request. (The process that reads the answers is the one
 * that numbers the processes, see dump_ports().)
 */
static int set_view(struct netlink_callback *cb, struct ephports_view *view,
		    struct nlattr **attrs)
{
	struct netlink_ext_ack *extack = cb->extack;
	struct net *net;
	int err;

	view->users = sk_user_ns(NETLINK_CB(cb->skb).sk);
	view->uid = asker(NETLINK_CB(cb->skb).sk);
	if (attrs[EPHPORTS_A_FILTER_ALL_NETNS]) {
		if (attrs[EPHPORTS_A_FILTER_NETNS]) {
			NL_SET_ERR_MSG(extack, "one namespace, or all: not both");
			return -EINVAL;
		}
		if (!is_root(cb->skb)) {
			NL_SET_ERR_MSG(extack,
				       "all network namespaces need CAP_NET_ADMIN in the initial user namespace");
			return -EPERM;
		}
		view->admin = true;
		return ephports_watch_catch_up(ephports_ns_any_range_moved(), true);
	}
	net = asked_net(cb->skb, attrs[EPHPORTS_A_FILTER_NETNS], extack);
	if (IS_ERR(net))
		return PTR_ERR(net);
	view->nsid = ephports_ns(net)->id;
	view->admin = netlink_ns_capable(cb->skb, net->user_ns, CAP_NET_ADMIN);
	err = ephports_watch_catch_up(ephports_ns_range_moved(net), is_root(cb->skb));
	put_net(net);
	return err;
}

/*
 * The first step of a dump, in the context of the request (or, if the asker's queue was
 * full just then, of its first read: the socket is the same). Not in genl_ops.start:
 * every kernel passes on what the extack of a dump says, but 6.1 has none for its start.
 */
static struct dump *begin_dump(struct netlink_callback *cb)
{
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
	err = set_view(cb, &dump->view, attrs) ?:
	      ephports_filter_read(&dump->filter, attrs, cb->extack);
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

static int put_row(struct sk_buff *skb, struct netlink_callback *cb,
		   const struct ephports_row *row)
{
	void *head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &family,
				 NLM_F_MULTI, EPHPORTS_CMD_PORT_GET);

	if (!head)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, head);
	if (ephports_put_row(skb, row)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

static int dump_ports(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->args[0] ?: begin_dump(cb);

	if (IS_ERR(dump))
		return PTR_ERR(dump);
	dump->view.pids = task_active_pid_ns(current);
	cb->seq = ephports_watch_seq();
	for (;;) {
		if (!dump->pending &&
		    !ephports_view_next(&dump->view, &dump->filter, &dump->cursor, &dump->row))
			return skb->len;
		dump->pending = put_row(skb, cb, &dump->row) < 0;
		if (dump->pending)
			return skb->len;
	}
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
		.dumpit		= dump_ports,
		.done		= end_dump,
		.policy		= port_policy,
		.maxattr	= EPHPORTS_A_PORT_MAX,
	},
	{
		.cmd		= EPHPORTS_CMD_RESYNC,
		.doit		= do_resync,
		.policy		= no_policy,
		.maxattr	= ARRAY_SIZE(no_policy) - 1,
	},
};

static struct genl_family family = {
	.name		= EPHPORTS_GENL_NAME,
	.version	= EPHPORTS_GENL_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
	EPHPORTS_GENL_RESV_START
};

/**
 * ephports_netlink_init() - register the family
 */
int ephports_netlink_init(void)
{
	int err = genl_register_family(&family);

	if (err && err != -ENOMEM)
		ephports_err("not loaded: generic netlink family %s: %pe", EPHPORTS_GENL_NAME,
			     ERR_PTR(err));
	return err;
}

/**
 * ephports_netlink_exit() - unregister it; no request is under way when it returns
 */
void ephports_netlink_exit(void)
{
	genl_unregister_family(&family);
}
