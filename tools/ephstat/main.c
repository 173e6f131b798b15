// SPDX-License-Identifier: GPL-2.0
/*
 * ephstat - who uses the ephemeral ports
 *
 * The table below and that of options.c are the command line: what is parsed and what --help says
 * both come from them.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "ephstat.h"
#include "netns.h"
#include "options.h"
#include "util.h"

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
	{ "dest", "[FILTER...]", FOR_DEST, cmd_dest,
	  "destinations, most used first, and what is left for each" },
	{ "owners", "[FILTER...]", FOR_OWNERS, cmd_owners,
	  "who holds ports: process, command, uid, cgroup or namespace" },
	{ "failures", NULL, FOR_FAILURES, cmd_failures,
	  "allocations that found no free port, by culprit" },
	{ "thief", "[PORT...]", FOR_THIEF, cmd_thief,
	  "who was given a port that a service wants" },
	{ "who", "PORT", FOR_WHO, cmd_who,
	  "who held a port, now or at some time, as far as is remembered" },
	{ "hist", NULL, FOR_HIST, cmd_hist,
	  "how long ports are searched for, held, and left alone" },
	{ "blackbox", "[ID]", FOR_BLACKBOX, cmd_blackbox,
	  "pictures of the moments when allocations failed" },
	{ "alerts", NULL, FOR_ALERTS, cmd_alerts,
	  "thresholds of alerts, or alerts as they come" },
	{ "watch", "[FILTER...]", FOR_WATCH, cmd_watch,
	  "what happens to ports, as it happens" },
	{ "log", "DIR [FILTER...]", FOR_LOG, cmd_log,
	  "the same as a service, into compressed files" },
	{ "check", NULL, FOR_CHECK, cmd_check,
	  "a plugin for monitoring systems, with exit codes of its own" },
	{ "why", "[WHAT]", FOR_WHY, cmd_why,
	  "what is full, why, and what helps; WHAT is ADDR:PORT, a process, a port" },
	{ "top", "[VIEW] [FILTER...]", FOR_TOP, cmd_top,
	  "destinations, owners, failures on the whole screen" },
	{ "map", NULL, FOR_MAP, cmd_map,
	  "the range as a picture" },
	{ "resync", NULL, FOR_RESYNC, cmd_resync,
	  "compare with the kernel's own tables, and mend" },
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
		fprintf(out, "  %-20s %s\n", name, commands[i].help);
	}
	fputs("\nOptions:\n", out);
	options_print(out);
	fputs("\nFilters, as in ss(8); all that are given must match:\n"
	      "  state STATE[,STATE...]      exclude STATE[,STATE...]\n"
	      "  src ADDR[/BITS][:PORT]      sport [= >= <= > <] :PORT, or sport :LOW-HIGH\n"
	      "  dst ADDR[/BITS][:PORT]      dport [=] :PORT\n"
	      "  origin ORIGIN[,ORIGIN...]   pid PID      uid UID\n"
	      "\nExit status: 0 success, 1 failure, 2 wrong usage, 3 the module is not loaded,\n"
	      "4 holders may be missing from the answer of who;\n"
	      "of check: 0 ok, 1 warning, 2 critical, 3 unknown.\n"
	      "See ephstat(8).\n", out);
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
	int ret = options_parse(argc, argv, &options, es, err);

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
		ret = options_check(&options, command->options, command->name, err);
	if (!ret)
		ret = settle_filter(&options, &es->filter, err);
	if (ret)
		return ret;
	return command->run(es, argc ? argc - 1 : 0, argc ? argv + 1 : argv, err);
}

/* Also if the options made no sense: to a monitoring system, 2 would be critical. */
static bool is_check(int argc, char **argv)
{
	const struct command *command;
	struct error err;
	int i = options_command(argc, argv);

	return i < argc && !find_command(1, argv + i, &command, &err) &&
	       command->options == FOR_CHECK;
}

/* Of the first three, one that is closed would be the next to be opened: the kernel's socket. */
static void hold_standard_files(void)
{
	int fd;

	/* So that whoever writes there is told that it cannot. */
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct ephstat es = { .out = stdout };
	struct error err = { "" };
	int ret;

	hold_standard_files();
	/* "ephstat list | head" ends quietly, also if whoever started us ignores the signal. */
	signal(SIGPIPE, SIG_DFL);
	filter_init(&es.filter);
	ret = run(argc, argv, &es, &err);
	cgroup_forget();

	if (fflush(stdout) || ferror(stdout))
		ret = error_set(&err, EXIT_RUNTIME, "cannot write the output: %s", strerror(errno));
	if (*err.text && is_check(argc, argv))
		ret = check_unknown(stdout, &err);
	if (*err.text)
		fprintf(stderr, "ephstat: %s\n", err.text);
	return ret;
}
