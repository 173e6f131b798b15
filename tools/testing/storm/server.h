/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The serving side of a process: listeners, a UDP socket, and a mailbox. It runs between
 * operations and while one waits.
 *
 * The first byte of a TCP connection is an order; without one, the server reads until the
 * client closes, and closes then.
 */
#ifndef STORM_SERVER_H
#define STORM_SERVER_H

#include <stdint.h>

#include "call.h"

struct worker;

#define ORDER_CLOSE	'c'	/* close at once */
#define ORDER_RESET	'r'	/* reset at once */
#define ORDER_HALF	's'	/* send nothing more, but read on */
#define ORDER_HOLD	'h'	/* do not close when the client does */
#define ORDER_STALL	'n'	/* read nothing more, and do not close */

#define SERVER_FDS	8192	/* descriptors of a process */

/**
 * struct server - what a process serves
 * @epoll: -1 if it serves nothing
 * @roles: by descriptor
 */
struct server {
	int epoll;
	uint8_t roles[SERVER_FDS];
};

int server_start(struct worker *w);
void server_run(struct worker *w, int ms);
void server_forget(struct worker *w);
void server_pick(struct worker *w, enum proto proto, enum family family, struct addr *addr);

#endif
