/* SPDX-License-Identifier: GPL-2.0 */
/* A directory of log files. */
#ifndef EPHSTAT_LOGDIR_H
#define EPHSTAT_LOGDIR_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define LOG_NAME_SIZE	64

struct log_name {
	uint64_t serial;
	char name[LOG_NAME_SIZE];
};

/* Oldest first. */
struct log_names {
	struct log_name *names;
	size_t n;
	size_t room;
};

/* For reading. */
int log_dir_open(const char *path, int *fd, struct error *err);

/* For writing: makes the directory if need be, and keeps others out as long as @fd is open. */
int log_dir_lock(const char *path, int *fd, struct error *err);

int log_dir_list(int fd, struct log_names *names, struct error *err);
void log_names_free(struct log_names *names);

/* Makes a file and opens it, -1 with errno; @name becomes what it is called. */
int log_dir_create(int fd, uint64_t serial, uint64_t time_ns, char name[LOG_NAME_SIZE]);

/*
 * Removes the oldest files until there are @keep at most (0: any number), with @max_total bytes
 * together (0: any); never the youngest.
 */
void log_dir_trim(int fd, uint64_t keep, uint64_t max_total);

#endif
