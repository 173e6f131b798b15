// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"

#define FIRST_FREE_PORT	1024u	/* below, ports are privileged */

/**
 * addr_has_ipv6() - whether the kernel has IPv6, and loopback its address
 */
bool addr_has_ipv6(void)
{
	static int known = -1;
	struct addr addr;
	int fd;

	if (known >= 0)
		return known;
	known = 0;
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	addr_set(&addr, FAMILY_V6, 1, 0);
	known = !bind(fd, &addr.any, addr.len);
	close(fd);
	return known;
}

enum family addr_pick_family(struct rng *rng)
{
	enum family family = (enum family)rng_below(rng, FAMILIES);

	return addr_has_ipv6() ? family : FAMILY_V4;
}

int addr_domain(enum family family)
{
	return family == FAMILY_V4 ? AF_INET : AF_INET6;
}

/**
 * addr_set() - make an address
 * @host: ADDR_ANY_HOST, or 1 to ADDR_HOSTS for one of loopback's
 */
void addr_set(struct addr *addr, enum family family, unsigned int host, uint16_t port)
{
	in_addr_t v4 = htonl(host == ADDR_ANY_HOST ? INADDR_ANY : INADDR_LOOPBACK + host - 1);

	memset(addr, 0, sizeof(*addr));
	if (family == FAMILY_V4) {
		addr->len = sizeof(addr->v4);
		addr->v4.sin_family = AF_INET;
		addr->v4.sin_port = htons(port);
		addr->v4.sin_addr.s_addr = v4;
		return;
	}
	addr->len = sizeof(addr->v6);
	addr->v6.sin6_family = AF_INET6;
	addr->v6.sin6_port = htons(port);
	if (family == FAMILY_MAPPED) {
		addr->v6.sin6_addr.s6_addr[10] = 0xff;
		addr->v6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(&addr->v6.sin6_addr.s6_addr[12], &v4, sizeof(v4));
	} else {
		addr->v6.sin6_addr = host == ADDR_ANY_HOST ? in6addr_any : in6addr_loopback;
	}
}

unsigned int addr_pick_host(struct rng *rng)
{
	return 1 + rng_below(rng, ADDR_HOSTS);
}

uint16_t addr_port(const struct addr *addr)
{
	return ntohs(addr->any.sa_family == AF_INET ? addr->v4.sin_port : addr->v6.sin6_port);
}

/**
 * addr_of() - the local address of a socket
 *
 * Return: 0 or -errno.
 */
int addr_of(int fd, struct addr *addr)
{
	addr->len = sizeof(addr->v6);
	return getsockname(fd, &addr->any, &addr->len) ? -errno : 0;
}

/**
 * addr_read_range() - the ephemeral range of the network namespace that we are in
 *
 * Return: 0 or -errno.
 */
int addr_read_range(struct port_range *range)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	int n;

	if (!file)
		return -errno;
	n = fscanf(file, "%u %u", &range->low, &range->high);
	fclose(file);
	return n == 2 ? 0 : -EINVAL;
}

uint16_t addr_pick_inside(const struct port_range *range, struct rng *rng)
{
	return (uint16_t)(range->low + rng_below(rng, range->high - range->low + 1));
}

/* Where the range leaves no unprivileged port out, one inside it. */
uint16_t addr_pick_outside(const struct port_range *range, struct rng *rng)
{
	unsigned int below = range->low > FIRST_FREE_PORT ? range->low - FIRST_FREE_PORT : 0;
	unsigned int above = 65535 - range->high;
	unsigned int n;

	if (!(below + above))
		return addr_pick_inside(range, rng);
	n = rng_below(rng, below + above);
	return (uint16_t)(n < below ? FIRST_FREE_PORT + n : range->high + 1 + n - below);
}
