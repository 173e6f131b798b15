// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "call.h"
#include "port.h"
#include "tally.h"
#include "worker.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif

#define CONNECT_MS	1000
#define ANSWER_MS	1000
#define BIND_TRIES	8

static int error_of(int result)
{
	return result < 0 ? -errno : result;
}

/**
 * call_open() - a new socket
 *
 * Return: its descriptor or -errno.
 */
int call_open(struct worker *w, enum proto proto, enum family family)
{
	int type = proto == PROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(addr_domain(family), type | SOCK_NONBLOCK | SOCK_CLOEXEC,
			proto == PROTO_MPTCP ? IPPROTO_MPTCP : 0);

	if (fd < 0)
		return tally_call(CALL_SOCKET, -errno);
	port_open(fd, proto, family);
	if (family == FAMILY_V6 && rng_one_in(&w->rng, 4))
		call_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	return fd;
}

/**
 * call_has_mptcp() - whether the kernel has MPTCP, and it is not switched off
 */
bool call_has_mptcp(void)
{
	static int known = -1;
	int fd;

	if (known >= 0)
		return known;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
	known = fd >= 0;
	if (known)
		close(fd);
	return known;
}

int call_set(int fd, int level, int name, int value)
{
	return error_of(setsockopt(fd, level, name, &value, sizeof(value)));
}

int call_bind(int fd, enum proto proto, const struct addr *addr)
{
	static const enum call calls[][2] = {
		[PROTO_TCP]	= { CALL_TCP_BIND0, CALL_TCP_BIND },
		[PROTO_MPTCP]	= { CALL_MPTCP_BIND, CALL_MPTCP_BIND },
		[PROTO_UDP]	= { CALL_UDP_BIND0, CALL_UDP_BIND },
	};

	int err;

	port_begin();
	err = error_of(bind(fd, &addr->any, addr->len));
	return tally_call(calls[proto][addr_port(addr) != 0], port_end_bind(fd, addr, err));
}

/**
 * call_bind0() - bind to a random address, and to a port that the kernel chooses
 */
int call_bind0(struct worker *w, int fd, enum proto proto, enum family family)
{
	unsigned int host = rng_below(&w->rng, ADDR_HOSTS + 1);
	struct addr addr;

	/* The usual way to all addresses of both families, and the odd one. */
	if (host == ADDR_ANY_HOST && family == FAMILY_MAPPED && rng_one_in(&w->rng, 2))
		family = FAMILY_V6;
	addr_set(&addr, family, host, 0);
	return call_bind(fd, proto, &addr);
}

/**
 * call_bind_inside() - bind to a random address, and by number to a port of the range
 * @addr: filled
 */
int call_bind_inside(struct worker *w, int fd, enum proto proto, enum family family,
		     struct addr *addr)
{
	unsigned int host = rng_below(&w->rng, ADDR_HOSTS + 1);
	unsigned int i;
	int err = 0;

	for (i = 0; i < BIND_TRIES; i++) {
		addr_set(addr, family, host, addr_pick_inside(&w->range, &w->rng));
		err = call_bind(fd, proto, addr);
		if (err != -EADDRINUSE)
			break;
	}
	return err;
}

int call_listen(int fd, enum proto proto, int backlog)
{
	int err;

	port_begin();
	err = port_end_choice(fd, PORT_TCP_LISTEN, error_of(listen(fd, backlog)));
	return tally_call(proto == PROTO_MPTCP ? CALL_MPTCP_LISTEN : CALL_TCP_LISTEN, err);
}

/**
 * call_accept() - accept a connection that is there or about to be
 *
 * Return: its descriptor or -errno.
 */
int call_accept(struct worker *w, int fd)
{
	int child, err = call_await(w, fd, POLLIN, ANSWER_MS);

	if (err)
		return err;
	child = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	return tally_call(CALL_ACCEPT, error_of(child));
}

static enum call connect_call(enum proto proto)
{
	static const enum call calls[] = {
		[PROTO_TCP]	= CALL_TCP_CONNECT,
		[PROTO_MPTCP]	= CALL_MPTCP_CONNECT,
		[PROTO_UDP]	= CALL_UDP_CONNECT,
	};

	return calls[proto];
}

/**
 * call_connect_begin() - connect, without waiting for the answer
 */
int call_connect_begin(int fd, enum proto proto, const struct addr *addr)
{
	int err;

	port_begin();
	err = error_of(connect(fd, &addr->any, addr->len));
	if (err == -EINPROGRESS)
		err = 0;
	port_end_choice(fd, proto == PROTO_UDP ? PORT_UDP_CONNECT : PORT_TCP_CONNECT, err);
	return tally_call(connect_call(proto), err);
}

/**
 * call_connect_end() - wait for the answer
 */
int call_connect_end(struct worker *w, int fd, enum proto proto)
{
	socklen_t len = sizeof(int);
	int err = 0;

	if (call_await(w, fd, POLLOUT, CONNECT_MS))
		return -ETIMEDOUT;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	if (err)
		port_dropped(fd);
	return tally_call(connect_call(proto), -err);
}

int call_connect(struct worker *w, int fd, enum proto proto, const struct addr *addr)
{
	int err = call_connect_begin(fd, proto, addr);

	if (err || proto == PROTO_UDP)
		return err;
	err = call_connect_end(w, fd, proto);
	/* Until it is asked once more, the socket is still connecting, and can do no other. */
	if (err && proto == PROTO_TCP)
		connect(fd, &addr->any, addr->len);
	return err;
}

/**
 * call_dial() - a new socket, connected to some server of the storm without a bind
 *
 * Return: its descriptor or -errno.
 */
int call_dial(struct worker *w, enum proto proto, enum family family)
{
	struct addr to;
	int fd, err;

	server_pick(w, proto, family, &to);
	fd = call_open(w, proto, family);
	if (fd < 0)
		return fd;
	err = call_connect(w, fd, proto, &to);
	return err ? call_give_up(fd, err) : fd;
}

/**
 * call_disconnect() - take the connection, and perhaps the port, off a socket
 */
int call_disconnect(int fd)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	port_dropped(fd);
	return tally_call(CALL_DISCONNECT, error_of(connect(fd, &nobody, sizeof(nobody))));
}

/**
 * call_send_fast() - connect and send in one, as Fast Open does
 */
int call_send_fast(int fd, const struct addr *addr)
{
	int err;

	port_begin();
	err = error_of((int)sendto(fd, "k", 1, MSG_FASTOPEN | MSG_NOSIGNAL, &addr->any, addr->len));
	if (err == -EINPROGRESS || err > 0)
		err = 0;
	return tally_call(CALL_TCP_SENDTO, port_end_choice(fd, PORT_TCP_CONNECT, err));
}

/**
 * call_send_udp() - send a datagram to an address
 */
int call_send_udp(int fd, const struct addr *addr)
{
	int err;

	port_begin();
	err = error_of((int)sendto(fd, "u", 1, 0, &addr->any, addr->len));
	if (err > 0)
		err = 0;
	return tally_call(CALL_UDP_SENDTO, port_end_choice(fd, PORT_UDP_SEND, err));
}

/**
 * call_order() - tell a server of the storm what to do with the connection
 * @order: see server.h
 */
int call_order(int fd, char order)
{
	return send(fd, &order, 1, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/**
 * call_await() - wait until something can be done with a socket, and serve meanwhile
 * @events: as of poll()
 *
 * The server that we wait for may be waiting for ours.
 *
 * Return: 0, or -ETIMEDOUT, at the end of the storm too.
 */
int call_await(struct worker *w, int fd, short events, int ms)
{
	struct pollfd polled[] = {
		{ .fd = fd, .events = events },
		{ .fd = w->server.epoll, .events = POLLIN },
	};
	int64_t until = now_ms() + ms;
	int64_t left = ms;

	while (left >= 0 && shared_phase() < PHASE_QUIET) {
		poll(polled, 2, left > 50 ? 50 : (int)left);
		if (polled[0].revents)
			return 0;
		if (polled[1].revents)
			server_run(w, 0);
		left = until - now_ms();
	}
	return tally_call(CALL_AWAIT, -ETIMEDOUT);
}

/**
 * call_await_end() - wait until the other side has closed, and read what it sent before
 */
int call_await_end(struct worker *w, int fd)
{
	char buffer[256];
	ssize_t n;
	int err;

	do {
		err = call_await(w, fd, POLLIN, ANSWER_MS);
		if (err)
			return err;
		n = recv(fd, buffer, sizeof(buffer), 0);
	} while (n > 0 || (n < 0 && errno == EAGAIN));
	return 0;
}
