/* SPDX-License-Identifier: GPL-2.0 */
/* The options of the command line: one table says what is parsed and what --help prints. */
#ifndef EPHSTAT_OPTIONS_H
#define EPHSTAT_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "ephstat.h"

/* Which options a command takes: each has a bit. */
enum {
	FOR_SUMMARY	= 1 << 0,
	FOR_LIST	= 1 << 1,
	FOR_DEST	= 1 << 2,
	FOR_OWNERS	= 1 << 3,
	FOR_FAILURES	= 1 << 4,
	FOR_THIEF	= 1 << 5,
	FOR_HIST	= 1 << 6,
	FOR_BLACKBOX	= 1 << 7,
	FOR_ALERTS	= 1 << 8,
	FOR_CHECK	= 1 << 9,
	FOR_RESYNC	= 1 << 10,
	FOR_MAP		= 1 << 16,
	FOR_WHY		= 1 << 17,
	FOR_TOP		= 1 << 18,
	FOR_WHO		= 1 << 19,
	FOR_WATCH	= 1 << 20,
	FOR_LOG		= 1 << 21,
	FOR_ALL		= ~0,
};

/* What the options said that is not yet in struct ephstat. */
struct options {
	const struct opt *given[64];	/* to be held against the command */
	unsigned int n_given;
	bool tcp, udp, ipv4, ipv6;
	bool help, version;
	const char *netns;
};

/* Leaves getopt's optind behind the options. Returns an exit code. */
int options_parse(int argc, char **argv, struct options *options, struct ephstat *es,
		  struct error *err);

/* Where in @argv the command stands, whatever is wrong with the options; @argc: there is none. */
int options_command(int argc, char **argv);

/* Whether the command @name, of mask @command, takes all that were given. */
int options_check(const struct options *options, int command, const char *name,
		  struct error *err);

/* The part of --help about them. */
void options_print(FILE *out);

#endif
