// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsfile.h"

/* Whether @path is network namespace @netns. Inode numbers are unique among all namespaces. */
static bool is_netns(const char *path, uint32_t netns)
{
	struct stat st;

	return !stat(path, &st) && st.st_ino == netns;
}

/* The first entry of @dir whose file @below it is the namespace, opened; or -ESRCH. */
static int find_in(const char *dir, const char *below, uint32_t netns)
{
	int fd = -ESRCH;
	struct dirent *entry;
	DIR *d = opendir(dir);

	while (d && fd == -ESRCH && (entry = readdir(d))) {
		char path[PATH_MAX];

		if (entry->d_name[0] == '.' || (*below && !isdigit(entry->d_name[0])))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir, entry->d_name, below);
		if (!is_netns(path, netns))
			continue;
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	if (d)
		closedir(d);
	return fd;
}

static int find_netns(uint32_t netns)
{
	int fd = find_in("/run/netns", "", netns);

	return fd == -ESRCH ? find_in("/proc", "/ns/net", netns) : fd;
}

/* There and back again: this is the only thread, and what was opened stays what it is. */
static int open_there(int own, int there, const char *path)
{
	int fd;

	if (setns(there, CLONE_NEWNET))
		return -errno;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	if (setns(own, CLONE_NEWNET)) {
		perror("ephstat: cannot return to the own network namespace");
		exit(EXIT_FAILURE);
	}
	return fd;
}

int nsfile_open(uint32_t netns, const char *path)
{
	int own, there, fd;

	if (!netns || is_netns("/proc/self/ns/net", netns)) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	there = find_netns(netns);
	if (there < 0)
		return there;
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	fd = own < 0 ? -errno : open_there(own, there, path);
	if (own >= 0)
		close(own);
	close(there);
	return fd;
}
