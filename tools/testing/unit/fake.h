/* SPDX-License-Identifier: GPL-2.0 */
/* A module that answers what a test tells it to, in the place of netlink.c. */
#ifndef UNIT_FAKE_H
#define UNIT_FAKE_H

#include "netlink.h"

struct fake {
	const struct port *ports;
	unsigned long n_ports;	/* told; ports are told over again if there are fewer of them */
	unsigned long distinct;
	unsigned long fail_at;	/* the dump fails before this record; 0: it does not */
	bool interrupted;
	int open_ret;
	struct info before;	/* the first answer to nl_info() */
	struct info after;	/* every other */
	unsigned int infos;	/* how often nl_info() was asked */
	struct filter asked;
	uint32_t asked_netns;
};

extern struct fake fake;

#endif
