// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <time.h>

#include "text.h"

static const char hex_digits[] = "0123456789abcdef";

static void append(struct text *text, const char *s, size_t len)
{
	if (len > TEXT_ROOM - text->len)
		len = TEXT_ROOM - text->len;
	memcpy(text->buf + text->len, s, len);
	text->len += len;
}

void text_str(struct text *text, const char *s)
{
	append(text, s, strlen(s));
}

static const char pairs[] =
	"0001020304050607080910111213141516171819"
	"2021222324252627282930313233343536373839"
	"4041424344454647484950515253545556575859"
	"6061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

/* What write_*() puts at an end, which it moves on: at most TEXT_SLACK bytes in all. */
static inline char *write_char(char *at, char c)
{
	*at = c;
	return at + 1;
}

static inline char *write_pair(char *at, unsigned int n)
{
	memcpy(at, pairs + 2 * n, 2);
	return at + 2;
}

/* @n is less than 10,000. */
static inline char *write_short(char *at, unsigned int n)
{
	if (n >= 1000)
		return write_pair(write_pair(at, n / 100), n % 100);
	if (n >= 100)
		return write_pair(write_char(at, (char)('0' + n / 100)), n % 100);
	return n >= 10 ? write_pair(at, n) : write_char(at, (char)('0' + n));
}

static char *write_number(char *at, uint64_t n)
{
	unsigned int last;

	if (n < 10000)
		return write_short(at, (unsigned int)n);
	last = n % 10000;
	n /= 10000;
	at = n < 10000 ? write_short(at, (unsigned int)n) : write_number(at, n);
	return write_pair(write_pair(at, last / 100), last % 100);
}

static inline char *text_end(struct text *text)
{
	return text->buf + text->len;
}

/* What was written up to @end is part of the line, or nothing of it if it does not fit. */
static inline void extend(struct text *text, const char *end)
{
	if (end <= text->buf + TEXT_ROOM)
		text->len = (size_t)(end - text->buf);
}

void text_u64(struct text *text, uint64_t n)
{
	extend(text, write_number(text_end(text), n));
}

static size_t count_digits(uint64_t n)
{
	char digits[TEXT_SLACK];

	return (size_t)(write_number(digits, n) - digits);
}

void text_u64_right(struct text *text, uint64_t n, size_t column)
{
	size_t digits = count_digits(n);

	text_column(text, column > digits ? column - digits : 0);
	text_u64(text, n);
}

void text_str_right(struct text *text, const char *s, size_t column)
{
	size_t len = strlen(s);

	text_column(text, column > len ? column - len : 0);
	text_str(text, s);
}

void text_known_right(struct text *text, bool known, uint64_t n, size_t column)
{
	if (known)
		text_u64_right(text, n, column);
	else
		text_str_right(text, "-", column);
}

void text_percent(struct text *text, uint64_t n, uint64_t of)
{
	uint64_t permille;

	if (!of) {
		text_char(text, '-');
		return;
	}
	permille = (n * 1000 + of / 2) / of;
	text_u64(text, permille / 10);
	text_char(text, '.');
	text_u64(text, permille % 10);
	text_char(text, '%');
}

static inline char *write_v4(char *at, const uint8_t *bytes)
{
	at = write_char(write_short(at, bytes[0]), '.');
	at = write_char(write_short(at, bytes[1]), '.');
	at = write_char(write_short(at, bytes[2]), '.');
	return write_short(at, bytes[3]);
}

static void write_hex(struct text *text, unsigned int n)
{
	int shift = n >= 0x1000 ? 12 : n >= 0x100 ? 8 : n >= 0x10 ? 4 : 0;

	for (; shift >= 0; shift -= 4)
		text_char(text, hex_digits[n >> shift & 15]);
}

/* Finds the longest run of at least two zero groups, the first of equals; @end == @start: none. */
static void find_zeros(const unsigned int *groups, unsigned int *start, unsigned int *end)
{
	unsigned int i, from = 0;

	*start = *end = 0;
	for (i = 0; i < 8; i++) {
		if (groups[i])
			from = i + 1;
		else if (i - from >= 1 && i + 1 - from > *end - *start) {
			*start = from;
			*end = i + 1;
		}
	}
}

/* As RFC 5952 has it. */
static void write_v6(struct text *text, const uint8_t *bytes)
{
	unsigned int groups[8], i, start, end;

	for (i = 0; i < 8; i++)
		groups[i] = bytes[2 * i] << 8 | bytes[2 * i + 1];
	find_zeros(groups, &start, &end);
	if (start == 0 && end == 5 && groups[5] == 0xffff) {
		text_str(text, "::ffff:");
		extend(text, write_v4(text_end(text), bytes + 12));
		return;
	}
	for (i = 0; i < 8; i++) {
		if (i == start && end > start) {
			text_str(text, "::");
			i = end;
			if (i == 8)
				return;
		} else if (i) {
			text_char(text, ':');
		}
		write_hex(text, groups[i]);
	}
}

void text_address(struct text *text, const struct address *addr)
{
	if (addr->len == 16)
		write_v6(text, addr->bytes);
	else if (addr->len)
		extend(text, write_v4(text_end(text), addr->bytes));
	else
		text_char(text, '-');
}

void text_endpoint(struct text *text, const struct address *addr, uint32_t ifindex, uint16_t port)
{
	char *at;

	if (addr->len == 4 && !ifindex) {
		at = write_char(write_v4(text_end(text), addr->bytes), ':');
		extend(text, write_number(at, port));
		return;
	}
	if (addr->len == 16)
		text_char(text, '[');
	text_address(text, addr);
	if (ifindex) {
		text_char(text, '%');
		text_u64(text, ifindex);
	}
	if (addr->len == 16)
		text_char(text, ']');
	text_char(text, ':');
	text_u64(text, port);
}

static void two_digits(struct text *text, unsigned int n)
{
	text_char(text, (char)('0' + n / 10));
	text_char(text, (char)('0' + n % 10));
}

void text_duration(struct text *text, uint64_t ns)
{
	uint64_t ms = ns / 1000000;
	uint64_t s = ms / 1000;

	if (s < 1) {
		text_u64(text, ms);
		text_str(text, "ms");
	} else if (s < 10) {
		text_u64(text, s);
		text_char(text, '.');
		text_u64(text, ms / 100 % 10);
		text_char(text, 's');
	} else if (s < 60) {
		text_u64(text, s);
		text_char(text, 's');
	} else if (s < 3600) {
		text_u64(text, s / 60);
		text_char(text, 'm');
		two_digits(text, s % 60);
		text_char(text, 's');
	} else if (s < 86400) {
		text_u64(text, s / 3600);
		text_char(text, 'h');
		two_digits(text, s / 60 % 60);
		text_char(text, 'm');
	} else {
		text_u64(text, s / 86400);
		text_char(text, 'd');
		text_u64(text, s / 3600 % 24);
		text_char(text, 'h');
	}
}

static void write_time(struct text *text, uint64_t ns, bool day_alone)
{
	const time_t seconds = (time_t)(ns / 1000000000);
	char buf[64];
	struct tm tm;
	bool known = localtime_r(&seconds, &tm) &&
		     (day_alone ? strftime(buf, sizeof(buf), "%F", &tm) :
				  strftime(buf, sizeof(buf), "%F %T", &tm));

	text_str(text, known ? buf : "-");
}

void text_time(struct text *text, uint64_t ns)
{
	write_time(text, ns, false);
}

void text_day(struct text *text, uint64_t ns)
{
	write_time(text, ns, true);
}

void text_clock(struct text *text, uint64_t ns)
{
	const time_t seconds = (time_t)(ns / 1000000000);
	const unsigned int ms = ns / 1000000 % 1000;
	struct tm tm;

	if (!localtime_r(&seconds, &tm)) {
		text_char(text, '-');
		return;
	}
	two_digits(text, tm.tm_hour);
	text_char(text, ':');
	two_digits(text, tm.tm_min);
	text_char(text, ':');
	two_digits(text, tm.tm_sec);
	text_char(text, '.');
	text_char(text, (char)('0' + ms / 100));
	two_digits(text, ms % 100);
}

void text_rate(struct text *text, uint64_t events, uint64_t ns)
{
	uint64_t tenths;

	if (!ns) {
		text_char(text, '-');
		return;
	}
	tenths = (uint64_t)((double)events * 1e10 / (double)ns + 0.5);
	text_u64(text, tenths < 100 ? tenths / 10 : (tenths + 5) / 10);
	if (tenths < 100) {
		text_char(text, '.');
		text_char(text, (char)('0' + tenths % 10));
	}
}

static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '\\';
}

static char *write_escaped(char *at, unsigned char c)
{
	at = write_char(write_char(at, '\\'), 'x');
	return write_char(write_char(at, hex_digits[c >> 4]), hex_digits[c & 15]);
}

void text_escaped(struct text *text, const char *s)
{
	char *at = text_end(text), *room = text->buf + TEXT_ROOM;

	for (; at < room; s++) {
		const unsigned char c = (unsigned char)*s;

		if (is_plain(c))
			at = write_char(at, (char)c);
		else if (c)
			at = write_escaped(at, c);
		else
			break;
	}
	text->len = (size_t)((at < room ? at : room) - text->buf);
}

const char *text_get(struct text *text)
{
	text->buf[text->len] = '\0';
	return text->buf;
}

void text_line(struct text *text, FILE *out)
{
	text->buf[text->len++] = '\n';
	fwrite_unlocked(text->buf, 1, text->len, out);
	text->len = 0;
}
