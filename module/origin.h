/* SPDX-License-Identifier: GPL-2.0-only */
/* Which call took a UDP port: bind(0), connect() or a send. */
#ifndef EPHPORTS_ORIGIN_H
#define EPHPORTS_ORIGIN_H

#include <linux/types.h>

struct sock;

u8 ephports_origin_udp(const struct sock *sk);

#endif /* EPHPORTS_ORIGIN_H */
