// SPDX-License-Identifier: GPL-2.0-only
/* What a record belongs to in a tally, where that takes longer. */
#include <net/ipv6.h>

#include <linux/ephports.h>

#include "tally_key.h"

static void unmap(struct in6_addr *addr)
{
	__be32 v4 = addr->s6_addr32[3];

	memset(addr, 0, sizeof(*addr));
	addr->s6_addr32[0] = v4;
}

/**
 * ephports_tally_v6_key() - amend the key of a v6 socket's destination
 * @key: a link-local peer is another on each link; a v4-mapped address is one of v4
 * @sock: the socket
 */
void ephports_tally_v6_key(struct ephports_dest_key *key, const struct ephports_sock *sock)
{
	if (sock->peer_port && (ipv6_addr_type(&sock->peer) & IPV6_ADDR_LINKLOCAL))
		key->ifindex = sock->ifindex;
	if (!ipv6_addr_v4mapped(sock->peer_port ? &sock->peer : &sock->local))
		return;
	key->family = AF_INET;
	unmap(&key->local);
	unmap(&key->peer);
}

/**
 * ephports_tally_is_hidden() - whether a record's owner is not for a reader
 * @view: the reader
 * @rec: the record
 */
bool ephports_tally_is_hidden(const struct ephports_view *view, const struct ephports_record *rec)
{
	struct ephports_told told;

	ephports_view_tell(view, rec, &told);
	return told.reason == EPHPORTS_REASON_HIDDEN;
}
