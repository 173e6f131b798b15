/* SPDX-License-Identifier: GPL-2.0 */
/* What happened, in words. */
#ifndef EPHSTAT_EVENT_H
#define EPHSTAT_EVENT_H

#include "json.h"
#include "text.h"
#include "usage.h"

/* The names of the columns of event_text(). */
void event_header(struct text *row, bool netns);

/* A line without its end; @netns: with the column that tells it. */
void event_text(struct text *row, const struct event *event, bool netns);

/* The object of a line: seq, event, time_ns, and the members of the record. */
struct json_object *event_json(const struct event *event);

#endif
