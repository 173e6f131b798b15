// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records added up by destination and by owner, for one question.
 *
 * Nothing of this is kept while nobody asks: a question goes over all records once, reads
 * their sockets, and over what was released of late. A port that a timewait socket is
 * taking over has two holders for a moment, and counts once; where that happens, or a port
 * is released, while the question is being answered, it may count twice or not at all.
 *
 * Memory is for the asker to pay. What finds no room is still added up, under no name.
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
#define FIRST_ROOM	512u
#define MOST_GROUPS	(1u << 16)
#define ROOM_FOR_PAST	1024u	/* groups that hold nothing any more */

/* ---- what a record belongs to ------------------------------------------------------------ */

static void unmap(struct in6_addr *addr)
{
	__be32 v4 = addr->s6_addr32[3];

	memset(addr, 0, sizeof(*addr));
	addr->s6_addr32[0] = v4;
}

static void make_dest_key(struct ephports_dest_key *key, const struct ephports_record *rec,
			  const struct ephports_sock *sock)
{
	memset(key, 0, sizeof(*key));
	key->local = sock->local;
	key->peer = sock->peer;
	key->nsid = rec->nsid;
	key->netns = rec->netns;
	key->peer_port = sock->peer_port;
	key->family = sock->family;
	key->proto = rec->proto;
	if (sock->family == AF_INET6 && sock->peer_port &&
	    (ipv6_addr_type(&sock->peer) & IPV6_ADDR_LINKLOCAL))
		key->ifindex = sock->ifindex;
	if (sock->family == AF_INET6 &&
	    ipv6_addr_v4mapped(sock->peer_port ? &sock->peer : &sock->local)) {
		key->family = AF_INET;
		unmap(&key->local);
		unmap(&key->peer);
	}
}

/*
 * What is hidden from a reader is not even told apart. One who sees everything is not asked
 * about for each record.
 */
static bool hides(const struct ephports_view *view, const struct ephports_record *rec)
{
	struct ephports_told told;

	if (rec->reason || (view->admin && view->pids == &init_pid_ns))
		return false;
	ephports_view_tell(view, rec, &told);
	return told.reason == EPHPORTS_REASON_HIDDEN;
}

static void make_owner_key(struct ephports_owner_key *key, const struct ephports_view *view,
			   const struct ephports_record *rec)
{
	memset(key, 0, sizeof(*key));
	key->nsid = rec->nsid;
	if (hides(view, rec)) {
		key->uid = rec->owner.uid;
		key->reason = EPHPORTS_REASON_HIDDEN;
		return;
	}
	key->cgroup = rec->owner.cgroup;
	memcpy(key->comm, rec->owner.comm, sizeof(key->comm));
	key->pid = rec->owner.pid;
	key->uid = rec->owner.uid;
	key->reason = rec->reason;
	key->no_uid = !!(rec->flags & EPHPORTS_F_NO_UID);
}

static struct ephports_dest *find_dest(struct ephports_tally *tally,
				       const struct ephports_record *rec,
				       const struct ephports_sock *sock)
{
	struct ephports_dest_key key;

	make_dest_key(&key, rec, sock);
	return ephports_groups_find(&tally->dests, &key);
}

static struct ephports_holder *find_owner(struct ephports_tally *tally,
					  const struct ephports_record *rec)
{
	struct ephports_holder *holder;
	struct ephports_owner_key key;

	make_owner_key(&key, &tally->view, rec);
	holder = ephports_groups_find(&tally->owners, &key);
	if (holder && !holder->rec.nsid)
		holder->rec = *rec;
	return holder;
}

/* ---- what is held ------------------------------------------------------------------------ */

static bool born_within(const struct ephports_tally *tally, const struct ephports_record *rec)
{
	return !(rec->flags & (EPHPORTS_F_ADOPTED | EPHPORTS_F_SECOND)) &&
	       rec->born >= tally->since;
}

static void add_held(const struct ephports_tally *tally, struct ephports_sum *sum,
		     const struct ephports_record *rec, const struct ephports_sock *sock)
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
static void add_obstacle(struct ephports_dest *dest, const struct ephports_room *room,
			 const struct ephports_record *rec, const struct ephports_sock *sock)
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

static void add_owner(struct ephports_dest *dest, u32 owner)
{
	u32 i;

	for (i = 0; i < dest->nr_owners; i++) {
		if (dest->owners[i].owner == owner) {
			dest->owners[i].used++;
			return;
		}
	}
	if (i < EPHPORTS_DEST_OWNERS) {
		dest->owners[i].owner = owner;
		dest->owners[i].used = 1;
		dest->nr_owners++;
	}
}

static void add_record(struct ephports_tally *tally, const struct ephports_room *room,
		       const struct ephports_record *rec, const struct ephports_sock *sock)
{
	struct ephports_dest *dest = find_dest(tally, rec, sock);
	struct ephports_holder *holder = find_owner(tally, rec);

	add_held(tally, dest ? &dest->sum : &tally->rest_dests, rec, sock);
	add_held(tally, holder ? &holder->sum : &tally->rest_owners, rec, sock);
	if (!dest)
		return;
	if (room && rec->proto == IPPROTO_TCP)
		add_obstacle(dest, room, rec, sock);
	if (holder)
		add_owner(dest, ((void *)holder - tally->owners.items) / tally->owners.size);
}

static bool may_grow(const struct ephports_groups *groups)
{
	return groups->n == groups->room && groups->room < MOST_GROUPS;
}

struct counting {
	struct ephports_tally *tally;
	bool stale;
};

static enum ephports_visit count_record(struct ephports_record *rec, void *ctx)
{
	struct counting *counting = ctx;
	struct ephports_tally *tally = counting->tally;
	struct ephports_room *room;
	struct ephports_sock sock;

	if (tally->view.nsid && tally->view.nsid != rec->nsid)
		return EPHPORTS_NEXT;
	if (unlikely(!ephports_view_read(rec, &sock, &counting->stale)))
		return EPHPORTS_NEXT;
	room = ephports_rooms_find(&tally->rooms, rec->nsid);
	if (room)
		ephports_room_note(room, rec, &sock);
	if ((rec->flags & EPHPORTS_F_HANDED) || (room && !ephports_room_has(room, rec->port)) ||
	    !ephports_view_passes(&tally->view, &tally->filter, rec, &sock))
		return EPHPORTS_NEXT;
	add_record(tally, room, rec, &sock);
	return may_grow(&tally->dests) || may_grow(&tally->owners) ? EPHPORTS_STOP : EPHPORTS_NEXT;
}

static int grow(struct ephports_groups *groups)
{
	return may_grow(groups) ? ephports_groups_grow(groups, groups->n) : 0;
}

static int count_records(struct ephports_tally *tally)
{
	struct counting counting = { .tally = tally };
	struct ephports_cursor cursor = {};
	int err = 0;

	while (!err && ephports_table_walk(&cursor, count_record, &counting))
		err = grow(&tally->dests) ?: grow(&tally->owners);
	if (counting.stale)
		ephports_health_note();
	return err;
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
	return EPHPORTS_NEXT;
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
	struct ephports_failure *failures = kvcalloc(EPHPORTS_FAILURES, sizeof(*failures),
						     GFP_KERNEL);
	u32 i, n;

	if (!failures)
		return -ENOMEM;
	n = ephports_failure_copy(failures);
	for (i = 0; i < n; i++)
		count_failure(tally, &failures[i]);
	kvfree(failures);
	return 0;
}

/**
 * ephports_tally_has_flow() - whether born, ended and failures are counted
 * @tally: a filter on what a socket is doing says nothing of those that are gone
 */
bool ephports_tally_has_flow(const struct ephports_tally *tally)
{
	return !tally->stock && tally->filter.states == U32_MAX;
}

static int count_flow(struct ephports_tally *tally)
{
	struct ephports_history_cursor cursor = { .low = tally->filter.low, .high = tally->filter.high };
	int err;

	if (!ephports_tally_has_flow(tally))
		return 0;
	err = ephports_groups_grow(&tally->dests, ROOM_FOR_PAST) ?:
	      ephports_groups_grow(&tally->owners, ROOM_FOR_PAST);
	if (err)
		return err;
	ephports_history_walk(&cursor, tally->since, count_past, tally);
	return count_failures(tally);
}

/* ---- the answer --------------------------------------------------------------------------- */

/**
 * ephports_tally_open() - add up all records that a reader may see and wants
 * @tally: zero but for its view and filter; for ephports_tally_close() in any case
 * @net: the namespace of the view; NULL: all
 *
 * Context: process context, sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int ephports_tally_open(struct ephports_tally *tally, const struct net *net)
{
	int err;

	tally->now = ktime_get_boot_fast_ns();
	tally->apart = tally->view.admin;
	tally->since = max(tally->now - min_t(u64, tally->now, WINDOW), ephports_history_since());
	err = ephports_rooms_open(&tally->rooms, net) ?:
	      ephports_groups_open(&tally->dests, sizeof(struct ephports_dest_key),
				   sizeof(struct ephports_dest), FIRST_ROOM) ?:
	      ephports_groups_open(&tally->owners, sizeof(struct ephports_owner_key),
				   sizeof(struct ephports_holder), FIRST_ROOM) ?:
	      count_records(tally) ?: count_flow(tally);
	/* What was overwritten meanwhile was not counted. */
	tally->since = max(tally->since, ephports_history_since());
	return err;
}

/* The items that @numbers name, in that order, are all that stays. */
static int keep_items(struct ephports_groups *groups, const u32 *numbers, u32 n)
{
	struct ephports_groups kept;
	u32 i;
	int err;

	err = ephports_groups_open(&kept, groups->key, groups->size, max(n, 1u));
	if (err) {
		ephports_groups_close(&kept);
		return err;
	}
	for (i = 0; i < n; i++)
		memcpy(ephports_groups_item(&kept, i), ephports_groups_item(groups, numbers[i]),
		       groups->size);
	kept.n = n;
	ephports_groups_close(groups);
	*groups = kept;
	return 0;
}

/*
 * Owners that destinations name stay too: their old numbers go after the @n in @numbers, which
 * has room for all; @places, zeroed, is where each of all owners will be, + 1. Returns how
 * many stay.
 */
static u32 renumber_owners(struct ephports_tally *tally, u32 *numbers, u32 n, u32 *places)
{
	u32 i, j;

	for (i = 0; i < n; i++)
		places[numbers[i]] = i + 1;
	for (i = 0; i < tally->dests.n; i++) {
		struct ephports_dest *dest = ephports_groups_item(&tally->dests, i);

		for (j = 0; j < dest->nr_owners; j++) {
			u32 old = dest->owners[j].owner;

			if (!places[old]) {
				numbers[n++] = old;
				places[old] = n;
			}
			dest->owners[j].owner = places[old] - 1;
		}
	}
	return n;
}

/**
 * ephports_tally_cut() - keep some rows, and give back the memory of all others
 * @tally: the answer; can afterwards only be read by the number of a row
 * @dests: numbers of the destinations that stay, in the order that they are to have
 * @nr_dests: how many
 * @owners: likewise the owners; those that destinations name stay after them
 * @nr_owners: how many
 *
 * Context: process context, sleeps.
 *
 * Return: 0 or -ENOMEM; @tally is still to be closed.
 */
int ephports_tally_cut(struct ephports_tally *tally, const u32 *dests, u32 nr_dests,
		       const u32 *owners, u32 nr_owners)
{
	u32 most = max(tally->owners.n, 1u);
	u32 *numbers = kvcalloc(2 * most, sizeof(*numbers), GFP_KERNEL_ACCOUNT);
	int err;

	if (!numbers)
		return -ENOMEM;
	memcpy(numbers, owners, nr_owners * sizeof(*numbers));
	err = keep_items(&tally->dests, dests, nr_dests);
	if (!err)
		err = keep_items(&tally->owners, numbers,
				 renumber_owners(tally, numbers, nr_owners, numbers + most));
	kvfree(numbers);
	return err;
}

void ephports_tally_close(struct ephports_tally *tally)
{
	ephports_groups_close(&tally->owners);
	ephports_groups_close(&tally->dests);
	ephports_rooms_close(&tally->rooms);
}

/**
 * ephports_tally_capacity() - ports for a destination that none is held towards
 * @room: of the namespace
 * @proto: IPPROTO_TCP, or IPPROTO_UDP, whose ports are not shared by destinations: all
 *	that there are
 */
u32 ephports_tally_capacity(const struct ephports_room *room, u8 proto)
{
	return proto == IPPROTO_TCP ? ephports_room_open_tcp(room) :
				      ephports_room_size(room) - room->nr_reserved;
}

/**
 * ephports_tally_headroom() - further ports for one destination
 * @room: of its namespace
 * @dest: the destination, with a peer
 */
u32 ephports_tally_headroom(const struct ephports_room *room, const struct ephports_dest *dest)
{
	u32 open;

	if (dest->key.proto == IPPROTO_UDP)
		return ephports_room_open_udp(room, dest->key.family);
	open = ephports_room_open_tcp(room);
	return open - min(open, dest->blocked);
}

static bool sum_above(const struct ephports_sum *a, const struct ephports_sum *b)
{
	if (a->used != b->used)
		return a->used > b->used;
	if (a->failures != b->failures)
		return a->failures > b->failures;
	return a->born > b->born;
}

static bool dest_above(const void *a, const void *b)
{
	return sum_above(&((const struct ephports_dest *)a)->sum,
			 &((const struct ephports_dest *)b)->sum);
}

static bool holder_above(const void *a, const void *b)
{
	return sum_above(&((const struct ephports_holder *)a)->sum,
			 &((const struct ephports_holder *)b)->sum);
}

/**
 * ephports_tally_top_dests() - the destinations with most ports
 * @tally: the answer
 * @top: filled with their numbers in @tally->dests, most first
 * @n: how many are wanted, from 1
 *
 * Return: how many there are.
 */
u32 ephports_tally_top_dests(const struct ephports_tally *tally, u32 *top, u32 n)
{
	return ephports_groups_top(&tally->dests, dest_above, top, n);
}

/**
 * ephports_tally_top_owners() - the owners with most ports
 * @tally: the answer
 * @top: filled with their numbers in @tally->owners, most first
 * @n: how many are wanted, from 1
 *
 * Return: how many there are.
 */
u32 ephports_tally_top_owners(const struct ephports_tally *tally, u32 *top, u32 n)
{
	return ephports_groups_top(&tally->owners, holder_above, top, n);
}

/**
 * ephports_tally_add() - two sums in one
 * @sum: the one
 * @more: the other
 */
void ephports_tally_add(struct ephports_sum *sum, const struct ephports_sum *more)
{
	int i;

	sum->used += more->used;
	for (i = 0; i <= EPHPORTS_STATE_MAX; i++)
		sum->states[i] += more->states[i];
	for (i = 0; i <= EPHPORTS_ORIGIN_MAX; i++)
		sum->origins[i] += more->origins[i];
	sum->born += more->born;
	sum->ended += more->ended;
	sum->ended_held += more->ended_held;
	sum->ended_known += more->ended_known;
	if (more->oldest && (!sum->oldest || more->oldest < sum->oldest))
		sum->oldest = more->oldest;
	sum->failures += more->failures;
	sum->search = max(sum->search, more->search);
}
