// SPDX-License-Identifier: GPL-2.0
#include "unusual.h"
#include "util.h"
#include "who.h"

const char *unusual_name(enum unusual_rule rule)
{
	static const char *const names[] = {
		[UNUSUAL_BY_HOSTS] = "hosts", [UNUSUAL_BY_PORTS] = "ports",
		[UNUSUAL_BY_RATE] = "rate",
	};

	return rule < ARRAY_SIZE(names) && names[rule] ? names[rule] : "unknown";
}

static void write_figures(struct text *row, const struct unusual_flag *flag)
{
	switch (flag->rule) {
	case UNUSUAL_BY_HOSTS:
		text_str(row, "went to ");
		text_u64(row, flag->distinct);
		text_str(row, " addresses, the last ");
		text_address(row, &flag->host);
		break;
	case UNUSUAL_BY_PORTS:
		text_str(row, "went to ");
		text_u64(row, flag->distinct);
		text_str(row, " ports of ");
		text_address(row, &flag->host);
		break;
	default:
		text_str(row, "is over its habit of ");
		text_u64(row, flag->habit);
		text_str(row, " ports in 10s");
		break;
	}
}

void unusual_text(struct text *row, const struct unusual_flag *flag)
{
	text_clock(row, flag->time_ns);
	text_str(row, " unusual ");
	text_str(row, unusual_name(flag->rule));
	text_str(row, ": ");
	who_short(row, &flag->who);
	text_str(row, " ");
	write_figures(row, flag);
	text_str(row, ", taking ");
	text_u64(row, flag->taken);
	text_str(row, flag->taken == 1 ? " port in " : " ports in ");
	text_duration(row, flag->window_ns);
	if (told(&flag->who, EPHPORTS_A_OWNER_UID)) {
		text_str(row, ", uid ");
		text_u64(row, flag->who.uid);
	}
	text_str(row, ", netns ");
	text_u64(row, flag->who.netns);
}

struct json_object *unusual_json(const struct unusual_flag *flag)
{
	struct json_object *obj = json_object_new_object();

	json_put(obj, "schema", json_object_new_int(JSON_SCHEMA));
	json_put_str(obj, "event", "unusual");
	json_put_str(obj, "rule", unusual_name(flag->rule));
	json_put_u64(obj, "time_ns", flag->time_ns);
	json_put_u64(obj, "window_ns", flag->window_ns);
	json_put_u64(obj, "taken", flag->taken);
	json_put(obj, "distinct", flag->rule == UNUSUAL_BY_RATE ? NULL :
				  json_object_new_uint64(flag->distinct));
	json_put(obj, "habit", flag->rule == UNUSUAL_BY_RATE ?
			       json_object_new_uint64(flag->habit) : NULL);
	json_put(obj, "peer_addr", flag->rule == UNUSUAL_BY_RATE ? NULL :
				   json_address(&flag->host));
	json_put_u64(obj, "netns", flag->who.netns);
	who_json(obj, &flag->who);
	return obj;
}
