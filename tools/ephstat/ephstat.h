/* SPDX-License-Identifier: GPL-2.0 */
/* What main() hands to a subcommand. */
#ifndef EPHSTAT_H
#define EPHSTAT_H

#include <stdbool.h>
#include <stdio.h>

#include "error.h"
#include "filter.h"
#include "owners_by.h"

#define EPHSTAT_VERSION	"0.1.0"

struct ephstat {
	FILE *out;
	struct filter filter;
	bool json;
	bool no_header;
	bool cgroups;
	bool follow;		/* alerts */
	uint32_t top;		/* rows, 0: as the command likes */
	enum owners_by by;
	const char *set;	/* of alerts */
	const char *warning;	/* of check, as the following */
	const char *critical;
	const char *since;
	const char *at;		/* of who, as the following; it has since, too */
	const char *until;
	const char *peer;
	uint32_t kinds;		/* of watch: a mask, 0: all */
	bool unusual;		/* likewise */
	const char *log;	/* of watch and who: files instead of the module */
	const char *size;	/* of log, as the following */
	const char *age;
	const char *keep;
	const char *max_total;
	bool svg;		/* of map */
	bool batch;		/* of top, as the following */
	const char *delay;
	const char *iterations;
};

/*
 * The subcommands. @argv are the words after the command's name. Each returns an exit code; main()
 * prints what is in @err.
 */
int cmd_summary(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_list(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_dest(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_owners(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_failures(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_thief(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_who(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_hist(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_blackbox(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_alerts(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_watch(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_log(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_check(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_why(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_top(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_map(struct ephstat *es, int argc, char **argv, struct error *err);
int cmd_resync(struct ephstat *es, int argc, char **argv, struct error *err);

/* Says for a monitoring system what is in @err, empties that, and returns what check exits with. */
int check_unknown(FILE *out, struct error *err);

#endif
