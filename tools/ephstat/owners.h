/* SPDX-License-Identifier: GPL-2.0 */
/* Owners in words: rows of ephstat owners, and of the pictures in ephstat blackbox. */
#ifndef EPHSTAT_OWNERS_H
#define EPHSTAT_OWNERS_H

#include "json.h"
#include "owners_by.h"
#include "reading.h"

#define OWNER_COLUMNS	10

/* Fills in the columns; returns how many there are. */
size_t owner_columns(struct column columns[OWNER_COLUMNS], bool netns);

/* An owner, or all the others together. */
void owner_row(struct text *row, const struct owner *owner, bool netns);

/* One of "owners", without who it is if it is all the others together. */
struct json_object *owner_json(const struct owner *owner);

struct owner_sums;

/* NULL for want of memory. */
struct owner_sums *owner_sums_alloc(enum owners_by by);
void owner_sums_free(struct owner_sums *sums);

/* Adds a row of EPHPORTS_CMD_OWNER_GET. Returns EXIT_OK, or EXIT_RUNTIME for want of memory. */
int owner_sums_add(struct owner_sums *sums, const struct owner *owner);

/*
 * Adds a holder instead, with no more than PORTS_OF_SUMS of it. What it was that ended, how many
 * processes there are and what was refused is then not known of a sum.
 */
int owner_sums_add_port(struct owner_sums *sums, const struct port *port);

#define PORTS_OF_SUMS	(TOLD(EPHPORTS_A_PORT_UID) | TOLD(EPHPORTS_A_PORT_PID) | \
			 TOLD(EPHPORTS_A_PORT_COMM) | TOLD(EPHPORTS_A_PORT_CGROUP) | \
			 TOLD(EPHPORTS_A_PORT_NETNS) | TOLD(EPHPORTS_A_PORT_REASON) | \
			 TOLD(EPHPORTS_A_PORT_STATE) | TOLD(EPHPORTS_A_PORT_ORIGIN) | \
			 TOLD(EPHPORTS_A_PORT_AGE))

/* Whether rows were added that stand for more owners than the kernel told apart. */
bool owner_sums_have_rest(const struct owner_sums *sums);

/* Without anything. */
void owner_sums_restart(struct owner_sums *sums);

/*
 * Tells the sums, most used first, then the others together if there are any: what the module did
 * not tell apart, and what lies beyond @top (0: nothing does).
 */
int owner_sums_tell(struct owner_sums *sums, uint32_t top, owner_fn fn, void *arg);

#endif
