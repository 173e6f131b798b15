/* SPDX-License-Identifier: GPL-2.0-only */
/* What all processes of a storm share: memory, mailboxes, and the end of the storm. */
#ifndef STORM_SHARED_H
#define STORM_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "options.h"
#include "port.h"
#include "tally.h"

#define SHARED_NAMESPACES	65536

/* Only ever goes up. */
enum phase {
	PHASE_SETUP,
	PHASE_RUN,	/* operations */
	PHASE_STOP,	/* no new operations: what is under way is brought to its end */
	PHASE_QUIET,	/* nothing happens, sockets stay as they are */
	PHASE_END,	/* away with everything */
};

enum listener {
	LISTENER_V4,	/* of family AF_INET, outside the range */
	LISTENER_DUAL,	/* of family AF_INET6 if there is IPv6, outside the range */
	LISTENER_INSIDE,/* its port is in the range */
	LISTENER_MPTCP,
	LISTENERS,
};

/* One for each process, or for each line of processes that follow one another. */
struct slot {
	_Atomic uint64_t done;		/* operations begun, by all that followed one another */
	_Atomic uint64_t left;		/* operations still to do */
	_Atomic bool ready;		/* serves */
	_Atomic bool stopped;		/* has done its last operation */
	_Atomic bool quiet;
	_Atomic bool dying;		/* on purpose, with sockets open: another follows */
	_Atomic uint16_t tcp_ports[LISTENERS]; /* 0: there is no such listener */
	_Atomic uint16_t udp_port;
	_Atomic unsigned int netns;	/* inode number of its network namespace */
	_Atomic pid_t pid;
	_Atomic uint64_t refused[PORT_WAYS]; /* for want of a port, in that namespace */
};

struct shared {
	_Atomic int phase;
	_Atomic uint64_t activity;	/* goes up when a server does something */
	struct tally tally;
	_Atomic uint8_t taken[2][65536 / 8]; /* TCP, UDP: a bit for a port that was ever taken in
					      * the network namespace that most share */
	_Atomic unsigned int namespaces;
	_Atomic unsigned int netns[SHARED_NAMESPACES]; /* inode numbers, of all there ever were */
	struct slot slots[];
};

/**
 * struct mailbox - how other processes hand sockets to a slot
 * @to: send here
 * @from: the slot receives here
 */
struct mailbox {
	int to;
	int from;
};

extern struct shared *shared;
extern struct mailbox *mailboxes;	/* by slot */
extern int lifeline;	/* hangs up when the storm ends, or main has died */

int shared_setup(int *lifeline_end);

static inline enum phase shared_phase(void)
{
	return (enum phase)atomic_load(&shared->phase);
}

static inline unsigned int shared_slots(void)
{
	return options.procs + options.netns;
}

static inline void shared_note_activity(void)
{
	atomic_fetch_add_explicit(&shared->activity, 1, memory_order_relaxed);
}

#endif
