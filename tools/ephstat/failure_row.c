// SPDX-License-Identifier: GPL-2.0
#include "failures.h"
#include "names.h"
#include "who.h"

/* Numbers end at their columns, other columns start there. */
enum {
	COL_OP		= 6,
	COL_COUNT	= 22,
	COL_FIRST	= 24,
	COL_LAST	= 35,
	COL_PEER	= 45,
	COL_UID		= 74,
	COL_PID		= 83,
	COL_NETNS	= 85,
	NETNS_WIDTH	= 12,	/* only there for -A */
	COL_COMMAND	= 85,
	COL_UNIT	= 102,
};

size_t failure_columns(struct column columns[FAILURE_COLUMNS], bool netns)
{
	const size_t shift = netns ? NETNS_WIDTH : 0;
	size_t n = 0;

	columns[n++] = (struct column){ 0, "Netid", false };
	columns[n++] = (struct column){ COL_OP, "Call", false };
	columns[n++] = (struct column){ COL_COUNT, "Count", true };
	columns[n++] = (struct column){ COL_FIRST, "First ago", false };
	columns[n++] = (struct column){ COL_LAST, "Last ago", false };
	columns[n++] = (struct column){ COL_PEER, "Peer Address:Port", false };
	columns[n++] = (struct column){ COL_UID, "Uid", true };
	columns[n++] = (struct column){ COL_PID, "Pid", true };
	if (netns)
		columns[n++] = (struct column){ COL_NETNS, "Netns", false };
	columns[n++] = (struct column){ COL_COMMAND + shift, "Command", false };
	columns[n++] = (struct column){ COL_UNIT + shift, "Unit or cgroup", false };
	return n;
}

void failure_row(struct text *row, const struct failure *failure, uint64_t now_ns, bool netns)
{
	const size_t shift = netns ? NETNS_WIDTH : 0;
	const struct who *who = &failure->who;

	text_str(row, proto_name(failure->proto));
	text_column(row, COL_OP);
	text_str(row, op_name(failure->origin));
	text_u64_right(row, failure->count, COL_COUNT);
	text_column(row, COL_FIRST);
	text_duration(row, time_since(now_ns, failure->first_ns));
	text_column(row, COL_LAST);
	text_duration(row, time_since(now_ns, failure->last_ns));
	text_column(row, COL_PEER);
	if (failure->peer.len)
		text_endpoint(row, &failure->peer, 0, failure->peer_port);
	else
		text_char(row, '*');
	who_number(row, who, EPHPORTS_A_OWNER_UID, who->uid, COL_UID);
	who_number(row, who, EPHPORTS_A_OWNER_PID, who->pid, COL_PID);
	if (netns) {
		text_column(row, COL_NETNS);
		text_u64(row, who->netns);
	}
	text_column(row, COL_COMMAND + shift);
	who_command(row, who);
	text_column(row, COL_UNIT + shift);
	who_unit(row, who);
}

static struct json_object *told_u64(const struct failure *failure, int attr, uint64_t n)
{
	return told(failure, attr) ? json_object_new_uint64(n) : NULL;
}

void failure_put(struct json_object *obj, const struct failure *failure)
{
	json_put_str(obj, "proto", proto_name(failure->proto));
	json_put_str(obj, "op", op_name(failure->origin));
	json_put_u64(obj, "count", failure->count);
	who_json(obj, &failure->who);
	json_put(obj, "netns", told_u64(failure, EPHPORTS_A_FAILURE_NETNS, failure->who.netns));
	json_put_str(obj, "family", told(failure, EPHPORTS_A_FAILURE_FAMILY) ?
				    family_name(failure->family) : NULL);
	json_put(obj, "local_addr", json_address(&failure->local));
	json_put(obj, "peer_addr", json_address(&failure->peer));
	json_put(obj, "peer_port", told_u64(failure, EPHPORTS_A_FAILURE_PEER_PORT,
					    failure->peer_port));
	json_put_u64(obj, "first_ns", failure->first_ns);
	json_put_u64(obj, "last_ns", failure->last_ns);
}

struct json_object *failure_json(const struct failure *failure)
{
	struct json_object *obj = json_object_new_object();

	failure_put(obj, failure);
	return obj;
}

bool failure_count(struct failure_totals *totals, const struct failure *failure)
{
	if (failure_is_total(failure)) {
		totals->total = failure->total;
		return false;
	}
	if (failure_is_conflict(failure))
		return false;
	totals->told += failure->count;
	return true;
}
