/* SPDX-License-Identifier: GPL-2.0 */
/* A fake module with something of everything to tell, for tests to change. */
#ifndef UNIT_SITUATION_H
#define UNIT_SITUATION_H

#include "fake.h"
#include "runner.h"

#define NOW	1700000000000000000ull
#define SECOND	1000000000ull
#define NETNS	4026531840u

extern struct dest dests[4];		/* what is new, a full one, one of UDP, the others */
extern struct owner owners[5];		/* the last are the others */
extern struct failure failures[4];	/* the total, a connect, a conflict, a listen */
extern struct hist hist;
extern struct box boxes[6];		/* number 2 in four parts, number 1 in two */
extern struct port ports[2];

/* Makes all of it as it is told above. */
void reset(void);

struct who somebody(const char *comm, uint32_t pid, uint32_t uid);

/* The word for the next command. */
void give_word(const char *word);

#endif
