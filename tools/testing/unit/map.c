// SPDX-License-Identifier: GPL-2.0
/* The range as a picture: what a port counts as, how it is drawn, and that nothing is lost. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include <json-c/json.h>

#include "ephstat.h"
#include "fake.h"
#include "map.h"
#include "nsfile.h"

#include "ktap.h"

#define N	500000

static struct ephstat es;
static struct error err;
static char *output;
static struct port *ports;
static const char *reserved;	/* what the sysctl says; NULL: it cannot be read */

/* In the place of nsfile.c. */
int nsfile_open(uint32_t netns, const char *path)
{
	FILE *file = reserved ? tmpfile() : NULL;
	int fd;

	EXPECT(netns == es.filter.netns && strstr(path, "ip_local_reserved_ports"));
	if (!file)
		return -EPERM;
	fputs(reserved, file);
	rewind(file);
	fd = dup(fileno(file));
	fclose(file);
	return fd;
}

static void add(unsigned int *n, uint8_t proto, uint16_t port, uint8_t state, uint8_t origin)
{
	ports[(*n)++] = (struct port){
		.told = UINT32_MAX, .proto = proto, .local_port = port, .state = state,
		.origin = origin,
	};
	fake.n_ports = fake.distinct = *n;
}

static void reset(void)
{
	struct info info = {
		.told = UINT32_MAX, .netns = 1, .complete = true, .n_protocols = 2,
		.protocols = {
			{ .proto = IPPROTO_TCP, .range_low = 32768, .range_high = 60999 },
			{ .proto = IPPROTO_UDP, .range_low = 32768, .range_high = 60999 },
		},
	};

	fake = (struct fake){ .ports = ports, .distinct = 1, .before = info, .after = info };
	es = (struct ephstat){ 0 };
	filter_init(&es.filter);
	err.text[0] = '\0';
	reserved = "\n";
}

static int run(void)
{
	size_t size;
	int ret;

	free(output);
	fake.infos = 0;
	es.out = open_memstream(&output, &size);
	ret = cmd_map(&es, 0, NULL, &err);
	fclose(es.out);
	return ret;
}

/* The row of cells that starts with @low. */
static const char *row(const char *low)
{
	static char line[256];
	const char *at = strstr(output, low);

	if (!at || (at > output && at[-1] != '\n'))
		return "(none)";
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

static void test_kinds(void)
{
	unsigned int n = 0;

	reset();
	/* One port a cell: what it counts as is what is drawn. */
	fake.before.protocols[0].range_high = fake.after.protocols[0].range_high = 32768 + 15;
	es.filter.proto = IPPROTO_TCP;
	add(&n, IPPROTO_TCP, 32768, EPHPORTS_STATE_TIME_WAIT, EPHPORTS_ORIGIN_CONNECT);
	add(&n, IPPROTO_TCP, 32769, EPHPORTS_STATE_ESTABLISHED, EPHPORTS_ORIGIN_CONNECT);
	add(&n, IPPROTO_TCP, 32770, EPHPORTS_STATE_ESTABLISHED, EPHPORTS_ORIGIN_BIND);
	add(&n, IPPROTO_TCP, 32771, EPHPORTS_STATE_BOUND, EPHPORTS_ORIGIN_EXPLICIT);
	add(&n, IPPROTO_TCP, 32772, EPHPORTS_STATE_LISTEN, EPHPORTS_ORIGIN_LISTEN);
	/* Held twice: the first of the kinds counts, in either order. */
	add(&n, IPPROTO_TCP, 32773, EPHPORTS_STATE_TIME_WAIT, EPHPORTS_ORIGIN_CONNECT);
	add(&n, IPPROTO_TCP, 32773, EPHPORTS_STATE_CLOSE_WAIT, EPHPORTS_ORIGIN_CONNECT);
	add(&n, IPPROTO_TCP, 32774, EPHPORTS_STATE_SYN_SENT, EPHPORTS_ORIGIN_CONNECT);
	add(&n, IPPROTO_TCP, 32774, EPHPORTS_STATE_TIME_WAIT, EPHPORTS_ORIGIN_CONNECT);
	/* Another protocol's port is another port; one outside of the range is told apart. */
	add(&n, IPPROTO_UDP, 32775, EPHPORTS_STATE_UNCONNECTED, EPHPORTS_ORIGIN_SEND);
	add(&n, IPPROTO_TCP, 40000, EPHPORTS_STATE_ESTABLISHED, EPHPORTS_ORIGIN_CONNECT);
	EXPECT(run() == EXIT_OK);
	EXPECT_STR(row("32768 "), "32768 TCBXXCC.........");
	EXPECT(strstr(output, "\ntcp             2           1           3           1"
		      "           0           9\n"));
	EXPECT(strstr(output, "\n1 tcp sockets hold ports outside of the range"));
	EXPECT(!strstr(output, "udp"));
}

static void test_density(void)
{
	unsigned int n = 0, i;

	reset();
	/* 32 ports a cell: 16 of them make the letter a capital, one less does not. */
	for (i = 0; i < 16; i++)
		add(&n, IPPROTO_TCP, 32768 + i, EPHPORTS_STATE_TIME_WAIT, EPHPORTS_ORIGIN_CONNECT);
	for (i = 0; i < 15; i++)
		add(&n, IPPROTO_TCP, 32800 + i, EPHPORTS_STATE_TIME_WAIT, EPHPORTS_ORIGIN_CONNECT);
	add(&n, IPPROTO_TCP, 60999, EPHPORTS_STATE_ESTABLISHED, EPHPORTS_ORIGIN_CONNECT);
	EXPECT(run() == EXIT_OK);
	EXPECT(strstr(output, "tcp 32768-60999: a cell is 32 ports\n"));
	EXPECT(!strncmp(row("32768 "), "32768 Tt.", 9));
	EXPECT(strlen(row("32768 ")) == 6 + 64);
	EXPECT_STR(row("59392 "), "59392 ..................................................c");
	EXPECT(strstr(output, "udp 32768-60999: no port is held or reserved\n"));
}

static void test_reserved(void)
{
	unsigned int n = 0;

	reset();
	fake.before.protocols[0].range_high = fake.after.protocols[0].range_high = 32768 + 15;
	es.filter.proto = IPPROTO_TCP;
	reserved = "1000,32769-32771,32783-40000\n";
	add(&n, IPPROTO_TCP, 32770, EPHPORTS_STATE_LISTEN, EPHPORTS_ORIGIN_EXPLICIT);
	EXPECT(run() == EXIT_OK);
	EXPECT_STR(row("32768 "), "32768 .RXR...........R");
	EXPECT(!strstr(output, "cannot be read"));

	es.filter.netns = 7;
	reserved = NULL;
	EXPECT(run() == EXIT_OK);
	EXPECT_STR(row("32768 "), "32768 ..X.............");
	EXPECT(strstr(output, "Reserved ports are shown as free: ip_local_reserved_ports cannot be "
		      "read (Operation not permitted)"));
}

static void test_port_lists(void)
{
	static struct portset set;
	char *text;
	size_t size;
	FILE *out;

	EXPECT(portset_parse(&set, "8080,9148-9150,65535\n"));
	EXPECT(portset_count(&set, 0, 65535) == 5 && portset_count(&set, 9149, 65534) == 2);
	EXPECT(portset_has(&set, 65535) && !portset_has(&set, 8081));
	out = open_memstream(&text, &size);
	portset_print(&set, out);
	fclose(out);
	EXPECT_STR(text, "8080,9148-9150,65535");
	free(text);
	EXPECT(portset_parse(&set, "\n") && portset_parse(&set, ""));
	EXPECT(!portset_parse(&set, "65536") && !portset_parse(&set, "5-3"));
	EXPECT(!portset_parse(&set, "a") && !portset_parse(&set, "1-"));
}

static struct json_object *json(void)
{
	es.json = true;
	EXPECT(run() == EXIT_OK);
	return json_tokener_parse(output);
}

static uint64_t number(struct json_object *obj, const char *name)
{
	struct json_object *value = NULL;

	EXPECT(json_object_object_get_ex(obj, name, &value));
	return json_object_get_uint64(value);
}

/* Every port of the range is in one cell; half a million records are no more than their ports. */
static void test_json_adds_up(void)
{
	struct json_object *doc, *protocols, *cells;
	uint64_t next = 32768, time_wait = 0, free_ports = 0;
	unsigned int n = 0;
	size_t i;

	reset();
	while (n < N)
		add(&n, IPPROTO_TCP, 32768 + n % 20000, EPHPORTS_STATE_TIME_WAIT,
		    EPHPORTS_ORIGIN_CONNECT);
	doc = json();
	EXPECT(json_object_object_get_ex(doc, "protocols", &protocols));
	EXPECT(json_object_array_length(protocols) == 2);
	EXPECT(json_object_object_get_ex(json_object_array_get_idx(protocols, 0), "cells", &cells));
	for (i = 0; i < json_object_array_length(cells); i++) {
		struct json_object *cell = json_object_array_get_idx(cells, i);

		EXPECT(number(cell, "low") == next);
		next = number(cell, "high") + 1;
		time_wait += number(cell, "time_wait");
		free_ports += number(cell, "free");
	}
	EXPECT(next == 61000 && time_wait == 20000 && free_ports == 8232);
	json_object_put(doc);
}

static void test_grids(void)
{
	static const unsigned int sizes[] = { 1, 2, 63, 64, 65, 1000, 28232, 64512, 65536 };
	struct map_grid grid;
	unsigned int columns, rows;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (columns = 0; columns < 300; columns += 7) {
			for (rows = 1; rows < 40; rows++) {
				map_fit(&grid, sizes[i], columns, rows);
				EXPECT(grid.rows <= rows && grid.rows > 0);
				EXPECT(grid.columns <= columns || grid.columns == 8);
				EXPECT(grid.columns * grid.rows * grid.ports >= sizes[i]);
			}
		}
	}
}

static void test_health(void)
{
	reset();
	fake.n_ports = 0;
	EXPECT(run() == EXIT_OK);
	EXPECT(!strncmp(output, "ephports: complete, nothing lost; netns 1\n", 42));
	fake.after.counters[EPHPORTS_A_COUNTER_LOST] = 7;
	fake.before.counters[EPHPORTS_A_COUNTER_LOST] = 7;
	EXPECT(run() == EXIT_OK);
	EXPECT(!strncmp(output, "ephports: complete, nothing lost, 7 lost in users' own namespaces; ", 67));
	fake.interrupted = true;
	EXPECT(run() == EXIT_OK && !strncmp(output, "ephports: incomplete: ", 22));
	reset();
	fake.n_ports = 0;
	fake.before.complete = false;
	EXPECT(run() == EXIT_OK && !strncmp(output, "ephports: incomplete: ", 22));
	fake.open_ret = EXIT_NOT_LOADED;
	EXPECT(run() == EXIT_NOT_LOADED);
	EXPECT_STR(output, "");
}

static void test_svg(void)
{
	unsigned int n = 0, cells = 0;
	const char *at;

	reset();
	es.svg = true;
	add(&n, IPPROTO_TCP, 32768, EPHPORTS_STATE_TIME_WAIT, EPHPORTS_ORIGIN_CONNECT);
	EXPECT(run() == EXIT_OK);
	EXPECT(!strncmp(output, "<svg xmlns=\"http://www.w3.org/2000/svg\"", 39));
	EXPECT(strstr(output, "<title id=\"title\">Ephemeral ports of network namespace 1, "));
	EXPECT(strstr(output, "<title>32768-32799: 1 time-wait 31 free</title>"));
	EXPECT(!strstr(output, "<script") && !strstr(output, "href"));
	for (at = output; (at = strstr(at, "<g>")); at++)
		cells++;
	EXPECT(cells == 2 * ((28232 + 31) / 32));
	es.json = true;
	EXPECT(run() == EXIT_USAGE);
}

static const struct ktap_test tests[] = {
	{ "map: what a port counts as", test_kinds },
	{ "map: density", test_density },
	{ "map: reserved ports, or that they are not known", test_reserved },
	{ "map: lists of ports", test_port_lists },
	{ "map: every port is in one cell of -j", test_json_adds_up },
	{ "map: pictures fit", test_grids },
	{ "map: health, and a module that is not there", test_health },
	{ "map: SVG", test_svg },
};

int main(void)
{
	int ret;

	ports = calloc(N, sizeof(*ports));
	ret = ports ? ktap_run(tests, sizeof(tests) / sizeof(tests[0])) : 1;
	free(ports);
	free(output);
	return ret;
}
