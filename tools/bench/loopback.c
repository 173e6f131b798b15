// SPDX-License-Identifier: GPL-2.0
/* Traffic of one thread that is client and server, on 127.0.0.1. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

#define PORT	8080	/* outside the range */

static int listener;
static const struct sockaddr_in *server = &(const struct sockaddr_in){
	.sin_family = AF_INET,
	.sin_port = __builtin_bswap16(PORT),
	.sin_addr.s_addr = __builtin_bswap32(INADDR_LOOPBACK),
};

static int connected(int type)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)server, sizeof(*server)))
		die("connect");
	return fd;
}

static void start_tcp(void)
{
	listener = tcp_listener(INADDR_LOOPBACK, PORT, 16);
}

static void tcp_cycle(bool reset)
{
	int client = connected(SOCK_STREAM);
	int child = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (child < 0)
		die("accept");
	if (reset)
		reset_on_close(client);
	close(client);
	close(child);
}

static void rst_cycle(void)
{
	tcp_cycle(true);
}

static void tw_cycle(void)
{
	tcp_cycle(false);
}

static void set(const char *path, const char *value)
{
	FILE *file = fopen(path, "w");

	if (!file || fputs(value, file) < 0 || fclose(file))
		die(path);
}

/*
 * By default few fit into TIME_WAIT in a small guest, and cycles after that end without; and
 * whether one is used again depends on where in a second the measurement begins.
 */
static void start_tw(void)
{
	set("/proc/sys/net/ipv4/tcp_max_tw_buckets", "1000000");
	set("/proc/sys/net/ipv4/tcp_tw_reuse", "0");
	start_tcp();
}

static void check_tw(unsigned int cycles)
{
	FILE *file = fopen("/proc/net/sockstat", "r");
	unsigned int in_time_wait = 0;
	char line[128];

	if (!file)
		die("/proc/net/sockstat");
	while (fgets(line, sizeof(line), file))
		sscanf(line, "TCP: inuse %*u orphan %*u tw %u", &in_time_wait);
	fclose(file);
	if (in_time_wait != cycles) {
		fprintf(stderr, "traffic: of %u connections %u are in TIME_WAIT\n", cycles,
			in_time_wait);
		exit(1);
	}
}

static void start_udp(void)
{
}

static void udp_cycle(void)
{
	close(connected(SOCK_DGRAM));
}

const struct workload workload_rst = {
	.name = "rst",
	.what = "connect, accept, reset",
	.batch = 8,
	.start = start_tcp,
	.cycle = rst_cycle,
};

const struct workload workload_tw = {
	.name = "tw",
	.what = "connect, accept, the client closes first",
	.batch = 8,
	.start = start_tw,
	.cycle = tw_cycle,
	.check = check_tw,
};

const struct workload workload_udp = {
	.name = "udp",
	.what = "connect, close",
	.batch = 32,
	.start = start_udp,
	.cycle = udp_cycle,
};
