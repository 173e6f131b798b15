// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "cgroup.h"
#include "holder.h"
#include "json.h"
#include "moment.h"
#include "names.h"
#include "who.h"

/* Numbers end at their columns, other columns start there. */
enum {
	COL_LOCAL	= 6,
	COL_PEER	= 29,
	COL_FROM	= 52,
	COL_TO		= 76,
	COL_ORIGIN	= 100,
	COL_UID		= 115,
	COL_PID		= 124,
	COL_NETNS	= 125,
	NETNS_WIDTH	= 12,	/* only there for -A */
	COL_COMMAND	= 125,
};

int holders_add(struct holders *holders, const struct holder *holder, struct error *err)
{
	if (holders->n == holders->room) {
		size_t room = holders->room ? 2 * holders->room : 64;
		struct holder *more = realloc(holders->holders, room * sizeof(*more));

		if (!more)
			return error_set(err, EXIT_RUNTIME, "out of memory for %zu holders; "
					 "ask for one port, or for less time", room);
		holders->holders = more;
		holders->room = room;
	}
	holders->holders[holders->n++] = *holder;
	return EXIT_OK;
}

void holders_free(struct holders *holders)
{
	free(holders->holders);
	*holders = (struct holders){ 0 };
}

static int compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

/* In time; those that are one stand together. A beginning that was not seen is 0. */
static int by_time(const void *left, const void *right)
{
	const struct holder *a = left, *b = right;
	int order = compare(a->from_ns, b->from_ns);

	if (!order)
		order = compare(a->port.cookie, b->port.cookie);
	if (!order)
		order = compare(a->port.local_port, b->port.local_port);
	return order ? order : compare(a->port.id, b->port.id);
}

static bool is_same(const struct holder *a, const struct holder *b)
{
	return told(&a->port, EPHPORTS_A_PORT_COOKIE) && a->port.cookie == b->port.cookie &&
	       a->port.proto == b->port.proto && a->port.local_port == b->port.local_port &&
	       a->from_ns == b->from_ns;
}

static bool is_held(const struct holder *holder)
{
	return !told(holder, EPHPORTS_A_WHO_TO);
}

/* Which of two that are one tells more. */
static bool is_better(const struct holder *a, const struct holder *than, uint64_t begun_ns)
{
	if (is_held(a) != is_held(than))
		return is_held(a) ? than->to_ns < begun_ns : a->to_ns >= begun_ns;
	return is_held(a) ? a->port.id > than->port.id : a->to_ns > than->to_ns;
}

static void merge(struct holder *kept, const struct holder *other, uint64_t begun_ns)
{
	struct holder less = *other;

	if (is_better(other, kept, begun_ns)) {
		less = *kept;
		*kept = *other;
	}
	if (!told(&kept->port, EPHPORTS_A_PORT_TIME_WAIT) &&
	    told(&less.port, EPHPORTS_A_PORT_TIME_WAIT)) {
		kept->port.told |= TOLD(EPHPORTS_A_PORT_TIME_WAIT);
		kept->port.time_wait_ns = less.port.time_wait_ns;
	}
}

void holders_settle(struct holders *holders, uint64_t begun_ns)
{
	struct holder *all = holders->holders;
	size_t i, kept = 0;

	if (!holders->n)
		return;
	qsort(all, holders->n, sizeof(*all), by_time);
	for (i = 1; i < holders->n; i++) {
		if (is_same(&all[kept], &all[i]))
			merge(&all[kept], &all[i], begun_ns);
		else
			all[++kept] = all[i];
	}
	holders->n = kept + 1;
}

size_t holder_columns(struct column columns[HOLDER_COLUMNS], bool netns, bool cgroups)
{
	const size_t shift = netns ? NETNS_WIDTH : 0;
	size_t n = 0;

	columns[n++] = (struct column){ 0, "Netid", false };
	columns[n++] = (struct column){ COL_LOCAL, "Local Address:Port", false };
	columns[n++] = (struct column){ COL_PEER, "Peer Address:Port", false };
	columns[n++] = (struct column){ COL_FROM, "From", false };
	columns[n++] = (struct column){ COL_TO, "To", false };
	columns[n++] = (struct column){ COL_ORIGIN, "Origin", false };
	columns[n++] = (struct column){ COL_UID, "Uid", true };
	columns[n++] = (struct column){ COL_PID, "Pid", true };
	if (netns)
		columns[n++] = (struct column){ COL_NETNS, "Netns", false };
	columns[n++] = (struct column){ COL_COMMAND + shift,
					cgroups ? "Command Cgroup" : "Command", false };
	return n;
}

static void write_ends(struct text *row, const struct holder *holder)
{
	text_column(row, COL_FROM);
	if (told(holder, EPHPORTS_A_WHO_FROM))
		moment_text(row, holder->from_ns);
	else
		text_str(row, "(not seen)");
	text_column(row, COL_TO);
	if (is_held(holder))
		text_str(row, "held");
	else
		moment_text(row, holder->to_ns);
}

static void write_cgroup(struct text *row, const struct who *who)
{
	const char *path = told(who, EPHPORTS_A_OWNER_CGROUP) ? cgroup_path(who->cgroup) : NULL;

	text_char(row, ' ');
	text_escaped(row, path ? path : "-");
}

void holder_row(struct text *row, const struct holder *holder, bool netns, bool cgroups)
{
	const struct port *port = &holder->port;
	const struct who who = who_of_port(port);

	text_str(row, proto_name(port->proto));
	text_column(row, COL_LOCAL);
	text_endpoint(row, &port->local, port->ifindex, port->local_port);
	text_column(row, COL_PEER);
	if (port->peer.len)
		text_endpoint(row, &port->peer, 0, port->peer_port);
	else
		text_char(row, '*');
	write_ends(row, holder);
	text_column(row, COL_ORIGIN);
	text_str(row, origin_name(port->origin));
	who_number(row, &who, EPHPORTS_A_OWNER_UID, who.uid, COL_UID);
	who_number(row, &who, EPHPORTS_A_OWNER_PID, who.pid, COL_PID);
	if (netns) {
		text_column(row, COL_NETNS);
		text_u64(row, port->netns);
	}
	text_column(row, COL_COMMAND + (netns ? NETNS_WIDTH : 0));
	who_command(row, &who);
	if (cgroups)
		write_cgroup(row, &who);
}

bool holder_held(const struct holder *holder, uint64_t now_ns, uint64_t *ns)
{
	uint64_t to = is_held(holder) ? now_ns : holder->to_ns;

	if (is_held(holder) && told(&holder->port, EPHPORTS_A_PORT_AGE)) {
		*ns = holder->port.age_ns;
		return true;
	}
	*ns = to > holder->from_ns ? to - holder->from_ns : 0;
	return told(holder, EPHPORTS_A_WHO_FROM);
}

struct json_object *holder_json(const struct holder *holder, uint64_t now_ns)
{
	const struct port *port = &holder->port;
	struct json_object *obj = json_object_new_object();
	uint64_t held;

	json_put_port(obj, port);
	json_put(obj, "nsid", told(port, EPHPORTS_A_PORT_NSID) ?
			      json_object_new_uint64(port->nsid) : NULL);
	json_put(obj, "from_ns", told(holder, EPHPORTS_A_WHO_FROM) ?
				 json_object_new_uint64(holder->from_ns) : NULL);
	json_put(obj, "to_ns", is_held(holder) ? NULL : json_object_new_uint64(holder->to_ns));
	json_put(obj, "held_ns", holder_held(holder, now_ns, &held) ?
				 json_object_new_uint64(held) : NULL);
	json_put(obj, "time_wait_ns", told(port, EPHPORTS_A_PORT_TIME_WAIT) ?
				      json_object_new_uint64(port->time_wait_ns) : NULL);
	return obj;
}
