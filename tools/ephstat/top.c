// SPDX-License-Identifier: GPL-2.0
/* ephstat top: asks again and again, and shows it on the terminal or, in batch mode, as lines. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "counts.h"
#include "ephstat.h"
#include "match.h"
#include "top.h"
#include "util.h"

#define SECONDS	1.0

int top_open(struct top *top, struct error *err)
{
	top->sort[TOP_DESTS].column = TOP_DEST_USED;
	top->sort[TOP_OWNERS].column = TOP_OWNER_USED;
	top->err = err;
	top->rows = calloc(TOP_ROWS, sizeof(*top->rows));
	if (!top->rows)
		return error_set(err, EXIT_RUNTIME, "out of memory");
	return nl_open(&top->nl, err);
}

void top_close(struct top *top)
{
	nl_close(top->nl);
	free(top->rows);
}

int top_set_filter(struct top *top, const char *words, struct error *err)
{
	struct filter filter = top->es->filter;
	char copy[sizeof(top->words)];
	char *argv[] = { copy };
	int ret;

	snprintf(copy, sizeof(copy), "%s", words);
	ret = filter_parse(&filter, 1, argv, err);
	if (ret)
		return ret;
	top->filter = filter;
	snprintf(top->words, sizeof(top->words), "%s", words);
	return EXIT_OK;
}

static int add_dest(const struct dest *dest, void *arg)
{
	struct top *top = arg;

	if (dest_is_new(dest))
		return EXIT_OK;
	traffic_add(&top->traffic, &dest->traffic);
	if (!dest_is_rest(dest) && top->n_rows < TOP_ROWS)
		top->rows[top->n_rows++].dest = *dest;
	return EXIT_OK;
}

static int add_owner(const struct owner *owner, void *arg)
{
	struct top *top = arg;

	traffic_add(&top->traffic, &owner->traffic);
	if (!owner_is_rest(owner) && top->n_rows < TOP_ROWS)
		top->rows[top->n_rows++].owner = *owner;
	return EXIT_OK;
}

static int add_failure(const struct failure *failure, void *arg)
{
	struct top *top = arg;

	if (told(failure, EPHPORTS_A_FAILURE_TOTAL))
		top->failures = failure->total;
	else if (top->n_rows < TOP_ROWS &&
		 filter_passes_failure(&top->filter, failure))
		top->rows[top->n_rows++].failure = *failure;
	return EXIT_OK;
}

static int ask_rows(struct top *top)
{
	struct filter bare;

	switch (top->view) {
	case TOP_DESTS:
		return nl_dests(top->nl, &top->filter, TOP_ROWS, add_dest, top, &top->interrupted,
				top->err);
	case TOP_OWNERS:
		return nl_owners(top->nl, &top->filter, TOP_ROWS, add_owner, top, &top->interrupted,
				 top->err);
	default:
		/* The module filters failures by protocol and namespace only. */
		filter_init(&bare);
		bare.proto = top->filter.proto;
		bare.netns = top->filter.netns;
		bare.all_netns = top->filter.all_netns;
		return nl_failures(top->nl, &bare, add_failure, top, &top->interrupted, top->err);
	}
}

int top_refresh(struct top *top)
{
	int ret;

	top->n_rows = 0;
	top->interrupted = false;
	top->failures = 0;
	top->traffic = (struct traffic){ 0 };
	ret = ask_rows(top);
	if (!ret)
		ret = nl_usage(top->nl, &top->filter, &top->info, top->err);
	if (!ret)
		top_sort(top);
	return ret;
}

/* ---- batch mode ---------------------------------------------------------------------------- */

static void write_line(struct text *text, FILE *out)
{
	size_t i;

	for (i = 0; i < text->len; i++) {
		if (text->buf[i] == TOP_BAR_FULL)
			text->buf[i] = '#';
		else if (text->buf[i] == TOP_BAR_EMPTY)
			text->buf[i] = '.';
	}
	text_line(text, out);
}

static void write_screen(const struct top *top, FILE *out)
{
	struct text text = { 0 };
	unsigned int i;

	for (i = 0; i < TOP_HEAD_LINES; i++) {
		top_head(top, i, &text);
		if (text.len)
			write_line(&text, out);
	}
	top_columns(top, &text);
	write_line(&text, out);
	for (i = 0; i < top->n_rows; i++) {
		top_row(top, i, &text);
		write_line(&text, out);
	}
}

static void wait_seconds(double seconds)
{
	struct timespec pause = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (time_t)seconds) * 1e9),
	};

	nanosleep(&pause, NULL);
}

static int run_batch(struct top *top, double seconds, unsigned long count)
{
	FILE *out = top->es->out;
	unsigned long i;
	int ret;

	for (i = 0; !count || i < count; i++) {
		if (i) {
			wait_seconds(seconds);
			fputc('\n', out);
		}
		ret = top_refresh(top);
		if (ret)
			return ret;
		write_screen(top, out);
		if (fflush(out))
			return EXIT_RUNTIME;
	}
	return EXIT_OK;
}

/* ------------------------------------------------------------------------------------------- */

static int read_numbers(const struct ephstat *es, double *seconds, unsigned long *count,
			struct error *err)
{
	char *end;

	*seconds = SECONDS;
	*count = 0;
	if (es->delay) {
		*seconds = strtod(es->delay, &end);
		if (end == es->delay || *end || !(*seconds >= 0.1 && *seconds <= 86400))
			return error_set(err, EXIT_USAGE, "--delay takes seconds, from 0.1 to "
					 "86400, not \"%s\"", es->delay);
	}
	if (es->iterations) {
		*count = strtoul(es->iterations, &end, 10);
		if (end == es->iterations || *end || *es->iterations == '-' || !*count)
			return error_set(err, EXIT_USAGE, "--iterations takes a number from 1 on, "
					 "not \"%s\"", es->iterations);
	}
	return EXIT_OK;
}

/* "owners" and its fellows may stand before the filter: what is shown first. */
static const char *const view_words[] = { "destinations", "owners", "failures" };

static int read_words(struct top *top, int argc, char **argv, struct error *err)
{
	char words[sizeof(top->words)] = "";
	unsigned int i;

	for (i = 0; argc && i < TOP_VIEWS; i++) {
		if (!strcmp(argv[0], view_words[i])) {
			top->view = i;
			argc--;
			argv++;
			break;
		}
	}
	for (; argc; argc--, argv++) {
		size_t len = strlen(words);

		if (len + strlen(*argv) + 2 > sizeof(words))
			return error_set(err, EXIT_USAGE, "the filter is too long");
		snprintf(words + len, sizeof(words) - len, "%s%s", len ? " " : "", *argv);
	}
	return *words ? top_set_filter(top, words, err) : EXIT_OK;
}

int cmd_top(struct ephstat *es, int argc, char **argv, struct error *err)
{
	unsigned long count;
	double seconds;
	struct top top;
	int ret = read_numbers(es, &seconds, &count, err);

	if (ret)
		return ret;
	if (es->json)
		return error_set(err, EXIT_USAGE, "top has no JSON; see: ephstat -j dest, "
				 "ephstat -j owners, ephstat -j failures");
	if (!es->batch && !isatty(fileno(es->out)))
		return error_set(err, EXIT_USAGE, "top needs a terminal to show itself on; "
				 "to write to a file or a pipe: ephstat top -b");
	top = (struct top){ .es = es, .filter = es->filter };
	ret = read_words(&top, argc, argv, err);
	if (ret)
		return ret;
	ret = top_open(&top, err);
	if (!ret)
		ret = es->batch ? run_batch(&top, seconds, count) : top_screen(&top, seconds, err);
	top_close(&top);
	return ret;
}
