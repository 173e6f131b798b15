// SPDX-License-Identifier: GPL-2.0
/*
 * Managers of cgroups name the directories after what runs in them. With systemd as the manager a
 * container is a scope ("docker-ID.scope"), else a directory below the manager's ("docker/ID").
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "util.h"

#define ID_LEN		64	/* hexadecimal digits of a container's id ... */
#define ID_SHOWN	12	/* ... of which tools show the first */

/* A component of a path. */
struct part {
	const char *at;
	size_t len;
};

static bool part_starts(const struct part *part, const char *with)
{
	return part->len > strlen(with) && !strncmp(part->at, with, strlen(with));
}

static bool part_ends(const struct part *part, const char *with)
{
	size_t len = strlen(with);

	return part->len > len && !strncmp(part->at + part->len - len, with, len);
}

static bool part_is(const struct part *part, const char *s)
{
	return part->len == strlen(s) && !strncmp(part->at, s, part->len);
}

/* The component before @part in the path that starts at @path; empty at its start. */
static struct part part_before(const char *path, struct part part)
{
	const char *end = part.at > path ? part.at - 1 : path;
	const char *start = end;

	while (start > path && start[-1] != '/')
		start--;
	return (struct part){ .at = start, .len = end - start };
}

static bool is_hex(const char *s, size_t len)
{
	while (len && isxdigit((unsigned char)*s)) {
		s++;
		len--;
	}
	return !len;
}

/* The id of a container in @part, alone or between a prefix and ".scope"; or NULL. */
static const char *find_id(const struct part *part)
{
	size_t len = part->len - (part_ends(part, ".scope") ? strlen(".scope") : 0);
	const char *id;

	if (len < ID_LEN)
		return NULL;
	id = part->at + len - ID_LEN;
	if (id > part->at && id[-1] != '-')
		return NULL;
	return is_hex(id, ID_LEN) ? id : NULL;
}

/* A UUID, in slices with '_' for '-', or what the kubelet makes of a file's hash. */
static bool is_pod_uid(const struct part *uid)
{
	size_t i;

	if (uid->len == 32)
		return is_hex(uid->at, uid->len);
	if (uid->len != 36)
		return false;
	for (i = 0; i < uid->len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = uid->at[i];

		if (dash ? c != '-' && c != '_' : !isxdigit((unsigned char)c))
			return false;
	}
	return true;
}

/* The uid of the pod whose directory is @part: "pod<uid>", "kubepods-burstable-pod<uid>.slice". */
static bool find_pod(const struct part *part, struct part *uid)
{
	const char *end = part->at + part->len;
	const char *at = part->at;

	if (part_starts(part, "kubepods-") && part_ends(part, ".slice")) {
		end -= strlen(".slice");
		at = memmem(part->at, part->len, "-pod", strlen("-pod"));
		if (!at)
			return false;
		at++;
	}
	if (end - at <= 3 || strncmp(at, "pod", 3) != 0)
		return false;
	*uid = (struct part){ .at = at + 3, .len = end - at - 3 };
	return is_pod_uid(uid);
}

static void name_pod(const struct part *uid, const char *id, char *name, size_t size)
{
	char *c;

	snprintf(name, size, "pod:%.*s%s%.*s", (int)uid->len, uid->at, id ? "/" : "",
		 id ? ID_SHOWN : 0, id ? id : "");
	for (c = name; *c; c++) {
		if (*c == '_')
			*c = '-';
	}
}

static void name_engine(const struct part *part, const struct part *parent, const char *id,
			char *name, size_t size)
{
	static const struct {
		const char *prefix;	/* of a scope, or the name of the directory above */
		const char *engine;
	} engines[] = {
		{ "docker", "docker" }, { "libpod", "podman" }, { "libpod_parent", "podman" },
		{ "cri-containerd", "containerd" }, { "nerdctl", "containerd" },
		{ "crio", "crio" },
	};
	const char *engine = "container";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(engines); i++) {
		if (part_starts(part, engines[i].prefix) || part_is(parent, engines[i].prefix))
			engine = engines[i].engine;
	}
	snprintf(name, size, "%s:%.*s", engine, ID_SHOWN, id);
}

static bool name_lxc(const struct part *part, const struct part *parent, char *name, size_t size)
{
	static const char prefix[] = "lxc.payload.";
	size_t skip = 0;

	if (part_starts(part, prefix))
		skip = strlen(prefix);
	else if (!part_is(parent, "lxc") && !part_is(parent, "lxc.payload"))
		return false;
	snprintf(name, size, "lxc:%.*s", (int)(part->len - skip), part->at + skip);
	return true;
}

static bool name_container(const struct part *part, const struct part *parent, char *name,
			   size_t size)
{
	const char *id = find_id(part);
	struct part uid;

	if (id && find_pod(parent, &uid))
		name_pod(&uid, id, name, size);
	else if (id)
		name_engine(part, parent, id, name, size);
	else if (find_pod(part, &uid))
		name_pod(&uid, NULL, name, size);
	else
		return name_lxc(part, parent, name, size);
	return true;
}

/* The innermost container; without any, the innermost unit. */
bool cgroup_name(const char *path, char *name, size_t size)
{
	struct part part = part_before(path, (struct part){ .at = path + strlen(path) + 1 });
	bool named = false;

	for (; part.len; part = part_before(path, part)) {
		const struct part parent = part_before(path, part);

		if (name_container(&part, &parent, name, size))
			return true;
		if (!named && (part_ends(&part, ".service") || part_ends(&part, ".scope"))) {
			snprintf(name, size, "%.*s", (int)part.len, part.at);
			named = true;
		}
	}
	return named;
}
