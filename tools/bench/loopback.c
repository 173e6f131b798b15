// SPDX-License-Identifier: GPL-2.0
/* Traffic of one thread that is client and server, on 127.0.0.1. */
#include <arpa/inet.h>
#include <stdbool.h>
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

static void start_udp(void)
{
}

static void udp_cycle(void)
{
	close(connected(SOCK_DGRAM));
}

const struct workload workload_rst = {
	"rst", "connect, accept, reset", 8, start_tcp, rst_cycle,
};
const struct workload workload_tw = {
	"tw", "connect, accept, the client closes first", 8, start_tcp, tw_cycle,
};
const struct workload workload_udp = {
	"udp", "connect, close", 32, start_udp, udp_cycle,
};
