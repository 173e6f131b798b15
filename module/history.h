/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports that were released, the latest of each CPU. */
#ifndef EPHPORTS_HISTORY_H
#define EPHPORTS_HISTORY_H

#include "sock.h"
#include "table.h"

/**
 * struct ephports_past - a port that was held
 * @rec: its last holder, a timewait socket if there was one
 * @sock: that socket, when it let go; state unknown if nobody saw it
 * @until: when that was, ns of CLOCK_BOOTTIME
 */
struct ephports_past {
	struct ephports_record rec;
	struct ephports_sock sock;
	u64 until;
};

/* Answers EPHPORTS_NEXT, or EPHPORTS_STOP to come back to the next. */
typedef enum ephports_visit (*ephports_past_visitor)(const struct ephports_past *past, void *ctx);

/**
 * struct ephports_history_cursor - what a reader wants, and where it stands
 * @low: lowest port
 * @high: highest port, inclusive
 * @cpu: whose ring
 * @begun: its ring has been begun with
 * @nr: the entry to see next, counting down
 */
struct ephports_history_cursor {
	u16 low;
	u16 high;
	unsigned int cpu;
	bool begun;
	u64 nr;
};

void ephports_history_add(const struct ephports_record *rec, const struct sock_common *holder,
			  u64 until);
u64 ephports_history_since(void);
bool ephports_history_walk(struct ephports_history_cursor *cursor, u64 since,
			   ephports_past_visitor visit, void *ctx);
u64 ephports_history_bytes(void);

int ephports_history_init(void);
void ephports_history_exit(void);

#endif /* EPHPORTS_HISTORY_H */
