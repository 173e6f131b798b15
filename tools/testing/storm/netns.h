/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STORM_NETNS_H
#define STORM_NETNS_H

int netns_enter_new(void);

#endif
