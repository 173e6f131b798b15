// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdlib.h>

#include "runner.h"

struct ephstat es;
struct error err;
char *output;
char **words;
int n_words;

struct address address(const char *s)
{
	struct address addr = { .len = strchr(s, ':') ? 16 : 4 };

	inet_pton(addr.len == 16 ? AF_INET6 : AF_INET, s, addr.bytes);
	return addr;
}

void runner_reset(void)
{
	es = (struct ephstat){ 0 };
	filter_init(&es.filter);
	err.text[0] = '\0';
	n_words = 0;
}

void runner_forget(void)
{
	free(output);
	output = NULL;
}

static char *read_whole(FILE *file)
{
	long len;
	char *text;

	fseek(file, 0, SEEK_END);
	len = ftell(file);
	text = calloc(1, len + 1);
	rewind(file);
	EXPECT(fread(text, 1, len, file) == (size_t)len);
	return text;
}

/* Runs a command and keeps what it wrote. */
int run(command_fn cmd)
{
	int ret;

	free(output);
	es.out = tmpfile();
	ret = cmd(&es, n_words, words, &err);
	output = read_whole(es.out);
	fclose(es.out);
	return ret;
}

struct json_object *run_json(command_fn cmd, int wanted)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *doc;

	es.json = true;
	EXPECT(run(cmd) == wanted);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	doc = json_tokener_parse_ex(tok, output, strlen(output));
	EXPECT(doc && json_tokener_get_error(tok) == json_tokener_success);
	json_tokener_free(tok);
	return doc;
}

struct json_object *member(struct json_object *obj, const char *name)
{
	struct json_object *value = NULL;

	if (!json_object_object_get_ex(obj, name, &value)) {
		printf("# there is no member %s\n", name);
		ktap_broken++;
	}
	return value;
}

const char *string(struct json_object *obj, const char *name)
{
	return json_object_get_string(member(obj, name));
}

uint64_t number(struct json_object *obj, const char *name)
{
	struct json_object *value = member(obj, name);

	EXPECT(json_object_get_type(value) == json_type_int);
	return json_object_get_uint64(value);
}

bool boolean(struct json_object *obj, const char *name)
{
	struct json_object *value = member(obj, name);

	EXPECT(json_object_get_type(value) == json_type_boolean);
	return json_object_get_boolean(value);
}

struct json_object *row(struct json_object *doc, const char *array, unsigned int i)
{
	return json_object_array_get_idx(member(doc, array), i);
}
