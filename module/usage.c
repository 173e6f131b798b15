// SPDX-License-Identifier: GPL-2.0-only
/* Which ports of a namespace are held: read from all records, without a lock. */
#include <linux/bitops.h>
#include <linux/in.h>
#include <linux/sched.h>

#include "pool.h"
#include "table.h"
#include "usage.h"

#define STRIDE	256	/* records between two chances for others to run */

/*
 * While a record has its id, its namespace, port and protocol stay what they are; also if a
 * timewait socket takes it over meanwhile, which gives it another. Returns false if it has none.
 */
static bool read_usage(const struct ephports_record *rec, u64 nsid, enum ephports_proto *proto,
		       u16 *port)
{
	u64 id;

	do {
		id = ephports_record_id(rec);
		if (!id || READ_ONCE(rec->nsid) != nsid)
			return false;
		*port = READ_ONCE(rec->port);
		*proto = ephports_proto_of(READ_ONCE(rec->proto));
	} while (unlikely(ephports_record_changed(rec, id)));
	return true;
}

/**
 * ephports_usage_read() - which ports of a namespace are held
 * @nsid: the namespace
 * @usage: zeroed; filled, by enum ephports_proto; exact when nothing happens
 *
 * Context: process context, may sleep.
 */
void ephports_usage_read(u64 nsid, struct ephports_usage usage[EPHPORTS_PROTOS])
{
	u32 i, used = ephports_pool_used();
	enum ephports_proto proto;
	u16 port;

	for (i = 0; i < used; i++) {
		if (i % STRIDE == 0)
			cond_resched();
		if (!read_usage(&ephports_records[i], nsid, &proto, &port))
			continue;
		usage[proto].sockets++;
		__set_bit(port, usage[proto].map);
	}
}
