/* SPDX-License-Identifier: GPL-2.0-only */
/* What a record's socket says of itself now. */
#ifndef EPHPORTS_SOCK_H
#define EPHPORTS_SOCK_H

#include <linux/in6.h>
#include <linux/types.h>

struct ephports_record;
struct sock;
struct sock_common;

/**
 * struct ephports_sock - a socket, read while its record's bucket was locked
 * @local: local address, 4 or 16 bytes as @family says, network byte order
 * @peer: peer address, likewise, if @peer_port is not 0
 * @ifindex: interface that it is bound to, 0 if none
 * @peer_port: host byte order; 0 without a peer
 * @family: AF_INET or AF_INET6; 0 if @state is unknown
 * @state: enum ephports_state
 * @v6only: takes no v4 address
 */
struct ephports_sock {
	struct in6_addr local;
	struct in6_addr peer;
	u32 ifindex;
	u16 peer_port;
	u8 family;
	u8 state;
	bool v6only;
};

void ephports_sock_read(const struct ephports_record *rec, struct ephports_sock *sock);
void ephports_sock_last(const struct ephports_record *rec, const struct sock_common *sc,
			struct ephports_sock *sock);
bool ephports_sock_holds(const struct ephports_record *rec);
void ephports_sock_describe(struct ephports_record *rec, struct sock *sk, u8 proto);
void ephports_sock_describe_found(struct ephports_record *rec, struct sock *sk, u8 proto);
bool ephports_sock_is_kernels(const struct sock *sk);

#endif /* EPHPORTS_SOCK_H */
