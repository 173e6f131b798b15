/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EPHSTAT_NETNS_H
#define EPHSTAT_NETNS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/*
 * The inode number of the network namespace called @name: one made by ip-netns(8), a path, a
 * process, or the inode number itself. Returns an exit code.
 */
int netns_resolve(const char *name, uint32_t *inode, struct error *err);

/* Whether it is known to be that of the machine's process 1, not of a container's. */
bool netns_is_hosts(uint32_t inode);

#endif
