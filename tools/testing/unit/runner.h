/* SPDX-License-Identifier: GPL-2.0 */
/* Runs commands in this process and looks into what they wrote. */
#ifndef UNIT_RUNNER_H
#define UNIT_RUNNER_H

#include <json-c/json.h>

#include "ephstat.h"
#include "ktap.h"

#define ALL_TOLD	UINT64_MAX

typedef int (*command_fn)(struct ephstat *es, int argc, char **argv, struct error *err);

extern struct ephstat es;
extern struct error err;
extern char *output;		/* of the last command */
extern char **words;		/* for the next */
extern int n_words;

void runner_reset(void);
void runner_forget(void);

struct address address(const char *s);

/* Runs a command and keeps what it wrote. */
int run(command_fn cmd);

/* Likewise; it must exit with @wanted and have written one valid document. */
struct json_object *run_json(command_fn cmd, int wanted);

struct json_object *member(struct json_object *obj, const char *name);
const char *string(struct json_object *obj, const char *name);
uint64_t number(struct json_object *obj, const char *name);
bool boolean(struct json_object *obj, const char *name);
struct json_object *row(struct json_object *doc, const char *array, unsigned int i);

#endif
