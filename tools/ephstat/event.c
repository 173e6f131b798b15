// SPDX-License-Identifier: GPL-2.0
#include "event.h"
#include "failures.h"
#include "names.h"
#include "who.h"

/* Where the columns start; longer values push the rest of their row to the right. */
enum {
	COL_EVENT	= 13,
	COL_PROTO	= 23,
	COL_STATE	= 29,
	COL_LOCAL	= 41,
	COL_PEER	= 64,
	COL_ORIGIN	= 87,
	COL_HELD	= 96,
	COL_PID		= 103,
	COL_NETNS	= 111,
	NETNS_WIDTH	= 12,	/* only there for -A */
	COL_COMMAND	= 111,
};

static size_t command_column(bool netns)
{
	return COL_COMMAND + (netns ? NETNS_WIDTH : 0);
}

static void put(struct text *row, size_t column, const char *s)
{
	text_column(row, column);
	text_str(row, s);
}

void event_header(struct text *row, bool netns)
{
	text_str(row, "Time");
	put(row, COL_EVENT, "Event");
	put(row, COL_PROTO, "Netid");
	put(row, COL_STATE, "State");
	put(row, COL_LOCAL, "Local Address:Port");
	put(row, COL_PEER, "Peer Address:Port");
	put(row, COL_ORIGIN, "Origin");
	put(row, COL_HELD, "Held");
	put(row, COL_PID, "Pid");
	if (netns)
		put(row, COL_NETNS, "Netns");
	put(row, command_column(netns), "Command");
}

static void write_who(struct text *row, const struct who *who, bool netns)
{
	text_column(row, COL_PID);
	if (told(who, EPHPORTS_A_OWNER_PID))
		text_u64(row, who->pid);
	else
		text_char(row, '-');
	if (netns) {
		text_column(row, COL_NETNS);
		text_u64(row, who->netns);
	}
	text_column(row, command_column(netns));
	who_command(row, who);
}

static void write_peer(struct text *row, const struct address *peer, uint16_t port)
{
	text_column(row, COL_PEER);
	if (peer->len)
		text_endpoint(row, peer, 0, port);
	else
		text_char(row, '*');
}

/* An assignment has held its port for no time worth telling. */
static void write_held(struct text *row, const struct event *event)
{
	text_column(row, COL_HELD);
	if (event->kind != EPHPORTS_EVENT_ASSIGNED && told(&event->port, EPHPORTS_A_PORT_AGE))
		text_duration(row, event->port.age_ns);
	else
		text_char(row, '-');
}

static void write_port(struct text *row, const struct event *event, bool netns)
{
	const struct port *port = &event->port;
	const struct who who = who_of_port(port);

	put(row, COL_PROTO, proto_name(port->proto));
	put(row, COL_STATE, state_name(port->state));
	text_column(row, COL_LOCAL);
	text_endpoint(row, &port->local, port->ifindex, port->local_port);
	write_peer(row, &port->peer, port->peer_port);
	put(row, COL_ORIGIN, origin_name(port->origin));
	write_held(row, event);
	write_who(row, &who, netns);
}

static void write_failure(struct text *row, const struct failure *failure, bool netns)
{
	put(row, COL_PROTO, proto_name(failure->proto));
	put(row, COL_STATE, "-");
	text_column(row, COL_LOCAL);
	if (failure_is_conflict(failure)) {
		text_endpoint(row, &failure->local, 0, failure->port);
	} else {
		text_str(row, failure->local.len == 16 ? "[" : "");
		text_address(row, &failure->local);
		text_str(row, failure->local.len == 16 ? "]:*" : ":*");
	}
	write_peer(row, &failure->peer, failure->peer_port);
	put(row, COL_ORIGIN, origin_name(failure->origin));
	put(row, COL_HELD, "-");
	write_who(row, &failure->who, netns);
}

static void write_lost(struct text *row, const struct event *event)
{
	text_str(row, " lost ");
	text_u64(row, event->lost);
	text_str(row, event->lost == 1 ? " event between " : " events between ");
	text_clock(row, event->time_ns);
	text_str(row, " and ");
	text_clock(row, event->time_ns + event->lost_span_ns);
	if (!event->lost_unsorted)
		return;
	text_str(row, ", of which ");
	text_u64(row, event->lost_unsorted);
	text_str(row, " were perhaps not for this filter");
}

void event_text(struct text *row, const struct event *event, bool netns)
{
	text_clock(row, event->time_ns);
	if (event->kind == EPHPORTS_EVENT_LOST) {
		write_lost(row, event);
		return;
	}
	put(row, COL_EVENT, event_name(event->kind));
	if (told(event, EPHPORTS_A_EVENT_FAILURE))
		write_failure(row, &event->failure, netns);
	else
		write_port(row, event, netns);
}

static void put_port(struct json_object *obj, const struct port *port)
{
	json_put_port(obj, port);
	json_put(obj, "time_wait_ns", told(port, EPHPORTS_A_PORT_TIME_WAIT) ?
				      json_object_new_uint64(port->time_wait_ns) : NULL);
	json_put_u64(obj, "cookie", port->cookie);
}

struct json_object *event_json(const struct event *event)
{
	struct json_object *obj = json_object_new_object();

	json_put(obj, "schema", json_object_new_int(JSON_SCHEMA));
	json_put_u64(obj, "seq", event->seq);
	json_put_str(obj, "event", event_name(event->kind));
	json_put_u64(obj, "time_ns", event->time_ns);
	if (event->kind == EPHPORTS_EVENT_LOST) {
		json_put_u64(obj, "lost", event->lost);
		json_put_u64(obj, "until_ns", event->time_ns + event->lost_span_ns);
		json_put_u64(obj, "unsorted", event->lost_unsorted);
	} else if (told(event, EPHPORTS_A_EVENT_FAILURE)) {
		json_put(obj, "local_port", failure_is_conflict(&event->failure) ?
					    json_object_new_uint64(event->failure.port) : NULL);
		failure_put(obj, &event->failure);
	} else {
		put_port(obj, &event->port);
	}
	return obj;
}
