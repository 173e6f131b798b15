// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "kinds.h"
#include "options.h"

struct options options = {
	.seed = 1,
	.ops = 10000,
	.procs = 4,
	.hold = 32,
};

static void usage(FILE *out)
{
	unsigned int i;

	fputs("usage: storm [OPTION]...\n"
	      "\n"
	      "Many processes open, connect, pass on and close sockets, on loopback alone. Ports\n"
	      "come from the namespace's ip_local_port_range, which is left as it is.\n"
	      "\n"
	      "  --seed N      the same seed gives the same operations (default 1)\n"
	      "  --ops N       operations of all processes together (default 10000, or without\n"
	      "                limit if --seconds is given)\n"
	      "  --seconds N   stop after N seconds, or at SIGUSR1\n"
	      "  --procs N     processes in this network namespace (default 4)\n"
	      "  --netns N     more processes, each in a namespace of its own, which dies with\n"
	      "                sockets open and is followed by another (default 0; wants root)\n"
	      "  --hold N      sockets that a process keeps open at most (default 32)\n"
	      "  --kinds LIST  only these kinds of operations, with commas between; 'tcp' means\n"
	      "                all of 'tcp-...'\n"
	      "  --linger      at the end, keep open what is open, print 'quiet', and wait for\n"
	      "                SIGTERM, or for the end of standard input if that is a pipe,\n"
	      "                a socket or a terminal\n"
	      "\n"
	      "  --taken FILE  at the end, write there every port of this network namespace that\n"
	      "                was ever taken ('tcp PORT', 'udp PORT'), and the inode number of\n"
	      "                every network namespace that there was ('netns INODE'). A port that\n"
	      "                a thread took which lost its 'race' may be missing.\n"
	      "\n"
	      "Prints a line of totals: all operations; of each kind, how many succeeded out of\n"
	      "how many that were not skipped; ports taken ('took:'), by protocol and family; and\n"
	      "the calls that failed, by their errors. Then a line for each network namespace:\n"
	      "calls that were refused because no port was free. Exit code 1 if a process died or\n"
	      "hung, 2 for wrong usage.\n"
	      "\n"
	      "Fast Open is real only with net.ipv4.tcp_fastopen=3. MPTCP, SOCK_DESTROY and the\n"
	      "socket's own port range are skipped where the kernel has none.\n"
	      "\n"
	      "Kinds:", out);
	for (i = 0; i < kinds_number(); i++)
		fprintf(out, "%s%s", i % 5 ? " " : "\n  ", kinds_name(i));
	fputc('\n', out);
}

static uint64_t number(const char *text, const char *option, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno || !*text || *end || *text == '-' || n < min || n > max) {
		fprintf(stderr, "storm: --%s wants a number from %" PRIu64 " to %" PRIu64
			", not '%s'\n", option, min, max, text);
		exit(2);
	}
	return n;
}

/**
 * options_parse() - fill in what was asked for; ends the process if that makes no sense
 */
void options_parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "ops", required_argument, NULL, 'o' },
		{ "procs", required_argument, NULL, 'p' },
		{ "seconds", required_argument, NULL, 't' },
		{ "kinds", required_argument, NULL, 'k' },
		{ "hold", required_argument, NULL, 'd' },
		{ "netns", required_argument, NULL, 'n' },
		{ "taken", required_argument, NULL, 'f' },
		{ "linger", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	bool has_ops = false;
	int option, i;

	while ((option = getopt_long(argc, argv, "", known, &i)) != -1) {
		switch (option) {
		case 's':
			options.seed = number(optarg, "seed", 0, UINT64_MAX);
			break;
		case 'o':
			options.ops = number(optarg, "ops", 0, UINT64_MAX - 1);
			has_ops = true;
			break;
		case 'p':
			options.procs = (unsigned int)number(optarg, "procs", 1, OPTIONS_MAX_SLOTS / 2);
			break;
		case 't':
			options.seconds = (unsigned int)number(optarg, "seconds", 1, 1000000);
			break;
		case 'k':
			if (kinds_select(optarg))
				exit(2);
			break;
		case 'd':
			options.hold = (unsigned int)number(optarg, "hold", 1, 4096);
			break;
		case 'n':
			options.netns = (unsigned int)number(optarg, "netns", 0, OPTIONS_MAX_SLOTS / 2);
			break;
		case 'f':
			options.taken = optarg;
			break;
		case 'l':
			options.linger = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			fputs("storm: see --help\n", stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "storm: '%s' is not an option; see --help\n", argv[optind]);
		exit(2);
	}
	if (options.seconds && !has_ops)
		options.ops = UINT64_MAX;
}
