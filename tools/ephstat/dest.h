/* SPDX-License-Identifier: GPL-2.0 */
/* Destinations in words: rows of ephstat dest, and of the pictures in ephstat blackbox. */
#ifndef EPHSTAT_DEST_H
#define EPHSTAT_DEST_H

#include "json.h"
#include "reading.h"

#define DEST_COLUMNS	12

/* Fills in the columns; returns how many there are. */
size_t dest_columns(struct column columns[DEST_COLUMNS], bool netns);

/* A destination, or all the others together. */
void dest_row(struct text *row, const struct dest *dest, bool netns);

/* What a destination that is new may have, in a sentence. */
void dest_new_text(struct text *text, const struct dest *dest, bool netns);

/* One of "dests", without addresses if it is all the others together. */
struct json_object *dest_json(const struct dest *dest);

/* One of "protocols": what a destination that is new may have. */
struct json_object *dest_new_json(const struct dest *dest);

#endif
