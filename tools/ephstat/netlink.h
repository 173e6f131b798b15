/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The conversation with the module. Everything returns an exit code and, unless it is EXIT_OK, says
 * in @err what went wrong and what to do.
 */
#ifndef EPHSTAT_NETLINK_H
#define EPHSTAT_NETLINK_H

#include "error.h"
#include "filter.h"
#include "record.h"

struct nl;

int nl_open(struct nl **nlp, struct error *err);
void nl_close(struct nl *nl);

/* What is known of network namespace @netns (0: one's own) and of the module. */
int nl_info(struct nl *nl, uint32_t netns, struct info *info, struct error *err);

/* Has the module walk the kernel's tables and mend its records; @info is how it stands after. */
int nl_resync(struct nl *nl, struct info *info, struct error *err);

/* Told each record; anything but EXIT_OK ends the dump and becomes its result. */
typedef int (*port_fn)(const struct port *port, void *arg);

/*
 * Dumps the records that pass @filter. @interrupted becomes true if records may be missing or
 * told twice; the dump goes on to its end all the same.
 */
int nl_ports(struct nl *nl, const struct filter *filter, port_fn fn, void *arg,
	     bool *interrupted, struct error *err);

#endif
