/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The arguments of a command as a row of tokens: words and operators, apart by spaces or not, so
 * that "sport = :80", "sport=:80" and three arguments are the same.
 */
#ifndef EPHSTAT_LEXER_H
#define EPHSTAT_LEXER_H

#include <stdbool.h>

struct lexer {
	int argc;
	char **argv;
	const char *rest;	/* of the current argument */
	bool pushed;		/* token is to be told once more */
	char token[256];	/* a longer word ends in "...", which nothing is called */
};

void lexer_init(struct lexer *lx, int argc, char **argv);

/* The next token, or NULL at the end. It is valid until the next call. */
const char *lexer_next(struct lexer *lx);

/* Makes lexer_next() tell the last token again. */
void lexer_push(struct lexer *lx);

#endif
