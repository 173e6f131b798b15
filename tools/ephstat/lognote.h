/* SPDX-License-Identifier: GPL-2.0 */
/* What a log says beside events, in words. */
#ifndef EPHSTAT_LOGNOTE_H
#define EPHSTAT_LOGNOTE_H

#include "json.h"
#include "logfile.h"
#include "text.h"

/* Whether there is anything to say of @record. */
bool log_is_note(const struct log_record *record);

/* A line without its end; @wall_ns is what CLOCK_REALTIME is ahead of the times in @record. */
void log_note_text(struct text *row, const struct log_record *record, int64_t wall_ns);

struct json_object *log_note_json(const struct log_record *record, int64_t wall_ns);

#endif
