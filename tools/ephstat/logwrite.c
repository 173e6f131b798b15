// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <zstd.h>

#include "logdir.h"
#include "logwrite.h"

#define MS		1000000ull
#define SECOND		1000000000ull
#define BLOCK_RAW	(128 * 1024)
#define BLOCK_NS	(500 * MS)
#define SYNC_NS		SECOND
#define QUIET_NS	(10 * SECOND)	/* then a block says that nothing happened */
#define STEP_NS		(100 * MS)	/* of the clock; less is what makes clocks right slowly */
#define LEVEL		6
#define CLOCK_READINGS	8

_Static_assert(2 * BLOCK_RAW < LOG_RAW_MAX, "a block fits the reader");

/* What could not be written, and is yet to be written down. */
struct missed {
	uint64_t count;
	uint64_t from_ns;	/* 0: nothing is missed */
	uint64_t until_ns;
	int why;
};

struct log_writer {
	int dir;
	int file;		/* -1: none */
	uint64_t serial;	/* of the file */
	uint64_t size;
	uint64_t snapshot_size;	/* does not count for the limit, or no file could hold one */
	uint64_t opened_ns;
	uint64_t synced_ns;
	bool unsynced;
	struct log_limits limits;
	struct log_header header;
	struct log_run run;
	struct log_place place;
	struct log_pack *pack;
	ZSTD_CCtx *zstd;
	uint8_t *frame;		/* a header and what follows it */
	uint32_t pending;	/* records in the pack... */
	uint64_t pending_since;	/* ...and since when */
	uint64_t earliest_ns;	/* of them */
	uint64_t written_ns;	/* the last block */
	uint64_t last_ns;	/* the last record */
	bool in_snapshot;
	bool snapshot_due;
	struct missed missed;
	bool tells_missed;	/* the block that is pending does */
	int unkept;		/* errno of a disk that does not keep what it took */
	uint64_t unsynced_from;	/* the earliest that is written and not known to be kept */
	struct log_done done;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

uint64_t log_now(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

int64_t log_clock_ahead(void)
{
	uint64_t least = UINT64_MAX;
	int64_t ahead = 0;
	unsigned int i;

	/* Who stands still between two readings, as virtual machines do, errs by half of that. */
	for (i = 0; i < CLOCK_READINGS; i++) {
		const uint64_t before = log_now();
		const uint64_t wall = clock_ns(CLOCK_REALTIME);
		const uint64_t after = log_now();

		if (after - before >= least)
			continue;
		least = after - before;
		ahead = (int64_t)(wall - before - least / 2);
	}
	return ahead;
}

/* sysfs gives no inode number twice in a boot, and each loading makes the directory anew. */
static uint64_t read_loading(void)
{
	struct stat st;

	return stat("/sys/module/ephports", &st) ? 0 : st.st_ino;
}

static bool write_whole(int fd, const uint8_t *from, size_t len)
{
	while (len) {
		ssize_t done = write(fd, from, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			if (!done)
				errno = ENOSPC;
			return false;
		}
		from += done;
		len -= done;
	}
	return true;
}

static void sync_file(struct log_writer *w, uint64_t now)
{
	if (!w->unsynced || w->file < 0)
		return;
	/* What was written since the last time may be lost: how much, nobody knows. */
	if (fdatasync(w->file)) {
		w->unkept = errno;
		w->done.trouble = errno;
		if (!w->missed.from_ns)
			w->missed.from_ns = w->unsynced_from;
		w->missed.until_ns = now;
		w->missed.why = errno;
		w->tells_missed = false;
	} else if (w->unkept) {
		w->unkept = 0;
		w->done.trouble = 0;
		w->snapshot_due = true;
	}
	w->unsynced = false;
	w->synced_ns = now;
}

static void close_file(struct log_writer *w)
{
	if (w->file < 0)
		return;
	sync_file(w, log_now());
	close(w->file);
	w->file = -1;
}

/* Compresses @len bytes behind the place of the header; 0: there is nothing to be had. */
static size_t compress(struct log_writer *w, const uint8_t *raw, size_t len)
{
	size_t size;

	if (!len)
		return 0;
	size = ZSTD_compress2(w->zstd, w->frame + LOG_HEADER_SIZE, ZSTD_compressBound(LOG_RAW_MAX),
			      raw, len);
	return ZSTD_isError(size) ? 0 : size;
}

/* A block of @raw, or without anything in it; a part of one that did not fit is taken back. */
static bool write_block(struct log_writer *w, const uint8_t *raw, size_t len, uint64_t until_ns)
{
	struct log_header *header = &w->header;

	header->raw = len;
	header->size = compress(w, raw, len);
	header->until_ns = until_ns;
	log_header_write(header, w->frame);
	if (!write_whole(w->file, w->frame, LOG_HEADER_SIZE + header->size)) {
		w->done.trouble = errno;
		if (!ftruncate(w->file, (off_t)w->size))
			lseek(w->file, (off_t)w->size, SEEK_SET);
		return false;
	}
	header->number++;
	w->size += LOG_HEADER_SIZE + header->size;
	w->done.bytes += LOG_HEADER_SIZE + header->size;
	w->done.trouble = w->unkept;
	if (!w->unsynced)
		w->unsynced_from = header->first_ns;
	w->unsynced = true;
	w->written_ns = log_now();
	return true;
}

/* Each file tells of the run, so that older ones can go. It borrows the pack, which is empty. */
static bool write_run(struct log_writer *w)
{
	const uint64_t now = log_now();
	const struct log_record place = { .type = LOG_PLACE, .boot_ns = now, .place = w->place };
	const struct log_record run = { .type = LOG_RUN, .boot_ns = now, .run = w->run };
	const uint8_t *raw;
	size_t len;

	log_pack_start(w->pack, now);
	log_pack_add(w->pack, &place);
	log_pack_add(w->pack, &run);
	raw = log_pack_end(w->pack, &len);
	w->header.first_ns = now;
	return raw && write_block(w, raw, len, w->run.from_ns);
}

static bool open_file(struct log_writer *w)
{
	char name[LOG_NAME_SIZE];
	uint64_t now = log_now();

	if (w->file >= 0)
		return true;
	w->file = log_dir_create(w->dir, w->serial + 1, now + (uint64_t)w->header.wall_ns, name);
	if (w->file < 0) {
		w->done.trouble = errno;
		return false;
	}
	w->size = 0;
	if (!write_run(w)) {
		close(w->file);
		w->file = -1;
		unlinkat(w->dir, name, 0);
		return false;
	}
	w->serial++;
	w->snapshot_size = 0;
	w->opened_ns = now;
	w->snapshot_due = true;
	fsync(w->dir);
	log_dir_trim(w->dir, w->limits.keep, w->limits.max_total);
	return true;
}

static bool is_full(const struct log_writer *w, uint64_t now)
{
	return w->size >= w->limits.size + w->snapshot_size ||
	       now - w->opened_ns >= w->limits.age_ns;
}

/* Before the first record of a block. */
static void begin_block(struct log_writer *w, uint64_t now)
{
	struct log_record record;

	if (w->file >= 0 && !w->in_snapshot && is_full(w, now))
		close_file(w);
	open_file(w);
	w->pending_since = now;
	w->earliest_ns = now;
	w->tells_missed = w->missed.from_ns;
	if (!w->tells_missed) {
		log_pack_start(w->pack, now);
		w->header.first_ns = now;
		return;
	}
	record = (struct log_record){
		.type = LOG_DISK, .boot_ns = w->missed.until_ns, .count = w->missed.count,
		.from_ns = w->missed.from_ns, .until_ns = w->missed.until_ns,
		.code = w->missed.why,
	};
	log_pack_start(w->pack, record.boot_ns);
	w->header.first_ns = record.boot_ns;
	log_pack_add(w->pack, &record);
}

static void miss(struct log_writer *w)
{
	struct missed *missed = &w->missed;

	if (!missed->from_ns)
		missed->from_ns = w->earliest_ns;
	missed->count += w->pending;
	missed->until_ns = log_now();
	missed->why = w->done.trouble;
	w->done.missed += w->pending;
}

static int flush(struct log_writer *w, uint64_t until_ns, struct error *err)
{
	const uint8_t *raw;
	size_t len;

	raw = log_pack_end(w->pack, &len);
	if (!raw)
		return error_set(err, EXIT_RUNTIME, "out of memory");
	if (until_ns < w->last_ns)
		until_ns = w->last_ns;
	if (w->file >= 0 && write_block(w, raw, len, until_ns)) {
		w->snapshot_due |= w->tells_missed && !w->unkept;
		if (w->tells_missed)
			w->missed = (struct missed){ 0 };
	} else {
		miss(w);
	}
	w->pending = 0;
	return EXIT_OK;
}

static void note_snapshot(struct log_writer *w, const struct log_record *record)
{
	if (record->type == LOG_SNAPSHOT) {
		w->in_snapshot = true;
		w->snapshot_size = w->size;
	} else if (record->type == LOG_SNAPSHOT_END) {
		w->in_snapshot = false;
		w->snapshot_size = w->size > w->snapshot_size ? w->size - w->snapshot_size : 0;
	}
}

int log_write(struct log_writer *w, const struct log_record *record, struct error *err)
{
	/* What is taken back is missing if this is. */
	uint64_t about_ns = record->type == LOG_DOUBT ? record->from_ns : record->boot_ns;

	if (!w->pending)
		begin_block(w, log_now());
	if (log_pack_add(w->pack, record))
		return error_set(err, EXIT_RUNTIME, "out of memory");
	w->pending++;
	w->done.records++;
	if (log_is_event(record) && record->boot_ns > w->last_ns)
		w->last_ns = record->boot_ns;
	if (about_ns < w->earliest_ns)
		w->earliest_ns = about_ns;
	note_snapshot(w, record);
	/* Until when all is known is for log_tick() to say. */
	return log_pack_size(w->pack) >= BLOCK_RAW ? flush(w, 0, err) : EXIT_OK;
}

static int note_step(struct log_writer *w, uint64_t now, struct error *err)
{
	struct log_record record = { .type = LOG_CLOCK, .boot_ns = now };
	int64_t offset = log_clock_ahead();

	record.step_ns = offset - w->header.wall_ns;
	w->header.wall_ns = offset;
	if (record.step_ns < (int64_t)STEP_NS && record.step_ns > -(int64_t)STEP_NS)
		return EXIT_OK;
	return log_write(w, &record, err);
}

/* Nothing happened, or it could not be written; either is worth a block. */
static int write_quiet(struct log_writer *w, uint64_t now, uint64_t until_ns, struct error *err)
{
	if (w->missed.from_ns) {
		begin_block(w, now);
		return flush(w, until_ns, err);
	}
	if (now - w->written_ns < QUIET_NS || w->file < 0)
		return EXIT_OK;
	w->header.first_ns = now;
	write_block(w, NULL, 0, until_ns);
	return EXIT_OK;
}

int log_tick(struct log_writer *w, uint64_t until_ns, struct error *err)
{
	uint64_t now = log_now();
	int ret = note_step(w, now, err);

	if (ret)
		return ret;
	if (!w->pending)
		ret = write_quiet(w, now, until_ns, err);
	else if (now - w->pending_since >= BLOCK_NS)
		ret = flush(w, until_ns, err);
	if (now - w->synced_ns >= SYNC_NS)
		sync_file(w, now);
	return ret;
}

bool log_wants_snapshot(struct log_writer *w)
{
	bool due = w->snapshot_due;

	w->snapshot_due = false;
	return due;
}

const struct log_done *log_done(const struct log_writer *w)
{
	return &w->done;
}

static uint64_t last_serial(int dir, struct error *err, int *ret)
{
	struct log_names names;
	uint64_t serial = 0;

	*ret = log_dir_list(dir, &names, err);
	if (!*ret && names.n)
		serial = names.names[names.n - 1].serial;
	log_names_free(&names);
	return serial;
}

static void free_writer(struct log_writer *w)
{
	close_file(w);
	close(w->dir);
	log_pack_free(w->pack);
	ZSTD_freeCCtx(w->zstd);
	free(w->frame);
	free(w);
}

static int make_tools(struct log_writer *w, struct error *err)
{
	w->pack = log_pack_new();
	w->zstd = ZSTD_createCCtx();
	w->frame = malloc(LOG_HEADER_SIZE + ZSTD_compressBound(LOG_RAW_MAX));
	if (!w->pack || !w->zstd || !w->frame)
		return error_set(err, EXIT_RUNTIME, "out of memory");
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
	return EXIT_OK;
}

int log_writer_new(struct log_writer **writer, int dir, const struct log_limits *limits,
		   const struct filter *filter, const struct log_place *place, struct error *err)
{
	struct log_writer *w = calloc(1, sizeof(*w));
	int ret;

	*writer = w;
	if (!w) {
		close(dir);
		return error_set(err, EXIT_RUNTIME, "out of memory");
	}
	w->dir = dir;
	w->file = -1;
	w->limits = *limits;
	w->run.filter = *filter;
	w->place = *place;
	w->header.number = 1;
	w->header.wall_ns = log_clock_ahead();
	w->header.loading = read_loading();
	log_boot_id(w->header.boot_id);
	if (getrandom(&w->header.run, sizeof(w->header.run), 0) < 0)
		w->header.run = log_now() ^ (uint64_t)getpid() << 48;
	ret = make_tools(w, err);
	if (!ret)
		w->serial = last_serial(dir, err, &ret);
	if (ret) {
		free_writer(w);
		*writer = NULL;
	}
	return ret;
}

int log_writer_watch(struct log_writer *w, uint64_t from_ns, struct error *err)
{
	struct log_record record = { .type = LOG_RUN, .boot_ns = from_ns };

	w->run.from_ns = from_ns;
	record.run = w->run;
	/* Events may have come first; else the file that is made now says it. */
	if (w->file >= 0)
		return log_write(w, &record, err);
	if (open_file(w))
		return EXIT_OK;
	/* A directory that takes no file from the start is somebody's mistake. */
	return error_set(err, EXIT_RUNTIME, "cannot write to the log: %s",
			 strerror(w->done.trouble));
}

void log_writer_end(struct log_writer *w, enum log_stop stop, struct log_done *done)
{
	const struct log_record record = {
		.type = LOG_STOP, .boot_ns = log_now(), .code = stop,
	};
	struct error err;

	/* A run that never began leaves no trace. */
	if ((w->file >= 0 || w->done.records) && !log_write(w, &record, &err) && w->pending)
		flush(w, 0, &err);
	sync_file(w, log_now());
	*done = w->done;
	free_writer(w);
}
