// SPDX-License-Identifier: GPL-2.0-only
/*
 * Alerts: a namespace or a destination crosses a threshold, or an allocation failed.
 *
 * What is full is looked at once a second at most, and only if enough ports are held that
 * something could be; nothing is counted for it meanwhile. A level that was reached is
 * left only some points below its threshold. Alerts go to the multicast group of the
 * namespace, and, at a limited rate, to the kernel's log: it may be read by many, so that
 * it names no process, and addresses of the host's namespace alone; of a namespace that a
 * user made, it says nothing.
 */
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/workqueue.h>

#include "alert.h"
#include "compat.h"
#include "log.h"
#include "netlink_alert.h"
#include "spare.h"
#include "tally.h"

#define PERIOD		HZ
#define FIRST_ROOM	64u
#define MOST_ALERTED	1024u

static unsigned int alert_notice = 50;
module_param(alert_notice, uint, 0444);
MODULE_PARM_DESC(alert_notice, "percent in use (of a destination: no longer to be had) at which an alert of level notice is sent, 1 to 100 (default 50)");

static unsigned int alert_warning = 80;
module_param(alert_warning, uint, 0444);
MODULE_PARM_DESC(alert_warning, "likewise of level warning, not below notice (default 80)");

static unsigned int alert_critical = 90;
module_param(alert_critical, uint, 0444);
MODULE_PARM_DESC(alert_critical, "likewise of level critical, not below warning (default 90)");

static unsigned int alert_clear = 10;
module_param(alert_clear, uint, 0444);
MODULE_PARM_DESC(alert_clear, "percent points below its threshold at which a level is left again, 0 to 50 (default 10)");

/* What is above the first threshold, from one look to the next. */
struct alerted {
	struct ephports_dest_key key;	/* of a namespace: with neither family nor addresses */
	u8 level;
	bool met;	/* by the look that is under way */
	u32 capacity;
};

static DEFINE_MUTEX(alert_lock);	/* of what follows */
static struct ephports_thresholds limits;
static struct ephports_groups known;

static const char *const levels[] = {
	[EPHPORTS_LEVEL_OK]		= "ok",
	[EPHPORTS_LEVEL_NOTICE]		= "notice",
	[EPHPORTS_LEVEL_WARNING]	= "warning",
	[EPHPORTS_LEVEL_CRITICAL]	= "critical",
};

static const char *proto_name(u8 proto)
{
	return proto == IPPROTO_TCP ? "tcp" : "udp";
}

static void log_level(const struct net *net, const struct ephports_alert *alert)
{
	const struct ephports_dest_key *key = &alert->key;

	if (!key->peer_port)
		pr_notice_ratelimited("ephports: %s: %s ports of netns %u: %u of %u in use\n",
				      levels[alert->level], proto_name(key->proto), key->netns,
				      alert->used, alert->capacity);
	else if (net != &init_net)
		pr_notice_ratelimited("ephports: %s: %s ports to one destination from netns %u: %u of %u gone\n",
				      levels[alert->level], proto_name(key->proto), key->netns,
				      alert->used, alert->capacity);
	else if (key->family == AF_INET6)
		pr_notice_ratelimited("ephports: %s: %s ports from %pI6c to [%pI6c]:%u: %u of %u gone\n",
				      levels[alert->level], proto_name(key->proto), &key->local,
				      &key->peer, key->peer_port, alert->used, alert->capacity);
	else
		pr_notice_ratelimited("ephports: %s: %s ports from %pI4 to %pI4:%u: %u of %u gone\n",
				      levels[alert->level], proto_name(key->proto), &key->local,
				      &key->peer, key->peer_port, alert->used, alert->capacity);
}

static void send_level(const struct ephports_dest_key *key, u8 level, u8 was, u32 used,
		       u32 capacity)
{
	struct ephports_alert alert = {
		.key		= *key,
		.level		= level,
		.was		= was,
		.used		= used,
		.capacity	= capacity,
	};
	struct net *net = ephports_ns_get_by_id(key->nsid);

	if (!net)
		return;
	/* What a user can have as much of as it likes must not fill the log. */
	if (ephports_ns_is_hosts(net))
		log_level(net, &alert);
	ephports_netlink_alert(net, &alert);
	put_net(net);
}

/**
 * ephports_alert_failure() - say that no port was free
 * @net: in this namespace
 * @failure: for whom
 *
 * Context: process context, sleeps.
 */
void ephports_alert_failure(struct net *net, const struct ephports_failure *failure)
{
	const struct ephports_record *rec = &failure->rec;
	struct ephports_alert alert = {
		.key = {
			.local		= failure->sock.local,
			.peer		= failure->sock.peer,
			.nsid		= rec->nsid,
			.netns		= rec->netns,
			.peer_port	= failure->sock.peer_port,
			.family		= failure->sock.family,
			.proto		= rec->proto,
		},
		.level		= EPHPORTS_LEVEL_CRITICAL,
		.failed		= true,
		.origin		= rec->origin,
		.failures	= atomic64_read(&ephports_ns(net)->failures[
					ephports_proto_of(rec->proto)]),
	};

	if (ephports_ns_is_hosts(net))
		pr_warn_ratelimited("ephports: critical: no free %s port for a %s() in netns %u, %llu times since loading; see ephstat why\n",
				    proto_name(rec->proto), ephports_view_origin(rec->origin),
				    rec->netns, alert.failures);
	ephports_netlink_alert(net, &alert);
}

/* ---- looking ------------------------------------------------------------------------------ */

/* alert_lock held. @was is left only if @used is well below its threshold. */
static u8 level_of(u64 used, u64 capacity, u8 was)
{
	u8 level = EPHPORTS_LEVEL_MAX;

	if (!capacity)
		return EPHPORTS_LEVEL_OK;
	while (level && used * 100 < capacity * limits.at[level])
		level--;
	while (was > level && used * 100 < capacity * (limits.at[was] -
						      min(limits.at[was], limits.clear)))
		was--;
	return max(level, was);
}

/* NULL if there is no room. */
static struct alerted *remember(struct ephports_groups *fresh, const struct ephports_dest_key *key)
{
	if (ephports_groups_grow(fresh))
		return NULL;
	return ephports_groups_find(fresh, key, sizeof(*key));
}

/*
 * One thing was looked at. What is above the first threshold goes into @fresh; what is not
 * remembered there is not told of either, or it would be at each look.
 */
static void judge(struct ephports_groups *fresh, const struct ephports_dest_key *key, u32 used,
		  u32 capacity)
{
	struct alerted *old = ephports_groups_look(&known, key, sizeof(*key)), *new;
	u8 was = old ? old->level : EPHPORTS_LEVEL_OK;
	u8 level = level_of(used, capacity, was);

	if (old)
		old->met = true;
	if (level != EPHPORTS_LEVEL_OK) {
		new = remember(fresh, key);
		if (!new)
			return;
		new->level = level;
		new->capacity = capacity;
	}
	if (level != was)
		send_level(key, level, was, used, capacity);
}

static void judge_dests(const struct ephports_tally *tally, struct ephports_groups *fresh,
			bool hosts)
{
	u32 i;

	for (i = 0; i < tally->dests.n; i++) {
		const struct ephports_dest *dest = ephports_groups_item(&tally->dests, i);
		const struct ephports_room *room;
		u32 size;

		/* The ports of UDP are those of the namespace. */
		if (dest->key.proto != IPPROTO_TCP || !dest->key.peer_port)
			continue;
		room = ephports_rooms_find(&tally->rooms, dest->key.nsid);
		if (!room || room->hosts != hosts)
			continue;
		size = ephports_room_size(room) - room->nr_reserved;
		judge(fresh, &dest->key, size - min(size, ephports_tally_headroom(room, dest)),
		      size);
	}
}

static void judge_room(const struct ephports_room *room, struct ephports_groups *fresh, u8 proto)
{
	struct ephports_dest_key key = {
		.nsid	= room->nsid,
		.netns	= room->netns,
		.proto	= proto,
	};

	judge(fresh, &key, ephports_room_in_use(room, proto),
	      ephports_room_size(room) - room->nr_reserved);
}

static void judge_rooms(const struct ephports_tally *tally, struct ephports_groups *fresh,
			bool hosts)
{
	u32 i;

	for (i = 0; i < tally->rooms.n; i++) {
		if (tally->rooms.rooms[i].hosts != hosts)
			continue;
		judge_room(&tally->rooms.rooms[i], fresh, IPPROTO_TCP);
		judge_room(&tally->rooms.rooms[i], fresh, IPPROTO_UDP);
	}
}

/* What was known and was not met again is gone. */
static void judge_missing(void)
{
	u32 i;

	for (i = 0; i < known.n; i++) {
		const struct alerted *old = ephports_groups_item(&known, i);

		if (!old->met)
			send_level(&old->key, EPHPORTS_LEVEL_OK, old->level, 0, old->capacity);
	}
}

static void look(void)
{
	struct ephports_tally tally = {
		.view	= EPHPORTS_VIEW_OWN,
		.filter	= EPHPORTS_FILTER_ANY,
		.stock	= true,
	};
	struct ephports_groups fresh;

	if (ephports_groups_open(&fresh, sizeof(struct ephports_dest_key), sizeof(struct alerted),
				 FIRST_ROOM, MOST_ALERTED))
		return;
	if (!ephports_tally_open(&tally, NULL)) {
		/* As long as there is room: what users made comes last. */
		judge_rooms(&tally, &fresh, true);
		judge_dests(&tally, &fresh, true);
		judge_rooms(&tally, &fresh, false);
		judge_dests(&tally, &fresh, false);
		judge_missing();
		swap(known, fresh);
	}
	ephports_tally_close(&tally);
	ephports_groups_close(&fresh);
}

/* Whether so many ports are held that something could be above the first threshold. */
static bool worth_a_look(void)
{
	u32 smallest = U16_MAX;
	struct net *net;
	int low, high;

	if (known.n)
		return true;
	down_read(&net_rwsem);
	for_each_net(net) {
		ephports_local_port_range(net, &low, &high);
		smallest = min_t(u32, smallest, high - low + 1);
	}
	up_read(&net_rwsem);
	/* Half of that: reserved ports and those that bind() took make less suffice. */
	return (u64)ephports_count_held() * 200 >=
	       (u64)smallest * limits.at[EPHPORTS_LEVEL_NOTICE];
}

static void tick(struct work_struct *work);
static DECLARE_DELAYED_WORK(ticker, tick);

static void tick(struct work_struct *work)
{
	unsigned long start = jiffies;

	mutex_lock(&alert_lock);
	if (worth_a_look())
		look();
	mutex_unlock(&alert_lock);
	queue_delayed_work(system_long_wq, &ticker,
			   max_t(unsigned long, PERIOD, EPHPORTS_SPARE * (jiffies - start)));
}

/* ---- thresholds --------------------------------------------------------------------------- */

/* NULL, or what is wrong with them. */
static const char *check(const struct ephports_thresholds *thresholds)
{
	if (!thresholds->at[EPHPORTS_LEVEL_NOTICE] ||
	    thresholds->at[EPHPORTS_LEVEL_CRITICAL] > 100)
		return "a threshold is not from 1 to 100 percent";
	if (thresholds->at[EPHPORTS_LEVEL_WARNING] < thresholds->at[EPHPORTS_LEVEL_NOTICE] ||
	    thresholds->at[EPHPORTS_LEVEL_CRITICAL] < thresholds->at[EPHPORTS_LEVEL_WARNING])
		return "the thresholds of notice, warning and critical do not ascend";
	if (thresholds->clear > 50)
		return "a level cannot be left more than 50 percent points below its threshold";
	return NULL;
}

void ephports_alert_get(struct ephports_thresholds *thresholds)
{
	mutex_lock(&alert_lock);
	*thresholds = limits;
	mutex_unlock(&alert_lock);
}

/**
 * ephports_alert_set() - change the thresholds
 * @thresholds: all of them
 *
 * Context: process context, sleeps.
 *
 * Return: NULL, or what is wrong with them, and nothing is changed.
 */
const char *ephports_alert_set(const struct ephports_thresholds *thresholds)
{
	const char *wrong = check(thresholds);

	if (wrong)
		return wrong;
	mutex_lock(&alert_lock);
	limits = *thresholds;
	mutex_unlock(&alert_lock);
	return NULL;
}

/**
 * ephports_alert_init() - begin to look
 *
 * Return: 0, -EINVAL for parameters out of bounds, -ENOMEM.
 */
int ephports_alert_init(void)
{
	struct ephports_thresholds thresholds = {
		.at = {
			[EPHPORTS_LEVEL_NOTICE]		= min(alert_notice, 255u),
			[EPHPORTS_LEVEL_WARNING]	= min(alert_warning, 255u),
			[EPHPORTS_LEVEL_CRITICAL]	= min(alert_critical, 255u),
		},
		.clear = min(alert_clear, 255u),
	};
	const char *wrong = ephports_alert_set(&thresholds);

	if (wrong) {
		ephports_err("not loaded: alert_notice, _warning, _critical, _clear: %s", wrong);
		return -EINVAL;
	}
	if (ephports_groups_open(&known, sizeof(struct ephports_dest_key),
				 sizeof(struct alerted), FIRST_ROOM, MOST_ALERTED)) {
		ephports_groups_close(&known);
		return -ENOMEM;
	}
	queue_delayed_work(system_long_wq, &ticker, PERIOD);
	return 0;
}

/**
 * ephports_alert_exit() - look no more
 */
void ephports_alert_exit(void)
{
	cancel_delayed_work_sync(&ticker);
	ephports_groups_close(&known);
}
