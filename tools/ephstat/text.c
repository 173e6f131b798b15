// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <time.h>

#include "text.h"

static const char hex_digits[] = "0123456789abcdef";

void text_char(struct text *text, char c)
{
	if (text->len < TEXT_ROOM)
		text->buf[text->len++] = c;
}

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

static size_t count_digits(uint64_t n)
{
	size_t digits = 1;

	for (; n >= 10000; n /= 10000)
		digits += 4;
	return digits + (n >= 10) + (n >= 100) + (n >= 1000);
}

static const char pairs[] =
	"0001020304050607080910111213141516171819"
	"2021222324252627282930313233343536373839"
	"4041424344454647484950515253545556575859"
	"6061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

/* Writes @n before @end, two digits at a time. */
static void write_digits(char *end, uint64_t n)
{
	for (; n >= 100; n /= 100) {
		end -= 2;
		memcpy(end, pairs + n % 100 * 2, 2);
	}
	if (n >= 10)
		memcpy(end - 2, pairs + n * 2, 2);
	else
		end[-1] = (char)('0' + n);
}

void text_u64(struct text *text, uint64_t n)
{
	size_t digits;

	if (n < 10) {
		text_char(text, (char)('0' + n));
		return;
	}
	digits = count_digits(n);
	if (digits > TEXT_ROOM - text->len)
		return;
	text->len += digits;
	write_digits(text->buf + text->len, n);
}

void text_column(struct text *text, size_t column)
{
	size_t end = text->len < column ? column : text->len + (text->len > 0);
	size_t at;

	if (end > TEXT_ROOM)
		end = TEXT_ROOM;
	for (at = text->len; at < end; at += 8)
		memcpy(text->buf + at, "        ", 8);
	text->len = end;
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

static char *write_octet(char *at, unsigned int n)
{
	if (n >= 100) {
		*at++ = (char)('0' + n / 100);
		n %= 100;
	} else if (n < 10) {
		*at++ = (char)('0' + n);
		return at;
	}
	memcpy(at, pairs + 2 * n, 2);
	return at + 2;
}

static void write_v4(struct text *text, const uint8_t *bytes)
{
	char *at = text->buf + text->len;

	if (TEXT_ROOM - text->len < sizeof("255.255.255.255"))
		return;
	at = write_octet(at, bytes[0]);
	*at++ = '.';
	at = write_octet(at, bytes[1]);
	*at++ = '.';
	at = write_octet(at, bytes[2]);
	*at++ = '.';
	at = write_octet(at, bytes[3]);
	text->len = (size_t)(at - text->buf);
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
		write_v4(text, bytes + 12);
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
		write_v4(text, addr->bytes);
	else
		text_char(text, '-');
}

void text_endpoint(struct text *text, const struct address *addr, uint32_t ifindex, uint16_t port)
{
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

void text_time(struct text *text, uint64_t ns)
{
	const time_t seconds = (time_t)(ns / 1000000000);
	char buf[64];
	struct tm tm;

	if (localtime_r(&seconds, &tm) && strftime(buf, sizeof(buf), "%F %T", &tm))
		text_str(text, buf);
	else
		text_char(text, '-');
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

static bool is_plain(char c)
{
	return c >= ' ' && c < 0x7f && c != '\\';
}

void text_escaped(struct text *text, const char *s)
{
	for (;;) {
		const char *end = s;

		while (is_plain(*end))
			end++;
		append(text, s, (size_t)(end - s));
		if (!*end)
			return;
		text_str(text, "\\x");
		text_char(text, hex_digits[(unsigned char)*end >> 4]);
		text_char(text, hex_digits[*end & 15]);
		s = end + 1;
	}
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
