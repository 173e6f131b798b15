// SPDX-License-Identifier: GPL-2.0
#include "counts.h"
#include "names.h"
#include "owners.h"
#include "who.h"

/* Numbers end at their columns, other columns start there. */
enum {
	COL_USED	= 6,
	COL_RATE	= 14,
	COL_HELD	= 16,
	COL_FAILED	= 29,
	COL_UID		= 36,
	COL_PID		= 45,
	COL_NETNS	= 47,
	NETNS_WIDTH	= 12,	/* only there for -A */
	COL_COMMAND	= 47,
	COL_UNIT	= 64,
	COL_STATES	= 92,
	STATES_WIDTH	= 60,
};

size_t owner_columns(struct column columns[OWNER_COLUMNS], bool netns)
{
	const size_t shift = netns ? NETNS_WIDTH : 0;
	size_t n = 0;

	columns[n++] = (struct column){ COL_USED, "Used", true };
	columns[n++] = (struct column){ COL_RATE, "Rate/s", true };
	columns[n++] = (struct column){ COL_HELD, "Held", false };
	columns[n++] = (struct column){ COL_FAILED, "Failed", true };
	columns[n++] = (struct column){ COL_UID, "Uid", true };
	columns[n++] = (struct column){ COL_PID, "Pid", true };
	if (netns)
		columns[n++] = (struct column){ COL_NETNS, "Netns", false };
	columns[n++] = (struct column){ COL_COMMAND + shift, "Command", false };
	columns[n++] = (struct column){ COL_UNIT + shift, "Unit or cgroup", false };
	columns[n++] = (struct column){ COL_STATES + shift, "States", false };
	return n;
}

static void write_who(struct text *row, const struct owner *owner, bool netns)
{
	const size_t shift = netns ? NETNS_WIDTH : 0;
	const struct who *who = &owner->who;

	who_number(row, who, EPHPORTS_A_OWNER_UID, who->uid, COL_UID);
	who_number(row, who, EPHPORTS_A_OWNER_PID, who->pid, COL_PID);
	if (netns) {
		text_column(row, COL_NETNS);
		if (told(who, EPHPORTS_A_OWNER_NETNS))
			text_u64(row, who->netns);
		else
			text_char(row, '-');
	}
	text_column(row, COL_COMMAND + shift);
	if (owner_is_rest(owner) && !told(who, EPHPORTS_A_OWNER_GROUPS)) {
		text_str(row, "others");
	} else if (owner_is_rest(owner)) {
		text_u64(row, owner->groups);
		text_str(row, owner->groups == 1 ? " other" : " others");
	} else {
		who_command(row, who);
	}
	text_column(row, COL_UNIT + shift);
	who_unit(row, who);
}

void owner_row(struct text *row, const struct owner *owner, bool netns)
{
	struct text rate;

	rate.len = 0;
	text_rate(&rate, owner->traffic.born, owner->traffic.window_ns);
	text_u64_right(row, owner->used, COL_USED);
	text_str_right(row, text_get(&rate), COL_RATE);
	text_column(row, COL_HELD);
	traffic_held_text(row, &owner->traffic);
	text_known_right(row, told(&owner->who, EPHPORTS_A_OWNER_FAILURES), owner->failures,
			 COL_FAILED);
	write_who(row, owner, netns);
	text_column(row, COL_STATES + (netns ? NETNS_WIDTH : 0));
	counts_text(row, owner->counts.states, EPHPORTS_STATE_MAX + 1, state_name,
		    row->len + STATES_WIDTH);
}

struct json_object *owner_json(const struct owner *owner)
{
	struct json_object *obj = json_object_new_object();
	const struct who *who = &owner->who;

	if (!owner_is_rest(owner)) {
		who_json(obj, who);
		json_put(obj, "netns", told(who, EPHPORTS_A_OWNER_NETNS) ?
				       json_object_new_uint64(who->netns) : NULL);
	}
	if (told(who, EPHPORTS_A_OWNER_GROUPS))
		json_put_u64(obj, "owners", owner->groups);
	else if (owner_is_rest(owner))
		json_put(obj, "owners", NULL);
	json_put_u64(obj, "used", owner->used);
	counts_put(obj, &owner->counts);
	traffic_put(obj, &owner->traffic);
	json_put(obj, "failures", told(who, EPHPORTS_A_OWNER_FAILURES) ?
				  json_object_new_uint64(owner->failures) : NULL);
	return obj;
}
