/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ORACLE_TIME_WAIT_H
#define ORACLE_TIME_WAIT_H

void ephports_end_time_wait(void);

#endif /* ORACLE_TIME_WAIT_H */
