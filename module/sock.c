// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a record's socket says of itself now.
 *
 * The release of a socket is seen before the socket can go, and the release needs the
 * lock that the reader holds: so the memory is a socket's. Unless a release was missed;
 * then it may be anything. It is therefore copied by a read that cannot fault, and
 * believed only if the cookie (a number that no other socket ever had, and that a
 * timewait socket takes over), and the port are the record's.
 */
#include <linux/sock_diag.h>
#include <linux/uaccess.h>
#include <net/inet_hashtables.h>
#include <net/inet_timewait_sock.h>
#include <net/mptcp.h>
#include <net/sock.h>

#include <linux/ephports.h>

#include "ns.h"
#include "sock.h"
#include "table.h"

/* Bucket locked. */
static bool copy_common(const struct ephports_record *rec, struct sock_common *sc)
{
	return !copy_from_kernel_nofault(sc, rec->key, sizeof(*sc)) &&
	       sc->skc_num == rec->port &&
	       (u64)atomic64_read(&sc->skc_cookie) == rec->cookie;
}

static u8 tcp_state(u8 state)
{
	switch (state) {
	case TCP_ESTABLISHED:	return EPHPORTS_STATE_ESTABLISHED;
	case TCP_SYN_SENT:	return EPHPORTS_STATE_SYN_SENT;
	case TCP_SYN_RECV:	return EPHPORTS_STATE_SYN_RECV;
	case TCP_FIN_WAIT1:	return EPHPORTS_STATE_FIN_WAIT_1;
	case TCP_FIN_WAIT2:	return EPHPORTS_STATE_FIN_WAIT_2;
	case TCP_TIME_WAIT:	return EPHPORTS_STATE_TIME_WAIT;
	case TCP_CLOSE:		return EPHPORTS_STATE_BOUND;
	case TCP_CLOSE_WAIT:	return EPHPORTS_STATE_CLOSE_WAIT;
	case TCP_LAST_ACK:	return EPHPORTS_STATE_LAST_ACK;
	case TCP_LISTEN:	return EPHPORTS_STATE_LISTEN;
	case TCP_CLOSING:	return EPHPORTS_STATE_CLOSING;
	}
	return EPHPORTS_STATE_UNKNOWN;
}

static u8 sock_state(const struct ephports_record *rec, u8 state)
{
	if (rec->proto == IPPROTO_TCP)
		return tcp_state(state);
	return state == TCP_ESTABLISHED ? EPHPORTS_STATE_ESTABLISHED :
					  EPHPORTS_STATE_UNCONNECTED;
}

static bool has_peer(u8 state)
{
	return state != EPHPORTS_STATE_LISTEN && state != EPHPORTS_STATE_BOUND &&
	       state != EPHPORTS_STATE_UNCONNECTED;
}

static void fill_addresses(struct ephports_sock *sock, const struct sock_common *sc, bool peer)
{
	sock->family = sc->skc_family;
	sock->ifindex = sc->skc_bound_dev_if;
	sock->v6only = sc->skc_ipv6only;
	if (sc->skc_family == AF_INET6) {
		sock->local = sc->skc_v6_rcv_saddr;
		if (peer)
			sock->peer = sc->skc_v6_daddr;
	} else {
		sock->local.s6_addr32[0] = sc->skc_rcv_saddr;
		if (peer)
			sock->peer.s6_addr32[0] = sc->skc_daddr;
	}
	if (peer)
		sock->peer_port = ntohs(sc->skc_dport);
}

/**
 * ephports_sock_read() - addresses and state of a record's socket
 * @rec: the record
 * @sock: filled; with state unknown and nothing else if the socket is no longer
 *	this record's
 *
 * Context: the record's bucket locked. Does not fault, whatever the key points at.
 */
void ephports_sock_read(const struct ephports_record *rec, struct ephports_sock *sock)
{
	struct sock_common sc;

	/* Not memset(), as in ephports_sock_describe(). */
	*sock = (struct ephports_sock){};
	if (!copy_common(rec, &sc))
		return;
	sock->state = sock_state(rec, sc.skc_state);
	fill_addresses(sock, &sc, has_peer(sock->state));
}

/**
 * ephports_sock_last() - addresses and state of a socket that is about to give back its port
 * @rec: its record
 * @sc: the socket; its last peer counts, also if it is not connected any more
 * @sock: filled
 *
 * Context: any; the socket cannot go before this returns.
 */
void ephports_sock_last(const struct ephports_record *rec, const struct sock_common *sc,
			struct ephports_sock *sock)
{
	*sock = (struct ephports_sock){ .state = sock_state(rec, sc->skc_state) };
	fill_addresses(sock, sc, sc->skc_dport);
}

/**
 * ephports_sock_holds() - whether a record's holder still holds the port
 * @rec: the record
 *
 * Stricter than reading: a timewait socket that let go of its bind bucket keeps its
 * port number and its cookie until its memory is used again; and where that is for less
 * than all of it, something else may stand where the bucket stood.
 *
 * Context: the record's bucket locked. Does not fault.
 */
bool ephports_sock_holds(const struct ephports_record *rec)
{
	const struct inet_timewait_sock *tw = rec->key;
	struct inet_bind_bucket *tb;
	struct sock_common sc;
	unsigned short port;

	if (!copy_common(rec, &sc))
		return false;
	if (!(rec->flags & EPHPORTS_F_TIMEWAIT))
		return true;
	return sc.skc_state == TCP_TIME_WAIT &&
	       !copy_from_kernel_nofault(&tb, &tw->tw_tb, sizeof(tb)) && tb &&
	       !copy_from_kernel_nofault(&port, &tb->port, sizeof(port)) &&
	       port == rec->port;
}

/* The number that no other socket ever had; @sk is given one if it has none yet. */
static u64 sock_cookie(struct sock *sk)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);
	u32 halves[2];

	if (cookie)
		return cookie;
	sock_diag_save_cookie(sk, halves);
	return (u64)halves[1] << 32 | halves[0];
}

/**
 * ephports_sock_describe() - what is known of a holder, but for who it belongs to
 * @rec: filled, the rest zeroed
 * @sk: a full or a timewait socket that stands still
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 *
 * Context: preemption or BH off.
 */
void ephports_sock_describe(struct ephports_record *rec, struct sock *sk, u8 proto)
{
	const struct net *net = sock_net(sk);

	/* Not memset(): for so few bytes, a call that costs more than all the rest. */
	*rec = (struct ephports_record){
		.key = sk,
		.cookie = sock_cookie(sk),
		.nsid = ephports_ns_pinned(net)->id,
		.netns = net->ns.inum,
		.port = sk->sk_num,
		.proto = proto,
	};
}

/**
 * ephports_sock_is_kernels() - whether the kernel opened a socket for itself
 * @sk: a full socket
 *
 * MPTCP opens its subflows as the kernel, but on behalf of a process.
 */
bool ephports_sock_is_kernels(const struct sock *sk)
{
	return sk->sk_kern_sock && !(sk->sk_protocol == IPPROTO_TCP && sk_is_mptcp(sk));
}
