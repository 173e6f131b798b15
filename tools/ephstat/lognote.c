// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "lognote.h"
#include "util.h"

/* The words of "event" in JSON. */
static const char *const notes[LOG_TYPES] = {
	[LOG_RUN]	= "log-start",
	[LOG_STOP]	= "log-stop",
	[LOG_DISK]	= "log-disk",
	[LOG_CLOCK]	= "log-clock",
	[LOG_DOUBT]	= "log-doubt",
};

bool log_is_note(const struct log_record *record)
{
	return record->type < LOG_TYPES && notes[record->type];
}

static const char *stop_reason(uint32_t code)
{
	static const char *const reasons[] = {
		[LOG_STOP_ASKED]	= "asked to",
		[LOG_STOP_UNLOADED]	= "the module was unloaded",
		[LOG_STOP_FAILED]	= "it failed",
	};

	return code < ARRAY_SIZE(reasons) ? reasons[code] : "unknown";
}

static void write_span(struct text *row, const struct log_record *record, int64_t wall_ns)
{
	text_str(row, " between ");
	text_clock(row, record->from_ns + (uint64_t)wall_ns);
	text_str(row, " and ");
	text_clock(row, record->until_ns + (uint64_t)wall_ns);
}

void log_note_text(struct text *row, const struct log_record *record, int64_t wall_ns)
{
	text_clock(row, record->boot_ns + (uint64_t)wall_ns);
	switch (record->type) {
	case LOG_RUN:
		text_str(row, " a file of the log begins; the run has watched since ");
		text_time(row, record->run.from_ns + (uint64_t)wall_ns);
		break;
	case LOG_STOP:
		text_str(row, " the log stopped: ");
		text_str(row, stop_reason(record->code));
		break;
	case LOG_DISK:
		if (record->count) {
			text_str(row, " not written: ");
			text_u64(row, record->count);
			text_str(row, " records");
		} else {
			text_str(row, " written, and perhaps not kept:");
		}
		write_span(row, record, wall_ns);
		text_str(row, ": ");
		text_str(row, strerror((int)record->code));
		break;
	case LOG_CLOCK:
		text_str(row, record->step_ns < 0 ? " the clock was set back by " :
						    " the clock was set forward by ");
		text_duration(row, (uint64_t)(record->step_ns < 0 ? -record->step_ns :
								    record->step_ns));
		break;
	default:
		text_str(row, " the module's records were perhaps not complete");
		write_span(row, record, wall_ns);
		break;
	}
}

static void put_span(struct json_object *obj, const struct log_record *record, int64_t wall_ns)
{
	json_put_u64(obj, "from_ns", record->from_ns + (uint64_t)wall_ns);
	json_put_u64(obj, "until_ns", record->until_ns + (uint64_t)wall_ns);
}

struct json_object *log_note_json(const struct log_record *record, int64_t wall_ns)
{
	struct json_object *obj = json_object_new_object();

	json_put(obj, "schema", json_object_new_int(JSON_SCHEMA));
	json_put_str(obj, "event", notes[record->type]);
	json_put_u64(obj, "time_ns", record->boot_ns + (uint64_t)wall_ns);
	if (record->type == LOG_RUN) {
		json_put_u64(obj, "from_ns", record->run.from_ns + (uint64_t)wall_ns);
	} else if (record->type == LOG_STOP) {
		json_put_str(obj, "reason", stop_reason(record->code));
	} else if (record->type == LOG_CLOCK) {
		json_put(obj, "step_ns", json_object_new_int64(record->step_ns));
	} else if (record->type == LOG_DISK) {
		json_put_u64(obj, "records", record->count);
		json_put_str(obj, "error", strerror((int)record->code));
		put_span(obj, record, wall_ns);
	} else {
		put_span(obj, record, wall_ns);
	}
	return obj;
}
