/* SPDX-License-Identifier: GPL-2.0 */
/* Stretches of time for which an answer is whole. */
#ifndef EPHSTAT_SPAN_H
#define EPHSTAT_SPAN_H

#include <json-c/json.h>

#include "error.h"
#include "text.h"

/* Both ends are ns of CLOCK_REALTIME. */
struct span {
	uint64_t from_ns;
	uint64_t to_ns;
};

struct spans {
	struct span *spans;
	size_t n;
	size_t room;
	bool unordered;		/* not all begin where those before them ended, or later */
};

/* To be told in the order of time, if it can be. EXIT_OK, or EXIT_RUNTIME for want of memory. */
int spans_add(struct spans *spans, const struct span *span, struct error *err);
/* Takes @gap out of them, wherever it lies. Returns likewise. */
int spans_cut(struct spans *spans, const struct span *gap, struct error *err);

void spans_free(struct spans *spans);

/* Whether all of @asked lies in one of them. */
bool spans_cover(const struct spans *spans, const struct span *asked);

/* Whether any of @asked does. */
bool spans_touch(const struct spans *spans, const struct span *asked);

/* "2026-11-21 14:01:12.031 to 2026-11-21 14:10:22.847" */
void span_text(struct text *text, const struct span *span);

/* [{"from_ns","to_ns"}...] */
struct json_object *spans_json(const struct spans *spans);

#endif
