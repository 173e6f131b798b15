/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What helps, and what it gains here and now: how many further connects (of UDP, sockets) towards
 * the destination in question it brings, if nothing else changes.
 */
#ifndef EPHSTAT_REMEDY_H
#define EPHSTAT_REMEDY_H

#include "cause.h"
#include "portset.h"

struct remedy_facts {
	const struct dest *dest;
	const struct dest *fresh;	/* a destination that is new */
	const struct protocol *proto;	/* NULL: @reserved or @taken are not known */
	const struct portset *reserved;	/* in the namespace */
	const struct portset *taken;	/* by sockets outside of the range, too */
	struct cause_shared shared;
	uint32_t owner_used;		/* UDP: ports of the owner of most */
	enum cause cause;
};

struct remedy {
	const char *name;	/* the word of the JSON contract */
	const char *text;
	uint32_t gain;
	bool cures;		/* it takes away the cause, and not only its effect */
};

#define REMEDIES_MAX	9

/* The range that is proposed: every port that no privilege is needed for. */
#define RANGE_LOW	1024
#define RANGE_HIGH	65535

/* Fills in those that gain something, cures first, then most; returns how many. */
unsigned int remedies(const struct remedy_facts *facts, struct remedy *list);

#endif
