// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netns.h"

/* Process numbers end here (PID_MAX_LIMIT), far below the first namespace's inode number. */
#define PID_LIMIT	(4 * 1024 * 1024)

static int stat_netns(const char *path, uint32_t *inode, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int ret = EXIT_OK;

	if (fd < 0)
		return error_set(err, EXIT_RUNTIME, "cannot open network namespace %s: %s%s",
				 path, strerror(errno), errno == EACCES ? "; run it as root" : "");
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET || fstat(fd, &st))
		ret = error_set(err, EXIT_RUNTIME, "%s is not a network namespace", path);
	else
		*inode = st.st_ino;
	close(fd);
	return ret;
}

static int from_number(unsigned long long n, uint32_t *inode, struct error *err)
{
	if (n < PID_LIMIT) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%llu/ns/net", n);
		return stat_netns(path, inode, err);
	}
	if (n > UINT32_MAX)
		return error_set(err, EXIT_USAGE, "%llu is no inode number of a namespace", n);
	*inode = n;
	return EXIT_OK;
}

int netns_resolve(const char *name, uint32_t *inode, struct error *err)
{
	static const char *const dirs[] = { "/run/netns", "/var/run/netns" };
	char path[PATH_MAX];
	unsigned int i;

	if (strchr(name, '/'))
		return stat_netns(name, inode, err);

	for (i = 0; *name && i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (!access(path, F_OK))
			return stat_netns(path, inode, err);
	}
	if (*name && strspn(name, "0123456789") == strlen(name))
		return from_number(strtoull(name, NULL, 10), inode, err);
	return error_set(err, EXIT_RUNTIME, "there is no network namespace \"%s\"; -N takes "
			 "a name of ip-netns(8), a path, a process or an inode number", name);
}

/* The number of the first namespace of processes, the same everywhere (PROC_PID_INIT_INO). */
#define FIRST_PIDS	0xeffffffcu

bool netns_is_hosts(uint32_t inode)
{
	struct error ignored;
	struct stat st;
	uint32_t hosts;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == FIRST_PIDS &&
	       !netns_resolve("/proc/1/ns/net", &hosts, &ignored) && hosts == inode;
}
