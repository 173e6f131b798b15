// SPDX-License-Identifier: GPL-2.0-only
/* Who asks over netlink, and what about: rights, and the namespace. */
#include <linux/cred.h>
#include <net/netlink.h>
#include <net/sock.h>

#include <linux/ephports.h>

#include "netlink_asker.h"
#include "watch.h"

/**
 * ephports_asker_is_root() - an administrator of everything: of the initial user namespace
 * @skb: the request
 */
bool ephports_asker_is_root(struct sk_buff *skb)
{
	return netlink_capable(skb, CAP_NET_ADMIN);
}

/**
 * ephports_asker_net() - the namespace that a request is about
 * @skb: the request
 * @attr: u32, its inode number; NULL: the socket's own
 * @extack: told why not
 *
 * Return: the namespace, to be given back with put_net(), or -EPERM, -ENOENT.
 */
struct net *ephports_asker_net(struct sk_buff *skb, const struct nlattr *attr,
			       struct netlink_ext_ack *extack)
{
	struct net *own = sock_net(skb->sk), *net;

	if (!attr || nla_get_u32(attr) == own->ns.inum)
		return get_net(own);
	if (!ephports_asker_is_root(skb)) {
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

/**
 * ephports_asker_view() - what a request for records may see
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
int ephports_asker_view(struct sk_buff *skb, struct nlattr **attrs, struct ephports_view *view,
			struct net **of, struct netlink_ext_ack *extack)
{
	struct net *net;
	int err;

	if (of)
		*of = NULL;

	view->users = sk_user_ns(NETLINK_CB(skb).sk);
	view->uid = asker(NETLINK_CB(skb).sk);
	if (attrs[EPHPORTS_A_FILTER_ALL_NETNS]) {
		if (attrs[EPHPORTS_A_FILTER_NETNS]) {
			NL_SET_ERR_MSG(extack, "one namespace, or all: not both");
			return -EINVAL;
		}
		if (!ephports_asker_is_root(skb)) {
			NL_SET_ERR_MSG(extack,
				       "all network namespaces need CAP_NET_ADMIN in the initial user namespace");
			return -EPERM;
		}
		view->admin = true;
		return ephports_watch_catch_up(ephports_ns_any_range_moved(), true);
	}
	net = ephports_asker_net(skb, attrs[EPHPORTS_A_FILTER_NETNS], extack);
	if (IS_ERR(net))
		return PTR_ERR(net);
	view->nsid = ephports_ns(net)->id;
	view->admin = netlink_ns_capable(skb, net->user_ns, CAP_NET_ADMIN);
	err = ephports_watch_catch_up(ephports_ns_range_moved(net),
				      ephports_asker_is_root(skb));
	if (of && !err)
		*of = net;
	else
		put_net(net);
	return err;
}
