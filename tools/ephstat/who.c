// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "cgroup.h"
#include "names.h"
#include "who.h"

#define NAME_SIZE	256

struct who who_of_port(const struct port *port)
{
	struct who who = {
		.cgroup = port->cgroup, .uid = port->uid, .pid = port->pid,
		.netns = port->netns, .reason = port->reason,
	};

	who.told = told(port, EPHPORTS_A_PORT_UID) * TOLD(EPHPORTS_A_OWNER_UID) |
		   told(port, EPHPORTS_A_PORT_REASON) * TOLD(EPHPORTS_A_OWNER_REASON) |
		   told(port, EPHPORTS_A_PORT_PID) * TOLD(EPHPORTS_A_OWNER_PID) |
		   told(port, EPHPORTS_A_PORT_COMM) * TOLD(EPHPORTS_A_OWNER_COMM) |
		   told(port, EPHPORTS_A_PORT_CGROUP) * TOLD(EPHPORTS_A_OWNER_CGROUP) |
		   told(port, EPHPORTS_A_PORT_NETNS) * TOLD(EPHPORTS_A_OWNER_NETNS);
	memcpy(who.comm, port->comm, sizeof(who.comm));
	return who;
}

void who_command(struct text *text, const struct who *who)
{
	const char *reason = reason_name(who->reason);

	if (!reason) {
		text_escaped(text, told(who, EPHPORTS_A_OWNER_COMM) ? who->comm : "-");
		return;
	}
	text_char(text, '(');
	text_str(text, reason);
	text_char(text, ')');
}

void who_short(struct text *text, const struct who *who)
{
	who_command(text, who);
	if (!told(who, EPHPORTS_A_OWNER_PID))
		return;
	text_char(text, '[');
	text_u64(text, who->pid);
	text_char(text, ']');
}

void who_number(struct text *text, const struct who *who, int attr, uint32_t n, size_t column)
{
	if (told(who, attr))
		text_u64_right(text, n, column);
	else
		text_str_right(text, "-", column);
}

static const char *who_path(const struct who *who)
{
	return told(who, EPHPORTS_A_OWNER_CGROUP) ? cgroup_path(who->cgroup) : NULL;
}

void who_unit(struct text *text, const struct who *who)
{
	const char *path = who_path(who);
	char name[NAME_SIZE];

	if (path && cgroup_name(path, name, sizeof(name)))
		text_escaped(text, name);
	else
		text_escaped(text, path ? path : "-");
}

static struct json_object *told_u64(const struct who *who, int attr, uint64_t n)
{
	return told(who, attr) ? json_object_new_uint64(n) : NULL;
}

void who_json(struct json_object *obj, const struct who *who)
{
	const char *path = who_path(who);
	char name[NAME_SIZE];

	json_put(obj, "pid", told_u64(who, EPHPORTS_A_OWNER_PID, who->pid));
	json_put(obj, "comm", told(who, EPHPORTS_A_OWNER_COMM) ? json_text(who->comm) : NULL);
	json_put(obj, "uid", told_u64(who, EPHPORTS_A_OWNER_UID, who->uid));
	json_put(obj, "cgroup", path ? json_text(path) : NULL);
	json_put(obj, "cgroup_id", told_u64(who, EPHPORTS_A_OWNER_CGROUP, who->cgroup));
	json_put(obj, "cgroup_name", path && cgroup_name(path, name, sizeof(name)) ?
				     json_text(name) : NULL);
	json_put_str(obj, "owner_reason", reason_name(who->reason));
}
