/* SPDX-License-Identifier: GPL-2.0 */
/* A module that answers what a test tells it to, in the place of netlink.c and request.c. */
#ifndef UNIT_FAKE_H
#define UNIT_FAKE_H

#include "netlink.h"

struct fake {
	const struct port *ports;
	unsigned long n_ports;	/* told; ports are told over again if there are fewer of them */
	unsigned long distinct;
	const struct dest *dests;
	unsigned int n_dests;
	const struct owner *owners;
	unsigned int n_owners;
	const struct failure *failures;
	unsigned int n_failures;
	const struct hist *hists;
	unsigned int n_hists;
	const struct holder *holders;	/* spans among them */
	unsigned int n_holders;
	const struct box *boxes;
	unsigned int n_boxes;
	const struct alert *alerts;	/* to be followed; one of zeros stands for a loss */
	unsigned int n_alerts;
	const struct event *events;	/* some come with the answer, the others later */
	unsigned int n_events;
	unsigned int early_events;
	uint32_t asked_kinds;
	struct alert thresholds;
	unsigned long fail_at;	/* a dump fails before this record; 0: it does not */
	bool interrupted;
	int open_ret;
	struct info before;	/* the first answer to nl_info() */
	struct info after;	/* every other */
	unsigned int infos;	/* how often nl_info() was asked */
	struct filter asked;
	uint32_t asked_netns;
	uint32_t asked_wanted;
	uint32_t asked_top;
	uint32_t asked_owners;
	uint64_t asked_since;
	uint64_t asked_until;
};

extern struct fake fake;

#endif
