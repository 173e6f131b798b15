// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who sees what: one rule for every interface.
 *
 * Addresses, ports, state and uid are for everybody who may read the namespace. Process,
 * command and cgroup are for the same uid or an administrator of the namespace, and only
 * if the process is visible in the reader's pid namespace.
 */
#include <linux/ktime.h>
#include <linux/uidgid.h>
#include <net/ipv6.h>

#include <linux/ephports.h>

#include "health.h"
#include "view.h"

static const char *const states[] = {
	[EPHPORTS_STATE_UNKNOWN]	= "unknown",
	[EPHPORTS_STATE_ESTABLISHED]	= "established",
	[EPHPORTS_STATE_SYN_SENT]	= "syn-sent",
	[EPHPORTS_STATE_SYN_RECV]	= "syn-recv",
	[EPHPORTS_STATE_FIN_WAIT_1]	= "fin-wait-1",
	[EPHPORTS_STATE_FIN_WAIT_2]	= "fin-wait-2",
	[EPHPORTS_STATE_TIME_WAIT]	= "time-wait",
	[EPHPORTS_STATE_CLOSE_WAIT]	= "close-wait",
	[EPHPORTS_STATE_LAST_ACK]	= "last-ack",
	[EPHPORTS_STATE_CLOSING]	= "closing",
	[EPHPORTS_STATE_LISTEN]		= "listen",
	[EPHPORTS_STATE_BOUND]		= "bound",
	[EPHPORTS_STATE_UNCONNECTED]	= "unconnected",
};

static const char *const origins[] = {
	[EPHPORTS_ORIGIN_UNKNOWN]	= "unknown",
	[EPHPORTS_ORIGIN_CONNECT]	= "connect",
	[EPHPORTS_ORIGIN_BIND]		= "bind",
	[EPHPORTS_ORIGIN_LISTEN]	= "listen",
	[EPHPORTS_ORIGIN_SEND]		= "send",
	[EPHPORTS_ORIGIN_EXPLICIT]	= "explicit",
	[EPHPORTS_ORIGIN_ACCEPT]	= "accept",
};

const char *ephports_view_state(u8 state)
{
	return states[state];
}

const char *ephports_view_origin(u8 origin)
{
	return origins[origin];
}

/* The initial user namespace has every uid, by its own number. */
static u32 number_uid(const struct ephports_view *view, kuid_t uid)
{
	return view->users == &init_user_ns ? __kuid_val(uid) :
					      from_kuid_munged(view->users, uid);
}

/**
 * ephports_view_tell() - of a record's owner, what a reader is told
 * @view: the reader
 * @rec: the record
 * @told: filled
 */
void ephports_view_tell(const struct ephports_view *view, const struct ephports_record *rec,
			struct ephports_told *told)
{
	kuid_t uid = KUIDT_INIT(rec->owner.uid);

	told->has_uid = !(rec->flags & EPHPORTS_F_NO_UID);
	told->uid = told->has_uid ? number_uid(view, uid) : 0;
	told->reason = rec->reason;
	if (rec->reason != EPHPORTS_REASON_TOLD)
		return;
	if ((!view->admin && !uid_eq(uid, view->uid)) ||
	    !ephports_owner_pids(&rec->owner, view->pids, &told->pid, &told->tid))
		told->reason = EPHPORTS_REASON_HIDDEN;
}

static bool may_see(const struct ephports_view *view, const struct ephports_record *rec)
{
	return !view->nsid || view->nsid == rec->nsid;
}

/* What a record alone can say no to. */
static bool wants_record(const struct ephports_filter *filter, const struct ephports_record *rec)
{
	return rec->port >= filter->low && rec->port <= filter->high &&
	       (!filter->proto || filter->proto == rec->proto) &&
	       (filter->origins & BIT(rec->origin));
}

/* v4 addresses match as v4-mapped ones. */
static bool wants_address(const struct in6_addr *wanted, u8 bits, const struct in6_addr *addr,
			  u8 family)
{
	struct in6_addr mapped;

	if (!bits)
		return true;
	if (family == AF_INET6)
		return ipv6_prefix_equal(addr, wanted, bits);
	ipv6_addr_set_v4mapped(addr->s6_addr32[0], &mapped);
	return family && ipv6_prefix_equal(&mapped, wanted, bits);
}

static bool wants_socket(const struct ephports_filter *filter, const struct ephports_sock *sock)
{
	return (filter->states & BIT(sock->state)) &&
	       (!filter->family || filter->family == sock->family) &&
	       (!filter->peer_port || filter->peer_port == sock->peer_port) &&
	       wants_address(&filter->local, filter->local_bits, &sock->local, sock->family) &&
	       (!filter->peer_bits ||
		(sock->peer_port &&
		 wants_address(&filter->peer, filter->peer_bits, &sock->peer, sock->family)));
}

/* A filter on what is hidden matches nothing. */
static bool wants_owner(const struct ephports_filter *filter, const struct ephports_told *told)
{
	return (!filter->by_pid ||
		(told->reason == EPHPORTS_REASON_TOLD && told->pid == filter->pid)) &&
	       (!filter->by_uid || (told->has_uid && told->uid == filter->uid));
}

/**
 * ephports_view_may_pass() - whether a record alone says nothing against telling it
 * @view: the reader
 * @filter: what it wants
 * @rec: the record
 *
 * Context: any.
 */
bool ephports_view_may_pass(const struct ephports_view *view, const struct ephports_filter *filter,
			    const struct ephports_record *rec)
{
	return may_see(view, rec) && wants_record(filter, rec);
}

/**
 * ephports_view_passes() - whether a reader may see a record, and wants it
 * @view: the reader
 * @filter: what it wants
 * @rec: the record
 * @sock: its socket
 */
bool ephports_view_passes(const struct ephports_view *view, const struct ephports_filter *filter,
			  const struct ephports_record *rec, const struct ephports_sock *sock)
{
	struct ephports_told told;

	if (!ephports_view_may_pass(view, filter, rec) || !wants_socket(filter, sock))
		return false;
	if (!filter->by_pid && !filter->by_uid)
		return true;
	ephports_view_tell(view, rec, &told);
	return wants_owner(filter, &told);
}

/**
 * ephports_view_read() - what a record's socket says of itself now, for a reader
 * @rec: the record, its bucket locked
 * @sock: filled
 * @stale: set if the socket is no longer the record's, because its release was missed; that
 *	is counted, and the caller is to call ephports_health_note()
 *
 * Return: false if it is to be passed over: a walk met the socket as it let go of its port, and
 *	will drop the record before it ends. Nothing was missed but, if it comes to that, the
 *	release of a socket that a walk has met and not come back to yet.
 */
bool ephports_view_read(const struct ephports_record *rec, struct ephports_sock *sock, bool *stale)
{
	ephports_sock_read(rec, sock);
	if (likely(sock->state != EPHPORTS_STATE_UNKNOWN))
		return true;
	if (rec->flags & EPHPORTS_F_MET)
		return false;
	*stale = true;
	ephports_count_note(EPHPORTS_UNKNOWN);
	return true;
}

/**
 * ephports_view_wants_all() - whether a filter lets all pass, so that it need not be asked
 * @filter: what a reader wants
 */
bool ephports_view_wants_all(const struct ephports_filter *filter)
{
	return !filter->proto && !filter->family && !filter->low && filter->high == U16_MAX &&
	       !filter->local_bits && !filter->peer_bits && !filter->peer_port &&
	       filter->states == U32_MAX && filter->origins == U32_MAX &&
	       !filter->by_pid && !filter->by_uid;
}

struct reading {
	const struct ephports_view *view;
	const struct ephports_filter *filter;
	struct ephports_row *row;
	ephports_teller tell;
	void *ctx;
	bool all;
	bool stale;
};

static enum ephports_visit read_row(struct ephports_record *rec, void *ctx)
{
	struct reading *reading = ctx;
	struct ephports_row *row = reading->row;

	/* The timewait socket that took over is told in its place. */
	if ((rec->flags & EPHPORTS_F_HANDED) || !may_see(reading->view, rec) ||
	    (!reading->all && !wants_record(reading->filter, rec)) ||
	    !ephports_view_read(rec, &row->sock, &reading->stale))
		return EPHPORTS_NEXT;
	ephports_view_tell(reading->view, rec, &row->told);
	if (!reading->all && (!wants_socket(reading->filter, &row->sock) ||
			      !wants_owner(reading->filter, &row->told)))
		return EPHPORTS_NEXT;
	row->rec = *rec;
	return reading->tell(row, reading->ctx) ? EPHPORTS_NEXT : EPHPORTS_STOP;
}

/**
 * ephports_view_walk() - tell the records that a reader may see and wants
 * @view: the reader
 * @filter: what it wants
 * @cursor: where it stands
 * @row: filled with one after the other, but for @at, which is the caller's
 * @tell: called with each; its bucket is locked and interrupts are off
 * @ctx: handed to @tell
 *
 * Where a timewait socket has taken over, that is told and not the one before. A record whose
 * socket is no longer its own is told with its state unknown; the kernel's tables will then be
 * walked.
 *
 * Context: process context, may sleep between records.
 *
 * Return: true if @tell stopped at @row, which will not come again; false at the end.
 */
bool ephports_view_walk(const struct ephports_view *view, const struct ephports_filter *filter,
			struct ephports_cursor *cursor, struct ephports_row *row,
			ephports_teller tell, void *ctx)
{
	struct reading reading = {
		.view	= view,
		.filter	= filter,
		.row	= row,
		.tell	= tell,
		.ctx	= ctx,
		.all	= ephports_view_wants_all(filter),
	};
	bool stopped = ephports_table_walk(cursor, read_row, &reading);

	if (unlikely(reading.stale))
		ephports_health_note(EPHPORTS_HOSTS);
	return stopped;
}

static bool stop_there(const struct ephports_row *row, void *ctx)
{
	return false;
}

/**
 * ephports_view_next() - the next record that a reader may see and wants
 * @view: the reader
 * @filter: what it wants
 * @cursor: where it stands
 * @row: filled
 *
 * Context: as above.
 *
 * Return: false at the end.
 */
bool ephports_view_next(const struct ephports_view *view, const struct ephports_filter *filter,
			struct ephports_cursor *cursor, struct ephports_row *row)
{
	row->at = 0;
	return ephports_view_walk(view, filter, cursor, row, stop_there, NULL);
}

static u64 time_since(const struct ephports_row *row, u64 then)
{
	u64 at = row->at ?: ktime_get_boot_fast_ns();

	return at - min(at, then);
}

/**
 * ephports_view_age() - time since the assignment, ns
 * @row: not of an adopted record
 */
u64 ephports_view_age(const struct ephports_row *row)
{
	return time_since(row, row->rec.born);
}

/**
 * ephports_view_time_wait() - likewise since a timewait socket took over
 * @row: of a record with @handed
 */
u64 ephports_view_time_wait(const struct ephports_row *row)
{
	return time_since(row, row->rec.handed);
}
