/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of a CPU users can have this module take. */
#ifndef EPHPORTS_SPARE_H
#define EPHPORTS_SPARE_H

/*
 * What goes over all records, and users can bring about as often as they like, is followed by a
 * pause of at least so many times as long as it took.
 */
#define EPHPORTS_SPARE	50

/* Of walks for what users have the host miss: it is not to wait long. */
#define EPHPORTS_HOSTS_SPARE	10

#endif /* EPHPORTS_SPARE_H */
