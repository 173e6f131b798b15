/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The files of ephstat log.
 *
 * A directory has files whose names sort by age, "ephports-00000042-20261121T140301Z.ephlog". A
 * file is a row of blocks, each of which can be read by itself: a header of LOG_HEADER_SIZE bytes
 * and one zstd frame with its checksum. A reader that finds no good header where one should be
 * looks for the next magic; whatever is missing of the numbers of a run's blocks is a gap.
 *
 * Times are CLOCK_BOOTTIME, and each block says what CLOCK_REALTIME was ahead of that. What is
 * shown by the clock is computed with the last such offset that is known of the boot.
 *
 * In the frame the records lie in columns, one behind the other: first the length of each, as a
 * varint, then the bytes. What repeats (owners, addresses) is told once a block and then by number.
 *
 * All integers are little-endian, varints have seven bits a byte, least significant first, and
 * signed ones are zigzag.
 */
#ifndef EPHSTAT_LOGFILE_H
#define EPHSTAT_LOGFILE_H

#include "filter.h"
#include "unusual.h"
#include "usage.h"

#define LOG_MAGIC	"ephblk1\n"
#define LOG_MAGIC_SIZE	8
#define LOG_HEADER_SIZE	96
#define LOG_RAW_MAX	(1024 * 1024)	/* of a block, unpacked */
#define LOG_BOOT_ID	16

struct log_header {
	uint32_t size;		/* of the frame; 0: none, the header says all there is */
	uint32_t raw;		/* of what is in it */
	uint64_t run;		/* a random number, the same while a writer runs */
	uint64_t number;	/* of the block in the run, from 1 */
	uint64_t first_ns;	/* what the times in it start from */
	uint64_t until_ns;	/* what happened until then is in this block or before it */
	int64_t wall_ns;	/* CLOCK_REALTIME less CLOCK_BOOTTIME, when it was written */
	uint64_t loading;	/* of the module: differs from one loading to the next in a boot */
	uint8_t boot_id[LOG_BOOT_ID];
};

/* Below are the numbers of enum ephports_event; the event is as it came. */
enum log_type {
	LOG_RUN = 16,		/* at the start of each file: run */
	LOG_STOP,		/* the last of a run: code */
	LOG_HELD,		/* event.port holds a port now */
	LOG_SNAPSHOT,		/* all that hold one now follow as LOG_HELD... */
	LOG_SNAPSHOT_END,	/* ...until here; code not 0: not quite all */
	LOG_DISK,		/* code: errno; count records from..until could not be written */
	LOG_CLOCK,		/* the clock was set by step_ns */
	LOG_DOUBT,		/* from..until: the module vouched not for its records */
	LOG_UNUSUAL,		/* flag */
	LOG_PLACE,		/* at the start of each file, before the run: place */
	LOG_LOOK,		/* from..until: it did, for the ports port_low..port_high */

	LOG_TYPES,
};

enum log_stop {
	LOG_STOP_ASKED,
	LOG_STOP_UNLOADED,
	LOG_STOP_FAILED,
};

/* What a run has to say of itself. */
struct log_run {
	uint64_t from_ns;	/* all that happened since, and passes the filter, is there */
	struct filter filter;
};

/* Where a run is. */
struct log_place {
	uint32_t netns;		/* inode number: that of the filter, or one's own */
	bool is_hosts;		/* as netns_is_hosts() has it */
};

struct log_record {
	uint8_t type;
	uint64_t boot_ns;
	uint32_t code;
	uint64_t count;
	uint64_t from_ns;
	uint64_t until_ns;
	int64_t step_ns;
	uint16_t port_low;
	uint16_t port_high;
	struct event event;
	struct log_run run;
	struct log_place place;
	struct unusual_flag flag;
	const char *cgroup;	/* path of the owner's, or NULL; good until the next record */
};

static inline bool log_is_event(const struct log_record *record)
{
	return record->type <= EPHPORTS_EVENT_MAX;
}

/* Of this boot, as a header has it. */
void log_boot_id(uint8_t id[LOG_BOOT_ID]);

void log_header_write(const struct log_header *header, uint8_t *to);

/* False if what is at @from, LOG_HEADER_SIZE bytes, is no header. */
bool log_header_read(struct log_header *header, const uint8_t *from);

/* Records into the bytes of a block. */
struct log_pack;

/* NULL: no memory. */
struct log_pack *log_pack_new(void);
void log_pack_free(struct log_pack *pack);

/* Starts a block whose times start from @first_ns. */
void log_pack_start(struct log_pack *pack, uint64_t first_ns);

/* Returns -1 without memory; the block is of no use then. */
int log_pack_add(struct log_pack *pack, const struct log_record *record);

/* About how many bytes there are. */
size_t log_pack_size(const struct log_pack *pack);

/* The whole block, good until the next is started; NULL: no memory. */
const uint8_t *log_pack_end(struct log_pack *pack, size_t *len);

/* The bytes of a block into records. */
struct log_unpack;

struct log_unpack *log_unpack_new(void);
void log_unpack_free(struct log_unpack *unpack);

/* Takes up a block, which must stay as it is; times are told by @wall_ns. -1: it is damaged. */
int log_unpack_start(struct log_unpack *unpack, const uint8_t *raw, size_t len,
		     uint64_t first_ns, int64_t wall_ns);

/* 1: a record, 0: that was all, -1: it is damaged. */
int log_unpack_next(struct log_unpack *unpack, struct log_record *record);

#endif
