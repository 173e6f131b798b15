/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink messages into records. All return 0, or -1 if an attribute has not the length that the
 * contract gives it. Attributes that are newer than this program are passed over.
 */
#ifndef EPHSTAT_DECODE_H
#define EPHSTAT_DECODE_H

#include "usage.h"

struct nlmsghdr;

int decode_port(const struct nlmsghdr *nlh, struct port *port);
int decode_info(const struct nlmsghdr *nlh, struct info *info);
int decode_dest(const struct nlmsghdr *nlh, struct dest *dest);
int decode_owner(const struct nlmsghdr *nlh, struct owner *owner);
int decode_failure(const struct nlmsghdr *nlh, struct failure *failure);
int decode_hist(const struct nlmsghdr *nlh, struct hist *hist);
int decode_holder(const struct nlmsghdr *nlh, struct holder *holder);
int decode_box(const struct nlmsghdr *nlh, struct box *box);
int decode_alert(const struct nlmsghdr *nlh, struct alert *alert);
int decode_event(const struct nlmsghdr *nlh, struct event *event);

#endif
