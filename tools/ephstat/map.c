// SPDX-License-Identifier: GPL-2.0
/* ephstat map: the range as a picture, of one pass over the records. */
#include <stdlib.h>
#include <string.h>

#include "ephstat.h"
#include "health.h"
#include "json.h"
#include "map.h"
#include "names.h"
#include "netlink.h"
#include "tty.h"
#include "text.h"
#include "util.h"

/* Columns of a row that are not cells: "32768 ". */
#define LABEL	6

/* Lines that are not rows: health, and the table below; and the title of each picture. */
#define LINES	5

#define ROWS	16	/* of a picture that may be as high as it likes */

const char *const map_names[MAP_KINDS] = {
	[MAP_EXPLICIT]	= "explicit",
	[MAP_BIND]	= "bind",
	[MAP_CONNECTED]	= "connected",
	[MAP_TIME_WAIT]	= "time_wait",
	[MAP_RESERVED]	= "reserved",
	[MAP_FREE]	= "free",
};

const char *const map_words[MAP_KINDS] = {
	[MAP_EXPLICIT]	= "explicit",
	[MAP_BIND]	= "bind()",
	[MAP_CONNECTED]	= "connected",
	[MAP_TIME_WAIT]	= "time-wait",
	[MAP_RESERVED]	= "reserved",
	[MAP_FREE]	= "free",
};

/* How a kind is drawn: by a letter, small if less than half of the cell; or by a colour. */
static const struct {
	char some, most;
	const char *colour;
} marks[MAP_KINDS] = {
	[MAP_EXPLICIT]	= { 'x', 'X', "\033[35m" },
	[MAP_BIND]	= { 'b', 'B', "\033[31m" },
	[MAP_CONNECTED]	= { 'c', 'C', "\033[36m" },
	[MAP_TIME_WAIT]	= { 't', 'T', "\033[33m" },
	[MAP_RESERVED]	= { 'r', 'R', "\033[90m" },
	[MAP_FREE]	= { '.', '.', "\033[0m" },
};

bool map_wants(const struct map *map, const struct protocol *proto)
{
	return proto_index(proto->proto) != PROTOS &&
	       (!map->proto || map->proto == proto->proto);
}

static enum map_kind kind_of_record(const struct port *port)
{
	switch (port->origin) {
	case EPHPORTS_ORIGIN_EXPLICIT:
	case EPHPORTS_ORIGIN_LISTEN:
	case EPHPORTS_ORIGIN_ACCEPT:
		return MAP_EXPLICIT;
	case EPHPORTS_ORIGIN_BIND:
		return MAP_BIND;
	default:
		return port->state == EPHPORTS_STATE_TIME_WAIT ? MAP_TIME_WAIT : MAP_CONNECTED;
	}
}

static int add_record(const struct port *port, void *arg)
{
	enum proto_index index = proto_index(port->proto);
	const struct protocol *proto;
	struct map *map = arg;

	if (index == PROTOS)
		return EXIT_OK;
	map->seen[index][port->local_port] |= 1u << kind_of_record(port);
	proto = info_protocol(&map->info, port->proto);
	if (!proto || port->local_port < proto->range_low || port->local_port > proto->range_high)
		map->outside[index]++;
	return EXIT_OK;
}

static enum map_kind kind_of_port(const struct map *map, enum proto_index index, uint16_t port)
{
	uint8_t seen = map->seen[index][port];

	if (portset_has(&map->reserved, port))
		seen |= 1u << MAP_RESERVED;
	return seen ? (enum map_kind)__builtin_ctz(seen) : MAP_FREE;
}

void map_count(const struct map *map, uint8_t proto, unsigned int low, unsigned int high,
	       uint32_t counts[MAP_KINDS])
{
	enum proto_index index = proto_index(proto);

	memset(counts, 0, MAP_KINDS * sizeof(*counts));
	for (; low <= high; low++)
		counts[kind_of_port(map, index, low)]++;
}

enum map_kind map_main_kind(const uint32_t counts[MAP_KINDS])
{
	enum map_kind kind, best = 0;

	for (kind = 1; kind < MAP_FREE; kind++) {
		if (counts[kind] > counts[best])
			best = kind;
	}
	return counts[best] ? best : MAP_FREE;
}

void map_fit(struct map_grid *grid, unsigned int ports, unsigned int columns, unsigned int rows)
{
	*grid = (struct map_grid){ .columns = 8, .ports = 1 };
	while (grid->columns * 2 <= columns && grid->columns * 2 <= 256)
		grid->columns *= 2;
	while ((ports + grid->ports - 1) / grid->ports > grid->columns * rows)
		grid->ports *= 2;
	grid->rows = (ports + grid->ports * grid->columns - 1) / (grid->ports * grid->columns);
}

/* ---- in the terminal ----------------------------------------------------------------------- */

static void draw_cell(const uint32_t counts[MAP_KINDS], const struct tty *tty, FILE *out,
		      const char **colour)
{
	static const char *const shades[] = { "\u2591", "\u2592", "\u2593", "\u2588" };
	enum map_kind kind = map_main_kind(counts);
	uint32_t taken = 0, all;
	unsigned int k;

	for (k = 0; k < MAP_FREE; k++)
		taken += counts[k];
	all = taken + counts[MAP_FREE];
	if (tty->colour && *colour != marks[kind].colour) {
		*colour = marks[kind].colour;
		fputs(*colour, out);
	}
	if (!taken)
		fputs(tty->colour && tty->utf8 ? "\u00b7" : ".", out);
	else if (tty->colour && tty->utf8)
		fputs(shades[(taken * 4 - 1) / all], out);
	else
		fputc(taken * 2 >= all ? marks[kind].most : marks[kind].some, out);
}

static void draw_row(const struct map *map, const struct protocol *proto,
		     const struct map_grid *grid, unsigned int low, const struct tty *tty,
		     FILE *out)
{
	const char *colour = marks[MAP_FREE].colour;
	uint32_t counts[MAP_KINDS];
	unsigned int i, high;

	fprintf(out, "%5u ", low);
	for (i = 0; i < grid->columns && low <= proto->range_high; i++, low = high + 1) {
		high = low + grid->ports - 1;
		if (high > proto->range_high)
			high = proto->range_high;
		map_count(map, proto->proto, low, high, counts);
		draw_cell(counts, tty, out, &colour);
	}
	fprintf(out, "%s\n", colour != marks[MAP_FREE].colour ? marks[MAP_FREE].colour : "");
}

static void draw_picture(const struct map *map, const struct protocol *proto,
			 const struct tty *tty, unsigned int rows, FILE *out)
{
	uint32_t counts[MAP_KINDS];
	struct map_grid grid;
	unsigned int i;

	fprintf(out, "%s %u-%u", proto_name(proto->proto), proto->range_low, proto->range_high);
	map_count(map, proto->proto, proto->range_low, proto->range_high, counts);
	if (counts[MAP_FREE] == protocol_ports(proto)) {
		fputs(": no port is held or reserved\n", out);
		return;
	}
	map_fit(&grid, protocol_ports(proto), tty->columns > LABEL ? tty->columns - LABEL : 0,
		rows);
	fprintf(out, ": a cell is %u port%s\n", grid.ports, grid.ports > 1 ? "s" : "");
	for (i = 0; i < grid.rows; i++)
		draw_row(map, proto, &grid, proto->range_low + i * grid.columns * grid.ports, tty,
			 out);
}

/* The legend is the head of the table of counts. */
static void write_legend(const struct tty *tty, FILE *out)
{
	unsigned int k;

	fputs("     ", out);
	for (k = 0; k < MAP_KINDS; k++) {
		int pad = 10 - (int)strlen(map_words[k]);

		fprintf(out, "%*s%s", pad, "", tty->colour ? marks[k].colour : "");
		if (tty->colour && tty->utf8)
			fputs(k == MAP_FREE ? "\u00b7" : "\u2588", out);
		else
			fputc(marks[k].most, out);
		fprintf(out, "%s %s", tty->colour ? marks[MAP_FREE].colour : "", map_words[k]);
	}
	fputc('\n', out);
}

static void write_counts(const struct map *map, const struct protocol *proto, FILE *out)
{
	uint32_t counts[MAP_KINDS];
	unsigned int k;

	map_count(map, proto->proto, proto->range_low, proto->range_high, counts);
	fprintf(out, "%-5s", proto_name(proto->proto));
	for (k = 0; k < MAP_KINDS; k++)
		fprintf(out, "%12u", counts[k]);
	fputc('\n', out);
}

static void write_notes(const struct map *map, const struct tty *tty, FILE *out)
{
	unsigned int i;

	if (!(tty->colour && tty->utf8))
		fputs("A small letter: less than half of the cell's ports.\n", out);
	if (map->reserved_error)
		fprintf(out, "Reserved ports are shown as free: ip_local_reserved_ports cannot be "
			"read (%s).\n", strerror(-map->reserved_error));
	for (i = 0; i < map->info.n_protocols; i++) {
		const struct protocol *proto = &map->info.protocols[i];

		if (map_wants(map, proto) && map->outside[proto_index(proto->proto)])
			fprintf(out, "%u %s sockets hold ports outside of the range as it is.\n",
				map->outside[proto_index(proto->proto)], proto_name(proto->proto));
	}
}

static void write_health(const struct map *map, FILE *out)
{
	struct text text = { 0 };

	text_str(&text, "ephports: ");
	if (map->interrupted && !health_is_bad(&map->info))
		text_str(&text, health_interrupted);
	else
		health_text(&text, &map->info);
	text_str(&text, "; netns ");
	text_u64(&text, map->info.netns);
	text_line(&text, out);
}

static void write_text(const struct map *map, FILE *out)
{
	const struct info *info = &map->info;
	unsigned int i, n = 0, rows = ROWS;
	struct tty tty;

	tty_look(&tty, out);
	for (i = 0; i < info->n_protocols; i++)
		n += map_wants(map, &info->protocols[i]);
	if (tty.lines && n)
		rows = tty.lines > LINES + 5 * n ? (tty.lines - LINES) / n - 2 : 3;

	write_health(map, out);
	for (i = 0; i < info->n_protocols; i++) {
		if (map_wants(map, &info->protocols[i]))
			draw_picture(map, &info->protocols[i], &tty, rows, out);
	}
	write_legend(&tty, out);
	for (i = 0; i < info->n_protocols; i++) {
		if (map_wants(map, &info->protocols[i]))
			write_counts(map, &info->protocols[i], out);
	}
	write_notes(map, &tty, out);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static struct json_object *json_cell(const struct map *map, uint8_t proto, unsigned int low,
				     unsigned int high)
{
	struct json_object *obj = json_object_new_object();
	uint32_t counts[MAP_KINDS];
	unsigned int k;

	map_count(map, proto, low, high, counts);
	json_put_u64(obj, "low", low);
	json_put_u64(obj, "high", high);
	for (k = 0; k < MAP_KINDS; k++)
		json_put_u64(obj, map_names[k], counts[k]);
	return obj;
}

static struct json_object *json_picture(const struct map *map, const struct protocol *proto)
{
	struct json_object *obj = json_object_new_object(), *cells = json_object_new_array();
	struct map_grid grid;
	unsigned int low, high;

	map_fit(&grid, protocol_ports(proto), 64, ROWS);
	for (low = proto->range_low; low <= proto->range_high; low = high + 1) {
		high = low + grid.ports - 1;
		if (high > proto->range_high)
			high = proto->range_high;
		json_object_array_add(cells, json_cell(map, proto->proto, low, high));
	}
	json_put_str(obj, "proto", proto_name(proto->proto));
	json_put_u64(obj, "range_low", proto->range_low);
	json_put_u64(obj, "range_high", proto->range_high);
	json_put_u64(obj, "cell_ports", grid.ports);
	json_put_u64(obj, "sockets_outside", map->outside[proto_index(proto->proto)]);
	json_put(obj, "cells", cells);
	return obj;
}

static void write_json(const struct map *map, FILE *out)
{
	const struct info *info = &map->info;
	struct json_doc doc;
	unsigned int i;

	json_open(&doc, out);
	json_member(&doc, "schema", json_object_new_int(JSON_SCHEMA));
	json_member(&doc, "netns", json_object_new_uint64(info->netns));
	json_member(&doc, "time_ns", json_object_new_uint64(info->time_ns));
	json_member(&doc, "complete", json_object_new_boolean(!map->interrupted &&
							      !health_is_bad(info)));
	json_member(&doc, "lost", json_object_new_uint64(info->lost));
	json_member(&doc, "reserved_known", json_object_new_boolean(!map->reserved_error));
	json_array_open(&doc, "protocols");
	for (i = 0; i < info->n_protocols; i++) {
		if (map_wants(map, &info->protocols[i]))
			json_row(&doc, json_picture(map, &info->protocols[i]));
	}
	json_array_close(&doc);
	json_close(&doc);
}

/* -------------------------------------------------------------------------------------------- */

/* The range must be known before the records are counted, what was lost only after. */
static int gather(struct map *map, struct nl *nl, const struct filter *filter, struct error *err)
{
	struct info after;
	int ret = nl_info(nl, filter, &map->info, err);

	if (!ret)
		ret = nl_ports(nl, filter, add_record, map, &map->interrupted, err);
	if (!ret)
		ret = nl_info(nl, filter, &after, err);
	if (ret)
		return ret;
	map->info.complete = map->info.complete && after.complete;
	map->info.blind |= after.blind;
	map->info.lost = after.lost;
	map->reserved_error = portset_reserved(&map->reserved, filter->netns);
	return EXIT_OK;
}

int cmd_map(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct map *map;
	struct nl *nl = NULL;
	int ret;

	(void)argc;
	(void)argv;
	if (es->json && es->svg)
		return error_set(err, EXIT_USAGE, "--json and --svg exclude each other");
	map = calloc(1, sizeof(*map));
	if (!map)
		return error_set(err, EXIT_RUNTIME, "out of memory");
	map->proto = es->filter.proto;
	ret = nl_open(&nl, err);
	if (!ret)
		ret = gather(map, nl, &es->filter, err);
	nl_close(nl);
	if (!ret) {
		if (es->json)
			write_json(map, es->out);
		else if (es->svg)
			map_write_svg(map, es->out);
		else
			write_text(map, es->out);
	}
	free(map);
	return ret;
}
