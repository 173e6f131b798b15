// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "logread.h"

#define SEARCH_SIZE	65536

struct log_file {
	int fd;
	uint64_t at;
	uint64_t searched_at;	/* what of the file is in @search */
	size_t searched;
	uint8_t *frame;
	uint8_t *raw;
	ZSTD_DCtx *zstd;
	struct log_unpack *unpack;
	uint8_t search[SEARCH_SIZE];
};

/* As much as there is; a file that cannot be read ends there. */
static size_t read_at(int fd, void *to, size_t len, uint64_t at)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, (char *)to + got, len - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += n;
	}
	return got;
}

static void search_from(struct log_file *file, uint64_t at)
{
	file->searched_at = at;
	file->searched = read_at(file->fd, file->search, SEARCH_SIZE, at);
}

/* The next place, from @at on, that begins as a header does; UINT64_MAX at the end. */
static uint64_t find_magic(struct log_file *file, uint64_t at)
{
	if (at < file->searched_at || at >= file->searched_at + file->searched)
		search_from(file, at);
	for (;;) {
		const uint8_t *from = file->search + (at - file->searched_at);
		size_t len = file->searched - (at - file->searched_at);
		const uint8_t *found = memmem(from, len, LOG_MAGIC, LOG_MAGIC_SIZE);

		if (found)
			return at + (uint64_t)(found - from);
		if (file->searched < SEARCH_SIZE)
			return UINT64_MAX;
		if (len >= LOG_MAGIC_SIZE)
			at += len - (LOG_MAGIC_SIZE - 1);
		search_from(file, at);
	}
}

/* The next good header at file->at or behind it, where file->at is then; false at the end. */
static bool find_header(struct log_file *file, struct log_header *header)
{
	uint8_t bytes[LOG_HEADER_SIZE];

	for (;;) {
		size_t len = read_at(file->fd, bytes, sizeof(bytes), file->at);

		if (len < sizeof(bytes))
			return false;
		if (log_header_read(header, bytes) &&
		    header->size <= ZSTD_compressBound(LOG_RAW_MAX))
			return true;
		file->at = find_magic(file, file->at + 1);
		if (file->at == UINT64_MAX)
			return false;
	}
}

/* Unpacks what follows @header. False if it is damaged. */
static bool read_frame(struct log_file *file, const struct log_header *header)
{
	size_t size;

	if (read_at(file->fd, file->frame, header->size, file->at + LOG_HEADER_SIZE) !=
	    header->size)
		return false;
	size = ZSTD_decompressDCtx(file->zstd, file->raw, LOG_RAW_MAX, file->frame, header->size);
	return !ZSTD_isError(size) && size == header->raw;
}

static int tell_records(struct log_file *file, const struct log_header *header, int64_t wall_ns,
			const struct log_sink *sink)
{
	struct log_record record;
	int more, ret = EXIT_OK;

	if (log_unpack_start(file->unpack, file->raw, header->raw, header->first_ns, wall_ns))
		return EXIT_OK;
	while (!ret && (more = log_unpack_next(file->unpack, &record)) > 0)
		ret = sink->record(&record, sink->arg);
	return ret;
}

/* The number of the boot of @header, n_boots if it is new. */
static size_t find_boot(const struct log_index *index, const struct log_header *header)
{
	size_t i;

	for (i = 0; i < index->n_boots; i++) {
		if (!memcmp(index->boots[i].boot_id, header->boot_id, LOG_BOOT_ID))
			break;
	}
	return i;
}

static int64_t wall_of(const struct log_index *index, const struct log_header *header)
{
	size_t boot = find_boot(index, header);

	return boot < index->n_boots ? index->boots[boot].wall_ns : header->wall_ns;
}

static int read_file(struct log_file *file, const struct log_index *index,
		     const struct log_sink *sink)
{
	struct log_header header;
	int ret = EXIT_OK;

	while (!ret && find_header(file, &header)) {
		int64_t wall_ns = wall_of(index, &header);

		/* A damaged frame may have eaten the next header: look for it inside. */
		if (header.size && !read_frame(file, &header)) {
			file->at++;
			continue;
		}
		ret = sink->block(&header, wall_ns, sink->arg);
		if (!ret && header.size)
			ret = tell_records(file, &header, wall_ns, sink);
		file->at += LOG_HEADER_SIZE + header.size;
	}
	return ret;
}

static int make_tools(struct log_file *file, struct error *err)
{
	file->frame = malloc(ZSTD_compressBound(LOG_RAW_MAX));
	file->raw = malloc(LOG_RAW_MAX);
	file->zstd = ZSTD_createDCtx();
	file->unpack = log_unpack_new();
	if (!file->frame || !file->raw || !file->zstd || !file->unpack)
		return error_set(err, EXIT_RUNTIME, "out of memory");
	return EXIT_OK;
}

static void free_tools(struct log_file *file)
{
	free(file->frame);
	free(file->raw);
	ZSTD_freeDCtx(file->zstd);
	log_unpack_free(file->unpack);
}

/* One that was removed in the meantime is none, nor is what is no file. @file->fd is -1 then. */
static int open_file(struct log_file *file, int dir, const char *name, struct error *err)
{
	struct stat st;

	file->at = 0;
	file->searched = 0;
	/* Nobody need write to a FIFO for it to be opened. */
	file->fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file->fd >= 0) {
		if (!fstat(file->fd, &st) && S_ISREG(st.st_mode))
			return EXIT_OK;
		close(file->fd);
		file->fd = -1;
		return EXIT_OK;
	}
	if (errno == ENOENT || errno == ELOOP || errno == ENXIO)
		return EXIT_OK;
	return error_set(err, EXIT_RUNTIME, "cannot open %s: %s%s", name, strerror(errno),
			 errno == EACCES ? "; run it as root" : "");
}

int log_read(const struct log_index *index, int dir, size_t first, const struct log_sink *sink,
	     struct error *err)
{
	struct log_file *file = calloc(1, sizeof(*file));
	int ret;
	size_t i;

	if (!file)
		return error_set(err, EXIT_RUNTIME, "out of memory");
	ret = make_tools(file, err);
	for (i = first; !ret && i < index->names.n; i++) {
		ret = open_file(file, dir, index->names.names[i].name, err);
		if (ret || file->fd < 0)
			continue;
		ret = read_file(file, index, sink);
		close(file->fd);
	}
	free_tools(file);
	free(file);
	return ret;
}

static int note_boot(struct log_index *index, const struct log_header *header, size_t *number,
		     struct error *err)
{
	struct log_boot *boots;

	*number = find_boot(index, header);
	if (*number == index->n_boots) {
		boots = realloc(index->boots, (index->n_boots + 1) * sizeof(*boots));
		if (!boots)
			return error_set(err, EXIT_RUNTIME, "out of memory");
		index->boots = boots;
		memcpy(boots[index->n_boots++].boot_id, header->boot_id, LOG_BOOT_ID);
	}
	index->boots[*number].wall_ns = header->wall_ns;
	return EXIT_OK;
}

/* Headers alone: how a file begins, and the clock of each boot. */
static int index_file(struct log_index *index, struct log_file *file, struct log_start *start,
		      struct error *err)
{
	struct log_header header;
	int ret = EXIT_OK;
	size_t boot;

	while (!ret && find_header(file, &header)) {
		ret = note_boot(index, &header, &boot, err);
		if (!ret && !start->boot)
			*start = (struct log_start){ boot + 1, header.first_ns };
		file->at += LOG_HEADER_SIZE + header.size;
	}
	return ret;
}

int log_index_read(struct log_index *index, int dir, struct error *err)
{
	struct log_file *file = calloc(1, sizeof(*file));
	size_t i;
	int ret;

	*index = (struct log_index){ 0 };
	ret = log_dir_list(dir, &index->names, err);
	index->starts = calloc(index->names.n + 1, sizeof(*index->starts));
	if (!ret && (!file || !index->starts))
		ret = error_set(err, EXIT_RUNTIME, "out of memory");
	for (i = 0; !ret && i < index->names.n; i++) {
		ret = open_file(file, dir, index->names.names[i].name, err);
		if (ret || file->fd < 0)
			continue;
		ret = index_file(index, file, &index->starts[i], err);
		close(file->fd);
	}
	free(file);
	return ret;
}

void log_index_free(struct log_index *index)
{
	log_names_free(&index->names);
	free(index->boots);
	free(index->starts);
	*index = (struct log_index){ 0 };
}

size_t log_index_find(const struct log_index *index, uint64_t since_ns)
{
	size_t i;

	for (i = index->names.n; i-- > 1;) {
		const struct log_start *start = &index->starts[i];

		if (start->boot && start->first_ns +
				   (uint64_t)index->boots[start->boot - 1].wall_ns <= since_ns)
			return i;
	}
	return 0;
}
