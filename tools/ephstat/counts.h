/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers by state and by origin, in words. */
#ifndef EPHSTAT_COUNTS_H
#define EPHSTAT_COUNTS_H

#include "json.h"
#include "text.h"
#include "usage.h"

typedef const char *(*name_fn)(uint8_t number);

/*
 * Appends "time-wait 13000, established 12", most first. What would go beyond @column is summed up
 * as "others"; one is told in any case. "-" if there is nothing.
 */
void counts_text(struct text *text, const uint32_t *counts, unsigned int n, name_fn name_of,
		 size_t column);

/* Every name is there, also those that count 0. */
struct json_object *counts_json(const uint32_t *counts, unsigned int n, name_fn name_of);

/* by_state and by_origin. */
void counts_put(struct json_object *obj, const struct counts *counts);

void counts_add(struct counts *to, const struct counts *counts);

/* rate, held_ns (on average), oldest_ns and what they are made of. */
void traffic_put(struct json_object *obj, const struct traffic *traffic);

/* How long those that ended had been held on average; "-" if that is not known of any. */
void traffic_held_text(struct text *text, const struct traffic *traffic);

void traffic_add(struct traffic *to, const struct traffic *traffic);

#endif
