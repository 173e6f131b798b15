// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "options.h"
#include "util.h"

#define TOP_MAX		1024	/* rows that the module tells at most */

enum {
	OPT_CGROUP = 256,	/* above all characters */
	OPT_TOP,
	OPT_BY,
	OPT_SET,
	OPT_FOLLOW,
	OPT_SINCE,
	OPT_SVG,
	OPT_ITERATIONS,
	OPT_AT,
	OPT_UNTIL,
	OPT_PEER,
	OPT_PROTO,
	OPT_KINDS,
	OPT_UNUSUAL,
	OPT_LOG,
	OPT_SIZE,
	OPT_AGE,
	OPT_KEEP,
	OPT_MAX_TOTAL,
};

struct opt {
	int letter;		/* a character, or OPT_* if there is no short form */
	const char *name;
	const char *arg;
	int commands;		/* mask of FOR_* */
	const char *help;
};

/* What one looks at instead of reading it, and what advises. */
#define FOR_LOOKS	(FOR_MAP | FOR_WHY | FOR_TOP)

/* What follows the stream of events. */
#define FOR_STREAM	(FOR_WATCH | FOR_LOG)

/* What shows records, and so can leave some out. */
#define FOR_RECORDS	(FOR_LIST | FOR_DEST | FOR_OWNERS | FOR_STREAM)
#define FOR_TABLES	(FOR_RECORDS | FOR_FAILURES | FOR_BLACKBOX | FOR_WHO)
#define FOR_PROTOCOLS	(FOR_LOOKS | FOR_RECORDS | FOR_SUMMARY | FOR_FAILURES | FOR_THIEF | \
			 FOR_HIST | FOR_ALERTS | FOR_CHECK | FOR_WHO)
#define FOR_NETNS	(FOR_LOOKS | FOR_TABLES | FOR_SUMMARY | FOR_HIST | FOR_CHECK)

static const struct opt opts[] = {
	{ 't', "tcp",		NULL,	 FOR_PROTOCOLS, "TCP only" },
	{ 'u', "udp",		NULL,	 FOR_PROTOCOLS, "UDP only" },
	{ '4', "ipv4",		NULL,	 FOR_RECORDS | FOR_TOP, "IPv4 sockets only" },
	{ '6', "ipv6",		NULL,	 FOR_RECORDS | FOR_TOP, "IPv6 sockets only" },
	{ 'N', "net",		"NETNS", FOR_NETNS,
	  "that network namespace: a name, a path, a pid or an inode number" },
	{ 'A', "all-netns",	NULL,	 FOR_TABLES | FOR_TOP, "every network namespace" },
	{ 'j', "json",		NULL,	 FOR_ALL & ~FOR_CHECK, "JSON" },
	{ 'H', "no-header",	NULL,	 FOR_TABLES, "no header line" },
	{ 'n', "numeric",	NULL,	 FOR_ALL,
	  "accepted as ss does; ports and users are shown as numbers" },
	{ 'p', "processes",	NULL,	 FOR_LIST, "accepted as ss does; owners are always shown" },
	{ OPT_CGROUP, "cgroup",	NULL,	 FOR_LIST | FOR_WHO, "the owner's cgroup too (JSON always has it)" },
	{ OPT_TOP, "top",	"N",	 FOR_DEST | FOR_OWNERS,
	  "that many rows (20; JSON: 1024 at most)" },
	{ OPT_BY, "by",		"WHAT",	 FOR_OWNERS,
	  "owners summed up by process, command, uid, cgroup or netns" },
	{ OPT_SET, "set",	"LIST",	 FOR_ALERTS,
	  "thresholds in percent: notice=N,warning=N,critical=N,clear=N" },
	{ OPT_FOLLOW, "follow",	NULL,	 FOR_ALERTS, "alerts as they come, a line each" },
	{ 'w', "warning",	"RANGE", FOR_CHECK, "percent in use, as plugins take it (80)" },
	{ 'c', "critical",	"RANGE", FOR_CHECK, "likewise (90)" },
	{ OPT_SINCE, "since",	"TIME",	 FOR_CHECK | FOR_WHO,
	  "check: how long a failure is critical (5m); who: at any time from then on" },
	{ OPT_UNTIL, "until",	"TIME",	 FOR_WHO, "up to then (now)" },
	{ OPT_AT, "at",		"TIME",	 FOR_WHO, "at that time: 14:03, 2026-11-21 14:03:05, -5m" },
	{ OPT_PROTO, "proto",	"PROTO", FOR_WHO, "tcp or udp, as -t and -u" },
	{ OPT_PEER, "peer",	"ADDR[:PORT]", FOR_WHO, "towards this peer alone" },
	{ OPT_SVG, "svg",	NULL,	 FOR_MAP, "the picture as SVG, for a report" },
	{ 'd', "delay",		"SECONDS", FOR_TOP, "between two refreshes (1)" },
	{ 'b', "batch",		NULL,	 FOR_TOP, "lines for a file or a pipe, and no keys" },
	{ OPT_ITERATIONS, "iterations", "COUNT", FOR_TOP,
	  "with -b: how often; top takes -n COUNT, too" },
	{ OPT_KINDS, "kinds",	"LIST",	 FOR_WATCH,
	  "assigned, time-wait, released, failed, found, dropped: some of them" },
	{ OPT_UNUSUAL, "unusual", NULL,	 FOR_WATCH, "scans and bursts alone, a line each" },
	{ OPT_LOG, "log",	"DIR",	 FOR_WATCH | FOR_WHO, "from the files of ephstat log" },
	{ OPT_SIZE, "size",	"N",	 FOR_LOG, "a new file after that many bytes (64M)" },
	{ OPT_AGE, "age",	"TIME",	 FOR_LOG, "a new file after that time (1d)" },
	{ OPT_KEEP, "keep",	"N",	 FOR_LOG, "files that are kept at most" },
	{ OPT_MAX_TOTAL, "max-total", "N", FOR_LOG, "bytes that are kept at most (4G)" },
	{ 'h', "help",		NULL,	 FOR_ALL, "this text" },
	{ 'V', "version",	NULL,	 FOR_ALL, "the version" },
};

static const struct opt *find_opt(int letter)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opts); i++) {
		if (opts[i].letter == letter)
			return &opts[i];
	}
	return NULL;
}

static bool takes_argument(int letter)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opts); i++)
		if (opts[i].letter == letter)
			return opts[i].arg;
	return false;
}

/* Whether what follows option @word is its argument. */
static bool wants_next(const char *word)
{
	bool found = false;
	size_t i;

	if (word[1] != '-') {
		while (*++word)
			if (takes_argument(*word))
				return !word[1];
		return false;
	}
	/* To getopt, the beginning of a name will do. */
	for (i = 0; i < ARRAY_SIZE(opts); i++) {
		if (!strcmp(opts[i].name, word + 2))
			return opts[i].arg;
		if (!strncmp(opts[i].name, word + 2, strlen(word + 2)))
			found = opts[i].arg;
	}
	return found;
}

int options_command(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (*argv[i] == '-' && argv[i][1])
			i += wants_next(argv[i]);
		else if (!isdigit((unsigned char)*argv[i]))	/* "-n 5 top" */
			break;
	}
	return i < argc ? i : argc;
}

/* Of top(1) everybody knows -n COUNT; elsewhere -n is ss's, and stands alone. */
static bool is_top(int argc, char **argv)
{
	int i = options_command(argc, argv);

	return i < argc && !strcmp(argv[i], "top");
}

/* Makes getopt's tables of opts. A ':' first: a missing argument is told apart. */
static void make_getopt(char *letters, struct option *longs, bool top)
{
	size_t i;

	*letters++ = ':';
	for (i = 0; i < ARRAY_SIZE(opts); i++) {
		longs[i] = (struct option){
			.name = opts[i].name,
			.has_arg = opts[i].arg ? required_argument : no_argument,
			.val = opts[i].letter,
		};
		if (opts[i].letter >= OPT_CGROUP)
			continue;
		*letters++ = opts[i].letter;
		if (opts[i].arg || (top && opts[i].letter == 'n'))
			*letters++ = ':';
	}
	*letters = '\0';
	longs[i] = (struct option){ 0 };
}

/* Options that stand alone. False for one that has an argument. */
static bool apply_flag(int letter, struct options *options, struct ephstat *es)
{
	switch (letter) {
	case 't':
		options->tcp = true;
		break;
	case 'u':
		options->udp = true;
		break;
	case '4':
		options->ipv4 = true;
		break;
	case '6':
		options->ipv6 = true;
		break;
	case 'A':
		es->filter.all_netns = true;
		break;
	case 'j':
		es->json = true;
		break;
	case 'H':
		es->no_header = true;
		break;
	case OPT_CGROUP:
		es->cgroups = true;
		break;
	case 'b':
		es->batch = true;
		break;
	case OPT_SVG:
		es->svg = true;
		break;
	case OPT_FOLLOW:
		es->follow = true;
		break;
	case OPT_UNUSUAL:
		es->unusual = true;
		break;
	case 'h':
		options->help = true;
		break;
	case 'V':
		options->version = true;
		break;
	case 'p':
		break;
	default:
		return false;
	}
	return true;
}

static int parse_top(const char *arg, struct ephstat *es, struct error *err)
{
	unsigned long n;
	char *end;

	n = strtoul(arg, &end, 10);
	if (!isdigit((unsigned char)*arg) || *end || !n || n > TOP_MAX)
		return error_set(err, EXIT_USAGE, "--top takes a number from 1 to %d", TOP_MAX);
	es->top = n;
	return EXIT_OK;
}

static int parse_proto(const char *name, struct options *options, struct error *err)
{
	options->tcp = !strcmp(name, "tcp");
	options->udp = !strcmp(name, "udp");
	if (options->tcp || options->udp)
		return EXIT_OK;
	return error_set(err, EXIT_USAGE, "--proto %s is neither tcp nor udp", name);
}

static int parse_kinds(const char *arg, struct ephstat *es, struct error *err)
{
	char *copy = strdup(arg), *rest = copy, *word;
	uint32_t mask = 1;

	while (mask && (word = strsep(&rest, ","))) {
		mask = event_mask(word);
		es->kinds |= mask;
	}
	free(copy);
	if (!copy || !mask)
		return error_set(err, EXIT_USAGE, "--kinds takes some of assigned, time-wait, "
				 "released, failed, found and dropped, with commas between");
	return EXIT_OK;
}

static void apply_log_opt(int letter, const char *arg, struct ephstat *es)
{
	switch (letter) {
	case OPT_LOG:
		es->log = arg;
		break;
	case OPT_SIZE:
		es->size = arg;
		break;
	case OPT_AGE:
		es->age = arg;
		break;
	case OPT_KEEP:
		es->keep = arg;
		break;
	case OPT_MAX_TOTAL:
		es->max_total = arg;
		break;
	}
}

static int apply_opt(int letter, const char *arg, struct options *options, struct ephstat *es,
		     struct error *err)
{
	if (apply_flag(letter, options, es))
		return EXIT_OK;
	switch (letter) {
	case 'N':
		options->netns = arg;
		break;
	case 'd':
		es->delay = arg;
		break;
	case 'n':
	case OPT_ITERATIONS:
		es->iterations = arg;
		break;
	case OPT_TOP:
		return parse_top(arg, es, err);
	case OPT_BY:
		es->by = owners_by(arg);
		if (es->by == OWNERS_BY_NONE)
			return error_set(err, EXIT_USAGE, "--by takes process, command, uid, "
					 "cgroup or netns, not \"%s\"", arg);
		break;
	case OPT_SET:
		es->set = arg;
		break;
	case 'w':
		es->warning = arg;
		break;
	case 'c':
		es->critical = arg;
		break;
	case OPT_SINCE:
		es->since = arg;
		break;
	case OPT_AT:
		es->at = arg;
		break;
	case OPT_UNTIL:
		es->until = arg;
		break;
	case OPT_PEER:
		es->peer = arg;
		break;
	case OPT_PROTO:
		return parse_proto(arg, options, err);
	case OPT_KINDS:
		return parse_kinds(arg, es, err);
	default:
		apply_log_opt(letter, arg, es);
	}
	return EXIT_OK;
}

static int bad_option(int ret, char **argv, struct error *err)
{
	const struct opt *known = find_opt(optopt);

	if (known)
		return error_set(err, EXIT_USAGE, "--%s takes %s argument; see ephstat --help",
				 known->name, ret == ':' ? "an" : "no");
	if (optopt)
		return error_set(err, EXIT_USAGE, "there is no option -%c; see ephstat --help",
				 optopt);
	return error_set(err, EXIT_USAGE, "there is no option %s; see ephstat --help",
			 argv[optind - 1]);
}

int options_parse(int argc, char **argv, struct options *options, struct ephstat *es,
		  struct error *err)
{
	struct option longs[ARRAY_SIZE(opts) + 1];
	char letters[2 * ARRAY_SIZE(opts) + 2];
	int letter, ret;

	make_getopt(letters, longs, is_top(argc, argv));
	opterr = 0;
	while ((letter = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (letter == '?' || letter == ':')
			return bad_option(letter, argv, err);
		ret = apply_opt(letter, optarg, options, es, err);
		if (ret)
			return ret;
		if (options->n_given < ARRAY_SIZE(options->given))
			options->given[options->n_given++] = find_opt(letter);
	}
	return EXIT_OK;
}

/* Options are held against the command only now, because they may stand before it. */
int options_check(const struct options *options, int command, const char *name,
		  struct error *err)
{
	unsigned int i;

	for (i = 0; i < options->n_given; i++) {
		if (!(options->given[i]->commands & command))
			return error_set(err, EXIT_USAGE, "--%s does not go with %s; "
					 "see ephstat --help", options->given[i]->name, name);
	}
	return EXIT_OK;
}

void options_print(FILE *out)
{
	char name[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opts); i++) {
		snprintf(name, sizeof(name), "--%s %s", opts[i].name,
			 opts[i].arg ? opts[i].arg : "");
		if (opts[i].letter < OPT_CGROUP)
			fprintf(out, "  -%c, %-16s %s\n", opts[i].letter, name, opts[i].help);
		else
			fprintf(out, "      %-16s %s\n", name, opts[i].help);
	}
}
