// SPDX-License-Identifier: GPL-2.0-only
/*
 * The netlink command that tells who held ports, and when.
 *
 * Holders go on letting go while they are told. So first come those that hold their ports,
 * then those that have released them: whoever is no longer met as the one has become the
 * other, and is found there. (Not so the TIME_WAIT that begins meanwhile beside a socket that
 * holds on: the socket is told.) Last come the spans, by what was lost or overwritten up to the
 * end. They reach to when the dump began, since those that came later need not have been met.
 *
 * A grace period before each stage lets all that happened until then take effect there, since
 * probes handle what they see between one and the next.
 */
#include <linux/ktime.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netlink.h>

#include "attrs.h"
#include "compat.h"
#include "history.h"
#include "netlink.h"
#include "netlink_asker.h"
#include "netlink_filter.h"
#include "netlink_put.h"
#include "netlink_who.h"
#include "view.h"
#include "watch.h"

const struct nla_policy ephports_who_policy[EPHPORTS_A_WHO_MAX + 1] = {
	[EPHPORTS_A_WHO_SINCE]	= { .type = NLA_U64 },
	[EPHPORTS_A_WHO_UNTIL]	= { .type = NLA_U64 },
	[EPHPORTS_A_WHO_FILTER]	= { .type = NLA_NESTED },
	[EPHPORTS_A_WHO_SPANS]	= { .type = NLA_FLAG },
};

enum stage {
	STAGE_HELD,
	STAGE_RELEASED,
	STAGE_SPANS,
	STAGE_END,
};

/* A dump under way, from start to done. Times are ns of CLOCK_BOOTTIME. */
struct dump {
	struct ephports_view view;
	struct ephports_filter filter;
	u64 since;
	u64 until;
	u64 began;
	u64 to_real;		/* what makes them ns of CLOCK_REALTIME, by the clock of then */
	enum stage stage;
	bool spans_alone;	/* no holders are asked for */
	bool pending;		/* the last that was found did not fit into the last message */
	struct ephports_cursor held;
	struct ephports_history_cursor released;
	struct ephports_past past;
	struct ephports_row row;
	u32 n_spans;
	u32 next_span;
	struct ephports_span spans[EPHPORTS_SPANS];
};

int ephports_dump_who_done(struct netlink_callback *cb)
{
	kfree((struct dump *)cb->args[0]);
	return 0;
}

/* What was before booting is at 0. */
static u64 boot_time(const struct dump *dump, const struct nlattr *attr, u64 absent)
{
	u64 real = attr ? nla_get_u64(attr) : 0;

	if (!attr)
		return absent;
	return real - min(real, dump->to_real);
}

static int read_request(struct netlink_callback *cb, struct dump *dump)
{
	struct nlattr **who = ephports_dump_attrs(cb);
	struct ephports_asker asker = ephports_asker_of_dump(cb);
	struct nlattr *attrs[EPHPORTS_A_FILTER_MAX + 1];
	int err;

	err = ephports_filter_parse(attrs, who[EPHPORTS_A_WHO_FILTER], cb->extack) ?:
	      ephports_filter_read(&dump->filter, attrs, cb->extack) ?:
	      ephports_asker_view(&asker, cb->skb, attrs, &dump->view, NULL, cb->extack);
	if (err)
		return err;
	dump->to_real = ktime_mono_to_any(0, TK_OFFS_REAL) - ktime_mono_to_any(0, TK_OFFS_BOOT);
	dump->since = boot_time(dump, who[EPHPORTS_A_WHO_SINCE], 0);
	dump->until = boot_time(dump, who[EPHPORTS_A_WHO_UNTIL], U64_MAX);
	dump->spans_alone = who[EPHPORTS_A_WHO_SPANS];
	if (dump->since > dump->until) {
		NL_SET_ERR_MSG(cb->extack, "the time asked for ends before it begins");
		return -EINVAL;
	}
	return 0;
}

static void begin_spans(struct dump *dump)
{
	u64 since = ephports_ns_range_since(dump->view.nsid);

	if (!dump->spans_alone)
		since = max(since, ephports_history_since());
	dump->stage = STAGE_SPANS;
	dump->n_spans = ephports_watch_covered(dump->view.scope, since, dump->began, dump->spans);
}

static struct dump *begin(struct netlink_callback *cb)
{
	struct dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL_ACCOUNT);
	int err;

	if (!dump)
		return ERR_PTR(-ENOMEM);
	cb->args[0] = (long)dump;
	err = read_request(cb, dump);
	if (err)
		return ERR_PTR(err);
	dump->released.low = dump->filter.low;
	dump->released.high = dump->filter.high;
	dump->began = ktime_get_boot_fast_ns();
	if (dump->spans_alone)
		begin_spans(dump);
	else
		synchronize_rcu();
	return dump;
}

static u64 earliest(const struct ephports_record *rec)
{
	return rec->flags & EPHPORTS_F_ADOPTED ?
	       ephports_coverage_doubt_at(ephports_record_scope(rec), rec->born) : rec->born;
}

static bool next_held(struct dump *dump)
{
	struct ephports_row *row = &dump->row;

	while (ephports_view_next(&dump->view, &dump->filter, &dump->held, row))
		if (earliest(&row->rec) <= dump->until)
			return true;
	return false;
}

/* Ring locked: only what costs little is asked. */
static enum ephports_visit find_past(const struct ephports_past *past, void *ctx)
{
	struct dump *dump = ctx;

	if (!ephports_view_may_pass(&dump->view, &dump->filter, &past->rec) ||
	    (!(past->rec.flags & EPHPORTS_F_ADOPTED) && past->rec.born > dump->until))
		return EPHPORTS_NEXT;
	dump->past = *past;
	return EPHPORTS_STOP;
}

static bool next_released(struct dump *dump)
{
	struct ephports_past *past = &dump->past;
	struct ephports_row *row = &dump->row;

	while (ephports_history_walk(&dump->released, dump->since, find_past, dump)) {
		if (earliest(&past->rec) > dump->until ||
		    !ephports_view_passes(&dump->view, &dump->filter, &past->rec, &past->sock))
			continue;
		row->rec = past->rec;
		row->sock = past->sock;
		row->at = past->until;
		ephports_view_tell(&dump->view, &row->rec, &row->told);
		return true;
	}
	return false;
}

static bool next_of_stage(struct dump *dump)
{
	switch (dump->stage) {
	case STAGE_HELD:
		return next_held(dump);
	case STAGE_RELEASED:
		return next_released(dump);
	case STAGE_SPANS:
		return dump->next_span++ < dump->n_spans;
	case STAGE_END:
		break;
	}
	return false;
}

static void next_stage(struct dump *dump)
{
	dump->stage++;
	if (dump->stage == STAGE_RELEASED)
		synchronize_rcu();
	if (dump->stage == STAGE_SPANS)
		begin_spans(dump);
}

/* Goes to the next that is to be told; false at the end. */
static bool find_next(struct dump *dump)
{
	for (; dump->stage != STAGE_END; next_stage(dump))
		if (next_of_stage(dump))
			return true;
	return false;
}

static int put_time(struct sk_buff *skb, const struct dump *dump, int attr, u64 time)
{
	return nla_put_u64_64bit(skb, attr, time + dump->to_real, EPHPORTS_A_WHO_PAD);
}

static int put_span(struct sk_buff *skb, const struct dump *dump)
{
	const struct ephports_span *span = &dump->spans[dump->next_span - 1];

	return put_time(skb, dump, EPHPORTS_A_WHO_COVERED_FROM, span->from) ?:
	       put_time(skb, dump, EPHPORTS_A_WHO_COVERED_TO, span->to);
}

static int put_holder(struct sk_buff *skb, const struct dump *dump)
{
	const struct ephports_row *row = &dump->row;
	struct nlattr *nest = nla_nest_start(skb, EPHPORTS_A_WHO_HOLDER);

	if (!nest || ephports_put_row(skb, row, EPHPORTS_ATTRS_ALL))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	if (!(row->rec.flags & EPHPORTS_F_ADOPTED) &&
	    put_time(skb, dump, EPHPORTS_A_WHO_FROM, row->rec.born))
		return -EMSGSIZE;
	return row->at ? put_time(skb, dump, EPHPORTS_A_WHO_TO, row->at) : 0;
}

static int put_message(struct sk_buff *skb, struct netlink_callback *cb, const struct dump *dump)
{
	void *head = ephports_put_dump_head(skb, cb, EPHPORTS_CMD_WHO_GET);

	if (!head)
		return -EMSGSIZE;
	if (dump->stage == STAGE_SPANS ? put_span(skb, dump) : put_holder(skb, dump)) {
		genlmsg_cancel(skb, head);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return 0;
}

/* EPHPORTS_CMD_WHO_GET; cb->args[0] is the dump. */
int ephports_dump_who(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->args[0] ?: begin(cb);

	if (IS_ERR(dump))
		return PTR_ERR(dump);
	dump->view.pids = task_active_pid_ns(current);
	cb->seq = ephports_watch_seq(dump->view.scope, sock_net(cb->skb->sk));
	while (dump->pending || find_next(dump)) {
		dump->pending = put_message(skb, cb, dump) < 0;
		if (dump->pending)
			break;
	}
	return skb->len;
}
