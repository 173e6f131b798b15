/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EPHSTAT_CGROUP_H
#define EPHSTAT_CGROUP_H

#include <stdint.h>

/*
 * The path of cgroup @id in the cgroup2 hierarchy, as /proc/PID/cgroup tells it; NULL if it has
 * gone or is out of sight. The hierarchy is walked once, at the first call.
 */
const char *cgroup_path(uint64_t id);

void cgroup_forget(void);

#endif
