// SPDX-License-Identifier: GPL-2.0-only
/* What happens to ports, once it is known: from the probes to all that keep account. */
#include <linux/irqflags.h>
#include <linux/ktime.h>

#include "compat.h"
#include "event.h"
#include "failure.h"
#include "health.h"
#include "history.h"
#include "incident.h"
#include "sock.h"
#include "stream.h"

/**
 * ephports_event_found_stale() - a release was missed, and nobody knows when it was
 * @rec: the record that it left behind, out of the table or about to go
 *
 * Context: any but hard interrupts; where RCU reads (preemption or BH off), or the record's bucket
 *	locked: who waits for a grace period after the last record finds in the history what went
 */
void ephports_event_found_stale(const struct ephports_record *rec)
{
	unsigned long flags;

	if (rec->flags & EPHPORTS_F_HANDED)
		return;
	local_irq_save(flags);
	ephports_history_add(rec, NULL, ktime_get_boot_fast_ns());
	local_irq_restore(flags);
}

static void lose(const struct ephports_record *rec)
{
	ephports_count_note(ephports_table_lost(rec));
	ephports_health_note(ephports_record_scope(rec));
}

/**
 * ephports_event_taken() - a holder has taken a port
 * @rec: what is known of it
 * @cause: what to count it as
 *
 * Context: preemption or BH off, which is all that RCU needs; not in hard interrupts. The port
 *	cannot be released before this returns.
 */
void ephports_event_taken(struct ephports_record *rec, enum ephports_cause cause)
{
	struct ephports_record stale ephports_uncleared;
	enum ephports_inserted inserted;

	inserted = ephports_table_insert(rec, cause, &stale);
	if (unlikely(stale.id))
		ephports_event_found_stale(&stale);
	if (unlikely(inserted == EPHPORTS_NO_ROOM))
		lose(rec);
}

/* Both are holders in their own right. */
static bool hold_too(const void *from, const void *to, u64 cookie, u16 port, u64 now)
{
	struct ephports_record rec;

	if (!ephports_table_copy(from, &rec) || rec.cookie != cookie || rec.port != port)
		return false;
	rec.key = to;
	rec.handed = now;
	rec.flags &= ~(EPHPORTS_F_MET | EPHPORTS_F_HANDED);
	rec.flags |= EPHPORTS_F_TIMEWAIT | EPHPORTS_F_SECOND;
	ephports_event_taken(&rec, EPHPORTS_CLONED);
	return true;
}

/* Without room, the release of @from will be the end of what is known. */
static bool take_over(const void *from, const void *to, u64 cookie, u16 port, u64 now)
{
	struct ephports_record rec ephports_uncleared;
	struct ephports_record stale ephports_uncleared;
	enum ephports_handed handed;

	handed = ephports_table_hand_over(from, to, cookie, port, now, &stale);
	if (unlikely(stale.id))
		ephports_event_found_stale(&stale);
	if (unlikely(handed == EPHPORTS_HANDED_NO_ROOM) && ephports_table_copy(from, &rec))
		lose(&rec);
	return handed != EPHPORTS_HANDED_NOTHING;
}

/**
 * ephports_event_handed_over() - a timewait socket takes over a port
 * @from: the socket, which gives back its own hold before it is unlocked, unless it holds on
 * @to: the timewait socket
 * @cookie: of both
 * @port: of both
 * @holds_on: @from keeps its port, because it was asked for by number, and is open still
 *
 * Context: any but hard interrupts, preemption off: who waits for a grace period finds the
 *	port in the one place or in the other. Neither can be released before this returns.
 *
 * Return: false if @from has no record.
 */
bool ephports_event_handed_over(const void *from, const void *to, u64 cookie, u16 port,
				bool holds_on)
{
	u64 now = ktime_get_boot_fast_ns();

	return holds_on ? hold_too(from, to, cookie, port, now) :
			  take_over(from, to, cookie, port, now);
}

/**
 * ephports_event_released() - a holder is about to give its port back
 * @holder: the socket; most have no record
 *
 * Context: any but hard interrupts. The holder cannot go before this returns.
 */
void ephports_event_released(const struct sock_common *holder)
{
	struct ephports_record *rec;
	unsigned long flags;

	if (likely(!ephports_table_may_have(holder)))
		return;
	/* Who waits for a grace period after the last record finds in the history what went. */
	local_irq_save(flags);
	rec = ephports_table_take(holder, atomic64_read(&holder->skc_cookie), holder->skc_num);
	if (rec) {
		/* A timewait socket that took over will be remembered in its place. */
		if (!(rec->flags & EPHPORTS_F_HANDED))
			ephports_history_add(rec, holder, ktime_get_boot_fast_ns());
		ephports_table_give(rec);
	}
	local_irq_restore(flags);
}

/**
 * ephports_event_refused() - no port was free, or not the one that was asked for
 * @net: the namespace
 * @rec: who asked; @rec->port is not 0 if the port was asked for by number
 * @sock: from where, towards whom
 * @now: ns of CLOCK_BOOTTIME
 *
 * Context: process context of the one that was refused; no sleep.
 */
void ephports_event_refused(const struct net *net, const struct ephports_record *rec,
			    const struct ephports_sock *sock, u64 now)
{
	enum ephports_proto proto = ephports_proto_of(rec->proto);
	struct ephports_ns *ns = ephports_ns(net);

	ephports_stream_refused(rec, sock);
	if (rec->port) {
		ephports_failure_note_conflict(rec, sock, now);
		ephports_incident_conflict();
		return;
	}
	atomic64_inc(&ns->failures[proto]);
	ephports_failure_note(rec, sock, now);
	ephports_incident_failed(ns, proto, rec, sock, now);
}
