/* SPDX-License-Identifier: GPL-2.0 */
/* Who held a port, and from when to when: many of them, and each in words. */
#ifndef EPHSTAT_HOLDER_H
#define EPHSTAT_HOLDER_H

#include <json-c/json.h>

#include "reading.h"

struct holders {
	struct holder *holders;
	size_t n;
	size_t room;
};

/* Returns EXIT_OK, or EXIT_RUNTIME for want of memory. */
int holders_add(struct holders *holders, const struct holder *holder, struct error *err);
void holders_free(struct holders *holders);

/*
 * Puts them in the order in which they took their ports; those that were never seen to take it
 * come first. One that was told more than once (a socket and its TIME_WAIT, or one that let go
 * while it was being told) becomes one: what ended before @begun_ns, when the telling began, does
 * not end what is told as held.
 */
void holders_settle(struct holders *holders, uint64_t begun_ns);

#define HOLDER_COLUMNS	11

/* Fills in the columns; returns how many there are. */
size_t holder_columns(struct column columns[HOLDER_COLUMNS], bool netns, bool cgroups);

void holder_row(struct text *row, const struct holder *holder, bool netns, bool cgroups);

/*
 * The members of a record, and from_ns, to_ns (null: not seen, held still), held_ns (up to its age
 * or @now_ns, if it is held), time_wait_ns.
 */
struct json_object *holder_json(const struct holder *holder, uint64_t now_ns);

/* How long, up to its age or @now_ns; false if the beginning was not seen. */
bool holder_held(const struct holder *holder, uint64_t now_ns, uint64_t *ns);

#endif
