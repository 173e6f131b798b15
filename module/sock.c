// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a record's socket says of itself now.
 *
 * The release of a socket is seen before the socket can go, and the release needs the
 * lock that the reader holds: so the memory is a socket's. Unless a release was missed;
 * then it may be anything. Each field is therefore read by a load that may fault, and
 * they are believed only if the cookie (a number that no other socket ever had, and that a
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

/*
 * One field of what may not be a socket any more. Only of a record's key, which was a socket's
 * address: what may be a user's, or no address at all, is for get_kernel_nofault(), which looks.
 */
#define read_field(to, from, type)	__get_kernel_nofault(to, from, type, fault)

/* Bucket locked. */
static __always_inline bool is_records(const struct ephports_record *rec)
{
	const struct sock_common *sc = rec->key;
	u64 cookie;
	u16 port;

	read_field(&port, &sc->skc_num, u16);
	read_field(&cookie, &sc->skc_cookie, u64);
	return port == rec->port && cookie == rec->cookie;
fault:
	return false;
}

/* The family's word, which holds the state and this flag, too. */
static __always_inline u32 v6only_flag(void)
{
	const struct sock_common sc = { .skc_ipv6only = 1 };

	static_assert(offsetof(struct sock_common, skc_state) ==
		      offsetof(struct sock_common, skc_family) + sizeof(u16));
	static_assert(offsetof(struct sock_common, skc_bound_dev_if) ==
		      offsetof(struct sock_common, skc_family) + sizeof(u32));
	return *(const u32 *)&sc.skc_family;
}

static const u8 tcp_states[] = {
	[TCP_ESTABLISHED]	= EPHPORTS_STATE_ESTABLISHED,
	[TCP_SYN_SENT]		= EPHPORTS_STATE_SYN_SENT,
	[TCP_SYN_RECV]		= EPHPORTS_STATE_SYN_RECV,
	[TCP_FIN_WAIT1]		= EPHPORTS_STATE_FIN_WAIT_1,
	[TCP_FIN_WAIT2]		= EPHPORTS_STATE_FIN_WAIT_2,
	[TCP_TIME_WAIT]		= EPHPORTS_STATE_TIME_WAIT,
	[TCP_CLOSE]		= EPHPORTS_STATE_BOUND,
	[TCP_CLOSE_WAIT]	= EPHPORTS_STATE_CLOSE_WAIT,
	[TCP_LAST_ACK]		= EPHPORTS_STATE_LAST_ACK,
	[TCP_LISTEN]		= EPHPORTS_STATE_LISTEN,
	[TCP_CLOSING]		= EPHPORTS_STATE_CLOSING,
};

static u8 sock_state(const struct ephports_record *rec, u8 state)
{
	if (rec->proto == IPPROTO_TCP)
		return state < ARRAY_SIZE(tcp_states) ? tcp_states[state] :
							EPHPORTS_STATE_UNKNOWN;
	return state == TCP_ESTABLISHED ? EPHPORTS_STATE_ESTABLISHED :
					  EPHPORTS_STATE_UNCONNECTED;
}

static bool has_peer(u8 state)
{
	return state != EPHPORTS_STATE_LISTEN && state != EPHPORTS_STATE_BOUND &&
	       state != EPHPORTS_STATE_UNCONNECTED;
}

/*
 * All of @sock. Of a socket that is about to go, the last peer counts, also if it is not connected
 * any more. Returns false with nothing of worth in @sock if reading faults.
 */
static __always_inline bool fill_sock(struct ephports_sock *sock, const struct ephports_record *rec,
				      const struct sock_common *sc, bool goes)
{
	u32 word;
	u16 port;

	read_field(&word, &sc->skc_family, u32);
	read_field(&sock->ifindex, &sc->skc_bound_dev_if, u32);
	read_field(&port, &sc->skc_dport, u16);
	sock->family = (u16)word;
	sock->v6only = word & v6only_flag();
	sock->state = sock_state(rec, word >> 16);
	sock->peer_port = goes || has_peer(sock->state) ? be16_to_cpu((__force __be16)port) : 0;
	sock->local = (struct in6_addr){};
	sock->peer = (struct in6_addr){};
	if (sock->family == AF_INET6) {
		read_field(&sock->local.s6_addr32[0], &sc->skc_v6_rcv_saddr.s6_addr32[0], u64);
		read_field(&sock->local.s6_addr32[2], &sc->skc_v6_rcv_saddr.s6_addr32[2], u64);
		if (!sock->peer_port)
			return true;
		read_field(&sock->peer.s6_addr32[0], &sc->skc_v6_daddr.s6_addr32[0], u64);
		read_field(&sock->peer.s6_addr32[2], &sc->skc_v6_daddr.s6_addr32[2], u64);
	} else {
		read_field(&sock->local.s6_addr32[0], &sc->skc_rcv_saddr, u32);
		if (sock->peer_port)
			read_field(&sock->peer.s6_addr32[0], &sc->skc_daddr, u32);
	}
	return true;
fault:
	return false;
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
	if (unlikely(!is_records(rec) || !fill_sock(sock, rec, rec->key, false)))
		*sock = (struct ephports_sock){};
}

/**
 * ephports_sock_last() - addresses and state of a socket that is about to give back its port
 * @rec: its record
 * @sc: the socket
 * @sock: filled
 *
 * Context: any; the socket cannot go before this returns.
 */
void ephports_sock_last(const struct ephports_record *rec, const struct sock_common *sc,
			struct ephports_sock *sock)
{
	if (unlikely(!fill_sock(sock, rec, sc, true)))
		*sock = (struct ephports_sock){};
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
	const struct inet_bind_bucket *tb;
	unsigned long bucket;
	unsigned short port;
	u8 state;

	if (!is_records(rec))
		return false;
	if (!(rec->flags & EPHPORTS_F_TIMEWAIT))
		return true;
	read_field(&state, &tw->tw_state, u8);
	read_field(&bucket, &tw->tw_tb, unsigned long);
	if (state != TCP_TIME_WAIT || !bucket)
		return false;
	tb = (const struct inet_bind_bucket *)bucket;
	return !get_kernel_nofault(port, &tb->port) && port == rec->port;
fault:
	return false;
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
		.flags = ephports_ns_is_hosts(net) ? 0 : EPHPORTS_F_GUEST,
	};
}

/**
 * ephports_sock_describe_found() - the same, of one that nobody saw take its port
 * @rec: filled, the rest zeroed
 * @sk: a full or a timewait socket that stands still
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 *
 * If nobody has looked yet who holds the ports of its range as it is now, it may be one of them:
 * then nothing was missed.
 *
 * Context: preemption or BH off.
 */
void ephports_sock_describe_found(struct ephports_record *rec, struct sock *sk, u8 proto)
{
	ephports_sock_describe(rec, sk, proto);
	rec->flags |= EPHPORTS_F_ADOPTED;
	rec->reason = EPHPORTS_REASON_ADOPTED;
	if (!ephports_ns_range_known(sock_net(sk)))
		rec->flags |= EPHPORTS_F_WIDENED;
	if (proto == IPPROTO_TCP && sk->sk_state == TCP_TIME_WAIT)
		rec->flags |= EPHPORTS_F_TIMEWAIT | EPHPORTS_F_NO_UID;
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
