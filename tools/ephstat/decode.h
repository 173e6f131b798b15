/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink messages into records. Both return 0, or -1 if an attribute has not the length that the
 * contract gives it. Attributes that are newer than this program are passed over.
 */
#ifndef EPHSTAT_DECODE_H
#define EPHSTAT_DECODE_H

#include "record.h"

struct nlmsghdr;

int decode_port(const struct nlmsghdr *nlh, struct port *port);
int decode_info(const struct nlmsghdr *nlh, struct info *info);

#endif
