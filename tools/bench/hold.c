// SPDX-License-Identifier: GPL-2.0
/*
 * Many ports held at once, on as many addresses of the loopback network as it takes; or in as many
 * network namespaces, one in each.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

#define LOOPBACK	0x7f000000u
#define PER_ADDRESS	10000	/* so that no search is long */
#define DESTS		16
#define PORT		8080

static struct sockaddr_in address(uint32_t addr, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(addr), .sin_port = htons(port),
	};
}

static void hold_one(int type, unsigned int i)
{
	struct sockaddr_in local = address(LOOPBACK + 0x10000 + i / PER_ADDRESS, 0);
	struct sockaddr_in peer = address(LOOPBACK + 0x100 + i % DESTS, PORT);
	int one = 1, fd = socket(AF_INET, type, 0);

	if (fd < 0 ||
	    (type == SOCK_STREAM &&
	     setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one))) ||
	    bind(fd, (struct sockaddr *)&local, sizeof(local)) ||
	    connect(fd, (struct sockaddr *)&peer, sizeof(peer)))
		die("hold");
}

static void hold_connections(bool tcp, unsigned int n)
{
	int listener = tcp ? tcp_listener(INADDR_ANY, PORT, 16) : -1;
	unsigned int i;

	for (i = 0; i < n; i++) {
		hold_one(tcp ? SOCK_STREAM : SOCK_DGRAM, i);
		if (tcp && accept(listener, NULL, NULL) < 0)
			die("accept");
	}
}

/* A socket keeps its namespace. */
static void hold_namespaces(unsigned int n)
{
	const struct sockaddr_in any = address(INADDR_ANY, 0);
	unsigned int i;

	for (i = 0; i < n; i++) {
		int fd;

		if (unshare(CLONE_NEWNET))
			die("unshare");
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)))
			die("bind");
	}
}

int hold(const char *kind, unsigned int n)
{
	struct rlimit files = { 2 * n + 1024, 2 * n + 1024 };
	char end;

	if (setrlimit(RLIMIT_NOFILE, &files))
		die("RLIMIT_NOFILE");
	if (!strcmp(kind, "netns"))
		hold_namespaces(n);
	else
		hold_connections(!strcmp(kind, "tcp"), n);
	puts("held");
	fflush(stdout);
	(void)!read(STDIN_FILENO, &end, 1);
	return 0;
}
