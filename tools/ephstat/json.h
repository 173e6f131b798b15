/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The JSON contract. A document with a long array is written as it comes: json_open(), then
 * json_member() and json_array_open(), json_row(), json_array_close() in any order, then
 * json_close(). What was opened is closed even after an error: the document is always valid.
 */
#ifndef EPHSTAT_JSON_H
#define EPHSTAT_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include <json-c/json.h>

#include "record.h"

#define JSON_SCHEMA	1

struct json_doc {
	FILE *out;
	bool first_member;
	bool first_row;
};

void json_open(struct json_doc *doc, FILE *out);
void json_close(struct json_doc *doc);

/* Both write @value (NULL: null) and free it. */
void json_member(struct json_doc *doc, const char *name, struct json_object *value);
void json_row(struct json_doc *doc, struct json_object *value);

/* @value alone on a line, for streams. */
void json_line(struct json_object *value, FILE *out);

void json_array_open(struct json_doc *doc, const char *name);
void json_array_close(struct json_doc *doc);

/* A string that may hold anything: what is not UTF-8, or steers a terminal, becomes U+FFFD. */
struct json_object *json_text(const char *s);

/* NULL for no address. */
struct json_object *json_address(const struct address *addr);

/* Events of @ns nanoseconds as a rate a second, to three decimals; null without a time. */
struct json_object *json_rate(uint64_t events, uint64_t ns);

/* The share of @n in @of, from 0 to 1, to four decimals; null of nothing. */
struct json_object *json_ratio(uint64_t n, uint64_t of);

/* One record of the contract: the members of "ports" in ephstat -j list. */
struct json_object *json_port(const struct port *port);

/* Likewise, as further members of @obj. */
void json_put_port(struct json_object *obj, const struct port *port);

/* The words of a mask of enum ephports_blind, as an array. */
struct json_object *json_blind(uint32_t blind);

static inline void json_put(struct json_object *obj, const char *name, struct json_object *value)
{
	json_object_object_add_ex(obj, name, value,
				  JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY);
}

static inline void json_put_u64(struct json_object *obj, const char *name, uint64_t n)
{
	json_put(obj, name, json_object_new_uint64(n));
}

static inline void json_put_str(struct json_object *obj, const char *name, const char *s)
{
	json_put(obj, name, s ? json_object_new_string(s) : NULL);
}

#endif
