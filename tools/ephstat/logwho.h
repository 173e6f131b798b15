/* SPDX-License-Identifier: GPL-2.0 */
/* Who held a port, asked of a log. */
#ifndef EPHSTAT_LOGWHO_H
#define EPHSTAT_LOGWHO_H

#include "answer.h"

/* A memory_fn; @arg is the path of the log, a const char *. */
int log_holders(struct question *question, holder_fn fn, void *fn_arg, void *arg,
		bool *interrupted, struct error *err);

#endif
