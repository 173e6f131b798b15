// SPDX-License-Identifier: GPL-2.0-only
/* Alerts over netlink, and their thresholds. */
#include <linux/ktime.h>
#include <linux/rwsem.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "alert.h"
#include "netlink.h"
#include "netlink_alert.h"
#include "netlink_asker.h"
#include "netlink_put.h"

const struct nla_policy ephports_alert_policy[EPHPORTS_A_ALERT_MAX + 1] = {
	[EPHPORTS_A_ALERT_NOTICE]	= { .type = NLA_U8 },
	[EPHPORTS_A_ALERT_WARNING]	= { .type = NLA_U8 },
	[EPHPORTS_A_ALERT_CRITICAL]	= { .type = NLA_U8 },
	[EPHPORTS_A_ALERT_CLEAR]	= { .type = NLA_U8 },
};

static int put_tuple(struct sk_buff *skb, const struct ephports_dest_key *key)
{
	if (nla_put_u32(skb, EPHPORTS_A_ALERT_NETNS, key->netns) ||
	    nla_put_u8(skb, EPHPORTS_A_ALERT_PROTO, key->proto))
		return -EMSGSIZE;
	if (!key->peer_port)
		return 0;
	return nla_put_u8(skb, EPHPORTS_A_ALERT_FAMILY, key->family) ?:
	       ephports_put_address(skb, EPHPORTS_A_ALERT_LOCAL_ADDR, key->family, &key->local) ?:
	       ephports_put_address(skb, EPHPORTS_A_ALERT_PEER_ADDR, key->family, &key->peer) ?:
	       nla_put_u16(skb, EPHPORTS_A_ALERT_PEER_PORT, key->peer_port);
}

static int put_what(struct sk_buff *skb, const struct ephports_alert *alert)
{
	if (alert->failed)
		return nla_put_u8(skb, EPHPORTS_A_ALERT_ORIGIN, alert->origin) ?:
		       nla_put_u64_64bit(skb, EPHPORTS_A_ALERT_FAILURES, alert->failures,
					 EPHPORTS_A_ALERT_PAD);
	return nla_put_u8(skb, EPHPORTS_A_ALERT_WAS, alert->was) ?:
	       nla_put_u32(skb, EPHPORTS_A_ALERT_USED, alert->used) ?:
	       nla_put_u32(skb, EPHPORTS_A_ALERT_CAPACITY, alert->capacity);
}

static int put_alert(struct sk_buff *skb, const struct ephports_alert *alert)
{
	return nla_put_u8(skb, EPHPORTS_A_ALERT_LEVEL, alert->level) ?:
	       nla_put_u64_64bit(skb, EPHPORTS_A_ALERT_TIME, ktime_get_real_ns(),
				 EPHPORTS_A_ALERT_PAD) ?:
	       put_tuple(skb, &alert->key) ?: put_what(skb, alert);
}

/* What looks for things to say is at work before the family is there, and after. */
static DECLARE_RWSEM(open_lock);
static bool open;

static void multicast(struct net *net, const struct ephports_alert *alert)
{
	struct sk_buff *skb;
	void *head;

	skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		return;
	head = genlmsg_put(skb, 0, 0, &ephports_family, 0, EPHPORTS_CMD_ALERT);
	if (!head || put_alert(skb, alert)) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, head);
	genlmsg_multicast_netns(&ephports_family, net, skb, 0, 0, GFP_KERNEL);
}

/**
 * ephports_netlink_alert() - send an alert to all who listen in a namespace
 * @net: the namespace
 * @alert: what to say
 *
 * Context: process context, sleeps. For want of memory, nothing is sent.
 */
void ephports_netlink_alert(struct net *net, const struct ephports_alert *alert)
{
	down_read(&open_lock);
	if (open && genl_has_listeners(&ephports_family, net, 0))
		multicast(net, alert);
	up_read(&open_lock);
}

/**
 * ephports_netlink_alert_open() - alerts can be sent from now on, or no more
 * @yes: the family is registered
 *
 * Context: process context, sleeps.
 */
void ephports_netlink_alert_open(bool yes)
{
	down_write(&open_lock);
	open = yes;
	up_write(&open_lock);
}

static int reply(struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	struct ephports_thresholds now;
	void *head;

	if (!skb)
		return -ENOMEM;
	ephports_alert_get(&now);
	head = genlmsg_put_reply(skb, info, &ephports_family, 0, info->genlhdr->cmd);
	if (!head ||
	    nla_put_u8(skb, EPHPORTS_A_ALERT_NOTICE, now.at[EPHPORTS_LEVEL_NOTICE]) ||
	    nla_put_u8(skb, EPHPORTS_A_ALERT_WARNING, now.at[EPHPORTS_LEVEL_WARNING]) ||
	    nla_put_u8(skb, EPHPORTS_A_ALERT_CRITICAL, now.at[EPHPORTS_LEVEL_CRITICAL]) ||
	    nla_put_u8(skb, EPHPORTS_A_ALERT_CLEAR, now.clear)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

/* EPHPORTS_CMD_ALERT_GET */
int ephports_get_alert(struct sk_buff *skb, struct genl_info *info)
{
	return reply(info);
}

static void change(u8 *percent, const struct nlattr *attr)
{
	if (attr)
		*percent = nla_get_u8(attr);
}

/* EPHPORTS_CMD_ALERT_SET: what is not given stays. */
int ephports_set_alert(struct sk_buff *skb, struct genl_info *info)
{
	struct ephports_asker asker = ephports_asker(skb);
	struct ephports_thresholds new;
	const char *wrong;

	if (!asker.root) {
		NL_SET_ERR_MSG(info->extack,
			       "to set thresholds needs CAP_NET_ADMIN in the initial user namespace");
		return -EPERM;
	}
	ephports_alert_get(&new);
	change(&new.at[EPHPORTS_LEVEL_NOTICE], info->attrs[EPHPORTS_A_ALERT_NOTICE]);
	change(&new.at[EPHPORTS_LEVEL_WARNING], info->attrs[EPHPORTS_A_ALERT_WARNING]);
	change(&new.at[EPHPORTS_LEVEL_CRITICAL], info->attrs[EPHPORTS_A_ALERT_CRITICAL]);
	change(&new.clear, info->attrs[EPHPORTS_A_ALERT_CLEAR]);
	wrong = ephports_alert_set(&new);
	if (!wrong)
		return reply(info);
	if (info->extack)
		info->extack->_msg = wrong;
	return -EINVAL;
}
