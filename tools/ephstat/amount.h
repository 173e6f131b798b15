/* SPDX-License-Identifier: GPL-2.0 */
/* Amounts as people write them. */
#ifndef EPHSTAT_AMOUNT_H
#define EPHSTAT_AMOUNT_H

#include <stdint.h>

#include "error.h"

/* "65536", "64k", "64M", "4G", "1T": of the option @name. Returns an exit code. */
int amount_bytes(const char *s, const char *name, uint64_t *bytes, struct error *err);

/* "90", "90s", "15m", "12h", "7d", "2w". */
int amount_time(const char *s, const char *name, uint64_t *ns, struct error *err);

/* A number of things, at least 1. */
int amount_count(const char *s, const char *name, uint64_t *n, struct error *err);

#endif
