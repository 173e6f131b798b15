// SPDX-License-Identifier: GPL-2.0
/* What ephstat top shows: the order of the rows, and the lines that they and the head make. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"
#include "health.h"
#include "names.h"
#include "top_table.h"
#include "util.h"

void top_write_bar(struct text *text, uint64_t n, uint64_t of, unsigned int width)
{
	uint64_t full = of ? (n * width + of / 2) / of : 0;
	unsigned int i;

	for (i = 0; i < width; i++)
		text_char(text, i < full ? TOP_BAR_FULL : TOP_BAR_EMPTY);
}

void top_write_rate(const struct traffic *traffic, struct text *text, size_t at)
{
	struct text rate = { 0 };

	text_rate(&rate, traffic->born, traffic->window_ns);
	text_str_right(text, text_get(&rate), at);
}

double top_rate_key(const struct traffic *traffic)
{
	return traffic->window_ns ? (double)traffic->born / traffic->window_ns : 0;
}

double top_held_key(const struct traffic *traffic)
{
	return traffic->ended_known ? (double)traffic->ended_held_ns / traffic->ended_known : -1;
}

void top_write_held(const struct traffic *traffic, struct text *text, size_t at)
{
	struct text held = { 0 };

	traffic_held_text(&held, traffic);
	text_str_right(text, text_get(&held), at);
}

void top_write_age(uint64_t ns, struct text *text, size_t at)
{
	struct text age = { 0 };

	if (ns)
		text_duration(&age, ns);
	text_str_right(text, ns ? text_get(&age) : "-", at);
}

static const struct top_table *const tables[] = {
	[TOP_DESTS]	= &top_dest_table,
	[TOP_OWNERS]	= &top_owner_table,
	[TOP_FAILURES]	= &top_failure_table,
};

static const struct top_column *sort_column(const struct top *top)
{
	return &tables[top->view]->columns[top->sort[top->view].column];
}

static int compare_texts(const struct top *top, const struct top_column *column,
			 const struct top_row *a, const struct top_row *b)
{
	struct text left = { 0 }, right = { 0 };

	column->write(top, a, &left, 0);
	column->write(top, b, &right, 0);
	return strcmp(text_get(&left), text_get(&right));
}

/* Most first, words from A on. */
static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct top *top = arg;
	const struct top_column *column = sort_column(top);
	int order;

	if (column->key) {
		double left = column->key(top, a), right = column->key(top, b);

		order = left > right ? -1 : left < right;
	} else {
		order = compare_texts(top, column, a, b);
	}
	return top->sort[top->view].reversed ? -order : order;
}

void top_sort(struct top *top)
{
	qsort_r(top->rows, top->n_rows, sizeof(*top->rows), compare_rows, top);
}

void top_move_sort(struct top *top, int by)
{
	unsigned int n = tables[top->view]->n;

	top->sort[top->view].column = (top->sort[top->view].column + n + by) % n;
	top_sort(top);
}

/* ---- lines --------------------------------------------------------------------------------- */

static void head_health(const struct top *top, struct text *text)
{
	text_str(text, "ephports: ");
	if (top->interrupted && !health_is_bad(&top->info))
		text_str(text, health_interrupted);
	else
		health_text(text, &top->info);
	text_str(text, "; netns ");
	if (top->filter.all_netns)
		text_str(text, "all");
	else
		text_u64(text, top->info.netns);
}

static void head_protocol(const struct top *top, uint8_t number, struct text *text)
{
	const struct protocol *proto = info_protocol(&top->info, number);

	if (!proto || (top->filter.proto && top->filter.proto != number))
		return;
	/* Each namespace has a range of its own: this is of one, whatever the rows are of. */
	if (top->filter.all_netns) {
		text_str(text, "netns ");
		text_u64(text, top->info.netns);
		text_str(text, ": ");
	}
	text_str(text, proto_name(number));
	text_char(text, ' ');
	top_write_bar(text, proto->in_use, protocol_ports(proto), 20);
	text_char(text, ' ');
	text_percent(text, proto->in_use, protocol_ports(proto));
	text_str(text, ": ");
	text_u64(text, proto->in_use);
	text_str(text, " of ");
	text_u64(text, proto->range_low);
	text_char(text, '-');
	text_u64(text, proto->range_high);
	text_str(text, " in use, ");
	text_u64(text, proto->failures);
	text_str(text, " failures");
}

static void head_view(const struct top *top, struct text *text)
{
	text_str(text, tables[top->view]->name);
	text_str(text, " by ");
	text_str(text, sort_column(top)->name);
	text_str(text, top->sort[top->view].reversed ? ", reversed; " : "; ");
	if (top->view == TOP_FAILURES) {
		text_u64(text, top->failures);
		text_str(text, " in all");
	} else {
		text_rate(text, top->traffic.born, top->traffic.window_ns);
		text_str(text, "/s taken, ");
		text_rate(text, top->traffic.ended, top->traffic.window_ns);
		text_str(text, "/s given back");
	}
	if (*top->words) {
		text_str(text, "; filter: ");
		text_escaped(text, top->words);
	}
}

void top_head(const struct top *top, unsigned int line, struct text *text)
{
	switch (line) {
	case 0:
		head_health(top, text);
		break;
	case 1:
		head_protocol(top, IPPROTO_TCP, text);
		break;
	case 2:
		head_protocol(top, IPPROTO_UDP, text);
		break;
	default:
		head_view(top, text);
	}
}

void top_columns(const struct top *top, struct text *text)
{
	unsigned int i;

	for (i = 0; i < tables[top->view]->n; i++) {
		const struct top_column *column = &tables[top->view]->columns[i];

		if (column->right) {
			text_str_right(text, column->name, column->at);
		} else {
			text_column(text, column->at);
			text_str(text, column->name);
		}
	}
}

void top_row(const struct top *top, unsigned int row, struct text *text)
{
	unsigned int i;

	for (i = 0; i < tables[top->view]->n; i++) {
		const struct top_column *column = &tables[top->view]->columns[i];

		column->write(top, &top->rows[row], text, column->at);
	}
}

unsigned int top_percent(const struct top *top, unsigned int row)
{
	const struct dest *dest = &top->rows[row].dest;

	if (top->view != TOP_DESTS || !top_has_room(&top->rows[row]))
		return 0;
	return (uint64_t)dest_gone(dest) * 100 / dest_room(dest);
}
