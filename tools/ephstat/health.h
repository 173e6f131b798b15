/* SPDX-License-Identifier: GPL-2.0 */
/* How far the module's answer can be believed, in words. */
#ifndef EPHSTAT_HEALTH_H
#define EPHSTAT_HEALTH_H

#include <stdbool.h>

#include "record.h"
#include "text.h"

/* Appends "complete, nothing lost", or what is wrong and the next step. */
void health_text(struct text *text, const struct info *info);

/* Whether readers must be told before anything else: the records are incomplete. */
bool health_is_bad(const struct info *info);

/* The sentence about a dump during which records were lost or mended. */
extern const char health_interrupted[];

#endif
