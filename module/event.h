/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens to ports, once it is known: from the probes to all that keep account. */
#ifndef EPHPORTS_EVENT_H
#define EPHPORTS_EVENT_H

#include "ns.h"
#include "table.h"

void ephports_event_taken(struct ephports_record *rec, enum ephports_cause cause);
bool ephports_event_handed_over(const void *from, const void *to, u64 cookie);
void ephports_event_released(const void *key);
void ephports_event_failed(const struct net *net, enum ephports_proto proto);

#endif /* EPHPORTS_EVENT_H */
