// SPDX-License-Identifier: GPL-2.0-only
/* The netlink commands that tell what was refused, and how long searches took. */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "attrs.h"
#include "compat.h"
#include "failure.h"
#include "hist.h"
#include "netlink.h"
#include "netlink_asker.h"
#include "netlink_failure.h"
#include "netlink_filter.h"
#include "netlink_put.h"
#include "view.h"
#include "watch.h"

const struct nla_policy ephports_failure_policy[EPHPORTS_A_FAILURE_MAX + 1] = {
	[EPHPORTS_A_FAILURE_FILTER] = { .type = NLA_NESTED },
};

const struct nla_policy ephports_hist_policy[EPHPORTS_A_HIST_MAX + 1] = {
	[EPHPORTS_A_HIST_NETNS] = { .type = NLA_U32 },
};

/* A dump under way, from start to done. */
struct dump {
	struct ephports_view view;
	struct ephports_filter filter;
	u64 total;
	u32 n;
	u32 next;	/* message to tell; the first is the total */
	struct ephports_failure failures[EPHPORTS_FAILURES + EPHPORTS_CONFLICTS];
};

int ephports_dump_failures_done(struct netlink_callback *cb)
{
	kvfree((struct dump *)cb->args[0]);
	return 0;
}

/* Conflicts are worth telling only where somebody has the port as a source port. */
static u32 drop_unheld(struct ephports_failure *conflicts, u32 n)
{
	u32 i, kept = 0;

	for (i = 0; i < n; i++)
		if (conflicts[i].held)
			conflicts[kept++] = conflicts[i];
	return kept;
}

static u64 count_total(const struct net *net, u8 proto)
{
	u64 total = 0;

	if (proto != IPPROTO_UDP)
		total += net ? atomic64_read(&ephports_ns(net)->failures[EPHPORTS_TCP]) :
			       ephports_failure_total(EPHPORTS_TCP);
	if (proto != IPPROTO_TCP)
		total += net ? atomic64_read(&ephports_ns(net)->failures[EPHPORTS_UDP]) :
			       ephports_failure_total(EPHPORTS_UDP);
	return total;
}

static int copy_all(struct netlink_callback *cb, struct dump *dump)
{
	struct ephports_asker asker = ephports_asker_of_dump(cb);
	struct nlattr *attrs[EPHPORTS_A_FILTER_MAX + 1];
	struct net *net;
	int err;

	err = ephports_filter_parse(attrs, ephports_dump_attrs(cb)[EPHPORTS_A_FAILURE_FILTER],
				    cb->extack) ?:
	      ephports_filter_only_kind(attrs, cb->extack) ?:
	      ephports_filter_read(&dump->filter, attrs, cb->extack) ?:
	      ephports_asker_view(&asker, cb->skb, attrs, &dump->view, &net, cb->extack);
	if (err)
		return err;
	dump->total = count_total(net, dump->filter.proto);
	dump->n = ephports_failure_copy(dump->failures);
	dump->n += drop_unheld(dump->failures + dump->n,
			       ephports_failure_copy_conflicts(dump->failures + dump->n));
	if (net)
		put_net(net);
	return 0;
}

static struct dump *begin(struct netlink_callback *cb)
{
	struct dump *dump = kvzalloc(sizeof(*dump), GFP_KERNEL_ACCOUNT);
	int err;

	if (!dump)
		return ERR_PTR(-ENOMEM);
	cb->args[0] = (long)dump;
	err = copy_all(cb, dump);
	return err ? ERR_PTR(err) : dump;
}

static int put_call(struct sk_buff *skb, const struct ephports_failure *failure)
{
	u64 boot = ktime_get_real_ns() - ktime_get_boottime_ns();	/* by the clock of now */

	if (nla_put_u8(skb, EPHPORTS_A_FAILURE_PROTO, failure->rec.proto) ||
	    nla_put_u8(skb, EPHPORTS_A_FAILURE_ORIGIN, failure->rec.origin) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_FAILURE_COUNT, failure->count,
			      EPHPORTS_A_FAILURE_PAD) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_FAILURE_FIRST, boot + failure->first,
			      EPHPORTS_A_FAILURE_PAD) ||
	    nla_put_u64_64bit(skb, EPHPORTS_A_FAILURE_LAST, boot + failure->last,
			      EPHPORTS_A_FAILURE_PAD) ||
	    nla_put_u8(skb, EPHPORTS_A_FAILURE_FAMILY, failure->sock.family))
		return -EMSGSIZE;
	if (!ipv6_addr_any(&failure->sock.local) &&
	    ephports_put_address(skb, EPHPORTS_A_FAILURE_LOCAL_ADDR, failure->sock.family,
				 &failure->sock.local))
		return -EMSGSIZE;
	if (!failure->sock.peer_port)
		return 0;
	return ephports_put_address(skb, EPHPORTS_A_FAILURE_PEER_ADDR, failure->sock.family,
				    &failure->sock.peer) ?:
	       nla_put_u16(skb, EPHPORTS_A_FAILURE_PEER_PORT, failure->sock.peer_port);
}

static int put_conflict(struct sk_buff *skb, const struct ephports_view *view,
			const struct ephports_failure *failure)
{
	struct ephports_row row = { .rec = failure->holder, .sock = failure->holder_sock };
	struct nlattr *nest;

	if (!failure->rec.port)
		return 0;
	if (nla_put_u16(skb, EPHPORTS_A_FAILURE_PORT, failure->rec.port))
		return -EMSGSIZE;
	if (!failure->held)
		return 0;
	nest = nla_nest_start(skb, EPHPORTS_A_FAILURE_HOLDER);
	ephports_view_tell(view, &row.rec, &row.told);
	if (!nest || ephports_put_row(skb, &row, EPHPORTS_ATTRS_ALL))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * ephports_put_failure() - one culprit
 * @skb: the answer
 * @view: who asks
 * @failure: the culprit
 *
 * Return: 0, or -EMSGSIZE with part of it put.
 */
int ephports_put_failure(struct sk_buff *skb, const struct ephports_view *view,
			 const struct ephports_failure *failure)
{
	static const struct ephports_who_attrs who = {
		.uid	= EPHPORTS_A_FAILURE_UID,
		.reason	= EPHPORTS_A_FAILURE_REASON,
		.pid	= EPHPORTS_A_FAILURE_PID,
		.comm	= EPHPORTS_A_FAILURE_COMM,
		.cgroup	= EPHPORTS_A_FAILURE_CGROUP,
		.netns	= EPHPORTS_A_FAILURE_NETNS,
		.pad	= EPHPORTS_A_FAILURE_PAD,
	};
	struct ephports_told told;

	ephports_view_tell(view, &failure->rec, &told);
	return put_call(skb, failure) ?:
	       ephports_put_who(skb, &who, &failure->rec, &told) ?:
	       put_conflict(skb, view, failure);
}

static int put_message(struct sk_buff *skb, const struct dump *dump, u32 i)
{
	if (!i)
		return nla_put_u64_64bit(skb, EPHPORTS_A_FAILURE_TOTAL, dump->total,
					 EPHPORTS_A_FAILURE_PAD);
	return ephports_put_failure(skb, &dump->view, &dump->failures[i - 1]);
}

static bool wants(const struct dump *dump, u32 i)
{
	const struct ephports_failure *failure;

	if (!i)
		return true;
	failure = &dump->failures[i - 1];
	return ephports_view_passes(&dump->view, &dump->filter, &failure->rec, &failure->sock);
}

/* EPHPORTS_CMD_FAILURE_GET */
int ephports_dump_failures(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->args[0] ?: begin(cb);

	if (IS_ERR(dump))
		return PTR_ERR(dump);
	dump->view.pids = task_active_pid_ns(current);
	cb->seq = ephports_watch_seq(dump->view.scope, sock_net(cb->skb->sk));
	for (; dump->next <= dump->n; dump->next++) {
		void *head;

		if (!wants(dump, dump->next))
			continue;
		head = ephports_put_dump_head(skb, cb, EPHPORTS_CMD_FAILURE_GET);
		if (!head)
			break;
		if (put_message(skb, dump, dump->next)) {
			genlmsg_cancel(skb, head);
			break;
		}
		genlmsg_end(skb, head);
	}
	return skb->len;
}

/* Returns -ENODATA where there is no histogram. */
static int put_hist(struct sk_buff *skb, const struct net *net, enum ephports_proto proto,
		    enum ephports_hist kind)
{
	u64 counts[EPHPORTS_HIST_BUCKETS];

	if (!ephports_hist_read(net, proto, kind, counts))
		return -ENODATA;
	return nla_put_u8(skb, EPHPORTS_A_HIST_PROTO,
			  proto == EPHPORTS_TCP ? IPPROTO_TCP : IPPROTO_UDP) ?:
	       nla_put_u8(skb, EPHPORTS_A_HIST_KIND, kind) ?:
	       nla_put_u32(skb, EPHPORTS_A_HIST_NETNS, net->ns.inum) ?:
	       nla_put(skb, EPHPORTS_A_HIST_COUNTS, sizeof(counts), counts);
}

#define HISTS	(EPHPORTS_PROTOS * (EPHPORTS_HIST_MAX + 1))

/* EPHPORTS_CMD_HIST_GET; cb->args[0] is the next to tell. */
int ephports_dump_hists(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ephports_asker asker = ephports_asker_of_dump(cb);
	struct net *net = ephports_asker_net(&asker, cb->skb,
					     ephports_dump_attrs(cb)[EPHPORTS_A_HIST_NETNS],
					     cb->extack);

	if (IS_ERR(net))
		return PTR_ERR(net);
	cb->seq = ephports_watch_seq(ephports_ns_scope(net), sock_net(cb->skb->sk));
	for (; cb->args[0] < HISTS; cb->args[0]++) {
		void *head = ephports_put_dump_head(skb, cb, EPHPORTS_CMD_HIST_GET);
		int err = head ? put_hist(skb, net, cb->args[0] % EPHPORTS_PROTOS,
					  cb->args[0] / EPHPORTS_PROTOS) : -EMSGSIZE;

		if (!err) {
			genlmsg_end(skb, head);
			continue;
		}
		if (head)
			genlmsg_cancel(skb, head);
		if (err == -EMSGSIZE)
			break;
	}
	put_net(net);
	return skb->len;
}
