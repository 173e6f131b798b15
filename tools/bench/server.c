// SPDX-License-Identifier: GPL-2.0
/*
 * A server outside the range, and nothing else: its clients are packets made here, which come
 * and go through a tunnel device. A cycle is a connection that is accepted and reset.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traffic.h"

#define SERVER	0x0a000001u	/* 10.0.0.1 */
#define CLIENT	0x0a000002u
#define PORT	8080
#define MTU	1500

struct packet {
	struct iphdr ip;
	struct tcphdr tcp;
};

static int listener, tunnel;
static uint16_t client_port = 1024;

static void set_address(int fd, struct ifreq *ifr, unsigned long request, uint32_t addr)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(addr) };

	memcpy(&ifr->ifr_addr, &sin, sizeof(sin));
	if (ioctl(fd, request, ifr))
		die("address of the tunnel");
}

static void start_server(void)
{
	struct ifreq ifr = { .ifr_name = "bench" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ifr.ifr_flags = IFF_TUN | IFF_NO_PI;
	tunnel = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0 || tunnel < 0 || ioctl(tunnel, TUNSETIFF, &ifr))
		die("/dev/net/tun");
	set_address(fd, &ifr, SIOCSIFADDR, SERVER);
	set_address(fd, &ifr, SIOCSIFNETMASK, 0xffffff00);
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		die("tunnel");
	close(fd);
	listener = tcp_listener(SERVER, PORT, 16);
}

static uint32_t add_words(uint32_t sum, const void *data, size_t bytes)
{
	const uint16_t *words = data;
	size_t i;

	for (i = 0; i < bytes / 2; i++)
		sum += words[i];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void fill_checksums(struct packet *packet)
{
	uint32_t sum = htons(IPPROTO_TCP) + htons(sizeof(packet->tcp));

	packet->ip.check = fold(add_words(0, &packet->ip, sizeof(packet->ip)));
	sum = add_words(sum, &packet->ip.saddr, 8);
	packet->tcp.check = fold(add_words(sum, &packet->tcp, sizeof(packet->tcp)));
}

static struct packet to_server(uint32_t seq)
{
	return (struct packet){
		.ip = {
			.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP,
			.tot_len = htons(sizeof(struct packet)),
			.saddr = htonl(CLIENT), .daddr = htonl(SERVER),
		},
		.tcp = {
			.source = htons(client_port), .dest = htons(PORT), .seq = htonl(seq),
			.doff = sizeof(struct tcphdr) / 4, .window = htons(65535),
		},
	};
}

static void send_packet(struct packet *packet)
{
	fill_checksums(packet);
	if (write(tunnel, packet, sizeof(*packet)) != sizeof(*packet))
		die("write to the tunnel");
}

/* The next packet of TCP; IPv6 has things to say of its own. */
static struct packet receive(void)
{
	char buffer[MTU];
	struct packet packet;

	do {
		if (read(tunnel, buffer, sizeof(buffer)) < 0)
			die("read from the tunnel");
		memcpy(&packet, buffer, sizeof(packet));
	} while (packet.ip.version != 4 || packet.ip.protocol != IPPROTO_TCP);
	return packet;
}

static void server_cycle(void)
{
	struct packet packet = to_server(1000), answer;
	int child;

	packet.tcp.syn = 1;
	send_packet(&packet);
	answer = receive();
	packet = to_server(1001);
	packet.tcp.ack = 1;
	packet.tcp.ack_seq = htonl(ntohl(answer.tcp.seq) + 1);
	send_packet(&packet);
	child = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (child < 0)
		die("accept");
	reset_on_close(child);
	close(child);
	answer = receive();
	if (!answer.tcp.rst)
		die("no reset");
	if (++client_port == 0)
		client_port = 1024;
}

const struct workload workload_server = {
	.name = "server",
	.what = "accept and reset, without the client's side",
	.batch = 16,
	.start = start_server,
	.cycle = server_cycle,
};
