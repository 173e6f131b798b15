/* SPDX-License-Identifier: GPL-2.0-only */
/* What the port allocator of a namespace would still hand out, and to whom. */
#ifndef EPHPORTS_ROOM_H
#define EPHPORTS_ROOM_H

#include <linux/bitmap.h>
#include <linux/types.h>
#include <net/net_namespace.h>

#include <linux/ephports.h>

#include "sock.h"
#include "table.h"

#define EPHPORTS_ALL_PORTS	65536

/**
 * struct ephports_room - the range of a namespace
 * @nsid: the namespace
 * @netns: its inode number
 * @hosts: ephports_ns_is_hosts()
 * @low: lowest port of ip_local_port_range
 * @high: highest, inclusive
 * @reuse: the sysctl tcp_tw_reuse
 * @reuse_delay: ephports_tw_reuse_delay()
 * @nr_reserved: ports of the range that are reserved
 * @nr_bound: ports that bind() took and no connect() gets, reserved ones apart
 * @nr_early: of those, ports that only connections hold which were bound to port 0
 * @states: sockets that were asked about, by enum ephports_state
 * @origins: likewise by enum ephports_origin
 * @reserved: ports of ip_local_reserved_ports
 * @closed: TCP ports that no connect() gets: reserved, or in @nr_bound
 * @early: those of @nr_early
 * @tcp: TCP ports that are held
 * @udp4: UDP ports that a v4 socket without an address does not get
 * @udp6: likewise a v6 socket, which takes v4 too: all that are held
 */
struct ephports_room {
	u64 nsid;
	u32 netns;
	bool hosts;
	u16 low;
	u16 high;
	u8 reuse;
	u32 reuse_delay;
	u32 nr_reserved;
	u32 nr_bound;
	u32 nr_early;
	u32 states[EPHPORTS_PROTOS][EPHPORTS_STATE_MAX + 1];
	u32 origins[EPHPORTS_PROTOS][EPHPORTS_ORIGIN_MAX + 1];
	DECLARE_BITMAP(reserved, EPHPORTS_ALL_PORTS);
	DECLARE_BITMAP(closed, EPHPORTS_ALL_PORTS);
	DECLARE_BITMAP(early, EPHPORTS_ALL_PORTS);
	DECLARE_BITMAP(tcp, EPHPORTS_ALL_PORTS);
	DECLARE_BITMAP(udp4, EPHPORTS_ALL_PORTS);
	DECLARE_BITMAP(udp6, EPHPORTS_ALL_PORTS);
};

/* What a timewait socket is to a connect() that comes upon it. */
enum ephports_obstacle {
	EPHPORTS_IN_THE_WAY,
	EPHPORTS_WOULD_GIVE_WAY,	/* if tcp_tw_reuse were 1 */
	EPHPORTS_GIVES_WAY,
};

struct ephports_rooms {
	u32 n;
	struct ephports_room *rooms;	/* by nsid, ascending */
};

int ephports_rooms_open(struct ephports_rooms *rooms, const struct net *net);
void ephports_rooms_close(struct ephports_rooms *rooms);
struct ephports_room *ephports_rooms_find(const struct ephports_rooms *rooms, u64 nsid);

u32 ephports_room_size(const struct ephports_room *room);
u32 ephports_room_open_tcp(const struct ephports_room *room);
u32 ephports_room_open_udp(const struct ephports_room *room, u8 family);
u32 ephports_room_in_use(const struct ephports_room *room, u8 proto);
enum ephports_obstacle ephports_room_timewait(const struct ephports_room *room,
					      const struct ephports_record *rec,
					      const struct ephports_sock *sock);

static inline bool ephports_room_has(const struct ephports_room *room, u16 port)
{
	return port >= room->low && port <= room->high;
}

/**
 * ephports_room_note() - a socket that has a port
 * @room: of its namespace
 * @rec: its record
 * @sock: the socket
 *
 * Context: any.
 */
static inline void ephports_room_note(struct ephports_room *room, const struct ephports_record *rec,
				      const struct ephports_sock *sock)
{
	if (!ephports_room_has(room, rec->port) || test_bit(rec->port, room->reserved))
		return;
	if (rec->proto == IPPROTO_TCP) {
		__set_bit(rec->port, room->tcp);
		return;
	}
	/* One that is bound to an interface is in the way of all the same. */
	__set_bit(rec->port, room->udp6);
	if (!sock->v6only)
		__set_bit(rec->port, room->udp4);
}

/**
 * ephports_room_obstacle() - what a connection is to a connect() that has its tuple
 * @room: of its namespace
 * @rec: its record
 * @sock: its socket, of TCP
 *
 * Context: the record's bucket locked. Does not fault.
 */
static inline enum ephports_obstacle ephports_room_obstacle(const struct ephports_room *room,
							    const struct ephports_record *rec,
							    const struct ephports_sock *sock)
{
	return rec->flags & EPHPORTS_F_TIMEWAIT ? ephports_room_timewait(room, rec, sock) :
						  EPHPORTS_IN_THE_WAY;
}

/**
 * ephports_room_count() - one more of the sockets that were asked about
 * @room: of its namespace
 * @rec: its record
 * @sock: the socket
 */
static inline void ephports_room_count(struct ephports_room *room,
				       const struct ephports_record *rec,
				       const struct ephports_sock *sock)
{
	enum ephports_proto proto = ephports_proto_of(rec->proto);

	room->states[proto][sock->state]++;
	room->origins[proto][rec->origin]++;
}

#endif /* EPHPORTS_ROOM_H */
