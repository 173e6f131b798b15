// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsfile.h"
#include "portset.h"

/* Every second port by itself is the longest list; the kernel tells all of it in one read. */
#define LIST_ROOM	(512 * 1024)

/* The state of a listener in /proc/net/tcp. */
#define LISTEN		0x0a

unsigned int portset_count(const struct portset *set, unsigned int low, unsigned int high)
{
	unsigned int port, count = 0;

	for (port = low; port <= high && port <= UINT16_MAX; port++)
		count += portset_has(set, port);
	return count;
}

bool portset_parse(struct portset *set, const char *list)
{
	while (*list && *list != '\n') {
		char *end;
		unsigned long low = strtoul(list, &end, 10), high = low;

		if (end == list)
			return false;
		if (*end == '-') {
			list = end + 1;
			high = strtoul(list, &end, 10);
			if (end == list)
				return false;
		}
		if (low > high || high > UINT16_MAX)
			return false;
		for (; low <= high; low++)
			portset_add(set, low);
		if (*end && *end != ',' && *end != '\n')
			return false;
		list = *end == ',' ? end + 1 : end;
	}
	return true;
}

void portset_print(const struct portset *set, FILE *out)
{
	const char *comma = "";
	unsigned int low, high;

	for (low = 0; low <= UINT16_MAX; low = high + 1) {
		high = low;
		if (!portset_has(set, low))
			continue;
		while (high < UINT16_MAX && portset_has(set, high + 1))
			high++;
		fprintf(out, high > low ? "%s%u-%u" : "%s%u", comma, low, high);
		comma = ",";
	}
}

int portset_reserved(struct portset *set, uint32_t netns)
{
	int fd = nsfile_open(netns, "/proc/sys/net/ipv4/ip_local_reserved_ports");
	char *list;
	ssize_t got;
	int ret = 0;

	memset(set, 0, sizeof(*set));
	if (fd < 0)
		return fd;
	list = malloc(LIST_ROOM);
	got = list ? read(fd, list, LIST_ROOM - 1) : -1;
	if (got < 0) {
		ret = -errno;
	} else {
		list[got] = '\0';
		ret = portset_parse(set, list) ? 0 : -EINVAL;
	}
	free(list);
	close(fd);
	return ret;
}

/* Listeners come first in /proc/net/tcp; what follows them can be long, and is not read. */
static int add_file(struct portset *set, uint32_t netns, const char *path, bool listeners)
{
	int fd = nsfile_open(netns, path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	unsigned int port, state;
	char line[512];

	if (!file)
		return fd < 0 ? fd : -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &port, &state) != 2)
			continue;
		if (listeners && state != LISTEN)
			break;
		portset_add(set, port);
	}
	fclose(file);
	return 0;
}

int portset_taken(struct portset *set, uint32_t netns, uint8_t proto)
{
	bool tcp = proto == IPPROTO_TCP;
	int ret;

	memset(set, 0, sizeof(*set));
	ret = add_file(set, netns, tcp ? "/proc/self/net/tcp" : "/proc/self/net/udp", tcp);
	if (ret)
		return ret;
	ret = add_file(set, netns, tcp ? "/proc/self/net/tcp6" : "/proc/self/net/udp6", tcp);
	return ret == -ENOENT ? 0 : ret;	/* a kernel without IPv6 */
}
