/* SPDX-License-Identifier: GPL-2.0-only */
/* Who sees what: one rule for every interface. */
#ifndef EPHPORTS_VIEW_H
#define EPHPORTS_VIEW_H

#include <linux/pid_namespace.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "ns.h"
#include "sock.h"
#include "table.h"

/**
 * struct ephports_view - a reader, in what concerns its rights
 * @nsid: the namespace that it reads, 0 for all
 * @scope: in which that is
 * @users: its user namespace, which numbers the uids that it is told
 * @pids: its pid namespace, which numbers the processes that it is told
 * @uid: who it is
 * @admin: has CAP_NET_ADMIN over what it reads
 */
struct ephports_view {
	u64 nsid;
	enum ephports_scope scope;
	struct user_namespace *users;
	const struct pid_namespace *pids;
	kuid_t uid;
	bool admin;
};

/* The module itself, which sees everything. */
#define EPHPORTS_VIEW_OWN	{			\
	.scope	= EPHPORTS_ALL,				\
	.users	= &init_user_ns,			\
	.pids	= &init_pid_ns,				\
	.admin	= true,					\
}

/**
 * struct ephports_told - of a record's owner, what this reader is told
 * @reason: enum ephports_reason; not TOLD: the next two mean nothing
 * @pid: the process, as the reader numbers it
 * @tid: the thread, likewise; 0 if none is known
 * @has_uid: @uid means something
 * @uid: as the reader numbers it
 */
struct ephports_told {
	u8 reason;
	u32 pid;
	u32 tid;
	bool has_uid;
	u32 uid;
};

/**
 * struct ephports_filter - which records a reader wants; ephports_view_wants_all() knows each field
 * @proto: IPPROTO_TCP, IPPROTO_UDP; 0: any
 * @family: AF_INET, AF_INET6; 0: any
 * @low: lowest local port
 * @high: highest local port, inclusive
 * @local: an address, v4 as v4-mapped; @local_bits of it count (of 128; 0: any)
 * @peer: likewise
 * @peer_port: 0: any
 * @states: mask of 1 << enum ephports_state
 * @origins: mask of 1 << enum ephports_origin
 * @by_pid: @pid is wanted
 * @by_uid: @uid is wanted
 */
struct ephports_filter {
	u8 proto;
	u8 family;
	u16 low;
	u16 high;
	struct in6_addr local;
	struct in6_addr peer;
	u8 local_bits;
	u8 peer_bits;
	u16 peer_port;
	u32 states;
	u32 origins;
	bool by_pid;
	bool by_uid;
	u32 pid;
	u32 uid;
};

#define EPHPORTS_FILTER_ANY	{ .high = U16_MAX, .states = U32_MAX, .origins = U32_MAX }

/**
 * struct ephports_row - a record as a reader gets it
 * @rec: the record
 * @sock: its socket, read at the same instant
 * @told: what of the owner is for this reader
 * @at: when that was, ns of CLOCK_BOOTTIME; 0: now
 */
struct ephports_row {
	struct ephports_record rec;
	struct ephports_sock sock;
	struct ephports_told told;
	u64 at;
};

/* Told a row; answers whether to go on. */
typedef bool (*ephports_teller)(const struct ephports_row *row, void *ctx);

void ephports_view_tell(const struct ephports_view *view, const struct ephports_record *rec,
			struct ephports_told *told);
bool ephports_view_may_pass(const struct ephports_view *view, const struct ephports_filter *filter,
			    const struct ephports_record *rec);
bool ephports_view_passes(const struct ephports_view *view, const struct ephports_filter *filter,
			  const struct ephports_record *rec, const struct ephports_sock *sock);
bool ephports_view_wants_all(const struct ephports_filter *filter);
bool ephports_view_read(const struct ephports_record *rec, struct ephports_sock *sock, bool *stale);
bool ephports_view_walk(const struct ephports_view *view, const struct ephports_filter *filter,
			struct ephports_cursor *cursor, struct ephports_row *row,
			ephports_teller tell, void *ctx);
bool ephports_view_next(const struct ephports_view *view, const struct ephports_filter *filter,
			struct ephports_cursor *cursor, struct ephports_row *row);
u64 ephports_view_time_wait(const struct ephports_row *row);
u64 ephports_view_age(const struct ephports_row *row);
const char *ephports_view_state(u8 state);
const char *ephports_view_origin(u8 origin);

#endif /* EPHPORTS_VIEW_H */
