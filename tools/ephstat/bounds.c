// SPDX-License-Identifier: GPL-2.0
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"

/* A number from @text, with a percent sign perhaps; NULL if there is none. */
static const char *read_bound(const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	if (end == text || !isfinite(*value))
		return NULL;
	return *end == '%' ? end + 1 : end;
}

bool bounds_parse(const char *text, struct bounds *bounds)
{
	const char *at = text;

	*bounds = (struct bounds){ .high = INFINITY, .text = text };
	if (*at == '@') {
		bounds->inside = true;
		at++;
	}
	if (!strncmp(at, "~:", 2)) {
		bounds->low = -INFINITY;
		at += 2;
	} else if (strchr(at, ':')) {
		at = read_bound(at, &bounds->low);
		if (!at || *at++ != ':')
			return false;
		if (!*at)
			return true;
	}
	at = read_bound(at, &bounds->high);
	return at && !*at && bounds->low <= bounds->high;
}

bool bounds_are_hit(const struct bounds *bounds, double value)
{
	bool inside = value >= bounds->low && value <= bounds->high;

	return inside == bounds->inside;
}
