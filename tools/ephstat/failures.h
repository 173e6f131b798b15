/* SPDX-License-Identifier: GPL-2.0 */
/* Refused allocations in words: rows of ephstat failures, and of ephstat blackbox. */
#ifndef EPHSTAT_FAILURES_H
#define EPHSTAT_FAILURES_H

#include "json.h"
#include "reading.h"

#define FAILURE_COLUMNS	11

/* Fills in the columns; returns how many there are. */
size_t failure_columns(struct column columns[FAILURE_COLUMNS], bool netns);

/* @now_ns is what the times are told from. */
void failure_row(struct text *row, const struct failure *failure, uint64_t now_ns, bool netns);

/* One of "failures". */
struct json_object *failure_json(const struct failure *failure);

/* Likewise, as further members of @obj. */
void failure_put(struct json_object *obj, const struct failure *failure);

/* "5m12s ago" has two ends, and clocks may be set between them. */
static inline uint64_t time_since(uint64_t now_ns, uint64_t then_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

/*
 * What is summed up of a dump: the total is of refusals for want of a port alone, so conflicts over
 * a port that was asked for by number are none.
 */
struct failure_totals {
	uint64_t total;
	uint64_t told;
};

static inline bool failure_is_total(const struct failure *failure)
{
	return told(failure, EPHPORTS_A_FAILURE_TOTAL);
}

static inline bool failure_is_conflict(const struct failure *failure)
{
	return told(failure, EPHPORTS_A_FAILURE_PORT);
}

/* True if @failure is a row to be shown. */
bool failure_count(struct failure_totals *totals, const struct failure *failure);

/* What was forgotten, or never had room. */
static inline uint64_t failures_other(const struct failure_totals *totals)
{
	return totals->total > totals->told ? totals->total - totals->told : 0;
}

#endif
