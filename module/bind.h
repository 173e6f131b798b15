/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's own table of TCP ports. */
#ifndef EPHPORTS_BIND_H
#define EPHPORTS_BIND_H

struct inet_bind_bucket;

void ephports_bind_buckets_visit(void (*visit)(struct inet_bind_bucket *tb, void *ctx), void *ctx);

#endif /* EPHPORTS_BIND_H */
