/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STORM_NETNS_H
#define STORM_NETNS_H

struct slot;

int netns_enter_new(void);
int netns_note(struct slot *slot);

#endif
