/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef STORM_PROCESS_H
#define STORM_PROCESS_H

#include <stdbool.h>

struct worker;

unsigned int process_reap(struct worker *w);
void process_end_helpers(struct worker *w, bool all);

#endif
