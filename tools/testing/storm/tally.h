/* SPDX-License-Identifier: GPL-2.0-only */
/* What was done and what failed, counted by all processes together. */
#ifndef STORM_TALLY_H
#define STORM_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

#define TALLY_KINDS	64
#define TALLY_ERRNOS	134

/* Calls whose failures are told apart. What fails for want of a port is in the first rows. */
enum call {
	CALL_TCP_CONNECT,
	CALL_TCP_SENDTO,	/* Fast Open */
	CALL_TCP_BIND0,
	CALL_TCP_BIND,
	CALL_TCP_LISTEN,
	CALL_MPTCP_CONNECT,
	CALL_MPTCP_BIND,
	CALL_MPTCP_LISTEN,
	CALL_UDP_CONNECT,
	CALL_UDP_SENDTO,
	CALL_UDP_BIND0,
	CALL_UDP_BIND,
	CALL_DISCONNECT,
	CALL_SOCKET,
	CALL_SETSOCKOPT,
	CALL_ACCEPT,
	CALL_AWAIT,		/* the other side did not answer in time */
	CALL_DESTROY,
	CALL_PASS,
	CALL_FORK,
	CALLS,
};

/* What an operation returns when this kernel, or this user, cannot do it. */
#define TALLY_SKIPPED	1

struct tally {
	struct {
		_Atomic uint64_t succeeded;
		_Atomic uint64_t failed;
		_Atomic uint64_t skipped;
	} kinds[TALLY_KINDS];
	_Atomic uint64_t received;	/* sockets that came from another process */
	_Atomic uint64_t took[3][3];	/* ports, by enum proto and enum family */
	_Atomic uint64_t failures[CALLS][TALLY_ERRNOS];
};

void tally_kind(unsigned int kind, int result);
int tally_call(enum call call, int result);
void tally_received(void);
void tally_print(void);
int tally_write_taken(const char *path);

#endif
