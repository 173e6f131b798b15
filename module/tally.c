// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records added up by destination and by owner, for one question.
 *
 * Nothing of this is kept while nobody asks: a question goes over all records, reads
 * their sockets, and over what was released of late. A port that a timewait socket is
 * taking over has two holders for a moment, and counts once; where that happens, or a port
 * is released, while the question is being answered, it may count twice or not at all.
 *
 * Memory is for the asker to pay, and has bounds. Where more destinations or owners are held than
 * have room, a second go over the records finds those with most, and a third counts again, those
 * first; what then finds no room is still added up, under no name.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <net/ipv6.h>

#include "failure.h"
#include "health.h"
#include "history.h"
#include "tally.h"

#define WINDOW		(10 * NSEC_PER_SEC)
#define FIRST_ROOM	32u
#define MOST_GROUPS	(1u << 16)
#define ROOM_FOR_PAST	1024u	/* groups that hold nothing any more */

/* ---- what a record belongs to ------------------------------------------------------------ */

static void unmap(struct in6_addr *addr)
{
	__be32 v4 = addr->s6_addr32[3];

	memset(addr, 0, sizeof(*addr));
	addr->s6_addr32[0] = v4;
}

/* A link-local peer is another on each link; a v4-mapped address is one of v4. */
static noinline void amend_v6_key(struct ephports_dest_key *key, const struct ephports_sock *sock)
{
	if (sock->peer_port && (ipv6_addr_type(&sock->peer) & IPV6_ADDR_LINKLOCAL))
		key->ifindex = sock->ifindex;
	if (!ipv6_addr_v4mapped(sock->peer_port ? &sock->peer : &sock->local))
		return;
	key->family = AF_INET;
	unmap(&key->local);
	unmap(&key->peer);
}

static __always_inline void make_dest_key(struct ephports_dest_key *key,
					  const struct ephports_record *rec,
					  const struct ephports_sock *sock)
{
	*key = (struct ephports_dest_key){
		.local		= sock->local,
		.peer		= sock->peer,
		.nsid		= rec->nsid,
		.netns		= rec->netns,
		.peer_port	= sock->peer_port,
		.family		= sock->family,
		.proto		= rec->proto,
	};
	if (sock->family == AF_INET6)
		amend_v6_key(key, sock);
}

static noinline bool is_hidden(const struct ephports_view *view, const struct ephports_record *rec)
{
	struct ephports_told told;

	ephports_view_tell(view, rec, &told);
	return told.reason == EPHPORTS_REASON_HIDDEN;
}

static bool sees_owners(const struct ephports_view *view)
{
	return view->admin && view->pids == &init_pid_ns;
}

/*
 * What is hidden from a reader is not even told apart. One who sees everything is not asked
 * about for each record.
 */
static __always_inline bool hides(const struct ephports_view *view, const struct ephports_record *rec)
{
	return !rec->reason && !sees_owners(view) && is_hidden(view, rec);
}

static __always_inline void make_owner_key(struct ephports_owner_key *key,
					   const struct ephports_view *view,
					   const struct ephports_record *rec)
{
	if (unlikely(hides(view, rec))) {
		*key = (struct ephports_owner_key){
			.nsid	= rec->nsid,
			.uid	= rec->owner.uid,
			.reason	= EPHPORTS_REASON_HIDDEN,
		};
		return;
	}
	*key = (struct ephports_owner_key){
		.nsid	= rec->nsid,
		.cgroup	= rec->owner.cgroup,
		.pid	= rec->owner.pid,
		.uid	= rec->owner.uid,
		.reason	= rec->reason,
		.no_uid	= !!(rec->flags & EPHPORTS_F_NO_UID),
	};
	memcpy(key->comm, rec->owner.comm, sizeof(key->comm));
}

static __always_inline struct ephports_dest *find_dest(struct ephports_tally *tally,
						       const struct ephports_record *rec,
						       const struct ephports_sock *sock)
{
	struct ephports_dest_key key;

	make_dest_key(&key, rec, sock);
	return ephports_groups_find(&tally->dests, &key, sizeof(key));
}

static __always_inline struct ephports_holder *find_owner(struct ephports_tally *tally,
							  const struct ephports_record *rec)
{
	struct ephports_holder *holder;
	struct ephports_owner_key key;

	make_owner_key(&key, &tally->view, rec);
	holder = ephports_groups_find(&tally->owners, &key, sizeof(key));
	if (unlikely(holder && !holder->rec.nsid))
		holder->rec = *rec;
	return holder;
}

/* ---- what is held ------------------------------------------------------------------------ */

static bool born_within(const struct ephports_tally *tally, const struct ephports_record *rec)
{
	return !(rec->flags & (EPHPORTS_F_ADOPTED | EPHPORTS_F_SECOND)) &&
	       rec->born >= tally->since;
}

static __always_inline void add_held(const struct ephports_tally *tally, struct ephports_sum *sum,
				     const struct ephports_record *rec,
				     const struct ephports_sock *sock)
{
	sum->used++;
	sum->states[sock->state]++;
	sum->origins[rec->origin]++;
	sum->born += born_within(tally, rec);
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
	dest = find_dest(counting->tally, rec, sock);
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
	struct ephports_holder *holder = find_owner(tally, rec);
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

/* Whether to stop, in order to make room for what comes next. */
static __always_inline enum ephports_visit next_or_grow(const struct ephports_tally *tally)
{
	return ephports_groups_may_grow(&tally->dests) || ephports_groups_may_grow(&tally->owners) ?
	       EPHPORTS_STOP : EPHPORTS_NEXT;
}

static int grow(struct ephports_tally *tally)
{
	return ephports_groups_grow(&tally->dests) ?: ephports_groups_grow(&tally->owners);
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
	return next_or_grow(counting->tally);
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
	dest = find_dest(tally, rec, &counting->sock);
	if (dest)
		dest->sum.used++;
	holder = find_owner(tally, rec);
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
	int err = grow(tally);

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
		.told	= sees_owners(&tally->view),
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
	       visit_records(tally, count_record, grow);
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

static int count_held(struct ephports_tally *tally, const struct net *net)
{
	int err = count_records(tally, net);

	return !err && is_crowded(tally) ? count_heaviest(tally, net) : err;
}

/* ---- what was released, what was refused -------------------------------------------------- */

static void add_past(const struct ephports_tally *tally, struct ephports_sum *sum,
		     const struct ephports_past *past)
{
	sum->born += born_within(tally, &past->rec);
	sum->search = max(sum->search, past->rec.search);
	if (past->rec.flags & EPHPORTS_F_SECOND)
		return;
	sum->ended++;
	if (past->rec.flags & EPHPORTS_F_ADOPTED)
		return;
	sum->ended_known++;
	sum->ended_held += past->until - min(past->until, past->rec.born);
}

static enum ephports_visit count_past(const struct ephports_past *past, void *ctx)
{
	struct ephports_tally *tally = ctx;
	struct ephports_holder *holder;
	struct ephports_dest *dest;

	/* What ended after the question was asked may have been met as held. */
	if (past->until > tally->now ||
	    !ephports_view_passes(&tally->view, &tally->filter, &past->rec, &past->sock))
		return EPHPORTS_NEXT;
	dest = find_dest(tally, &past->rec, &past->sock);
	holder = find_owner(tally, &past->rec);
	add_past(tally, dest ? &dest->sum : &tally->rest_dests, past);
	add_past(tally, holder ? &holder->sum : &tally->rest_owners, past);
	return next_or_grow(tally);
}

static void count_failure(struct ephports_tally *tally, const struct ephports_failure *failure)
{
	struct ephports_holder *holder;
	struct ephports_dest *dest;

	if (!ephports_view_passes(&tally->view, &tally->filter, &failure->rec, &failure->sock))
		return;
	holder = find_owner(tally, &failure->rec);
	(holder ? &holder->sum : &tally->rest_owners)->failures += failure->count;
	if (!failure->sock.peer_port)
		return;
	dest = find_dest(tally, &failure->rec, &failure->sock);
	(dest ? &dest->sum : &tally->rest_dests)->failures += failure->count;
}

static int count_failures(struct ephports_tally *tally)
{
	struct ephports_failure *failures;
	u32 i, n;
	int err = 0;

	if (!ephports_failure_total(EPHPORTS_TCP) && !ephports_failure_total(EPHPORTS_UDP))
		return 0;
	failures = kvcalloc(EPHPORTS_FAILURES, sizeof(*failures), GFP_KERNEL);
	if (!failures)
		return -ENOMEM;
	n = ephports_failure_copy(failures);
	for (i = 0; i < n && !err; i++) {
		count_failure(tally, &failures[i]);
		err = grow(tally);
	}
	kvfree(failures);
	return err;
}

/**
 * ephports_tally_has_flow() - whether born, ended and failures are counted
 * @tally: a filter on what a socket is doing says nothing of those that are gone
 */
bool ephports_tally_has_flow(const struct ephports_tally *tally)
{
	return !tally->stock && tally->filter.states == U32_MAX;
}

/* What is gone must not take the room of what is held, nor find none. */
static void reserve_past(struct ephports_groups *groups)
{
	groups->most = max(groups->room, groups->n + ROOM_FOR_PAST);
}

static int count_flow(struct ephports_tally *tally)
{
	struct ephports_history_cursor cursor = { .low = tally->filter.low, .high = tally->filter.high };
	int err;

	if (!ephports_tally_has_flow(tally))
		return 0;
	reserve_past(&tally->dests);
	reserve_past(&tally->owners);
	err = grow(tally);
	while (!err && ephports_history_walk(&cursor, tally->since, count_past, tally))
		err = grow(tally);
	return err ?: count_failures(tally);
}

/* ---- all of it ---------------------------------------------------------------------------- */

/**
 * ephports_tally_open() - add up all records that a reader may see and wants
 * @tally: zero but for its view, filter and stock; for ephports_tally_close() in any case
 * @net: the namespace of the view; NULL: all
 *
 * Context: process context, sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int ephports_tally_open(struct ephports_tally *tally, const struct net *net)
{
	int err;

	tally->apart = tally->view.admin;
	err = ephports_groups_open(&tally->dests, sizeof(struct ephports_dest_key),
				   sizeof(struct ephports_dest), FIRST_ROOM, MOST_GROUPS) ?:
	      ephports_groups_open(&tally->owners, sizeof(struct ephports_owner_key),
				   sizeof(struct ephports_holder), FIRST_ROOM, MOST_GROUPS) ?:
	      count_held(tally, net) ?: count_flow(tally);
	/* What was overwritten meanwhile was not counted. */
	tally->since = max(tally->since, ephports_history_since());
	return err;
}

void ephports_tally_close(struct ephports_tally *tally)
{
	ephports_groups_close(&tally->owners);
	ephports_groups_close(&tally->dests);
	ephports_rooms_close(&tally->rooms);
}
