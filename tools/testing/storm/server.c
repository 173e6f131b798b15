// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "port.h"
#include "server.h"
#include "worker.h"

#define BATCH		64
#define BIND_TRIES	64
#define SPARE_FDS	1024	/* left to operations, however many clients there are */

enum role {
	ROLE_NONE,
	ROLE_LISTENER,
	ROLE_SINK,
	ROLE_MAILBOX,
	ROLE_NEW,	/* a connection without an order yet */
	ROLE_READ,	/* close when the client does */
	ROLE_HOLD,	/* keep when the client closes */
};

static int watch(struct worker *w, int fd, enum role role)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(w->server.epoll, EPOLL_CTL_ADD, fd, &event))
		return -errno;
	w->server.roles[fd] = (uint8_t)role;
	return 0;
}

/* While a helper has it open too, a closed descriptor would go on telling events. */
static void unwatch(struct worker *w, int fd)
{
	epoll_ctl(w->server.epoll, EPOLL_CTL_DEL, fd, NULL);
	w->server.roles[fd] = ROLE_NONE;
}

static void hang_up(struct worker *w, int fd)
{
	unwatch(w, fd);
	close(fd);
}

static void accept_clients(struct worker *w, int listener)
{
	int fd, n;

	for (n = 0; n < BATCH; n++) {
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		if (fd >= SERVER_FDS - SPARE_FDS || watch(w, fd, ROLE_NEW))
			close(fd);
	}
}

static void obey(struct worker *w, int fd, char order)
{
	const struct linger reset = { .l_onoff = 1 };

	w->server.roles[fd] = ROLE_READ;
	switch (order) {
	case ORDER_RESET:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		hang_up(w, fd);
		break;
	case ORDER_CLOSE:
		hang_up(w, fd);
		break;
	case ORDER_HALF:
		shutdown(fd, SHUT_WR);
		break;
	case ORDER_HOLD:
		w->server.roles[fd] = ROLE_HOLD;
		break;
	case ORDER_STALL:
		unwatch(w, fd);
		pool_put(w, fd);
		break;
	}
}

static void serve_client(struct worker *w, int fd)
{
	enum role role = (enum role)w->server.roles[fd];
	char buffer[256];
	ssize_t n;

	/* A stalled connection is to keep all that comes after its order. */
	n = recv(fd, buffer, role == ROLE_NEW ? 1 : sizeof(buffer), 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0 && role == ROLE_NEW) {
		obey(w, fd, buffer[0]);
	} else if (n == 0 && role == ROLE_HOLD) {
		unwatch(w, fd);
		pool_put(w, fd);
	} else if (n <= 0) {
		hang_up(w, fd);
	}
}

static void drain_sink(int fd)
{
	char buffer[256];
	int n;

	for (n = 0; n < BATCH; n++)
		if (recv(fd, buffer, sizeof(buffer), 0) < 0 && errno == EAGAIN)
			return;
}

/* Sockets that other processes handed over. */
static void empty_mailbox(struct worker *w, int mailbox)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	unsigned int from = w->number;
	struct iovec iov = { .iov_base = &from, .iov_len = sizeof(from) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	int fd;

	for (;;) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		if (recvmsg(mailbox, &msg, MSG_CMSG_CLOEXEC) < 0)
			return;
		cmsg = CMSG_FIRSTHDR(&msg);
		if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
		if (from != w->number)
			tally_received();
		pool_put(w, fd);
	}
}

/**
 * server_run() - serve whoever asks
 * @ms: to wait for somebody to ask
 */
void server_run(struct worker *w, int ms)
{
	struct epoll_event events[BATCH];
	int i, n, fd;

	if (w->server.epoll < 0)
		return;
	n = epoll_wait(w->server.epoll, events, BATCH, ms);
	for (i = 0; i < n; i++) {
		fd = events[i].data.fd;
		shared_note_activity();
		switch (w->server.roles[fd]) {
		case ROLE_LISTENER:
			accept_clients(w, fd);
			break;
		case ROLE_SINK:
			drain_sink(fd);
			break;
		case ROLE_MAILBOX:
			empty_mailbox(w, fd);
			break;
		case ROLE_NEW:
		case ROLE_READ:
		case ROLE_HOLD:
			serve_client(w, fd);
			break;
		}
	}
}

/* Outside the range a listener must be; inside it there may be no room. */
static int bind_server(struct worker *w, int fd, enum family family, bool inside)
{
	struct addr addr;
	uint16_t port;
	int i, err = 0;

	for (i = 0; i < BIND_TRIES; i++) {
		port = inside ? addr_pick_inside(&w->range, &w->rng) :
				addr_pick_outside(&w->range, &w->rng);
		addr_set(&addr, family, ADDR_ANY_HOST, port);
		err = bind(fd, &addr.any, addr.len) ? -errno : 0;
		if (err != -EADDRINUSE || inside)
			break;
	}
	return err;
}

/* A server's socket, bound, or -errno. */
static int open_server(struct worker *w, enum proto proto, enum family family, bool inside)
{
	int fd = call_open(w, proto, family);
	int err;

	if (fd < 0)
		return fd;
	if (family == FAMILY_V6)
		call_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (proto != PROTO_UDP)
		call_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	/* Connections that stall must not take much memory. */
	call_set(fd, SOL_SOCKET, SO_RCVBUF, 16384);
	err = bind_server(w, fd, family, inside);
	return err ? call_give_up(fd, err) : fd;
}

static int publish(_Atomic uint16_t *port, int fd)
{
	struct addr addr;
	int err = addr_of(fd, &addr);

	if (!err)
		atomic_store(port, addr_port(&addr));
	port_note(fd);
	return err;
}

static int start_listener(struct worker *w, enum listener which)
{
	enum family family = which != LISTENER_V4 && addr_has_ipv6() ? FAMILY_V6 : FAMILY_V4;
	enum proto proto = which == LISTENER_MPTCP ? PROTO_MPTCP : PROTO_TCP;
	int fd, err;

	fd = open_server(w, proto, family, which == LISTENER_INSIDE);
	if (fd < 0)
		return fd;
	if (proto == PROTO_TCP)
		call_set(fd, IPPROTO_TCP, TCP_FASTOPEN, 64);
	if (listen(fd, 1024))
		return call_give_up(fd, -errno);
	err = watch(w, fd, ROLE_LISTENER);
	if (err)
		return call_give_up(fd, err);
	return publish(&w->slot->tcp_ports[which], fd);
}

static int start_sink(struct worker *w)
{
	enum family family = addr_has_ipv6() ? FAMILY_V6 : FAMILY_V4;
	int err, fd = open_server(w, PROTO_UDP, family, false);

	if (fd < 0)
		return fd;
	err = watch(w, fd, ROLE_SINK);
	return err ? call_give_up(fd, err) : publish(&w->slot->udp_port, fd);
}

/**
 * server_start() - open listeners and the rest, and tell the other processes
 *
 * Only the first two processes of a namespace listen inside the range, which may be tiny.
 *
 * Return: 0 or -errno.
 */
int server_start(struct worker *w)
{
	unsigned int i;
	int err;

	for (i = 0; i < LISTENERS; i++)
		atomic_store(&w->slot->tcp_ports[i], 0);
	w->server.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (w->server.epoll < 0)
		return -errno;
	err = start_listener(w, LISTENER_V4);
	if (!err)
		err = start_listener(w, LISTENER_DUAL);
	if (!err)
		err = start_sink(w);
	if (!err && call_has_mptcp())
		err = start_listener(w, LISTENER_MPTCP);
	if (!err)
		err = watch(w, mailboxes[w->number].from, ROLE_MAILBOX);
	if (!err && (w->own_netns || w->number < 2))
		start_listener(w, LISTENER_INSIDE);
	return err;
}

/**
 * server_forget() - close all that is served, in a child that inherited it
 */
void server_forget(struct worker *w)
{
	int fd;

	close(w->server.epoll);
	w->server.epoll = -1;
	for (fd = 0; fd < SERVER_FDS; fd++)
		if (w->server.roles[fd] != ROLE_NONE && w->server.roles[fd] != ROLE_MAILBOX)
			close(fd);
}

static uint16_t pick_port(struct worker *w, const struct slot *slot, enum proto proto,
			  enum family family)
{
	unsigned int which, tries;
	uint16_t port;

	if (proto == PROTO_UDP)
		return atomic_load(&slot->udp_port);
	for (tries = 0; tries < 8; tries++) {
		which = rng_below(&w->rng, LISTENERS);
		if (proto == PROTO_MPTCP && !rng_one_in(&w->rng, 4))
			which = LISTENER_MPTCP;
		port = atomic_load(&slot->tcp_ports[which]);
		if (port && (which != LISTENER_V4 || family != FAMILY_V6))
			return port;
	}
	return atomic_load(&slot->tcp_ports[LISTENER_DUAL]);
}

/**
 * server_pick() - the address of some server of the storm, in this network namespace
 * @addr: filled
 */
void server_pick(struct worker *w, enum proto proto, enum family family, struct addr *addr)
{
	const struct slot *slot = w->slot;

	if (!w->own_netns)
		slot = &shared->slots[rng_below(&w->rng, options.procs)];
	addr_set(addr, family, addr_pick_host(&w->rng), pick_port(w, slot, proto, family));
}
