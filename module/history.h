/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports that were released, the latest of each CPU. */
#ifndef EPHPORTS_HISTORY_H
#define EPHPORTS_HISTORY_H

#include "sock.h"
#include "table.h"

/**
 * struct ephports_past - a port that was held
 * @rec: its last holder, a timewait socket if there was one
 * @sock: that socket, when it let go
 * @until: when that was, ns of CLOCK_BOOTTIME
 */
struct ephports_past {
	struct ephports_record rec;
	struct ephports_sock sock;
	u64 until;
};

typedef void (*ephports_past_visitor)(const struct ephports_past *past, void *ctx);

void ephports_history_add(const struct ephports_record *rec, const struct ephports_sock *sock,
			  u64 until);
u64 ephports_history_since(void);
void ephports_history_walk(u64 since, ephports_past_visitor visit, void *ctx);
u64 ephports_history_bytes(void);

int ephports_history_init(void);
void ephports_history_exit(void);

#endif /* EPHPORTS_HISTORY_H */
