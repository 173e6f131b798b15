/* SPDX-License-Identifier: GPL-2.0 */
/* What the output can show. */
#ifndef EPHSTAT_TTY_H
#define EPHSTAT_TTY_H

#include <stdbool.h>
#include <stdio.h>

struct tty {
	unsigned int columns;	/* 80 unless @out is a terminal */
	unsigned int lines;	/* 0 unless @out is a terminal: as many as it takes */
	bool colour;		/* and NO_COLOR is not set, nor TERM "dumb" or missing */
	bool utf8;		/* by the locale, which is set for it */
};

void tty_look(struct tty *tty, FILE *out);

#endif
