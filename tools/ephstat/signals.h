/* SPDX-License-Identifier: GPL-2.0 */
/* The end of what runs until it is told to stop. */
#ifndef EPHSTAT_SIGNALS_H
#define EPHSTAT_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * From now on SIGINT and SIGTERM come only to who waits with @mask, and make signals_stop() true:
 * one that comes while nobody waits is not missed.
 */
void signals_catch(sigset_t *mask);

bool signals_stop(void);

/*
 * Another way into the file of @out, for after signals_catch(&mask): it waits for room with @mask.
 * What nobody takes by the time of signals_stop() is dropped, but for the end of a line. One at a
 * time, to be closed; NULL: errno says why.
 */
FILE *signals_output(FILE *out, const sigset_t *mask);

#endif
