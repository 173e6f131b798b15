// SPDX-License-Identifier: GPL-2.0-only
/*
 * The part of a tally that is held, from all records and what their sockets say.
 *
 * Where more destinations or owners are held than have room, a second go over the records finds
 * those with most, and a third counts again, those first; what then finds no room is still added
 * up, under no name.
 */
#include <linux/ktime.h>

#include "health.h"
#include "history.h"
#include "tally_key.h"
#include "tally_part.h"

#define WINDOW	(10 * NSEC_PER_SEC)	/* for which what came and went is counted */

static __always_inline void add_held(const struct ephports_tally *tally, struct ephports_sum *sum,
				     const struct ephports_record *rec,
				     const struct ephports_sock *sock)
{
	sum->used++;
	sum->states[sock->state]++;
	sum->origins[rec->origin]++;
	sum->born += ephports_tally_born_within(tally, rec);
	sum->search = max(sum->search, rec->search);
	if (!(rec->flags & EPHPORTS_F_ADOPTED) && (!sum->oldest || rec->born < sum->oldest))
		sum->oldest = rec->born;
}

/* A TCP socket that is in the table of connections is in the way of its like. */
static __always_inline void add_obstacle(struct ephports_dest *dest,
					 const struct ephports_room *room,
					 const struct ephports_record *rec,
					 const struct ephports_sock *sock)
{
	enum ephports_obstacle obstacle;

	if (test_bit(rec->port, room->early))
		dest->early++;
	if (!sock->peer_port)
		return;
	/* Nor is one in the way whose port nobody gets, or that is on an interface of its own. */
	if (test_bit(rec->port, room->closed) || (sock->ifindex && !dest->key.ifindex))
		return;
	obstacle = ephports_room_obstacle(room, rec, sock);
	dest->reusable += obstacle != EPHPORTS_IN_THE_WAY;
	dest->blocked += obstacle != EPHPORTS_GIVES_WAY;
}

#define RECENT_BITS	6

/**
 * struct counting - the adding up of what is held
 * @tally: for which answer
 * @room: where the record before was, which is mostly where the next is
 * @sock: of the record at hand
 * @all: all are wanted that may be seen
 * @told: the reader is told every owner
 * @stale: a release was missed
 * @recent: by a hash of little, numbers of destinations that were met, + 1
 */
struct counting {
	struct ephports_tally *tally;
	struct ephports_room *room;
	struct ephports_sock sock;
	bool all;
	bool told;
	bool stale;
	u32 recent[1 << RECENT_BITS];
};

static __always_inline struct ephports_room *find_room(struct counting *counting, u64 nsid)
{
	if (unlikely(!counting->room || counting->room->nsid != nsid))
		counting->room = ephports_rooms_find(&counting->tally->rooms, nsid);
	return counting->room;
}

static __always_inline bool is_dest(const struct ephports_dest_key *key,
				    const struct ephports_record *rec,
				    const struct ephports_sock *sock)
{
	return !memcmp(&key->local, &sock->local, sizeof(key->local)) &&
	       !memcmp(&key->peer, &sock->peer, sizeof(key->peer)) && key->nsid == rec->nsid &&
	       key->peer_port == sock->peer_port && key->family == sock->family &&
	       key->proto == rec->proto && !key->ifindex && !sock->ifindex;
}

/* Most sockets go where others go: to make a key and to hash it is a third of all the work. */
static __always_inline struct ephports_dest *held_dest(struct counting *counting,
						       const struct ephports_record *rec)
{
	const struct ephports_sock *sock = &counting->sock;
	struct ephports_groups *dests = &counting->tally->dests;
	__be32 addrs = sock->local.s6_addr32[0] ^ sock->peer.s6_addr32[0] ^
		       sock->peer.s6_addr32[3];
	u32 *recent = &counting->recent[hash_32((__force u32)addrs ^ sock->peer_port,
						RECENT_BITS)];
	struct ephports_dest *dest;

	if (likely(*recent)) {
		dest = ephports_groups_item(dests, *recent - 1);
		if (likely(is_dest(&dest->key, rec, sock)))
			return dest;
	}
	dest = ephports_tally_find_dest(counting->tally, rec, sock);
	if (dest)
		*recent = dest - (struct ephports_dest *)dests->items + 1;
	return dest;
}

static __always_inline bool is_owner(const struct ephports_record *a,
				     const struct ephports_record *b)
{
	return a->owner.cgroup == b->owner.cgroup &&
	       !memcmp(a->owner.comm, b->owner.comm, sizeof(a->owner.comm)) &&
	       a->owner.uid == b->owner.uid && a->owner.pid == b->owner.pid &&
	       a->reason == b->reason && !((a->flags ^ b->flags) & EPHPORTS_F_NO_UID);
}

static noinline struct ephports_holder *find_dest_owner(struct ephports_tally *tally,
							struct ephports_dest *dest,
							const struct ephports_record *rec)
{
	struct ephports_holder *holder = ephports_tally_find_owner(tally, rec);
	u32 i, owner;

	if (!holder || !dest)
		return holder;
	owner = holder - (struct ephports_holder *)tally->owners.items;
	for (i = 0; i < dest->nr_owners && dest->owners[i].owner != owner; i++)
		;
	if (i == EPHPORTS_DEST_OWNERS)
		return holder;
	if (i == dest->nr_owners)
		dest->owners[dest->nr_owners++].owner = owner;
	dest->owners[i].used++;
	return holder;
}

/* Likewise, most that go there are of those who went there before. */
static __always_inline struct ephports_holder *held_owner(const struct counting *counting,
							  struct ephports_dest *dest,
							  const struct ephports_record *rec)
{
	struct ephports_holder *owners = counting->tally->owners.items;
	u32 i;

	for (i = 0; counting->told && dest && i < dest->nr_owners; i++) {
		struct ephports_holder *holder = &owners[dest->owners[i].owner];

		if (is_owner(&holder->rec, rec)) {
			dest->owners[i].used++;
			return holder;
		}
	}
	return find_dest_owner(counting->tally, dest, rec);
}

static __always_inline void add_record(struct counting *counting, const struct ephports_room *room,
				       const struct ephports_record *rec)
{
	const struct ephports_sock *sock = &counting->sock;
	struct ephports_tally *tally = counting->tally;
	struct ephports_dest *dest = held_dest(counting, rec);
	struct ephports_holder *holder = held_owner(counting, dest, rec);

	add_held(tally, likely(dest) ? &dest->sum : &tally->rest_dests, rec, sock);
	add_held(tally, likely(holder) ? &holder->sum : &tally->rest_owners, rec, sock);
	if (dest && room && rec->proto == IPPROTO_TCP)
		add_obstacle(dest, room, rec, sock);
}

static __always_inline bool read_record(struct counting *counting,
					const struct ephports_record *rec)
{
	u64 nsid = counting->tally->view.nsid;

	return (!nsid || nsid == rec->nsid) &&
	       likely(ephports_view_read(rec, &counting->sock, &counting->stale));
}

static __always_inline bool is_wanted(const struct counting *counting,
				      const struct ephports_record *rec)
{
	const struct ephports_tally *tally = counting->tally;

	return counting->all ||
	       ephports_view_passes(&tally->view, &tally->filter, rec, &counting->sock);
}

/* Else another holder stands for its port, or none does. */
static __always_inline bool has_port(const struct ephports_room *room,
				     const struct ephports_record *rec)
{
	return !(rec->flags & EPHPORTS_F_HANDED) && (!room || ephports_room_has(room, rec->port));
}

static enum ephports_visit count_record(struct ephports_record *rec, void *ctx)
{
	struct counting *counting = ctx;
	struct ephports_room *room;

	if (!read_record(counting, rec))
		return EPHPORTS_NEXT;
	room = find_room(counting, rec->nsid);
	if (room)
		ephports_room_note(room, rec, &counting->sock);
	if (!is_wanted(counting, rec))
		return EPHPORTS_NEXT;
	if (room)
		ephports_room_count(room, rec, &counting->sock);
	if (!has_port(room, rec))
		return EPHPORTS_NEXT;
	add_record(counting, room, rec);
	return ephports_tally_next(counting->tally);
}

/* Only how much is held, of as many destinations and owners as there is room for. */
static enum ephports_visit weigh_record(struct ephports_record *rec, void *ctx)
{
	struct counting *counting = ctx;
	struct ephports_tally *tally = counting->tally;
	struct ephports_holder *holder;
	struct ephports_dest *dest;

	if (!read_record(counting, rec) || !is_wanted(counting, rec) ||
	    !has_port(find_room(counting, rec->nsid), rec))
		return EPHPORTS_NEXT;
	dest = ephports_tally_find_dest(tally, rec, &counting->sock);
	if (dest)
		dest->sum.used++;
	holder = ephports_tally_find_owner(tally, rec);
	if (holder)
		holder->sum.used++;
	return ephports_groups_is_full(&tally->dests) || ephports_groups_is_full(&tally->owners) ?
	       EPHPORTS_STOP : EPHPORTS_NEXT;
}

static bool wear_dest(void *item)
{
	return --((struct ephports_dest *)item)->sum.used;
}

static bool wear_owner(void *item)
{
	return --((struct ephports_holder *)item)->sum.used;
}

static int grow_or_thin(struct ephports_tally *tally)
{
	int err = ephports_tally_grow(tally);

	if (!err && ephports_groups_is_full(&tally->dests))
		ephports_groups_thin(&tally->dests, wear_dest);
	if (!err && ephports_groups_is_full(&tally->owners))
		ephports_groups_thin(&tally->owners, wear_owner);
	return err;
}

/* Visits all records; stopped, makes room and goes on. */
static int visit_records(struct ephports_tally *tally, ephports_visitor visit,
			 int (*make_room)(struct ephports_tally *tally))
{
	struct counting counting = {
		.tally	= tally,
		.all	= ephports_view_wants_all(&tally->filter),
		.told	= ephports_tally_sees_owners(&tally->view),
	};
	struct ephports_cursor cursor = {};
	int err = 0;

	while (!err && ephports_table_walk(&cursor, visit, &counting))
		err = make_room(tally);
	if (counting.stale)
		ephports_health_note(EPHPORTS_HOSTS);
	return err;
}

static int count_records(struct ephports_tally *tally, const struct net *net)
{
	tally->now = ktime_get_boot_fast_ns();
	tally->since = max(tally->now - min_t(u64, tally->now, WINDOW), ephports_history_since());
	return ephports_rooms_open(&tally->rooms, net) ?:
	       visit_records(tally, count_record, ephports_tally_grow);
}

static bool is_crowded(const struct ephports_tally *tally)
{
	return tally->rest_dests.used || tally->rest_owners.used;
}

/* The heaviest keep their places; what they weigh is counted anew. */
static void forget_weights(struct ephports_tally *tally)
{
	u32 i;

	for (i = 0; i < tally->dests.n; i++)
		((struct ephports_dest *)ephports_groups_item(&tally->dests, i))->sum.used = 0;
	for (i = 0; i < tally->owners.n; i++)
		((struct ephports_holder *)ephports_groups_item(&tally->owners, i))->sum.used = 0;
}

static int count_heaviest(struct ephports_tally *tally, const struct net *net)
{
	int err;

	ephports_groups_empty(&tally->dests);
	ephports_groups_empty(&tally->owners);
	err = visit_records(tally, weigh_record, grow_or_thin);
	if (err)
		return err;
	forget_weights(tally);
	memset(&tally->rest_dests, 0, sizeof(tally->rest_dests));
	memset(&tally->rest_owners, 0, sizeof(tally->rest_owners));
	ephports_rooms_close(&tally->rooms);
	return count_records(tally, net);
}

/**
 * ephports_tally_count_held() - add up what is held
 * @tally: where nothing is added up yet
 * @net: the namespace of the view; NULL: all
 *
 * Context: process context, sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int ephports_tally_count_held(struct ephports_tally *tally, const struct net *net)
{
	int err = count_records(tally, net);

	return !err && is_crowded(tally) ? count_heaviest(tally, net) : err;
}
