/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens to ports, once it is known: from the probes to all that keep account. */
#ifndef EPHPORTS_EVENT_H
#define EPHPORTS_EVENT_H

#include "ns.h"
#include "table.h"

struct ephports_sock;
struct sock_common;

void ephports_event_found_stale(const struct ephports_record *rec);
void ephports_event_taken(struct ephports_record *rec, enum ephports_cause cause);
bool ephports_event_handed_over(const void *from, const void *to, u64 cookie, u16 port,
				bool holds_on);
void ephports_event_released(const struct sock_common *holder);
void ephports_event_refused(const struct net *net, const struct ephports_record *rec,
			    const struct ephports_sock *sock, u64 now);

#endif /* EPHPORTS_EVENT_H */
