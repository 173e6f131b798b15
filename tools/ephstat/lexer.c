// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "lexer.h"

#define SPACES		" \t\r\n"
#define OPERATORS	"=<>!&|"
#define SINGLES		"()"

void lexer_init(struct lexer *lx, int argc, char **argv)
{
	*lx = (struct lexer){ .argc = argc, .argv = argv, .rest = "" };
}

static size_t token_length(const char *s)
{
	if (strchr(SINGLES, *s))
		return 1;
	if (strchr(OPERATORS, *s))
		return strspn(s, OPERATORS);
	return strcspn(s, SPACES OPERATORS SINGLES);
}

static void keep_token(struct lexer *lx, size_t len)
{
	static const char dots[] = "...";

	if (len < sizeof(lx->token)) {
		memcpy(lx->token, lx->rest, len);
		lx->token[len] = '\0';
		return;
	}
	memcpy(lx->token, lx->rest, sizeof(lx->token));
	memcpy(lx->token + sizeof(lx->token) - sizeof(dots), dots, sizeof(dots));
}

const char *lexer_next(struct lexer *lx)
{
	size_t len;

	if (lx->pushed) {
		lx->pushed = false;
		return *lx->token ? lx->token : NULL;
	}

	lx->rest += strspn(lx->rest, SPACES);
	while (!*lx->rest && lx->argc > 0) {
		lx->rest = *lx->argv++;
		lx->argc--;
		lx->rest += strspn(lx->rest, SPACES);
	}
	lx->token[0] = '\0';
	if (!*lx->rest)
		return NULL;

	len = token_length(lx->rest);
	keep_token(lx, len);
	lx->rest += len;
	return lx->token;
}

void lexer_push(struct lexer *lx)
{
	lx->pushed = true;
}
