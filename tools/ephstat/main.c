// SPDX-License-Identifier: GPL-2.0
/*
 * ephstat - who uses the ephemeral ports
 *
 * The two tables below are the command line: what is parsed and what --help says both come from
 * them.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cgroup.h"
#include "ephstat.h"
#include "netns.h"
#include "util.h"

/* Which options a command takes. */
enum {
	FOR_SUMMARY	= 1 << 0,
	FOR_LIST	= 1 << 1,
	FOR_RESYNC	= 1 << 2,
	FOR_ALL		= ~0,
};

struct command {
	const char *name;
	const char *args;	/* NULL: it takes no words */
	int options;		/* which FOR_* it is */
	int (*run)(struct ephstat *es, int argc, char **argv, struct error *err);
	const char *help;
};

/* The first is what runs when no command is named. */
static const struct command commands[] = {
	{ "summary", NULL, FOR_SUMMARY, cmd_summary,
	  "the range, how full it is, and who fills it (default)" },
	{ "list", "[FILTER...]", FOR_LIST, cmd_list,
	  "every holder of a port, with its owner" },
	{ "resync", NULL, FOR_RESYNC, cmd_resync,
	  "compare with the kernel's own tables, and mend" },
};

enum {
	OPT_CGROUP = 256,
};

struct opt {
	int letter;		/* a character, or OPT_* if there is no short form */
	const char *name;
	const char *arg;
	int commands;		/* mask of FOR_* */
	const char *help;
};

static const struct opt opts[] = {
	{ 't', "tcp",		NULL,	 FOR_SUMMARY | FOR_LIST, "TCP only" },
	{ 'u', "udp",		NULL,	 FOR_SUMMARY | FOR_LIST, "UDP only" },
	{ '4', "ipv4",		NULL,	 FOR_LIST, "IPv4 sockets only" },
	{ '6', "ipv6",		NULL,	 FOR_LIST, "IPv6 sockets only" },
	{ 'N', "net",		"NETNS", FOR_SUMMARY | FOR_LIST,
	  "that network namespace: a name, a path, a pid or an inode number" },
	{ 'A', "all-netns",	NULL,	 FOR_LIST, "every network namespace" },
	{ 'j', "json",		NULL,	 FOR_ALL, "JSON" },
	{ 'H', "no-header",	NULL,	 FOR_LIST, "no header line" },
	{ 'n', "numeric",	NULL,	 FOR_ALL,
	  "accepted as ss does; names are never looked up" },
	{ 'p', "processes",	NULL,	 FOR_LIST, "accepted as ss does; owners are always shown" },
	{ OPT_CGROUP, "cgroup",	NULL,	 FOR_LIST, "the owner's cgroup too (JSON always has it)" },
	{ 'h', "help",		NULL,	 FOR_ALL, "this text" },
	{ 'V', "version",	NULL,	 FOR_ALL, "the version" },
};

/* What the options said. */
struct options {
	const struct opt *given[64];	/* to be held against the command */
	unsigned int n_given;
	bool tcp, udp, ipv4, ipv6;
	bool help, version;
	const char *netns;
};

static void print_usage(FILE *out)
{
	char name[32];
	size_t i;

	fputs("Usage: ephstat [OPTIONS] [COMMAND] [FILTER...]\n"
	      "\nWho uses the ephemeral ports, as the ephports module knows it.\n"
	      "\nCommands:\n", out);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		snprintf(name, sizeof(name), "%s %s", commands[i].name,
			 commands[i].args ? commands[i].args : "");
		fprintf(out, "  %-18s %s\n", name, commands[i].help);
	}
	fputs("\nOptions:\n", out);
	for (i = 0; i < ARRAY_SIZE(opts); i++) {
		snprintf(name, sizeof(name), "--%s %s", opts[i].name,
			 opts[i].arg ? opts[i].arg : "");
		if (opts[i].letter < OPT_CGROUP)
			fprintf(out, "  -%c, %-14s %s\n", opts[i].letter, name, opts[i].help);
		else
			fprintf(out, "      %-14s %s\n", name, opts[i].help);
	}
	fputs("\nFilters, as in ss(8); all that are given must match:\n"
	      "  state STATE[,STATE...]      exclude STATE[,STATE...]\n"
	      "  src ADDR[/BITS][:PORT]      sport [= >= <= > <] :PORT, or sport :LOW-HIGH\n"
	      "  dst ADDR[/BITS][:PORT]      dport [=] :PORT\n"
	      "  origin ORIGIN[,ORIGIN...]   pid PID      uid UID\n"
	      "\nExit status: 0 success, 1 failure, 2 wrong usage, 3 the module is not loaded.\n"
	      "See ephstat(8).\n", out);
}

static const struct opt *find_opt(int letter)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opts); i++) {
		if (opts[i].letter == letter)
			return &opts[i];
	}
	return NULL;
}

/* Makes getopt's tables of opts. A ':' first: a missing argument is told apart. */
static void make_getopt(char *letters, struct option *longs)
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
		if (opts[i].arg)
			*letters++ = ':';
	}
	*letters = '\0';
	longs[i] = (struct option){ 0 };
}

static void apply_opt(int letter, const char *arg, struct options *options, struct ephstat *es)
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
	case 'N':
		options->netns = arg;
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
	case 'h':
		options->help = true;
		break;
	case 'V':
		options->version = true;
		break;
	}
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

static int parse_options(int argc, char **argv, struct options *options, struct ephstat *es,
			 struct error *err)
{
	struct option longs[ARRAY_SIZE(opts) + 1];
	char letters[2 * ARRAY_SIZE(opts) + 2];
	int letter;

	make_getopt(letters, longs);
	opterr = 0;
	while ((letter = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (letter == '?' || letter == ':')
			return bad_option(letter, argv, err);
		apply_opt(letter, optarg, options, es);
		if (options->n_given < ARRAY_SIZE(options->given))
			options->given[options->n_given++] = find_opt(letter);
	}
	return EXIT_OK;
}

static int find_command(int argc, char **argv, const struct command **command, struct error *err)
{
	size_t i;

	*command = &commands[0];
	if (!argc)
		return EXIT_OK;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		*command = &commands[i];
		if (!strcmp(argv[0], commands[i].name))
			break;
	}
	if (i == ARRAY_SIZE(commands))
		return error_set(err, EXIT_USAGE, "there is no command \"%s\"; see ephstat --help "
				 "(filters go with: ephstat list)", argv[0]);
	if (argc > 1 && !commands[i].args)
		return error_set(err, EXIT_USAGE, "%s takes no \"%s\"; see ephstat --help",
				 argv[0], argv[1]);
	return EXIT_OK;
}

/* Options are held against the command only now, because they may stand before it. */
static int check_options(const struct options *options, const struct command *command,
			 struct error *err)
{
	unsigned int i;

	for (i = 0; i < options->n_given; i++) {
		if (!(options->given[i]->commands & command->options))
			return error_set(err, EXIT_USAGE, "--%s does not go with %s; "
					 "see ephstat --help", options->given[i]->name,
					 command->name);
	}
	return EXIT_OK;
}

static int settle_filter(const struct options *options, struct filter *filter, struct error *err)
{
	if (options->tcp != options->udp)
		filter->proto = options->tcp ? IPPROTO_TCP : IPPROTO_UDP;
	if (options->ipv4 != options->ipv6)
		filter->family = options->ipv4 ? AF_INET : AF_INET6;
	if (!options->netns)
		return EXIT_OK;
	if (filter->all_netns)
		return error_set(err, EXIT_USAGE, "--net and --all-netns exclude each other");
	return netns_resolve(options->netns, &filter->netns, err);
}

static int run(int argc, char **argv, struct ephstat *es, struct error *err)
{
	const struct command *command;
	struct options options = { 0 };
	int ret = parse_options(argc, argv, &options, es, err);

	if (ret)
		return ret;
	if (options.help) {
		print_usage(es->out);
		return EXIT_OK;
	}
	if (options.version) {
		fputs("ephstat " EPHSTAT_VERSION "\n", es->out);
		return EXIT_OK;
	}
	argc -= optind;
	argv += optind;
	ret = find_command(argc, argv, &command, err);
	if (!ret)
		ret = check_options(&options, command, err);
	if (!ret)
		ret = settle_filter(&options, &es->filter, err);
	if (ret)
		return ret;
	return command->run(es, argc ? argc - 1 : 0, argc ? argv + 1 : argv, err);
}

int main(int argc, char **argv)
{
	struct ephstat es = { .out = stdout };
	struct error err = { "" };
	int ret;

	/* "ephstat list | head" ends quietly, also if whoever started us ignores the signal. */
	signal(SIGPIPE, SIG_DFL);
	filter_init(&es.filter);
	ret = run(argc, argv, &es, &err);
	cgroup_forget();

	if (fflush(stdout) || ferror(stdout))
		ret = error_set(&err, EXIT_RUNTIME, "cannot write the output: %s", strerror(errno));
	if (*err.text)
		fprintf(stderr, "ephstat: %s\n", err.text);
	return ret;
}
