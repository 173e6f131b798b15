/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EPHSTAT_ERROR_H
#define EPHSTAT_ERROR_H

/* What ephstat exits with, and what every function that can fail returns. */
enum exit_code {
	EXIT_OK,
	EXIT_RUNTIME,
	EXIT_USAGE,
	EXIT_NOT_LOADED,
	EXIT_NOT_WHOLE,		/* who: holders may be missing from the answer */
};

/* Why something failed: one sentence, with the next step. Only main() prints it. */
struct error {
	char text[320];
};

/* Fills in @err and returns @code, so that a failure can be written as one return. */
int error_set(struct error *err, enum exit_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
