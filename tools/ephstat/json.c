// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <string.h>

#include "cgroup.h"
#include "json.h"
#include "names.h"

/* An address on a wire that is a string here needs no "\/". */
#define FLAGS	(JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

static void write_value(FILE *out, struct json_object *value)
{
	fputs(json_object_to_json_string_ext(value, FLAGS), out);
	json_object_put(value);
}

static void write_name(struct json_doc *doc, const char *name)
{
	fprintf(doc->out, "%s\"%s\":", doc->first_member ? "" : ",", name);
	doc->first_member = false;
}

void json_open(struct json_doc *doc, FILE *out)
{
	*doc = (struct json_doc){ .out = out, .first_member = true };
	fputc('{', out);
}

void json_close(struct json_doc *doc)
{
	fputs("}\n", doc->out);
}

void json_member(struct json_doc *doc, const char *name, struct json_object *value)
{
	write_name(doc, name);
	write_value(doc->out, value);
}

void json_line(struct json_object *value, FILE *out)
{
	write_value(out, value);
	fputc('\n', out);
}

void json_array_open(struct json_doc *doc, const char *name)
{
	write_name(doc, name);
	fputc('[', doc->out);
	doc->first_row = true;
}

void json_row(struct json_doc *doc, struct json_object *value)
{
	fputs(doc->first_row ? "\n" : ",\n", doc->out);
	doc->first_row = false;
	write_value(doc->out, value);
}

void json_array_close(struct json_doc *doc)
{
	fputs(doc->first_row ? "]" : "\n]", doc->out);
}

/*
 * The length of the character at @s: 0 if it is not UTF-8 (too long a form and surrogates
 * included), or one of the C1 controls or DEL, which json-c does not escape.
 */
static size_t character_length(const unsigned char *s)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = *s < 0x80 ? 1 : *s >= 0xf0 ? 4 : *s >= 0xe0 ? 3 : 2;
	uint32_t code = *s & (0x7f >> (len > 1 ? len : 0));
	size_t i;

	if (len == 1)
		return *s != 0x7f;
	if (*s < 0xc2 || *s > 0xf4)
		return 0;
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < lowest[len] || code < 0xa0 || code > 0x10ffff)
		return 0;
	return code >= 0xd800 && code <= 0xdfff ? 0 : len;
}

struct json_object *json_text(const char *s)
{
	static const char replacement[] = "\xef\xbf\xbd";
	struct json_object *obj;
	size_t size = strlen(s);
	char *copy, *to;

	to = copy = malloc(3 * size + 1);
	if (!copy)
		return NULL;
	while (*s) {
		size_t len = character_length((const unsigned char *)s);

		memcpy(to, len ? s : replacement, len ? len : 3);
		to += len ? len : 3;
		s += len ? len : 1;
	}
	obj = json_object_new_string_len(copy, (int)(to - copy));
	free(copy);
	return obj;
}

struct json_object *json_address(const struct address *addr)
{
	char buf[INET6_ADDRSTRLEN];

	if (!addr->len)
		return NULL;
	inet_ntop(addr->len == 4 ? AF_INET : AF_INET6, addr->bytes, buf, sizeof(buf));
	return json_object_new_string(buf);
}

static struct json_object *decimal(double value, int decimals)
{
	char buf[64];

	snprintf(buf, sizeof(buf), "%.*f", decimals, value);
	return json_object_new_double_s(value, buf);
}

struct json_object *json_rate(uint64_t events, uint64_t ns)
{
	return ns ? decimal((double)events * 1e9 / (double)ns, 3) : NULL;
}

struct json_object *json_ratio(uint64_t n, uint64_t of)
{
	return of ? decimal((double)n / (double)of, 4) : NULL;
}

/* An attribute that was told, or null. */
static struct json_object *told_u64(const struct port *port, int attr, uint64_t n)
{
	return told(port, attr) ? json_object_new_uint64(n) : NULL;
}

static struct json_object *json_cgroup(const struct port *port)
{
	const char *path = told(port, EPHPORTS_A_PORT_CGROUP) ? cgroup_path(port->cgroup) : NULL;

	return path ? json_text(path) : NULL;
}

static void put_owner(struct json_object *obj, const struct port *port)
{
	json_put(obj, "pid", told_u64(port, EPHPORTS_A_PORT_PID, port->pid));
	json_put(obj, "comm", told(port, EPHPORTS_A_PORT_COMM) ? json_text(port->comm) : NULL);
	json_put(obj, "uid", told_u64(port, EPHPORTS_A_PORT_UID, port->uid));
	json_put(obj, "cgroup", json_cgroup(port));
	json_put(obj, "cgroup_id", told_u64(port, EPHPORTS_A_PORT_CGROUP, port->cgroup));
	json_put_str(obj, "owner_reason", reason_name(port->reason));
}

void json_put_port(struct json_object *obj, const struct port *port)
{
	json_put_u64(obj, "id", port->id);
	json_put_str(obj, "proto", proto_name(port->proto));
	json_put_str(obj, "family", told(port, EPHPORTS_A_PORT_FAMILY) ?
				    family_name(port->family) : NULL);
	json_put(obj, "local_addr", json_address(&port->local));
	json_put_u64(obj, "local_port", port->local_port);
	json_put(obj, "peer_addr", json_address(&port->peer));
	json_put(obj, "peer_port", told_u64(port, EPHPORTS_A_PORT_PEER_PORT, port->peer_port));
	if (told(port, EPHPORTS_A_PORT_IFINDEX))
		json_put_u64(obj, "ifindex", port->ifindex);
	json_put_str(obj, "state", state_name(port->state));
	json_put_str(obj, "origin", origin_name(port->origin));
	put_owner(obj, port);
	json_put_u64(obj, "netns", port->netns);
	json_put(obj, "age_ns", told_u64(port, EPHPORTS_A_PORT_AGE, port->age_ns));
}

struct json_object *json_port(const struct port *port)
{
	struct json_object *obj = json_object_new_object();

	json_put_port(obj, port);
	return obj;
}

struct json_object *json_blind(uint32_t blind)
{
	struct json_object *array = json_object_new_array();

	if (blind & EPHPORTS_BLIND_KPROBES)
		json_object_array_add(array, json_object_new_string("kprobes"));
	if (blind & EPHPORTS_BLIND_FTRACE)
		json_object_array_add(array, json_object_new_string("ftrace"));
	return array;
}
