// SPDX-License-Identifier: GPL-2.0
/*
 * The id of a cgroup is the inode number of its directory, where inode numbers have 64 bits.
 * Directory entries tell the number too, so that no file in the hierarchy needs a stat().
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"

#define BUCKETS		1024
#define PATH_SIZE	4096
#define MANY		65536	/* then those that have gone by now are forgotten */

struct cgroup {
	struct cgroup *next;
	uint64_t id;
	bool unknown;		/* there is no path, or more than one */
	char path[];
};

static struct cgroup *buckets[BUCKETS];
static unsigned int n_cgroups;
static time_t walked;		/* CLOCK_MONOTONIC plus 1; 0: never */

static struct cgroup **find(uint64_t id)
{
	struct cgroup **link = &buckets[id % BUCKETS];

	while (*link && (*link)->id != id)
		link = &(*link)->next;
	return link;
}

static void remember(uint64_t id, const char *path)
{
	size_t size = path ? strlen(path) + 1 : 1;
	struct cgroup *cgroup;

	if (*find(id))
		return;
	cgroup = malloc(sizeof(*cgroup) + size);
	if (!cgroup)
		return;
	cgroup->id = id;
	cgroup->unknown = !path;
	memcpy(cgroup->path, path ? path : "", size);
	cgroup->next = buckets[id % BUCKETS];
	buckets[id % BUCKETS] = cgroup;
	n_cgroups++;
}

void cgroup_learn(uint64_t id, const char *path)
{
	struct cgroup **link = find(id), *old = *link;

	if (!old) {
		remember(id, path);
	} else if (path && old->unknown && !*old->path) {
		*link = old->next;
		free(old);
		n_cgroups--;
		remember(id, path);
	} else if (path && strcmp(path, old->path) != 0) {
		old->unknown = true;
	}
}

/* Takes @fd. @path is a buffer of PATH_SIZE whose first @len bytes lead to the directory. */
static void walk(int fd, char *path, size_t len)
{
	const struct dirent *entry;
	DIR *dir = fdopendir(fd);

	if (!dir) {
		close(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		size_t name_len = strlen(entry->d_name);
		int child;

		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, "..") || len + 1 + name_len >= PATH_SIZE)
			continue;
		path[len] = '/';
		memcpy(path + len + 1, entry->d_name, name_len + 1);
		remember(entry->d_ino, path);
		child = openat(dirfd(dir), entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child >= 0)
			walk(child, path, len + 1 + name_len);
	}
	closedir(dir);
}

/* Spaces and the like stand as \ooo in mountinfo. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		unsigned int code;
		int len;

		if (*s == '\\' && sscanf(s + 1, "%3o%n", &code, &len) == 1) {
			*to++ = (char)code;
			s += 1 + len;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* Finds the first cgroup2 mount: where it is, and what part of the hierarchy it shows. */
static bool find_mount(char *root, char *point)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	bool found = false;
	size_t size = 0;

	if (!file)
		return false;
	while (!found && getline(&line, &size, file) > 0) {
		found = strstr(line, " - cgroup2 ") &&
			sscanf(line, "%*d %*d %*s %4095s %4095s", root, point) == 2;
	}
	free(line);
	fclose(file);
	unescape(root);
	unescape(point);
	return found;
}

static void walk_all(void)
{
	char point[PATH_SIZE] = "";
	char path[PATH_SIZE] = "";
	struct stat st;
	int fd;

	if (!find_mount(path, point))
		return;
	fd = open(point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!fstat(fd, &st))
		remember(st.st_ino, path);
	if (!strcmp(path, "/"))
		path[0] = '\0';
	walk(fd, path, strlen(path));
}

const char *cgroup_path(uint64_t id)
{
	const struct cgroup *cgroup = *find(id);
	struct timespec now;

	if (!cgroup) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (walked && walked == now.tv_sec + 1)
			return NULL;
		if (n_cgroups > MANY)
			cgroup_forget();
		walked = now.tv_sec + 1;
		walk_all();
		cgroup = *find(id);
	}
	return cgroup && !cgroup->unknown ? cgroup->path : NULL;
}

void cgroup_forget(void)
{
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		while (buckets[i]) {
			struct cgroup *cgroup = buckets[i];

			buckets[i] = cgroup->next;
			free(cgroup);
		}
	}
	walked = 0;
	n_cgroups = 0;
}
