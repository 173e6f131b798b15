// SPDX-License-Identifier: GPL-2.0-only
/* What happens to ports, once it is known: from the probes to all that keep account. */
#include <linux/irqflags.h>
#include <linux/ktime.h>

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

/**
 * ephports_event_taken() - a holder has taken a port
 * @rec: what is known of it
 * @cause: what to count it as
 *
 * Context: preemption or BH off, which is all that RCU needs; not in hard interrupts. The port
 *	cannot be released before this returns.
 *
 * Return: whether there was room to record it.
 */
bool ephports_event_taken(struct ephports_record *rec, enum ephports_cause cause)
{
	enum ephports_inserted inserted;
	struct ephports_record stale;

	inserted = ephports_table_insert(rec, cause, &stale);
	if (unlikely(stale.id))
		ephports_event_found_stale(&stale);
	if (likely(inserted != EPHPORTS_NO_ROOM))
		return true;
	ephports_count_note(ephports_table_lost(rec));
	ephports_health_note(ephports_record_scope(rec));
	return false;
}

struct handing {
	u64 cookie;
	u64 now;
	u16 port;
	bool holds_on;
	bool done;
	struct ephports_record rec;
};

static enum ephports_visit hand_over(struct ephports_record *rec, void *ctx)
{
	struct handing *handing = ctx;

	handing->done = rec->cookie == handing->cookie && rec->port == handing->port;
	if (handing->done) {
		handing->rec = *rec;
		if (!handing->holds_on)
			rec->flags |= EPHPORTS_F_HANDED;
	}
	return EPHPORTS_STOP;
}

/* Nothing stands in this record's place: its release will be the end of what is known. */
static enum ephports_visit take_back(struct ephports_record *rec, void *ctx)
{
	rec->flags &= ~EPHPORTS_F_HANDED;
	return EPHPORTS_STOP;
}

/**
 * ephports_event_handed_over() - a timewait socket takes over a port
 * @from: the socket, which gives back its own hold later
 * @to: the timewait socket
 * @cookie: of both
 * @port: of both
 * @holds_on: @from keeps its port for as long as it is open, because it was asked for
 *	by number: both are holders in their own right
 *
 * Context: any but hard interrupts, preemption off: who waits for a grace period finds the
 *	port in the one place or in the other. Neither can be released before this returns.
 *
 * Return: false if @from has no record.
 */
bool ephports_event_handed_over(const void *from, const void *to, u64 cookie, u16 port,
				bool holds_on)
{
	struct handing handing = {
		.cookie = cookie, .port = port, .holds_on = holds_on,
		.now = ktime_get_boot_fast_ns(),
	};
	struct ephports_record rec;

	ephports_table_visit(from, hand_over, &handing);
	if (!handing.done)
		return false;
	rec = handing.rec;
	rec.key = to;
	rec.handed = handing.now;
	rec.flags |= EPHPORTS_F_TIMEWAIT | (holds_on ? EPHPORTS_F_SECOND : 0);
	rec.flags &= ~(EPHPORTS_F_MET | EPHPORTS_F_HANDED);
	if (unlikely(!ephports_event_taken(&rec, EPHPORTS_CLONED)))
		ephports_table_visit(from, take_back, NULL);
	return true;
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
