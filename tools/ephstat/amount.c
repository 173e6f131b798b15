// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "amount.h"

struct unit {
	char letter;	/* '\0': none need be written; small and capital letters are the same */
	uint64_t times;
};

/* At least 1, and at most what an int64_t holds. */
static bool read_amount(const char *s, const struct unit *units, uint64_t *n)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*n = strtoull(s, &end, 10);
	if (errno || !*n || (*end && end[1]))
		return false;
	while (units->letter != tolower((unsigned char)*end)) {
		if (!units->times)
			return false;
		units++;
	}
	if (!units->times || *n > INT64_MAX / units->times)
		return false;
	*n *= units->times;
	return true;
}

int amount_bytes(const char *s, const char *name, uint64_t *bytes, struct error *err)
{
	static const struct unit units[] = {
		{ '\0', 1 }, { 'k', 1ull << 10 }, { 'm', 1ull << 20 }, { 'g', 1ull << 30 },
		{ 't', 1ull << 40 }, { '!', 0 },
	};

	if (!read_amount(s, units, bytes))
		return error_set(err, EXIT_USAGE, "--%s takes a size, as 65536, 64k, 64M or 4G, "
				 "not \"%s\"", name, s);
	return EXIT_OK;
}

int amount_time(const char *s, const char *name, uint64_t *ns, struct error *err)
{
	static const struct unit units[] = {
		{ '\0', 1000000000 }, { 's', 1000000000 }, { 'm', 60000000000 },
		{ 'h', 3600000000000 }, { 'd', 86400000000000 }, { 'w', 604800000000000 },
		{ '!', 0 },
	};

	if (!read_amount(s, units, ns))
		return error_set(err, EXIT_USAGE, "--%s takes a time, as 90s, 15m, 12h or 7d, "
				 "not \"%s\"", name, s);
	return EXIT_OK;
}

int amount_count(const char *s, const char *name, uint64_t *n, struct error *err)
{
	static const struct unit units[] = { { '\0', 1 }, { '!', 0 } };

	if (!read_amount(s, units, n))
		return error_set(err, EXIT_USAGE, "--%s takes a number from 1, not \"%s\"", name,
				 s);
	return EXIT_OK;
}
