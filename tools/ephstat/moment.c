// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "moment.h"
#include "util.h"

#define NS	1000000000ull
#define DAY_S	86400

/* What is left to be read. */
struct reader {
	const char *at;
};

static bool accept_char(struct reader *in, char c)
{
	if (*in->at != c)
		return false;
	in->at++;
	return true;
}

/* Between @least and @most digits. */
static bool digits(struct reader *in, unsigned int least, unsigned int most, uint64_t *n)
{
	unsigned int i;

	*n = 0;
	for (i = 0; i < most && isdigit((unsigned char)*in->at); i++)
		*n = *n * 10 + (uint64_t)(*in->at++ - '0');
	return i >= least && !isdigit((unsigned char)*in->at);
}

static bool two_digits(struct reader *in, int least, int most, int *to)
{
	uint64_t n;

	if (!digits(in, 2, 2, &n) || (int)n < least || (int)n > most)
		return false;
	*to = (int)n;
	return true;
}

/* ".25", if it is there: of a second, which was a whole one up to here. */
static bool fraction(struct reader *in, struct moment *moment)
{
	const char *start;
	uint64_t n;

	if (!accept_char(in, '.'))
		return true;
	start = in->at;
	if (!digits(in, 1, 9, &n))
		return false;
	for (moment->width_ns = NS; start < in->at; start++)
		moment->width_ns /= 10;
	moment->ns += n * moment->width_ns;
	return true;
}

/* "14:03", "14:03:05", "14:03:05.25"; the fraction goes to @moment. */
static bool clock_time(struct reader *in, struct tm *tm, struct moment *moment)
{
	moment->width_ns = 60 * NS;
	if (!two_digits(in, 0, 23, &tm->tm_hour) || !accept_char(in, ':') ||
	    !two_digits(in, 0, 59, &tm->tm_min))
		return false;
	if (!accept_char(in, ':'))
		return true;
	moment->width_ns = NS;
	return two_digits(in, 0, 59, &tm->tm_sec) && fraction(in, moment);
}

static bool date(struct reader *in, struct tm *tm)
{
	struct tm same;
	uint64_t year;

	if (!digits(in, 4, 4, &year) || year < 1970 || !accept_char(in, '-') ||
	    !two_digits(in, 1, 12, &tm->tm_mon) || !accept_char(in, '-') ||
	    !two_digits(in, 1, 31, &tm->tm_mday))
		return false;
	tm->tm_year = (int)year - 1900;
	tm->tm_mon--;
	same = *tm;
	/* There is no 30 February. */
	return timegm(&same) != -1 && same.tm_mday == tm->tm_mday;
}

/* "Z", "+01:00", "-0330". */
static bool zone(struct reader *in, long *east)
{
	int sign = *in->at == '-' ? -1 : 1, hours, minutes = 0;

	*east = 0;
	if (accept_char(in, 'Z') || accept_char(in, 'z'))
		return true;
	if (!accept_char(in, '+') && !accept_char(in, '-'))
		return false;
	if (!isdigit((unsigned char)in->at[0]) || !isdigit((unsigned char)in->at[1]))
		return false;
	hours = (in->at[0] - '0') * 10 + in->at[1] - '0';
	in->at += 2;
	accept_char(in, ':');
	if (*in->at && !two_digits(in, 0, 59, &minutes))
		return false;
	*east = sign * (hours * 3600L + minutes * 60L);
	return hours <= 23;
}

static bool local(struct tm tm, struct moment *moment)
{
	time_t seconds;

	tm.tm_isdst = -1;
	seconds = mktime(&tm);
	if (seconds < 0)
		return false;
	moment->ns += (uint64_t)seconds * NS;
	return true;
}

static bool whole_day(struct tm tm, struct moment *moment)
{
	struct moment next = { 0 };

	if (!local(tm, moment))
		return false;
	tm.tm_mday++;
	if (!local(tm, &next))
		return false;
	moment->width_ns = next.ns - moment->ns;
	return true;
}

static bool parse_date(struct reader *in, struct moment *moment)
{
	struct tm tm = { 0 };
	time_t seconds;
	long east;

	if (!date(in, &tm))
		return false;
	if (!*in->at)
		return whole_day(tm, moment);
	if ((!accept_char(in, 'T') && !accept_char(in, ' ')) || !clock_time(in, &tm, moment))
		return false;
	accept_char(in, ' ');
	if (!*in->at)
		return local(tm, moment);
	if (!zone(in, &east) || *in->at)
		return false;
	seconds = timegm(&tm) - east;
	moment->ns += (uint64_t)seconds * NS;
	return seconds >= 0;
}

/* The clock alone: of today or, if that is yet to come, of yesterday. */
static bool parse_clock(struct reader *in, uint64_t now_ns, struct moment *moment)
{
	const time_t now = (time_t)(now_ns / NS);
	struct moment found;
	struct tm tm;

	if (!localtime_r(&now, &tm))
		return false;
	tm.tm_sec = 0;
	if (!clock_time(in, &tm, moment) || *in->at)
		return false;
	found = *moment;
	if (!local(tm, &found))
		return false;
	if (found.ns > now_ns) {
		found = *moment;
		tm.tm_mday--;
		if (!local(tm, &found))
			return false;
	}
	*moment = found;
	return true;
}

static uint64_t unit_seconds(char c)
{
	switch (c) {
	case 's':	return 1;
	case 'm':	return 60;
	case 'h':	return 3600;
	case 'd':	return DAY_S;
	default:	return 0;
	}
}

/* "-5m", "1h30m ago". */
static bool parse_ago(struct reader *in, uint64_t now_ns, struct moment *moment)
{
	bool minus = accept_char(in, '-');
	uint64_t ago = 0, n;

	do {
		uint64_t unit;

		if (!digits(in, 1, 9, &n))
			return false;
		unit = unit_seconds(*in->at);
		if (!unit)
			return false;
		in->at++;
		ago += n * unit;
	} while (isdigit((unsigned char)*in->at));
	if (!minus && strcmp(in->at, " ago"))
		return false;
	if ((minus && *in->at) || ago > now_ns / NS)
		return false;
	moment->ns = now_ns - ago * NS;
	moment->width_ns = 1;
	return true;
}

static bool parse_epoch(struct reader *in, struct moment *moment)
{
	uint64_t seconds;

	if (!accept_char(in, '@') || !digits(in, 1, 10, &seconds))
		return false;
	moment->width_ns = NS;
	moment->ns = seconds * NS;
	return fraction(in, moment) && !*in->at;
}

bool moment_parse(const char *s, uint64_t now_ns, struct moment *moment)
{
	struct reader in = { s };

	*moment = (struct moment){ 0, 1 };
	if (!strcmp(s, "now")) {
		moment->ns = now_ns;
		return true;
	}
	if (*s == '@')
		return parse_epoch(&in, moment);
	if (strlen(s) > 4 && s[4] == '-')
		return parse_date(&in, moment);
	if (strlen(s) > 2 && s[2] == ':')
		return parse_clock(&in, now_ns, moment);
	return parse_ago(&in, now_ns, moment);
}

void moment_text(struct text *text, uint64_t ns)
{
	const unsigned int ms = (unsigned int)(ns / 1000000 % 1000);

	text_time(text, ns);
	text_char(text, '.');
	text_char(text, (char)('0' + ms / 100));
	text_char(text, (char)('0' + ms / 10 % 10));
	text_char(text, (char)('0' + ms % 10));
}
