/* SPDX-License-Identifier: GPL-2.0 */
/* Reads a log, whatever state it was left in, and while it is being written. */
#ifndef EPHSTAT_LOGREAD_H
#define EPHSTAT_LOGREAD_H

#include "error.h"
#include "logdir.h"
#include "logfile.h"

/* Each returns an exit code; anything but EXIT_OK ends the reading and becomes its result. */
struct log_sink {
	/* A block that is whole, before its records; its times are told by @wall_ns. */
	int (*block)(const struct log_header *header, int64_t wall_ns, void *arg);
	int (*record)(const struct log_record *record, void *arg);
	void *arg;
};

/* The offset of the clock that is the last known of a boot. */
struct log_boot {
	uint8_t boot_id[LOG_BOOT_ID];
	int64_t wall_ns;
};

struct log_start {
	size_t boot;		/* plus 1, 0: nothing can be read */
	uint64_t first_ns;
};

/* What there is, and by which clock its times are told. */
struct log_index {
	struct log_names names;
	size_t n_boots;
	struct log_boot *boots;
	struct log_start *starts;	/* of each file */
};

int log_index_read(struct log_index *index, int dir, struct error *err);
void log_index_free(struct log_index *index);

/* The file to begin with, if nothing before @since_ns matters. */
size_t log_index_find(const struct log_index *index, uint64_t since_ns);

/* Tells all that can be read, from file number @first on. */
int log_read(const struct log_index *index, int dir, size_t first, const struct log_sink *sink,
	     struct error *err);

#endif
