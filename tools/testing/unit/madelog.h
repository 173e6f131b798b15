/* SPDX-License-Identifier: GPL-2.0 */
/* A log that a test makes up, by seconds, and what is answered from it. */
#ifndef UNIT_MADELOG_H
#define UNIT_MADELOG_H

#include "logwho.h"
#include "logwrite.h"
#include "situation.h"

#define PORT	43210

extern char log_path[];			/* its directory */
extern struct log_writer *writer;
extern struct filter logged;		/* what the next run follows */
extern struct question question;
extern struct holder held[16];		/* the answer */
extern struct holder spans[16];
extern unsigned int n_held, n_spans;
extern uint64_t start;			/* second 0, of CLOCK_BOOTTIME */

/* An empty directory, and one run that has watched since second 0. */
void begin(void);
void begin_run(void);
void watch_from(uint64_t s);
void end_run(void);

/* At second @s; @age is in seconds too, UINT64_MAX: not known. */
void put(uint8_t type, uint64_t id, uint64_t cookie, uint64_t s, uint64_t age);
void put_end(uint32_t code, uint64_t s);

/* As if the last file were of a boot before this one. */
void age_by_a_boot(void);

/* Of nobody. */
void put_snapshot(uint64_t s);

/* The module vouches for that time, with this range. */
void put_look_at(uint16_t low, uint16_t high, uint64_t from, uint64_t until);
void put_look(uint64_t from, uint64_t until);

void put_span(uint8_t type, uint64_t from, uint64_t until);
void put_lost(uint64_t from, uint64_t until);

void ask(void);

/* Of what was answered: whether it is of these seconds. */
bool is_at(uint64_t wall_ns, uint64_t s);
bool is_span(unsigned int i, uint64_t from, uint64_t until);
bool is_held(unsigned int i, uint64_t from, uint64_t until);

/* Returns what main() is to return. */
int madelog_run(const struct ktap_test *tests, size_t n);

#endif
