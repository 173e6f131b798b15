/* SPDX-License-Identifier: GPL-2.0 */
/* The words of the JSON contract for the numbers of the netlink contract. */
#ifndef EPHSTAT_NAMES_H
#define EPHSTAT_NAMES_H

#include <stdint.h>

/* Of a number that is newer than this program: "unknown". */
const char *state_name(uint8_t state);
const char *origin_name(uint8_t origin);
const char *proto_name(uint8_t proto);
const char *family_name(uint8_t family);

/* Which call was refused: "connect", "bind" (listen() too) or "send". */
const char *op_name(uint8_t origin);

const char *event_name(uint8_t event);
const char *level_name(uint8_t level);
const char *hist_name(uint8_t kind);

/* NULL if the owner is told. */
const char *reason_name(uint8_t reason);

/*
 * The mask of 1 << state (or origin) that a word stands for, 0 if it stands for none. States also
 * have the names and groups of ss: listening, closed, all, connected, synchronized, bucket, big.
 */
uint32_t state_mask(const char *word);
uint32_t origin_mask(const char *word);

/* The mask of 1 << enum ephports_event that a word stands for, 0 if it stands for none. */
uint32_t event_mask(const char *word);

#define STATES_ALL	((1u << (EPHPORTS_STATE_MAX + 1)) - 1)

#endif
