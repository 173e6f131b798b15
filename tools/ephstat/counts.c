// SPDX-License-Identifier: GPL-2.0
#include "counts.h"
#include "names.h"

/* "others 4294967295" and a comma before it. */
#define OTHERS_ROOM	19

static unsigned int find_next(const uint32_t *counts, unsigned int n, uint32_t told)
{
	unsigned int i, best = n;

	for (i = 0; i < n; i++) {
		if (!(told & 1u << i) && (best == n || counts[i] > counts[best]))
			best = i;
	}
	return best;
}

static uint64_t sum_counts(const uint32_t *counts, unsigned int n)
{
	uint64_t sum = 0;

	while (n--)
		sum += counts[n];
	return sum;
}

void counts_text(struct text *text, const uint32_t *counts, unsigned int n, name_fn name_of,
		 size_t column)
{
	uint64_t left = sum_counts(counts, n);
	uint32_t told = 0;

	if (!left)
		text_char(text, '-');
	while (left) {
		unsigned int i = find_next(counts, n, told);
		size_t before = text->len;
		bool last = counts[i] == left;

		text_str(text, told ? ", " : "");
		text_str(text, name_of(i));
		text_char(text, ' ');
		text_u64(text, counts[i]);
		if (told && text->len + (last ? 0 : OTHERS_ROOM) > column) {
			text->len = before;
			text_str(text, ", others ");
			text_u64(text, left);
			return;
		}
		left -= counts[i];
		told |= 1u << i;
	}
}

struct json_object *counts_json(const uint32_t *counts, unsigned int n, name_fn name_of)
{
	struct json_object *obj = json_object_new_object();
	unsigned int i;

	for (i = 0; i < n; i++)
		json_put_u64(obj, name_of(i), counts[i]);
	return obj;
}

void counts_put(struct json_object *obj, const struct counts *counts)
{
	json_put(obj, "by_state", counts_json(counts->states, EPHPORTS_STATE_MAX + 1,
					      state_name));
	json_put(obj, "by_origin", counts_json(counts->origins, EPHPORTS_ORIGIN_MAX + 1,
					       origin_name));
}

void counts_add(struct counts *to, const struct counts *counts)
{
	unsigned int i;

	for (i = 0; i <= EPHPORTS_STATE_MAX; i++)
		to->states[i] += counts->states[i];
	for (i = 0; i <= EPHPORTS_ORIGIN_MAX; i++)
		to->origins[i] += counts->origins[i];
}

/* Without a window there was nothing to count by: releases do not tell all that was filtered by. */
static struct json_object *counted(const struct traffic *traffic, uint64_t n)
{
	return traffic->window_ns ? json_object_new_uint64(n) : NULL;
}

void traffic_put(struct json_object *obj, const struct traffic *traffic)
{
	json_put(obj, "rate", json_rate(traffic->born, traffic->window_ns));
	json_put(obj, "born", counted(traffic, traffic->born));
	json_put(obj, "ended", counted(traffic, traffic->ended));
	json_put(obj, "window_ns", counted(traffic, traffic->window_ns));
	json_put(obj, "held_ns", traffic->ended_known ?
		 json_object_new_uint64(traffic->ended_held_ns / traffic->ended_known) : NULL);
	json_put(obj, "oldest_ns", traffic->oldest_ns ?
				   json_object_new_uint64(traffic->oldest_ns) : NULL);
}

void traffic_held_text(struct text *text, const struct traffic *traffic)
{
	if (traffic->ended_known)
		text_duration(text, traffic->ended_held_ns / traffic->ended_known);
	else
		text_char(text, '-');
}

void traffic_add(struct traffic *to, const struct traffic *traffic)
{
	to->born += traffic->born;
	to->ended += traffic->ended;
	to->ended_held_ns += traffic->ended_held_ns;
	to->ended_known += traffic->ended_known;
	if (traffic->oldest_ns > to->oldest_ns)
		to->oldest_ns = traffic->oldest_ns;
	if (traffic->window_ns > to->window_ns)
		to->window_ns = traffic->window_ns;
}
