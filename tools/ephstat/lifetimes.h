/* SPDX-License-Identifier: GPL-2.0 */
/* How long ports are held, and left alone, of holders as they are told. */
#ifndef EPHSTAT_LIFETIMES_H
#define EPHSTAT_LIFETIMES_H

#include "span.h"
#include "usage.h"

enum lifetime {
	LIFETIME_OPEN,		/* by a socket */
	LIFETIME_TIME_WAIT,
	LIFETIME_GAP,		/* by nobody, between two holders */
	LIFETIMES,
};

#define LIFETIMES_MAX	(1u << 20)	/* holders that there is room for */

struct life;

struct lifetimes {
	struct life *lives;
	size_t n;
	size_t room;
	struct spans covered;
};

/* A holder or a span. Returns an exit code; more than LIFETIMES_MAX holders are refused. */
int lifetimes_add(struct lifetimes *lifetimes, const struct holder *holder, struct error *err);
void lifetimes_free(struct lifetimes *lifetimes);

/*
 * To be called after the last was added, and before lifetimes_sum(); @begun_ns is from before the
 * first was told.
 */
void lifetimes_settle(struct lifetimes *lifetimes, uint64_t begun_ns);

/*
 * Counts times of @kind of one protocol into @hist, which is filled. What ended outside the spans
 * is left out: others that did are not known.
 */
void lifetimes_sum(const struct lifetimes *lifetimes, uint8_t proto, enum lifetime kind,
		   struct hist *hist);

#endif
