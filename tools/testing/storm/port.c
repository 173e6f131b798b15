// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "port.h"
#include "server.h"
#include "shared.h"

/* Of a socket's port. What is not explicit goes whenever the socket is closed or shut down. */
enum held {
	HELD_NONE,
	HELD_CHOSEN,
	HELD_EXPLICIT,
};

const char *const port_way_names[PORT_WAYS] = {
	[PORT_TCP_CONNECT]	= "tcp-connect",
	[PORT_TCP_BIND0]	= "tcp-bind0",
	[PORT_TCP_LISTEN]	= "tcp-listen",
	[PORT_UDP_CONNECT]	= "udp-connect",
	[PORT_UDP_SEND]		= "udp-send",
	[PORT_UDP_BIND0]	= "udp-bind0",
};

const char *const port_socket_names[][FAMILIES] = {
	[PROTO_TCP]	= { "tcp-v4", "tcp-v6", "tcp-mapped" },
	[PROTO_MPTCP]	= { "mptcp-v4", "mptcp-v6", "mptcp-mapped" },
	[PROTO_UDP]	= { "udp-v4", "udp-v6", "udp-mapped" },
};

static const int refusals[PORT_WAYS] = {
	[PORT_TCP_CONNECT]	= -EADDRNOTAVAIL,
	[PORT_TCP_BIND0]	= -EADDRINUSE,
	[PORT_TCP_LISTEN]	= -EADDRINUSE,
	[PORT_UDP_CONNECT]	= -EAGAIN,
	[PORT_UDP_SEND]		= -EAGAIN,
	[PORT_UDP_BIND0]	= -EADDRINUSE,
};

static struct {
	uint8_t held;
	uint8_t proto;
	uint8_t family;
} states[SERVER_FDS];

static struct slot *here;
static bool alone;
static volatile sig_atomic_t in_call, told_to_end;

/**
 * port_setup() - say whose ports these are
 * @own_netns: they are not of the network namespace that most share
 */
void port_setup(struct slot *slot, bool own_netns)
{
	unsigned int way;

	here = slot;
	alone = own_netns;
	if (!alone)
		return;
	for (way = 0; way < PORT_WAYS; way++)
		atomic_store(&slot->refused[way], 0);
}

void port_open(int fd, enum proto proto, enum family family)
{
	states[fd].held = HELD_NONE;
	states[fd].proto = (uint8_t)proto;
	states[fd].family = (uint8_t)family;
}

/**
 * port_begin() - a call that may take a port is next
 *
 * What comes of it is counted by one of the functions that end it: until then, this process is
 * not to end.
 */
void port_begin(void)
{
	in_call = 1;
}

static void end_call(void)
{
	in_call = 0;
	if (told_to_end)
		_exit(0);
}

static void end_process(int sig)
{
	(void)sig;
	if (!in_call)
		_exit(0);
	told_to_end = 1;
}

/**
 * port_end_by_signal() - let SIGUSR1 end this process, but not in a call; it has one thread
 */
void port_end_by_signal(void)
{
	struct sigaction act = { .sa_handler = end_process };

	sigaction(SIGUSR1, &act, NULL);
}

/**
 * port_note() - the port that a socket has, or had until just now, was once taken
 */
void port_note(int fd)
{
	unsigned int port;
	struct addr addr;

	if (alone || addr_of(fd, &addr))
		return;
	port = addr_port(&addr);
	atomic_fetch_or(&shared->taken[states[fd].proto == PROTO_UDP][port / 8],
			(uint8_t)(1 << port % 8));
}

static void took(int fd, enum held held)
{
	states[fd].held = (uint8_t)held;
	port_note(fd);
	atomic_fetch_add(&shared->tally.took[states[fd].proto][states[fd].family], 1);
}

/**
 * port_dropped() - the kernel took back what was not asked for by number
 */
void port_dropped(int fd)
{
	if (states[fd].held == HELD_CHOSEN)
		states[fd].held = HELD_NONE;
}

/* A UDP socket gets its port first, and keeps it whatever comes then. */
static bool took_one(enum port_way way, int result)
{
	if (way == PORT_UDP_CONNECT || way == PORT_UDP_SEND)
		return true;
	return !result || (way == PORT_TCP_CONNECT && result == -ECONNREFUSED);
}

/**
 * port_end_choice() - the end of a call that takes a port of the kernel's choice, if the socket
 *	has none yet
 *
 * Return: @result.
 */
int port_end_choice(int fd, enum port_way way, int result)
{
	if (states[fd].held == HELD_NONE) {
		if (result == refusals[way])
			atomic_fetch_add(&here->refused[way], 1);
		else if (took_one(way, result))
			took(fd, HELD_CHOSEN);
	}
	if (result && way == PORT_TCP_CONNECT)
		port_dropped(fd);
	end_call();
	return result;
}

/**
 * port_end_bind() - the end of bind()
 * @addr: what was asked for; port 0 leaves it to the kernel, now or later
 *
 * Return: @result.
 */
int port_end_bind(int fd, const struct addr *addr, int result)
{
	enum port_way way = states[fd].proto == PROTO_UDP ? PORT_UDP_BIND0 : PORT_TCP_BIND0;
	struct addr got;

	if (!result && (addr_port(addr) || (!addr_of(fd, &got) && addr_port(&got))))
		took(fd, addr_port(addr) ? HELD_EXPLICIT : HELD_CHOSEN);
	else if (!addr_port(addr) && result == refusals[way])
		atomic_fetch_add(&here->refused[way], 1);
	end_call();
	return result;
}
