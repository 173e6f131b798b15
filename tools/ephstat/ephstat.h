/* SPDX-License-Identifier: GPL-2.0 */
/* What main() hands to a subcommand. */
#ifndef EPHSTAT_H
#define EPHSTAT_H

#include <stdbool.h>
#include <stdio.h>

#include "error.h"
#include "filter.h"

#define EPHSTAT_VERSION	"0.1.0"

struct ephstat {
	FILE *out;
	struct filter filter;
	bool json;
	bool no_header;
	bool cgroups;
};

/*
 * The subcommands. @argv are the words after the command's name. Each returns an exit code; main()
 * prints what is in @err.
 */
int cmd_summary(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_list(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_resync(struct ephstat *es, int argc, char **argv, struct error *err);

#endif
