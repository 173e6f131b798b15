/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What became of the ports that sockets asked for, by the kernel's own rules: which sockets
 * hold one, which were refused one because none was free, and which ports were ever held.
 *
 * A socket belongs to one operation of one thread until it is put into the pool, where
 * nothing is asked of it any more; so does its state here.
 */
#ifndef STORM_PORT_H
#define STORM_PORT_H

#include <stdbool.h>

#include "addr.h"
#include "call.h"

struct slot;

/* Ways to ask for a port of the kernel's choice, each refused with an errno of its own. */
enum port_way {
	PORT_TCP_CONNECT,	/* EADDRNOTAVAIL */
	PORT_TCP_BIND0,		/* EADDRINUSE */
	PORT_TCP_LISTEN,	/* EADDRINUSE */
	PORT_UDP_CONNECT,	/* EAGAIN */
	PORT_UDP_SEND,		/* EAGAIN */
	PORT_UDP_BIND0,		/* EADDRINUSE */
	PORT_WAYS,
};

extern const char *const port_way_names[PORT_WAYS];
extern const char *const port_socket_names[][FAMILIES];	/* by enum proto */

void port_setup(struct slot *slot, bool own_netns);
void port_open(int fd, enum proto proto, enum family family);
void port_begin(void);
int port_end_choice(int fd, enum port_way way, int result);
int port_end_bind(int fd, const struct addr *addr, int result);
void port_note(int fd);
void port_dropped(int fd);
void port_end_by_signal(void);

#endif
