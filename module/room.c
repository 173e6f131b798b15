// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the port allocator of a namespace would still hand out, and to whom.
 *
 * The rules are those of __inet_hash_connect() and udp_lib_get_port(), for a socket that is
 * not bound to an address, a port or an interface:
 *
 * - A TCP port is passed over if it is reserved, or if its bind bucket was ever used by
 *   bind() (fastreuse or fastreuseport from 0 up), whatever the address. Another bucket's
 *   port is handed out again and again, once for each (local address, peer), as long as
 *   that very tuple is not in the table of connections, or only as a timewait socket that
 *   tcp_twsk_unique() lets go. A socket that is bound to an interface is in nobody's way
 *   who is not.
 * - A UDP port is passed over if a socket has it whose address is not provably another.
 */
#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/sort.h>
#include <linux/uaccess.h>
#include <net/ipv6.h>

#include <linux/ephports.h>

#include "bind.h"
#include "compat.h"
#include "ns.h"
#include "room.h"

#define MOST_ROOMS	256	/* namespaces beyond have none: 12 MiB are enough */

/**
 * ephports_room_size() - ports of the range
 * @room: of the namespace
 */
u32 ephports_room_size(const struct ephports_room *room)
{
	return room->high - room->low + 1;
}

/**
 * ephports_room_open_tcp() - ports for a destination that none is held towards
 * @room: of the namespace
 */
u32 ephports_room_open_tcp(const struct ephports_room *room)
{
	return ephports_room_size(room) - room->nr_reserved - room->nr_bound;
}

static u32 count_ports(const struct ephports_room *room, const unsigned long *map)
{
	return bitmap_weight(map, room->high + 1) - bitmap_weight(map, room->low);
}

/**
 * ephports_room_in_use() - ports of the range that are held, reserved ones apart
 * @room: of the namespace, after all its records went by ephports_room_note()
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 */
u32 ephports_room_in_use(const struct ephports_room *room, u8 proto)
{
	return count_ports(room, proto == IPPROTO_TCP ? room->tcp : room->udp6);
}

/**
 * ephports_room_open_udp() - ports for one more socket
 * @room: of the namespace, after all its records went by ephports_room_note()
 * @family: AF_INET or AF_INET6, of the socket
 */
u32 ephports_room_open_udp(const struct ephports_room *room, u8 family)
{
	return ephports_room_size(room) - room->nr_reserved -
	       count_ports(room, family == AF_INET6 ? room->udp6 : room->udp4);
}

static bool on_loopback(const struct ephports_sock *sock)
{
	if (sock->ifindex == LOOPBACK_IFINDEX)
		return true;
	if (sock->family == AF_INET)
		return ipv4_is_loopback(sock->peer.s6_addr32[0]) ||
		       ipv4_is_loopback(sock->local.s6_addr32[0]);
	return ipv6_addr_loopback(&sock->peer) || ipv6_addr_v4mapped_loopback(&sock->peer) ||
	       ipv6_addr_loopback(&sock->local) || ipv6_addr_v4mapped_loopback(&sock->local);
}

/**
 * ephports_room_timewait() - what a timewait socket is to a connect() that has its tuple
 * @room: of its namespace
 * @rec: its record
 * @sock: itself, of TCP
 *
 * Context: the record's bucket locked. Does not fault.
 */
enum ephports_obstacle ephports_room_timewait(const struct ephports_room *room,
					      const struct ephports_record *rec,
					      const struct ephports_sock *sock)
{
	struct tcp_timewait_sock tw;

	if (copy_from_kernel_nofault(&tw, rec->key, sizeof(tw)) || !tw.tw_ts_recent_stamp ||
	    tw.tw_sk.tw_substate == TCP_FIN_WAIT2 ||
	    !ephports_tw_old_enough(&tw, room->reuse_delay))
		return EPHPORTS_IN_THE_WAY;
	if (room->reuse == 1 || (room->reuse == 2 && on_loopback(sock)))
		return EPHPORTS_GIVES_WAY;
	return EPHPORTS_WOULD_GIVE_WAY;
}

static int by_nsid(const void *a, const void *b)
{
	const struct ephports_room *x = a, *y = b;

	return x->nsid < y->nsid ? -1 : x->nsid > y->nsid ? 1 : 0;
}

/**
 * ephports_rooms_find() - the room of a namespace
 * @rooms: to look in
 * @nsid: the namespace
 *
 * Return: NULL if it has none: it is younger than the rooms, or there are too many.
 */
struct ephports_room *ephports_rooms_find(const struct ephports_rooms *rooms, u64 nsid)
{
	u32 low = 0, high = rooms->n;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (rooms->rooms[mid].nsid == nsid)
			return &rooms->rooms[mid];
		if (rooms->rooms[mid].nsid < nsid)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void furnish(struct ephports_room *room, const struct net *net)
{
	const unsigned long *map = READ_ONCE(net->ipv4.sysctl_local_reserved_ports);
	int low, high;

	ephports_local_port_range(net, &low, &high);
	room->nsid = ephports_ns(net)->id;
	room->netns = net->ns.inum;
	room->hosts = ephports_ns_is_hosts(net);
	room->low = low;
	room->high = high;
	room->reuse = READ_ONCE(net->ipv4.sysctl_tcp_tw_reuse);
	room->reuse_delay = ephports_tw_reuse_delay(net);
	if (map)
		bitmap_copy(room->reserved, map, EPHPORTS_ALL_PORTS);
	room->nr_reserved = count_ports(room, room->reserved);
	bitmap_copy(room->closed, room->reserved, EPHPORTS_ALL_PORTS);
}

/* The holders of a bind bucket: whether all of them were bound to port 0 and then connected. */
struct holders {
	bool some;
	bool others;
};

static enum ephports_visit see_origin(struct ephports_record *rec, void *ctx)
{
	struct holders *holders = ctx;

	if (rec->origin == EPHPORTS_ORIGIN_BIND)
		holders->some = true;
	return EPHPORTS_STOP;
}

/* There may be many, and the kernel waits: the first that is none ends it. */
static bool see_holder(struct sock *sk, const struct inet_bind_bucket *tb, void *ctx)
{
	struct holders *holders = ctx, one = {};

	if (sk->sk_state != TCP_CLOSE && sk->sk_state != TCP_LISTEN)
		ephports_table_visit(sk, see_origin, &one);
	holders->some |= one.some;
	holders->others |= !one.some;
	return one.some;
}

/* The bucket's lock held, BH off. */
static void see_bucket(struct inet_bind_bucket *tb, void *ctx)
{
	struct ephports_rooms *rooms = ctx;
	struct holders holders = {};
	struct ephports_room *room;

	if ((tb->fastreuse < 0 && tb->fastreuseport < 0) || tb->l3mdev ||
	    !ephports_ns(ib_net(tb)))
		return;
	room = ephports_rooms_find(rooms, ephports_ns(ib_net(tb))->id);
	if (!room || !ephports_room_has(room, tb->port) ||
	    __test_and_set_bit(tb->port, room->closed))
		return;
	room->nr_bound++;
	ephports_bind_bucket_each(tb, see_holder, &holders);
	if (holders.some && !holders.others) {
		room->nr_early++;
		__set_bit(tb->port, room->early);
	}
}

static u32 count_namespaces(u32 *hosts)
{
	struct net *net;
	u32 n = 0;

	*hosts = 0;
	down_read(&net_rwsem);
	for_each_net(net) {
		n++;
		*hosts += ephports_ns_is_hosts(net);
	}
	up_read(&net_rwsem);
	return n;
}

/* Room for @guests of those that users made, at most. */
static void furnish_all(struct ephports_rooms *rooms, u32 most, u32 guests)
{
	struct net *net;
	u32 i;

	down_read(&net_rwsem);
	for_each_net(net) {
		bool hosts = ephports_ns_is_hosts(net);

		if (rooms->n == most)
			break;
		if (!hosts && !guests)
			continue;
		guests -= !hosts;
		furnish(&rooms->rooms[rooms->n++], net);
	}
	up_read(&net_rwsem);
	/* They mostly come in the order of their numbers, and are large. */
	for (i = 1; i < rooms->n && rooms->rooms[i - 1].nsid < rooms->rooms[i].nsid; i++)
		;
	if (i < rooms->n)
		sort(rooms->rooms, rooms->n, sizeof(*rooms->rooms), by_nsid, NULL);
}

/**
 * ephports_rooms_open() - look at what bind() took
 * @rooms: filled; for ephports_rooms_close() if this succeeds
 * @net: the namespace; NULL: all, as many as have room, the host's first
 *
 * What is held is still to be told, by ephports_room_note().
 *
 * Context: process context, sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int ephports_rooms_open(struct ephports_rooms *rooms, const struct net *net)
{
	u32 hosts, all = count_namespaces(&hosts), most = net ? 1 : min_t(u32, all, MOST_ROOMS);

	rooms->n = 0;
	rooms->rooms = kvcalloc(most, sizeof(*rooms->rooms), GFP_KERNEL_ACCOUNT);
	if (!rooms->rooms)
		return -ENOMEM;
	if (net)
		furnish(&rooms->rooms[rooms->n++], net);
	else
		furnish_all(rooms, most, most - min(hosts, most));
	ephports_bind_buckets_visit(see_bucket, rooms);
	return 0;
}

void ephports_rooms_close(struct ephports_rooms *rooms)
{
	kvfree(rooms->rooms);
}
