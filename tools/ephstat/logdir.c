// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "logdir.h"

#define PREFIX	"ephports-"
#define SUFFIX	".ephlog"

int log_dir_open(const char *path, int *fd, struct error *err)
{
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return error_set(err, EXIT_RUNTIME, "cannot open the log in %s: %s%s", path,
				 strerror(errno), errno == EACCES ? "; run it as root" : "");
	return EXIT_OK;
}

int log_dir_lock(const char *path, int *fd, struct error *err)
{
	int ret;

	/* Who did what is for the administrator to know. */
	if (mkdir(path, 0700) && errno != EEXIST)
		return error_set(err, EXIT_RUNTIME, "cannot make the directory %s: %s", path,
				 strerror(errno));
	ret = log_dir_open(path, fd, err);
	if (ret || !flock(*fd, LOCK_EX | LOCK_NB))
		return ret;
	ret = errno;
	close(*fd);
	if (ret == EWOULDBLOCK)
		return error_set(err, EXIT_RUNTIME, "another ephstat log writes to %s; "
				 "use a directory of its own for each", path);
	return error_set(err, EXIT_RUNTIME, "cannot lock %s: %s", path, strerror(ret));
}

/* Whether it is the name of a log file, and its serial number. Others' may be meant to mislead. */
static bool parse_name(const char *name, uint64_t *serial)
{
	const size_t len = strlen(name), suffix = strlen(SUFFIX);
	const char *start = name;
	char *end;

	if (len >= LOG_NAME_SIZE || len < suffix || strcmp(name + len - suffix, SUFFIX) != 0 ||
	    strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return false;
	name += strlen(PREFIX);
	if (*name < '0' || *name > '9')
		return false;
	*serial = strtoull(name, &end, 10);
	return *serial != ULLONG_MAX && *end == '-' &&
	       end + 1 + strspn(end + 1, "0123456789TZ") == start + len - suffix;
}

static int add_name(struct log_names *names, const char *name, struct error *err)
{
	struct log_name *to;
	uint64_t serial;

	if (!parse_name(name, &serial))
		return EXIT_OK;
	if (names->n == names->room) {
		size_t room = 2 * names->room + 16;

		to = realloc(names->names, room * sizeof(*to));
		if (!to)
			return error_set(err, EXIT_RUNTIME, "out of memory");
		names->names = to;
		names->room = room;
	}
	to = &names->names[names->n++];
	to->serial = serial;
	strcpy(to->name, name);
	return EXIT_OK;
}

static int compare_names(const void *a, const void *b)
{
	const struct log_name *x = a, *y = b;

	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	return strcmp(x->name, y->name);
}

int log_dir_list(int fd, struct log_names *names, struct error *err)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = EXIT_OK;
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	*names = (struct log_names){ 0 };
	if (!dir) {
		if (copy >= 0)
			close(copy);
		return error_set(err, EXIT_RUNTIME, "cannot list the log: %s", strerror(errno));
	}
	while (!ret && (entry = readdir(dir)))
		ret = add_name(names, entry->d_name, err);
	closedir(dir);
	if (names->n)
		qsort(names->names, names->n, sizeof(*names->names), compare_names);
	return ret;
}

void log_names_free(struct log_names *names)
{
	free(names->names);
	*names = (struct log_names){ 0 };
}

/* The serial number sorts, also where a clock was set back; the time is for people. */
int log_dir_create(int fd, uint64_t serial, uint64_t time_ns, char name[LOG_NAME_SIZE])
{
	const time_t seconds = (time_t)(time_ns / 1000000000);
	char stamp[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(name, LOG_NAME_SIZE, PREFIX "%08" PRIu64 "-%s" SUFFIX, serial, stamp);
	return openat(fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static uint64_t size_of(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) ? 0 : (uint64_t)st.st_size;
}

void log_dir_trim(int fd, uint64_t keep, uint64_t max_total)
{
	struct log_names names;
	uint64_t total = 0, kept = 0;
	struct error err;
	size_t i;

	if (!log_dir_list(fd, &names, &err)) {
		for (i = names.n; i-- > 0;) {
			total += size_of(fd, names.names[i].name);
			kept++;
			if (kept > 1 && ((keep && kept > keep) ||
					 (max_total && total > max_total)))
				unlinkat(fd, names.names[i].name, 0);
		}
	}
	log_names_free(&names);
}
