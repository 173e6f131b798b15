// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netns.h"
#include "shared.h"

#define SYSCTLS	"/proc/sys/net/ipv4/"

/* What the caller set for the storm. Fast Open is off for servers by default. */
static const char *const inherited[] = {
	SYSCTLS "ip_local_port_range",
	SYSCTLS "ip_local_reserved_ports",
	SYSCTLS "ip_autobind_reuse",
	SYSCTLS "tcp_tw_reuse",
	SYSCTLS "tcp_fin_timeout",
	SYSCTLS "tcp_fastopen",
};

#define INHERITED (sizeof(inherited) / sizeof(inherited[0]))

struct value {
	ssize_t len;
	char text[4096];
};

static void read_value(const char *path, struct value *value)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	value->len = -1;
	if (fd < 0)
		return;
	value->len = read(fd, value->text, sizeof(value->text));
	close(fd);
}

static int write_value(const char *path, const struct value *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, value->text, (size_t)value->len);
	close(fd);
	return n == value->len ? 0 : -EIO;
}

static int bring_up_loopback(void)
{
	struct ifreq request = { .ifr_flags = IFF_UP };
	int err = 0, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	strcpy(request.ifr_name, "lo");
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		err = -errno;
	close(fd);
	return err;
}

/**
 * netns_enter_new() - move to a network namespace of one's own, set like the old one
 *
 * Return: 0 or -errno.
 */
int netns_enter_new(void)
{
	static struct value values[INHERITED];
	unsigned int i;
	int err;

	for (i = 0; i < INHERITED; i++)
		read_value(inherited[i], &values[i]);
	if (unshare(CLONE_NEWNET))
		return -errno;
	for (i = 0; i < INHERITED; i++) {
		if (values[i].len <= 0)
			continue;
		err = write_value(inherited[i], &values[i]);
		if (err)
			return err;
	}
	return bring_up_loopback();
}

/**
 * netns_note() - note the namespace that we are in, before a port is taken in it
 * @slot: filled
 *
 * Return: 0 or -errno; -ENOSPC if there were too many.
 */
int netns_note(struct slot *slot)
{
	struct stat st;
	unsigned int n;

	if (stat("/proc/self/ns/net", &st))
		return -errno;
	atomic_store(&slot->netns, (unsigned int)st.st_ino);
	atomic_store(&slot->pid, getpid());
	n = atomic_fetch_add(&shared->namespaces, 1);
	if (n >= SHARED_NAMESPACES)
		return -ENOSPC;
	atomic_store(&shared->netns[n], (unsigned int)st.st_ino);
	return 0;
}
