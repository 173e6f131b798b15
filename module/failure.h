/* SPDX-License-Identifier: GPL-2.0-only */
/* Allocations that were refused: who asked, for what, how often. */
#ifndef EPHPORTS_FAILURE_H
#define EPHPORTS_FAILURE_H

#include "ns.h"
#include "sock.h"
#include "table.h"

#define EPHPORTS_FAILURES	256	/* culprits that are remembered */
#define EPHPORTS_CONFLICTS	64	/* likewise, of ports asked for by number */

/**
 * struct ephports_failure - a culprit, its call and its destination
 * @rec: who asked, as if it had been given the port; the port asked for by number, or 0
 * @sock: from where and towards whom, as far as the call says
 * @count: how often
 * @first: when first, ns of CLOCK_BOOTTIME
 * @last: when last, likewise
 * @held: @holder and @holder_sock mean something
 * @holder: who had the port that was asked for by number
 * @holder_sock: its socket
 */
struct ephports_failure {
	struct ephports_record rec;
	struct ephports_sock sock;
	u64 count;
	u64 first;
	u64 last;
	bool held;
	struct ephports_record holder;
	struct ephports_sock holder_sock;
};

void ephports_failure_note(const struct ephports_record *rec, const struct ephports_sock *sock,
			   u64 now);
void ephports_failure_note_conflict(const struct ephports_record *rec,
				    const struct ephports_sock *sock, u64 now);
u64 ephports_failure_total(enum ephports_proto proto);
u32 ephports_failure_copy(struct ephports_failure *copies);
u32 ephports_failure_copy_conflicts(struct ephports_failure *copies);
void ephports_failure_find_holders(void);

int ephports_failure_init(void);
void ephports_failure_exit(void);

#endif /* EPHPORTS_FAILURE_H */
