// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reserved.h"

#define PATH	"/proc/sys/net/ipv4/ip_local_reserved_ports"

/* The number at @s, -1 if there is none. */
static long read_port(const char *s, const char **end)
{
	char *after;
	long n;

	if (!isdigit((unsigned char)*s))
		return -1;
	n = strtol(s, &after, 10);
	*end = after;
	return n <= UINT16_MAX ? n : -1;
}

int reserved_parse(struct reserved *ports, const char *list, struct error *err)
{
	const char *at = list;

	memset(ports, 0, sizeof(*ports));
	while (*at && *at != '\n') {
		long low = read_port(at, &at);
		long high = low >= 0 && *at == '-' ? read_port(at + 1, &at) : low;

		if (low < 0 || high < low || (*at && *at != ',' && *at != '\n'))
			return error_set(err, EXIT_RUNTIME, "cannot make sense of " PATH);
		for (; low <= high; low++)
			reserved_add(ports, (uint16_t)low);
		at += *at == ',';
	}
	return EXIT_OK;
}

int reserved_read(struct reserved *ports, struct error *err)
{
	FILE *file = fopen(PATH, "re");
	char *line = NULL;
	size_t size = 0;
	int ret;

	if (!file)
		return error_set(err, EXIT_RUNTIME, "cannot read " PATH ": %s", strerror(errno));
	if (getline(&line, &size, file) < 0)
		ret = error_set(err, EXIT_RUNTIME, "cannot read " PATH ": %s", strerror(errno));
	else
		ret = reserved_parse(ports, line, err);
	free(line);
	fclose(file);
	return ret;
}

bool reserved_text(const struct reserved *ports, struct text *text)
{
	unsigned int low, high;
	bool first = true;

	for (low = 0; low <= UINT16_MAX; low = high + 1) {
		high = low;
		if (!reserved_has(ports, low))
			continue;
		while (high < UINT16_MAX && reserved_has(ports, high + 1))
			high++;
		if (text->len > TEXT_ROOM - sizeof(",65535-65535"))
			return false;
		text_str(text, first ? "" : ",");
		text_u64(text, low);
		if (high > low) {
			text_char(text, high == low + 1 ? ',' : '-');
			text_u64(text, high);
		}
		first = false;
	}
	return true;
}
