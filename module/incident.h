/* SPDX-License-Identifier: GPL-2.0-only */
/* What is done when an allocation failed: soon, but not by the one that was refused. */
#ifndef EPHPORTS_INCIDENT_H
#define EPHPORTS_INCIDENT_H

#include "ns.h"
#include "sock.h"
#include "table.h"

void ephports_incident_failed(struct ephports_ns *ns, enum ephports_proto proto,
			      const struct ephports_record *rec, const struct ephports_sock *sock,
			      u64 now);
void ephports_incident_conflict(void);

int ephports_incident_init(void);
void ephports_incident_exit(void);

#endif /* EPHPORTS_INCIDENT_H */
