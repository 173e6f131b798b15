// SPDX-License-Identifier: GPL-2.0-only
/* Who asks over netlink, and what about: rights, and the namespace. */
#include <linux/cred.h>
#include <net/netlink.h>
#include <net/sock.h>

#include <linux/ephports.h>

#include "netlink_asker.h"
#include "watch.h"

/*
 * Only if it also opened the socket. Else a program with more rights, made to write to a socket
 * that it was given, would ask for what the one that opened it may not see.
 */
static kuid_t uid_of(const struct sock *sk)
{
	const struct file *file = sk->sk_socket ? sk->sk_socket->file : NULL;
	kuid_t uid = current_euid();

	return file && uid_eq(file->f_cred->euid, uid) ? uid : INVALID_UID;
}

/**
 * ephports_asker() - the rights of who sends a request
 * @skb: the request
 *
 * Context: the sender's.
 */
struct ephports_asker ephports_asker(struct sk_buff *skb)
{
	return (struct ephports_asker) {
		.root	= netlink_capable(skb, CAP_NET_ADMIN),
		.admin	= netlink_net_capable(skb, CAP_NET_ADMIN),
		.uid	= uid_of(NETLINK_CB(skb).sk),
	};
}

/* Where a dump keeps them, in netlink_callback.args; args[0] is each dump's own. */
enum { ARG_ROOT = 3, ARG_ADMIN, ARG_UID };

/**
 * ephports_asker_start() - genl_ops.start of every dump: takes down who asks
 * @cb: the dump
 *
 * If the asker's queue is full the first step is left to the first read (netlink_dump() in
 * net/netlink/af_netlink.c), which may be that of a program with more rights.
 *
 * Context: the sender's.
 *
 * Return: 0.
 */
int ephports_asker_start(struct netlink_callback *cb)
{
	struct ephports_asker asker = ephports_asker(cb->skb);

	cb->args[ARG_ROOT] = asker.root;
	cb->args[ARG_ADMIN] = asker.admin;
	cb->args[ARG_UID] = __kuid_val(asker.uid);
	return 0;
}

/**
 * ephports_asker_of_dump() - the rights of who asked for a dump
 * @cb: the dump
 *
 * Context: any step of it.
 */
struct ephports_asker ephports_asker_of_dump(const struct netlink_callback *cb)
{
	return (struct ephports_asker) {
		.root	= cb->args[ARG_ROOT],
		.admin	= cb->args[ARG_ADMIN],
		.uid	= KUIDT_INIT(cb->args[ARG_UID]),
	};
}

/**
 * ephports_asker_net() - the namespace that a request is about
 * @asker: who asks
 * @skb: the request
 * @attr: u32, its inode number; NULL: the socket's own
 * @extack: told why not
 *
 * Return: the namespace, to be given back with put_net(), or -EPERM, -ENOENT.
 */
struct net *ephports_asker_net(const struct ephports_asker *asker, struct sk_buff *skb,
			       const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	struct net *own = sock_net(skb->sk), *net;

	if (!attr || nla_get_u32(attr) == own->ns.inum)
		return get_net(own);
	if (!asker->root) {
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

/**
 * ephports_asker_may_see_all() - whether a request may be about all namespaces
 * @asker: who asks
 * @extack: told why not
 *
 * Return: 0 or -EPERM.
 */
int ephports_asker_may_see_all(const struct ephports_asker *asker, struct netlink_ext_ack *extack)
{
	if (asker->root)
		return 0;
	NL_SET_ERR_MSG(extack,
		       "all network namespaces need CAP_NET_ADMIN in the initial user namespace");
	return -EPERM;
}

/**
 * ephports_asker_view() - what a request for records may see
 * @asker: who asks
 * @skb: the request
 * @attrs: its filter, by enum ephports_a_filter
 * @view: filled, but for @view->pids; @view->users is the socket's as long as that is open
 * @of: filled with the namespace, to be given back with put_net(), or NULL for all; may be
 *	NULL if that is not wanted
 * @extack: told why not
 *
 * Context: process context, sleeps; of a dump, in its first step.
 *
 * Return: 0, or -EINVAL, -EPERM, -ENOENT, -EINTR.
 */
int ephports_asker_view(const struct ephports_asker *asker, struct sk_buff *skb,
			struct nlattr **attrs, struct ephports_view *view, struct net **of,
			struct netlink_ext_ack *extack)
{
	struct net *net;
	int err;

	if (of)
		*of = NULL;

	view->users = sk_user_ns(NETLINK_CB(skb).sk);
	view->uid = asker->uid;
	if (attrs[EPHPORTS_A_FILTER_ALL_NETNS]) {
		if (attrs[EPHPORTS_A_FILTER_NETNS]) {
			NL_SET_ERR_MSG(extack, "one namespace, or all: not both");
			return -EINVAL;
		}
		err = ephports_asker_may_see_all(asker, extack);
		if (err)
			return err;
		view->admin = true;
		view->scope = EPHPORTS_ALL;
		return ephports_watch_catch_up(NULL, true);
	}
	net = ephports_asker_net(asker, skb, attrs[EPHPORTS_A_FILTER_NETNS], extack);
	if (IS_ERR(net))
		return PTR_ERR(net);
	view->nsid = ephports_ns(net)->id;
	view->scope = ephports_ns_scope(net);
	/* Of another namespace only root is told. */
	view->admin = asker->admin || asker->root;
	err = ephports_watch_catch_up(net, asker->root);
	if (of && !err)
		*of = net;
	else
		put_net(net);
	return err;
}
