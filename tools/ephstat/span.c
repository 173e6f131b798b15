// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "json.h"
#include "moment.h"
#include "span.h"

int spans_add(struct spans *spans, const struct span *span, struct error *err)
{
	if (spans->n == spans->room) {
		size_t room = spans->room ? 2 * spans->room : 64;
		struct span *more = realloc(spans->spans, room * sizeof(*more));

		if (!more)
			return error_set(err, EXIT_RUNTIME, "out of memory");
		spans->spans = more;
		spans->room = room;
	}
	if (spans->n && span->from_ns < spans->spans[spans->n - 1].to_ns)
		spans->unordered = true;
	spans->spans[spans->n++] = *span;
	return EXIT_OK;
}

int spans_cut(struct spans *spans, const struct span *gap, struct error *err)
{
	struct spans cut = { 0 };
	int ret = EXIT_OK;
	size_t i, first = spans->n;

	if (gap->from_ns >= gap->to_ns)
		return EXIT_OK;
	/* Most gaps are about the end. */
	while (first && (spans->unordered || spans->spans[first - 1].to_ns > gap->from_ns))
		first--;
	for (i = first; !ret && i < spans->n; i++) {
		struct span before = spans->spans[i], after = before;

		if (before.to_ns > gap->from_ns)
			before.to_ns = gap->from_ns;
		if (after.from_ns < gap->to_ns)
			after.from_ns = gap->to_ns;
		if (before.from_ns < before.to_ns)
			ret = spans_add(&cut, &before, err);
		if (!ret && after.from_ns < after.to_ns)
			ret = spans_add(&cut, &after, err);
	}
	spans->n = first;
	for (i = 0; !ret && i < cut.n; i++)
		ret = spans_add(spans, &cut.spans[i], err);
	spans_free(&cut);
	return ret;
}

void spans_free(struct spans *spans)
{
	free(spans->spans);
	*spans = (struct spans){ 0 };
}

bool spans_cover(const struct spans *spans, const struct span *asked)
{
	size_t i;

	for (i = 0; i < spans->n; i++) {
		if (spans->spans[i].from_ns <= asked->from_ns &&
		    spans->spans[i].to_ns >= asked->to_ns)
			return true;
	}
	return false;
}

bool spans_touch(const struct spans *spans, const struct span *asked)
{
	size_t i;

	for (i = 0; i < spans->n; i++) {
		if (spans->spans[i].from_ns <= asked->to_ns &&
		    spans->spans[i].to_ns >= asked->from_ns)
			return true;
	}
	return false;
}

void span_text(struct text *text, const struct span *span)
{
	moment_text(text, span->from_ns);
	text_str(text, " to ");
	moment_text(text, span->to_ns);
}

struct json_object *spans_json(const struct spans *spans)
{
	struct json_object *array = json_object_new_array();
	size_t i;

	for (i = 0; i < spans->n; i++) {
		struct json_object *obj = json_object_new_object();

		json_put_u64(obj, "from_ns", spans->spans[i].from_ns);
		json_put_u64(obj, "to_ns", spans->spans[i].to_ns);
		json_object_array_add(array, obj);
	}
	return array;
}
