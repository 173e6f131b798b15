/* SPDX-License-Identifier: GPL-2.0-only */
/* Alerts over netlink, and their thresholds. */
#ifndef EPHPORTS_NETLINK_ALERT_H
#define EPHPORTS_NETLINK_ALERT_H

#include <linux/ephports.h>

#include "tally.h"

struct genl_info;
struct netlink_callback;
struct nla_policy;
struct sk_buff;

/**
 * struct ephports_alert - what is to be said
 * @key: of what: a destination; without a peer, a namespace
 * @level: enum ephports_level, now
 * @was: before; not for a failure
 * @failed: an allocation failed; else a threshold was crossed
 * @origin: enum ephports_origin, the call that failed
 * @used: ports that are gone, of @capacity; not for a failure
 * @capacity: ports that there are
 * @failures: so far, of this protocol in the namespace
 */
struct ephports_alert {
	struct ephports_dest_key key;
	u8 level;
	u8 was;
	bool failed;
	u8 origin;
	u32 used;
	u32 capacity;
	u64 failures;
};

extern const struct nla_policy ephports_alert_policy[EPHPORTS_A_ALERT_MAX + 1];

void ephports_netlink_alert(struct net *net, const struct ephports_alert *alert);
void ephports_netlink_alert_open(bool yes);
int ephports_get_alert(struct sk_buff *skb, struct genl_info *info);
int ephports_set_alert(struct sk_buff *skb, struct genl_info *info);

#endif /* EPHPORTS_NETLINK_ALERT_H */
