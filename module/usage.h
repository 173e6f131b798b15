/* SPDX-License-Identifier: GPL-2.0-only */
/* Which ports of a namespace are held. */
#ifndef EPHPORTS_USAGE_H
#define EPHPORTS_USAGE_H

#include <linux/types.h>

#include "ns.h"

/**
 * struct ephports_usage - one protocol of one namespace
 * @map: the ports that are held, a bit each
 * @sockets: records
 */
struct ephports_usage {
	DECLARE_BITMAP(map, 65536);
	u32 sockets;
};

void ephports_usage_read(u64 nsid, struct ephports_usage usage[EPHPORTS_PROTOS]);

#endif /* EPHPORTS_USAGE_H */
