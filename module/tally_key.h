/* SPDX-License-Identifier: GPL-2.0-only */
/* What a record belongs to in a tally: its destination and its owner. For the parts of it alone. */
#ifndef EPHPORTS_TALLY_KEY_H
#define EPHPORTS_TALLY_KEY_H

#include <linux/pid_namespace.h>
#include <linux/string.h>

#include "tally.h"

void ephports_tally_v6_key(struct ephports_dest_key *key, const struct ephports_sock *sock);
bool ephports_tally_is_hidden(const struct ephports_view *view, const struct ephports_record *rec);

static __always_inline void ephports_tally_dest_key(struct ephports_dest_key *key,
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
		ephports_tally_v6_key(key, sock);
}

/* Whether each owner is told to it as it is. */
static inline bool ephports_tally_sees_owners(const struct ephports_view *view)
{
	return view->admin && view->pids == &init_pid_ns;
}

/*
 * What is hidden from a reader is not even told apart. One who sees everything is not asked
 * about for each record.
 */
static __always_inline bool ephports_tally_hides(const struct ephports_view *view,
						 const struct ephports_record *rec)
{
	return !rec->reason && !ephports_tally_sees_owners(view) &&
	       ephports_tally_is_hidden(view, rec);
}

static __always_inline void ephports_tally_owner_key(struct ephports_owner_key *key,
						     const struct ephports_view *view,
						     const struct ephports_record *rec)
{
	if (unlikely(ephports_tally_hides(view, rec))) {
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

/* Both return NULL if it is not there and finds no room. */
static __always_inline struct ephports_dest *
ephports_tally_find_dest(struct ephports_tally *tally, const struct ephports_record *rec,
			 const struct ephports_sock *sock)
{
	struct ephports_dest_key key;

	ephports_tally_dest_key(&key, rec, sock);
	return ephports_groups_find(&tally->dests, &key, sizeof(key));
}

static __always_inline struct ephports_holder *
ephports_tally_find_owner(struct ephports_tally *tally, const struct ephports_record *rec)
{
	struct ephports_holder *holder;
	struct ephports_owner_key key;

	ephports_tally_owner_key(&key, &tally->view, rec);
	holder = ephports_groups_find(&tally->owners, &key, sizeof(key));
	if (unlikely(holder && !holder->rec.nsid))
		holder->rec = *rec;
	return holder;
}

#endif /* EPHPORTS_TALLY_KEY_H */
