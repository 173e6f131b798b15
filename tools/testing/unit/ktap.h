/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A test program is a table of functions, each of which tells by EXPECT() what it expects; what
 * comes out is KTAP.
 */
#ifndef UNIT_KTAP_H
#define UNIT_KTAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct ktap_test {
	const char *name;
	void (*run)(void);
};

/* One for a whole program; its other files say EXPECT() too. */
__attribute__((weak)) unsigned int ktap_broken;

#define EXPECT(cond) do { \
	if (!(cond)) { \
		printf("# %s:%d: expected %s\n", __FILE__, __LINE__, #cond); \
		ktap_broken++; \
	} \
} while (0)

#define EXPECT_STR(got, wanted) do { \
	const char *got_ = (got), *wanted_ = (wanted); \
	if (!got_ || strcmp(got_, wanted_)) { \
		printf("# %s:%d: \"%s\" instead of \"%s\"\n", __FILE__, __LINE__, \
		       got_ ? got_ : "(null)", wanted_); \
		ktap_broken++; \
	} \
} while (0)

/* Returns what main() has to return. */
static inline int ktap_run(const struct ktap_test *tests, unsigned int n)
{
	unsigned int i, failed = 0;

	printf("KTAP version 1\n1..%u\n", n);
	for (i = 0; i < n; i++) {
		ktap_broken = 0;
		tests[i].run();
		failed += ktap_broken > 0;
		printf("%sok %u %s\n", ktap_broken ? "not " : "", i + 1, tests[i].name);
		fflush(stdout);
	}
	return failed > 0;
}

#define KTAP_MAIN(tests) \
int main(void) \
{ \
	return ktap_run(tests, sizeof(tests) / sizeof(tests[0])); \
}

#endif
