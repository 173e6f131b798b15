/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls on sockets that never block for long, and whose failures are counted. All
 * return -errno; sockets are non-blocking.
 */
#ifndef STORM_CALL_H
#define STORM_CALL_H

#include <stdbool.h>
#include <unistd.h>

#include "addr.h"

struct worker;

enum proto {
	PROTO_TCP,
	PROTO_MPTCP,
	PROTO_UDP,
};

bool call_has_mptcp(void);
int call_open(struct worker *w, enum proto proto, enum family family);
int call_set(int fd, int level, int name, int value);
int call_bind(int fd, enum proto proto, const struct addr *addr);
int call_bind0(struct worker *w, int fd, enum proto proto, enum family family);
int call_bind_inside(struct worker *w, int fd, enum proto proto, enum family family,
		     struct addr *addr);
int call_listen(int fd, enum proto proto, int backlog);
int call_accept(struct worker *w, int fd);
int call_connect_begin(int fd, enum proto proto, const struct addr *addr);
int call_connect_end(struct worker *w, int fd, enum proto proto);
int call_connect(struct worker *w, int fd, enum proto proto, const struct addr *addr);
int call_dial(struct worker *w, enum proto proto, enum family family);
int call_disconnect(int fd);
int call_send_fast(int fd, const struct addr *addr);
int call_send_udp(int fd, const struct addr *addr);
int call_order(int fd, char order);
int call_await(struct worker *w, int fd, short events, int ms);
int call_await_end(struct worker *w, int fd);

/* For the ends of functions: close what was opened, and pass on the error. */
static inline int call_give_up(int fd, int err)
{
	close(fd);
	return err;
}

#endif
