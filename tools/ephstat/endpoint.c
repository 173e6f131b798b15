// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"

/* The number that @text starts with, or -1; @end is what follows it. */
static int read_number(const char *text, int max, char **end)
{
	unsigned long n;

	if (!isdigit((unsigned char)*text))
		return -1;
	n = strtoul(text, end, 10);
	return n <= (unsigned long)max ? (int)n : -1;
}

static int service_port(const char *name)
{
	struct servent *service = getservbyname(name, NULL);

	return service ? ntohs(service->s_port) : -1;
}

int ports_parse(const char *text, struct ports *ports, struct error *err)
{
	const char *word = *text == ':' ? text + 1 : text;
	char *end;

	if (!isdigit((unsigned char)*word)) {
		ports->low = ports->high = service_port(word);
		if (ports->low >= 0)
			return EXIT_OK;
	} else {
		ports->low = ports->high = read_number(word, UINT16_MAX, &end);
		if (ports->low >= 0 && *end == '-')
			ports->high = read_number(end + 1, UINT16_MAX, &end);
		if (ports->low >= 0 && ports->high >= ports->low && !*end)
			return EXIT_OK;
	}
	return error_set(err, EXIT_USAGE,
			 "\"%s\" is no port; write :N, N, a service's name or :LOW-HIGH", text);
}

static int bad_endpoint(const char *text, struct error *err)
{
	return error_set(err, EXIT_USAGE, "\"%s\" is no address; write ADDR[/BITS][:PORT], "
			 "with an IPv6 address in brackets if a port follows", text);
}

/* "ADDR[/BITS]"; @text is torn up. */
static int parse_prefix(char *text, struct prefix *prefix)
{
	char *slash = strchr(text, '/');
	char *end;
	int bits;

	if (slash)
		*slash++ = '\0';
	if (inet_pton(AF_INET, text, prefix->addr.bytes) == 1)
		prefix->addr.len = 4;
	else if (inet_pton(AF_INET6, text, prefix->addr.bytes) == 1)
		prefix->addr.len = 16;
	else
		return -1;

	prefix->bits = prefix->addr.len * 8;
	if (!slash)
		return 0;
	bits = read_number(slash, prefix->bits, &end);
	if (bits < 0 || *end)
		return -1;
	prefix->bits = bits;
	return 0;
}

static bool stands_for_any(const char *text)
{
	return !*text || !strcmp(text, "*") || !strcmp(text, "any");
}

/*
 * Takes the ports off the end of @text and returns them, or NULL. With two colons or more and no
 * slash, all of it is an IPv6 address.
 */
static char *cut_ports(char *text)
{
	char *slash = strchr(text, '/');
	char *colon = strchr(slash ? slash : text, ':');

	if (!colon || (!slash && strchr(colon + 1, ':')))
		return NULL;
	*colon = '\0';
	return colon + 1;
}

/*
 * Takes "[ADDR]" or "[ADDR/BITS]" apart, leaving "ADDR/BITS" at @text, and returns the ports that
 * follow, or NULL. @ok tells whether the brackets made sense.
 */
static char *cut_brackets(char *text, bool *ok)
{
	char *close = strchr(text, ']');
	size_t len;
	char *rest;

	*ok = false;
	if (!close)
		return NULL;
	len = close - text - 1;
	rest = close + 1;
	memmove(text, text + 1, len);
	if (*rest == '/') {
		size_t bits = strcspn(rest, ":");

		memmove(text + len, rest, bits);
		len += bits;
		rest += bits;
	}
	*ok = !*rest || *rest == ':';
	text[len] = '\0';
	return *rest ? rest + 1 : NULL;
}

int endpoint_parse(const char *text, struct prefix *prefix, struct ports *ports,
		   struct error *err)
{
	size_t len = strlen(text);
	char copy[128];
	char *port_text;
	bool ok = true;

	*prefix = (struct prefix){ 0 };
	*ports = (struct ports){ -1, -1 };
	if (len >= sizeof(copy))
		return bad_endpoint(text, err);
	memcpy(copy, text, len + 1);

	port_text = *copy == '[' ? cut_brackets(copy, &ok) : cut_ports(copy);
	if (!ok || (!stands_for_any(copy) && parse_prefix(copy, prefix)))
		return bad_endpoint(text, err);
	if (!port_text || !strcmp(port_text, "*"))
		return EXIT_OK;
	return ports_parse(port_text, ports, err);
}
