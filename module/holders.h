/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes hold the sockets that were adopted. */
#ifndef EPHPORTS_HOLDERS_H
#define EPHPORTS_HOLDERS_H

void ephports_holders_name(void);

#endif /* EPHPORTS_HOLDERS_H */
