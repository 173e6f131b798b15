/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EPHSTAT_NSFILE_H
#define EPHSTAT_NSFILE_H

#include <stdint.h>

/*
 * Opens a file below /proc/self/net or /proc/sys/net as network namespace @netns (inode number; 0:
 * one's own) has it. Another namespace is entered for it, which takes CAP_SYS_ADMIN. Returns a file
 * descriptor or -errno; -ESRCH if no process and no name of ip-netns(8) leads into the namespace.
 */
int nsfile_open(uint32_t netns, const char *path);

#endif
