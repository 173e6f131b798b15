// SPDX-License-Identifier: GPL-2.0
/*
 * The map as a picture for a report: one file that needs nothing else, runs nothing, can be read
 * aloud (title, desc, a title of each cell), and follows its reader's light or dark.
 */
#include <string.h>
#include <time.h>

#include "health.h"
#include "map.h"
#include "names.h"
#include "text.h"

#define CELL	12
#define COLUMNS	64
#define ROWS	16	/* of a picture */
#define LEFT	56	/* of the first cell */
#define TOP	64
#define TITLE	26	/* height of a picture's title */
#define LEGEND	64
#define WIDTH	(LEFT + COLUMNS * CELL + 16)

/* Okabe and Ito's colours, which stay apart for colour-blind eyes and on either background. */
static const char style[] =
	"<style>\n"
	"svg{background:#fff;color:#222;font:13px sans-serif}\n"
	"text{fill:currentColor}.big{font-size:18px;font-weight:bold}\n"
	".low{font:11px monospace;text-anchor:end}.free{fill:#e4e4e4}\n"
	".explicit{fill:#cc79a7}.bind{fill:#d55e00}.connected{fill:#0072b2}\n"
	".time_wait{fill:#e69f00}.reserved{fill:#777}\n"
	"@media(prefers-color-scheme:dark){svg{background:#1b1b1b;color:#ddd}\n"
	".free{fill:#333}.connected{fill:#56b4e9}.reserved{fill:#999}}\n"
	"</style>\n";

static void write_cell(const struct map *map, const struct protocol *proto, unsigned int low,
		       unsigned int high, unsigned int x, unsigned int y, FILE *out)
{
	uint32_t counts[MAP_KINDS], taken = 0, all = high - low + 1;
	enum map_kind kind;
	unsigned int k;

	map_count(map, proto->proto, low, high, counts);
	kind = map_main_kind(counts);
	for (k = 0; k < MAP_FREE; k++)
		taken += counts[k];
	fprintf(out, "<g><title>%u-%u:", low, high);
	for (k = 0; k < MAP_KINDS; k++) {
		if (counts[k])
			fprintf(out, " %u %s", counts[k], map_words[k]);
	}
	fprintf(out, "</title><rect class=\"free\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"/>",
		x, y, CELL - 1, CELL - 1);
	if (taken)
		fprintf(out, "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" "
			"opacity=\"0.%02u\"/>", map_names[kind], x, y, CELL - 1, CELL - 1,
			25 + 74 * taken / all);
	fputs("</g>\n", out);
}

static void write_picture(const struct map *map, const struct protocol *proto,
			  const struct map_grid *grid, unsigned int y, FILE *out)
{
	unsigned int low = proto->range_low, high, i = 0;

	fprintf(out, "<text x=\"16\" y=\"%u\">%s %u-%u: a cell is %u port%s</text>\n",
		y + TITLE - 9, proto_name(proto->proto), proto->range_low, proto->range_high,
		grid->ports, grid->ports > 1 ? "s" : "");
	y += TITLE;
	for (; low <= proto->range_high; low = high + 1, i++) {
		unsigned int row = y + i / grid->columns * CELL;

		high = low + grid->ports - 1;
		if (high > proto->range_high)
			high = proto->range_high;
		if (i % grid->columns == 0)
			fprintf(out, "<text class=\"low\" x=\"%u\" y=\"%u\">%u</text>\n", LEFT - 6,
				row + CELL - 2, low);
		write_cell(map, proto, low, high, LEFT + i % grid->columns * CELL, row, out);
	}
}

/* The kinds with their colours, and a line of counts for each protocol. */
static void write_legend(const struct map *map, unsigned int y, FILE *out)
{
	unsigned int i, k, line = 0;

	for (k = 0; k < MAP_KINDS; k++)
		fprintf(out, "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"/>"
			"<text x=\"%u\" y=\"%u\">%s</text>\n", map_names[k], LEFT + k * 120, y,
			CELL - 1, CELL - 1, LEFT + k * 120 + CELL + 4, y + CELL - 2, map_words[k]);
	for (i = 0; i < map->info.n_protocols; i++) {
		const struct protocol *proto = &map->info.protocols[i];
		uint32_t counts[MAP_KINDS];

		if (!map_wants(map, proto))
			continue;
		line++;
		map_count(map, proto->proto, proto->range_low, proto->range_high, counts);
		fprintf(out, "<text x=\"16\" y=\"%u\">%s</text>\n", y + CELL + line * 18,
			proto_name(proto->proto));
		for (k = 0; k < MAP_KINDS; k++)
			fprintf(out, "<text x=\"%u\" y=\"%u\">%u</text>\n",
				LEFT + k * 120 + CELL + 4, y + CELL + line * 18, counts[k]);
	}
}

/* When, of which namespace, and how far it can be believed. */
static void write_head(const struct map *map, unsigned int height, FILE *out)
{
	time_t seconds = (time_t)(map->info.time_ns / 1000000000);
	struct text text = { 0 };
	char when[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S UTC", &tm);
	if (map->interrupted && !health_is_bad(&map->info))
		text_str(&text, health_interrupted);
	else
		health_text(&text, &map->info);
	if (map->reserved_error)
		text_str(&text, "; reserved ports are not known, and shown as free");
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\" role=\"img\" aria-labelledby=\"title desc\">\n"
		"<title id=\"title\">Ephemeral ports of network namespace %u, %s</title>\n"
		"<desc id=\"desc\">Each cell stands for a run of ports, coloured by what most of "
		"those in use are for, the stronger the more are; %s.</desc>\n",
		WIDTH, height, WIDTH, height, map->info.netns, when, text_get(&text));
	fputs(style, out);
	fprintf(out, "<text class=\"big\" x=\"16\" y=\"28\">Ephemeral ports</text>\n"
		"<text x=\"16\" y=\"50\">network namespace %u, %s; %s</text>\n", map->info.netns,
		when, text_get(&text));
}

void map_write_svg(const struct map *map, FILE *out)
{
	struct map_grid grids[INFO_PROTOCOLS];
	unsigned int i, height = TOP, y = TOP;

	for (i = 0; i < map->info.n_protocols; i++) {
		const struct protocol *proto = &map->info.protocols[i];

		if (!map_wants(map, proto))
			continue;
		map_fit(&grids[i], protocol_ports(proto), COLUMNS, ROWS);
		height += TITLE + grids[i].rows * CELL;
	}
	write_head(map, height + LEGEND + 16, out);
	for (i = 0; i < map->info.n_protocols; i++) {
		if (!map_wants(map, &map->info.protocols[i]))
			continue;
		write_picture(map, &map->info.protocols[i], &grids[i], y, out);
		y += TITLE + grids[i].rows * CELL;
	}
	write_legend(map, y + 16, out);
	fputs("</svg>\n", out);
}
