// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those who watch what happens, each told over its own netlink socket.
 *
 * While there are any, a tick hands each the events that it asked for and may see. A reader
 * is its socket, held by a reference, and not the number that netlink finds a socket by: that
 * may be another's a moment after the socket was closed. So the messages are put into its
 * queue without asking netlink; for the same reason nobody has to say that a socket was
 * closed, the next tick sees it.
 *
 * What does not get into a reader's queue is a loss, which is told before anything else goes
 * to this reader. While there is no room for that, everything further is added to the loss.
 */
#include <linux/cred.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "fault.h"
#include "netlink.h"
#include "netlink_asker.h"
#include "netlink_filter.h"
#include "netlink_put_event.h"
#include "netlink_watch.h"
#include "stream.h"
#include "view.h"

#define TICK		msecs_to_jiffies(4)
#define LINGER		HZ	/* the stream stays open, so that nobody can make it flap */
#define BATCH		16384	/* bytes of messages in a datagram, at most */

#define MAX_READERS	64
#define MAX_USERS	48	/* of them, those that are not of root */
#define MAX_PER_USER	8

#define KINDS		GENMASK(EPHPORTS_EVENT_MAX, 0)

const struct nla_policy ephports_event_policy[EPHPORTS_A_EVENT_MAX + 1] = {
	[EPHPORTS_A_EVENT_KINDS]  = { .type = NLA_U32 },
	[EPHPORTS_A_EVENT_FILTER] = { .type = NLA_NESTED },
};

/**
 * struct reader - somebody who watches
 * @list: in readers
 * @sk: its socket
 * @to: what is written on its messages
 * @uid: who asked
 * @root: an administrator of everything did
 * @view: what it may see
 * @pids: of @view, held
 * @filter: what it wants
 * @kinds: likewise, a mask of 1 << enum ephports_event
 * @since: what happened before is not for it, ns of CLOCK_BOOTTIME
 * @seq: events that were for it, delivered or not
 * @batch: messages to be sent; first of them, if there is a loss, the one that tells it
 * @aboard: the events in @batch, as the loss that they will be if it is not delivered
 * @loss: what it has to be told first
 */
struct reader {
	struct list_head list;
	struct sock *sk;
	struct ephports_addressee to;
	kuid_t uid;
	bool root;
	struct ephports_view view;
	struct pid_namespace *pids;
	struct ephports_filter filter;
	u32 kinds;
	u64 since;
	u64 seq;
	struct sk_buff *batch;
	struct ephports_loss aboard;
	struct ephports_loss loss;
};

static DEFINE_MUTEX(readers_lock);	/* also whoever opens, closes or drains the stream */
static LIST_HEAD(readers);
static unsigned long last_seen;		/* when there was a reader, jiffies */

static struct workqueue_struct *queue;
static void tick(struct work_struct *work);
static DECLARE_DELAYED_WORK(ticker, tick);

static void add_loss(struct ephports_loss *sum, const struct ephports_loss *more)
{
	if (!sum->count) {
		sum->seq = more->seq;
		sum->first = more->first;
	}
	if (more->count)
		sum->last = more->last;
	sum->count += more->count;
	sum->unsorted += more->unsorted;
}

/* Returns whether the reader's queue took a copy. */
static bool send_copy(struct sock *sk, const struct sk_buff *batch)
{
	struct sk_buff *skb = alloc_skb(batch->len, GFP_KERNEL | __GFP_NOWARN);
	int err;

	if (!skb)
		return false;
	skb_put_data(skb, batch->data, batch->len);
	err = sock_queue_rcv_skb(sk, skb);
	if (err)
		kfree_skb(skb);
	/* A socket filter of the reader's own is no loss. */
	return !err || err == -EPERM;
}

static void send_batch(struct reader *reader)
{
	if (!reader->batch->len)
		return;
	if (send_copy(reader->sk, reader->batch))
		memset(&reader->loss, 0, sizeof(reader->loss));
	else
		add_loss(&reader->loss, &reader->aboard);
	memset(&reader->aboard, 0, sizeof(reader->aboard));
	skb_trim(reader->batch, 0);
}

/* Returns false while there is no room for what would be in the batch. */
static bool open_batch(struct reader *reader)
{
	if (reader->batch->len)
		return true;
	if (atomic_read(&reader->sk->sk_rmem_alloc) >= READ_ONCE(reader->sk->sk_rcvbuf))
		return false;
	return !reader->loss.count ||
	       !ephports_put_loss(reader->batch, &reader->to, &reader->loss);
}

static bool take_aboard(struct reader *reader, const struct ephports_stream_event *event)
{
	if (!open_batch(reader))
		return false;
	if (!ephports_put_event(reader->batch, &reader->to, &reader->view, event, reader->seq))
		return true;
	/* It is full. */
	send_batch(reader);
	return open_batch(reader) &&
	       !ephports_put_event(reader->batch, &reader->to, &reader->view, event, reader->seq);
}

static bool wants(const struct reader *reader, const struct ephports_stream_event *event)
{
	return (reader->kinds & BIT(event->kind)) && event->time >= reader->since &&
	       ephports_view_passes(&reader->view, &reader->filter, &event->rec, &event->sock);
}

static void tell_event(const struct ephports_stream_event *event, void *ctx)
{
	struct ephports_loss one = { .count = 1, .first = event->time, .last = event->time };
	struct reader *reader;

	list_for_each_entry(reader, &readers, list) {
		if (!wants(reader, event))
			continue;
		one.seq = ++reader->seq;
		add_loss(take_aboard(reader, event) ? &reader->aboard : &reader->loss, &one);
	}
}

static void tell_gap(const struct ephports_stream_gap *gap, void *ctx)
{
	struct ephports_loss loss = {
		.count = gap->count,
		.unsorted = gap->count,
		.first = gap->first,
		.last = gap->last,
	};
	struct reader *reader;

	list_for_each_entry(reader, &readers, list) {
		if (gap->last < reader->since ||
		    (gap->nsid && reader->view.nsid && gap->nsid != reader->view.nsid))
			continue;
		/* What is aboard came before. */
		send_batch(reader);
		loss.seq = reader->seq + 1;
		reader->seq += gap->count;
		add_loss(&reader->loss, &loss);
	}
}

static const struct ephports_stream_sink sink = {
	.event	= tell_event,
	.gap	= tell_gap,
};

static void flush(struct reader *reader)
{
	if (reader->loss.count)
		open_batch(reader);
	send_batch(reader);
}

static void free_reader(struct reader *reader)
{
	kfree_skb(reader->batch);
	put_pid_ns(reader->pids);
	put_user_ns(reader->view.users);
	sock_put(reader->sk);
	kfree(reader);
}

/* readers_lock held. */
static void forget_closed(void)
{
	struct reader *reader, *next;

	list_for_each_entry_safe(reader, next, &readers, list) {
		if (!sock_flag(reader->sk, SOCK_DEAD))
			continue;
		list_del(&reader->list);
		free_reader(reader);
	}
}

static void tick(struct work_struct *work)
{
	struct reader *reader;
	bool over;

	ephports_fault_drain();
	mutex_lock(&readers_lock);
	forget_closed();
	ephports_stream_drain(&sink, NULL);
	list_for_each_entry(reader, &readers, list)
		flush(reader);
	if (!list_empty(&readers))
		last_seen = jiffies;
	over = time_after(jiffies, last_seen + LINGER);
	if (over)
		ephports_stream_close();
	else
		queue_delayed_work(queue, &ticker, TICK);
	mutex_unlock(&readers_lock);
}

static int read_request(struct reader *reader, struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *kinds = info->attrs[EPHPORTS_A_EVENT_KINDS];
	struct ephports_asker asker = ephports_asker(skb);
	struct nlattr *attrs[EPHPORTS_A_FILTER_MAX + 1];

	reader->kinds = kinds ? nla_get_u32(kinds) : KINDS;
	if (!reader->kinds || (reader->kinds & ~KINDS)) {
		NL_SET_ERR_MSG_ATTR(info->extack, kinds,
				    "the mask is empty or has a bit that means nothing");
		return -EINVAL;
	}
	reader->root = asker.root;
	return ephports_filter_parse(attrs, info->attrs[EPHPORTS_A_EVENT_FILTER], info->extack) ?:
	       ephports_filter_read(&reader->filter, attrs, info->extack) ?:
	       ephports_asker_view(&asker, skb, attrs, &reader->view, NULL, info->extack);
}

/* The rights, and the numbering of users and processes, are those of the request. */
static struct reader *make_reader(struct sk_buff *skb, struct genl_info *info)
{
	struct reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL_ACCOUNT);
	int err;

	if (!reader)
		return ERR_PTR(-ENOMEM);
	reader->batch = alloc_skb(BATCH, GFP_KERNEL);
	err = reader->batch ? read_request(reader, skb, info) : -ENOMEM;
	if (err) {
		kfree_skb(reader->batch);
		kfree(reader);
		return ERR_PTR(err);
	}
	reader->sk = NETLINK_CB(skb).sk;
	sock_hold(reader->sk);
	reader->to.portid = info->snd_portid;
	reader->to.nlseq = info->snd_seq;
	reader->uid = current_euid();
	reader->pids = get_pid_ns(task_active_pid_ns(current));
	reader->view.pids = reader->pids;
	get_user_ns(reader->view.users);
	return reader;
}

/* readers_lock held. */
static int check_room(const struct reader *newcomer, struct netlink_ext_ack *extack)
{
	u32 all = 0, users = 0, same = 0;
	const struct reader *reader;
	const char *why = NULL;

	list_for_each_entry(reader, &readers, list) {
		if (reader->sk == newcomer->sk)
			why = "this socket watches already";
		all++;
		users += !reader->root;
		same += !reader->root && uid_eq(reader->uid, newcomer->uid);
	}
	if (all >= MAX_READERS)
		why = "as many watch as can";
	else if (!newcomer->root && (users >= MAX_USERS || same >= MAX_PER_USER))
		why = "as many watch as can without CAP_NET_ADMIN in the initial user namespace";
	if (!why)
		return 0;
	if (extack)
		extack->_msg = why;
	return -EBUSY;
}

static int reply(struct genl_info *info, u64 since)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *head;

	if (!skb)
		return -ENOMEM;
	head = genlmsg_put_reply(skb, info, &ephports_family, 0, info->genlhdr->cmd);
	if (!head || nla_put_u64_64bit(skb, EPHPORTS_A_EVENT_BOOT, since, EPHPORTS_A_EVENT_PAD)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

/* readers_lock held: the answer comes before the first event. */
static int admit(struct reader *reader, struct genl_info *info)
{
	int err;

	forget_closed();
	err = check_room(reader, info->extack) ?: ephports_stream_open();
	if (err)
		return err;
	/* What happens later is noted for certain. */
	reader->since = ktime_get_boottime_ns();
	last_seen = jiffies;
	queue_delayed_work(queue, &ticker, TICK);
	err = reply(info, reader->since);
	if (!err)
		list_add_tail(&reader->list, &readers);
	return err;
}

/* EPHPORTS_CMD_WATCH */
int ephports_do_watch(struct sk_buff *skb, struct genl_info *info)
{
	struct reader *reader = make_reader(skb, info);
	int err;

	if (IS_ERR(reader))
		return PTR_ERR(reader);
	mutex_lock(&readers_lock);
	err = admit(reader, info);
	mutex_unlock(&readers_lock);
	if (err)
		free_reader(reader);
	return err;
}

/**
 * ephports_netlink_watch_init() - nobody watches yet
 *
 * Return: 0 or -ENOMEM.
 */
int ephports_netlink_watch_init(void)
{
	queue = alloc_workqueue("ephports", WQ_UNBOUND, 1);
	return queue ? 0 : -ENOMEM;
}

/**
 * ephports_netlink_watch_exit() - tell those who watch all, and that there is no more to come
 *
 * Context: process context, sleeps; no request is under way, nor will one be.
 */
void ephports_netlink_watch_exit(void)
{
	struct reader *reader, *next;

	cancel_delayed_work_sync(&ticker);
	destroy_workqueue(queue);
	if (!list_empty(&readers))
		ephports_stream_drain(&sink, NULL);
	list_for_each_entry_safe(reader, next, &readers, list) {
		flush(reader);
		WRITE_ONCE(reader->sk->sk_err, ENODEV);
		reader->sk->sk_error_report(reader->sk);
		list_del(&reader->list);
		free_reader(reader);
	}
	ephports_stream_close();
}
