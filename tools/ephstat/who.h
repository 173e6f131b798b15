/* SPDX-License-Identifier: GPL-2.0 */
/* Owners in words, wherever they come from. */
#ifndef EPHSTAT_WHO_H
#define EPHSTAT_WHO_H

#include "json.h"
#include "text.h"
#include "usage.h"

/* The owner of a record. */
struct who who_of_port(const struct port *port);

/* "curl", or why there is no command: "(hidden)". */
void who_command(struct text *text, const struct who *who);

/* "curl[1234]", or "(hidden)". */
void who_short(struct text *text, const struct who *who);

/* A number that was told, else "-", ending at @column. */
void who_number(struct text *text, const struct who *who, int attr, uint32_t n, size_t column);

/* The name of the unit or container, else the path of the cgroup, else "-". */
void who_unit(struct text *text, const struct who *who);

/* pid, comm, uid, cgroup, cgroup_id, cgroup_name, owner_reason; null for what was not told. */
void who_json(struct json_object *obj, const struct who *who);

#endif
