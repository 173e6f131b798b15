// SPDX-License-Identifier: GPL-2.0
/* ephstat list: one row a record, written as the records come. */
#include <stdio.h>

#include "ephstat.h"
#include "cgroup.h"
#include "health.h"
#include "json.h"
#include "names.h"
#include "netlink.h"
#include "text.h"
#include "util.h"

/* Where the columns start; longer values push the rest of their row to the right. */
enum column {
	COL_STATE	= 6,
	COL_LOCAL	= 18,
	COL_PEER	= 41,
	COL_ORIGIN	= 64,
	COL_AGE		= 73,
	COL_UID		= 80,
	COL_PID		= 87,
	COL_NETNS	= 95,
	NETNS_WIDTH	= 12,	/* only there for -A */
	COL_COMMAND	= 95,
};

struct listing {
	const struct ephstat *es;
	struct json_doc doc;
	struct text row;
	bool header_due;	/* until the first row, or the end: a refusal has none */
};

static size_t command_column(const struct ephstat *es)
{
	return COL_COMMAND + (es->filter.all_netns ? NETNS_WIDTH : 0);
}

static void write_header(struct listing *list)
{
	static const struct {
		size_t column;
		const char *name;
	} columns[] = {
		{ 0, "Netid" }, { COL_STATE, "State" }, { COL_LOCAL, "Local Address:Port" },
		{ COL_PEER, "Peer Address:Port" }, { COL_ORIGIN, "Origin" }, { COL_AGE, "Age" },
		{ COL_UID, "Uid" }, { COL_PID, "Pid" },
	};
	struct text *row = &list->row;
	size_t i;

	list->header_due = false;
	for (i = 0; i < ARRAY_SIZE(columns); i++) {
		text_column(row, columns[i].column);
		text_str(row, columns[i].name);
	}
	if (list->es->filter.all_netns) {
		text_column(row, COL_NETNS);
		text_str(row, "Netns");
	}
	text_column(row, command_column(list->es));
	text_str(row, list->es->cgroups ? "Command Cgroup" : "Command");
	text_line(row, list->es->out);
}

static void told_number(struct text *row, bool is_told, uint32_t n)
{
	if (is_told)
		text_u64(row, n);
	else
		text_char(row, '-');
}

static void write_command(struct text *row, const struct port *port)
{
	const char *reason = reason_name(port->reason);

	if (!reason) {
		text_escaped(row, told(port, EPHPORTS_A_PORT_COMM) ? port->comm : "-");
		return;
	}
	text_char(row, '(');
	text_str(row, reason);
	text_char(row, ')');
}

static void write_cgroup(struct text *row, const struct port *port)
{
	const char *path = told(port, EPHPORTS_A_PORT_CGROUP) ? cgroup_path(port->cgroup) : NULL;

	text_char(row, ' ');
	text_escaped(row, path ? path : "-");
}

static void write_peer(struct text *row, const struct port *port)
{
	text_column(row, COL_PEER);
	if (port->peer.len)
		text_endpoint(row, &port->peer, 0, port->peer_port);
	else
		text_char(row, '*');
}

static int text_row(const struct port *port, void *arg)
{
	struct listing *list = arg;
	const struct ephstat *es = list->es;
	struct text *row = &list->row;

	if (list->header_due)
		write_header(list);
	text_str(row, proto_name(port->proto));
	text_column(row, COL_STATE);
	text_str(row, state_name(port->state));
	text_column(row, COL_LOCAL);
	text_endpoint(row, &port->local, port->ifindex, port->local_port);
	write_peer(row, port);
	text_column(row, COL_ORIGIN);
	text_str(row, origin_name(port->origin));
	text_column(row, COL_AGE);
	if (told(port, EPHPORTS_A_PORT_AGE))
		text_duration(row, port->age_ns);
	else
		text_char(row, '-');
	text_column(row, COL_UID);
	told_number(row, told(port, EPHPORTS_A_PORT_UID), port->uid);
	text_column(row, COL_PID);
	told_number(row, told(port, EPHPORTS_A_PORT_PID), port->pid);
	if (es->filter.all_netns) {
		text_column(row, COL_NETNS);
		text_u64(row, port->netns);
	}
	text_column(row, command_column(es));
	write_command(row, port);
	if (es->cgroups)
		write_cgroup(row, port);
	text_line(row, es->out);
	return ferror(es->out) ? EXIT_RUNTIME : EXIT_OK;
}

static int json_port_row(const struct port *port, void *arg)
{
	struct listing *list = arg;

	json_row(&list->doc, json_port(port));
	return ferror(list->es->out) ? EXIT_RUNTIME : EXIT_OK;
}

static void warn(struct listing *list, const struct info *info)
{
	fflush(list->es->out);
	text_str(&list->row, "ephstat: ");
	if (info)
		health_text(&list->row, info);
	else
		text_str(&list->row, health_interrupted);
	text_line(&list->row, stderr);
}

static int list_text(struct listing *list, struct nl *nl, struct error *err)
{
	const struct filter *filter = &list->es->filter;
	struct info before, after;
	bool interrupted = false;
	int ret = nl_info(nl, filter->netns, &before, err);

	if (ret)
		return ret;
	if (health_is_bad(&before))
		warn(list, &before);
	list->header_due = !list->es->no_header;
	ret = nl_ports(nl, filter, text_row, list, &interrupted, err);
	if (ret)
		return ret;
	if (list->header_due)
		write_header(list);
	if (interrupted)
		warn(list, NULL);
	ret = nl_info(nl, filter->netns, &after, err);
	if (!ret && !health_is_bad(&before) && health_is_bad(&after))
		warn(list, &after);
	return ret;
}

/*
 * A loss during the dump shows in what is asked after it, so "lost" and "complete" follow the rows.
 * If the dump failed, the document still ends as one, and says that it is not complete.
 */
static int list_json(struct listing *list, struct nl *nl, struct error *err)
{
	const struct filter *filter = &list->es->filter;
	struct json_doc *doc = &list->doc;
	struct info before, after;
	bool interrupted = false;
	int ret = nl_info(nl, filter->netns, &before, err);

	if (ret)
		return ret;
	if (health_is_bad(&before))
		warn(list, &before);
	json_open(doc, list->es->out);
	json_member(doc, "schema", json_object_new_int(JSON_SCHEMA));
	json_member(doc, "netns", json_object_new_uint64(before.netns));
	json_member(doc, "time_ns", json_object_new_uint64(before.time_ns));

	json_array_open(doc, "ports");
	ret = nl_ports(nl, filter, json_port_row, list, &interrupted, err);
	json_array_close(doc);
	if (!ret)
		ret = nl_info(nl, filter->netns, &after, err);
	if (ret)
		after = before;

	json_member(doc, "lost", json_object_new_uint64(after.lost));
	json_member(doc, "complete", json_object_new_boolean(!ret && !interrupted &&
			!health_is_bad(&before) && !health_is_bad(&after)));
	json_close(doc);
	return ret;
}

int cmd_list(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct listing list = { .es = es };
	struct nl *nl = NULL;
	int ret = filter_parse(&es->filter, argc, argv, err);

	if (!ret)
		ret = nl_open(&nl, err);
	if (ret)
		return ret;
	ret = es->json ? list_json(&list, nl, err) : list_text(&list, nl, err);
	nl_close(nl);
	return ret;
}
