/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which namespace of a log is the one that is asked about. From one boot to the next its number
 * says nothing, but the host's is known to be the host's.
 */
#ifndef EPHSTAT_LOGWHERE_H
#define EPHSTAT_LOGWHERE_H

#include "logfile.h"

struct log_where {
	uint32_t asked;		/* by its number of today; 0: all */
	bool is_hosts;
	uint8_t this_boot[LOG_BOOT_ID];
	uint64_t run;		/* the one that is read */
	bool unknown;		/* which one it is there... */
	uint32_t netns;		/* ...if not, its number; 0: all */
	uint32_t place;		/* in which the run is, by its number; 0: not known */
};

void log_where_begin(struct log_where *where, uint32_t asked, bool is_hosts);

/* As a log is read. */
void log_where_block(struct log_where *where, const struct log_header *header);
void log_where_place(struct log_where *where, const struct log_place *place);

#endif
