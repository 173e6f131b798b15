/* SPDX-License-Identifier: GPL-2.0-only */
/* /proc/ephports */
#ifndef EPHPORTS_PROC_H
#define EPHPORTS_PROC_H

int ephports_proc_init(void);
void ephports_proc_exit(void);

#endif /* EPHPORTS_PROC_H */
