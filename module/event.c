// SPDX-License-Identifier: GPL-2.0-only
/* What happens to ports, once it is known: from the probes to all that keep account. */
#include "event.h"
#include "health.h"

/**
 * ephports_event_taken() - a holder has taken a port
 * @rec: what is known of it
 * @cause: what to count it as
 *
 * Context: any but hard interrupts. The port cannot be released before this returns.
 */
void ephports_event_taken(struct ephports_record *rec, enum ephports_cause cause)
{
	if (likely(ephports_table_insert(rec, cause) != EPHPORTS_NO_ROOM))
		return;
	ephports_table_note(EPHPORTS_LOST);
	ephports_health_note();
}

/**
 * ephports_event_handed_over() - a timewait socket takes over a port
 * @from: the socket, which gives back its own hold later
 * @to: the timewait socket
 * @cookie: of both
 *
 * Context: any but hard interrupts. Neither can be released before this returns.
 *
 * Return: false if @from has no record.
 */
bool ephports_event_handed_over(const void *from, const void *to, u64 cookie)
{
	struct ephports_record rec;

	if (!ephports_table_copy(from, &rec) || rec.cookie != cookie)
		return false;
	rec.key = to;
	rec.flags |= EPHPORTS_F_TIMEWAIT;
	rec.flags &= ~EPHPORTS_F_MET;
	ephports_event_taken(&rec, EPHPORTS_CLONED);
	return true;
}

/**
 * ephports_event_released() - a holder is about to give its port back
 * @key: the holder; most have no record
 *
 * Context: any but hard interrupts. The holder cannot go before this returns.
 */
void ephports_event_released(const void *key)
{
	ephports_table_remove(key, EPHPORTS_RELEASED);
}

/**
 * ephports_event_failed() - no port was free
 * @net: the namespace
 * @proto: the protocol
 *
 * Context: process context of the one that was refused.
 */
void ephports_event_failed(const struct net *net, enum ephports_proto proto)
{
	struct ephports_ns *ns = ephports_ns(net);

	if (ns)
		atomic64_inc(&ns->failures[proto]);
}
