// SPDX-License-Identifier: GPL-2.0
/* ephstat list: one row a record, written as the records come. */
#include <stdio.h>

#include "ephstat.h"
#include "cgroup.h"
#include "names.h"
#include "reading.h"

/* Where the columns start; longer values push the rest of their row to the right. */
enum {
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

static size_t command_column(const struct ephstat *es)
{
	return COL_COMMAND + (es->filter.all_netns ? NETNS_WIDTH : 0);
}

static void write_header(struct reading *r)
{
	struct column columns[10] = {
		{ 0, "Netid", false },
		{ COL_STATE, "State", false },
		{ COL_LOCAL, "Local Address:Port", false },
		{ COL_PEER, "Peer Address:Port", false },
		{ COL_ORIGIN, "Origin", false },
		{ COL_AGE, "Age", false },
		{ COL_UID, "Uid", false },
		{ COL_PID, "Pid", false },
	};
	size_t n = 8;

	if (r->es->filter.all_netns)
		columns[n++] = (struct column){ COL_NETNS, "Netns", false };
	columns[n++] = (struct column){ command_column(r->es),
					r->es->cgroups ? "Command Cgroup" : "Command", false };
	reading_header(r, columns, n);
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
	struct reading *r = arg;
	const struct ephstat *es = r->es;
	struct text *row = &r->row;

	if (r->header_due)
		write_header(r);
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
	return reading_row(r);
}

static int json_port_row(const struct port *port, void *arg)
{
	struct reading *r = arg;

	json_row(&r->doc, json_port(port));
	return ferror(r->es->out) ? EXIT_RUNTIME : EXIT_OK;
}

static int list_json(struct reading *r)
{
	int ret;

	json_array_open(&r->doc, "ports");
	ret = nl_ports(r->nl, &r->es->filter, json_port_row, r, &r->interrupted, r->err);
	json_array_close(&r->doc);
	return ret;
}

/* What is in no column need not be told. */
static uint32_t in_columns(const struct ephstat *es)
{
	uint64_t wanted = TOLD(EPHPORTS_A_PORT_PROTO) | TOLD(EPHPORTS_A_PORT_LOCAL_ADDR) |
			  TOLD(EPHPORTS_A_PORT_LOCAL_PORT) | TOLD(EPHPORTS_A_PORT_PEER_ADDR) |
			  TOLD(EPHPORTS_A_PORT_PEER_PORT) | TOLD(EPHPORTS_A_PORT_IFINDEX) |
			  TOLD(EPHPORTS_A_PORT_STATE) | TOLD(EPHPORTS_A_PORT_ORIGIN) |
			  TOLD(EPHPORTS_A_PORT_UID) | TOLD(EPHPORTS_A_PORT_REASON) |
			  TOLD(EPHPORTS_A_PORT_PID) | TOLD(EPHPORTS_A_PORT_COMM) |
			  TOLD(EPHPORTS_A_PORT_AGE);

	if (es->cgroups)
		wanted |= TOLD(EPHPORTS_A_PORT_CGROUP);
	if (es->filter.all_netns)
		wanted |= TOLD(EPHPORTS_A_PORT_NETNS);
	return (uint32_t)wanted;
}

static int list_text(struct reading *r)
{
	int ret = nl_ports_with(r->nl, &r->es->filter, in_columns(r->es), text_row, r,
				&r->interrupted, r->err);

	if (!ret)
		write_header(r);
	return ret;
}

int cmd_list(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct reading r;
	int ret = filter_parse(&es->filter, argc, argv, err);

	if (!ret)
		ret = reading_begin(&r, es, err);
	if (ret)
		return ret;
	return reading_end(&r, es->json ? list_json(&r) : list_text(&r));
}
