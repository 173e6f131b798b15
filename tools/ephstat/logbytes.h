/* SPDX-License-Identifier: GPL-2.0 */
/* Bytes that are put together, and taken apart without trust. */
#ifndef EPHSTAT_LOGBYTES_H
#define EPHSTAT_LOGBYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Once @failed, nothing is put into it any more. */
struct bytes {
	uint8_t *data;
	size_t len;
	size_t room;
	bool failed;
};

static inline bool bytes_need(struct bytes *b, size_t more)
{
	uint8_t *data;
	size_t room;

	if (b->len + more <= b->room)
		return true;
	room = 2 * (b->len + more);
	data = b->failed ? NULL : realloc(b->data, room);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->room = room;
	return true;
}

static inline void put_raw(struct bytes *b, const void *from, size_t len)
{
	if (!len || !bytes_need(b, len))
		return;
	memcpy(b->data + b->len, from, len);
	b->len += len;
}

static inline void put_varint(struct bytes *b, uint64_t n)
{
	uint8_t code[10];
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		code[len++] = n | 0x80;
	code[len++] = n;
	put_raw(b, code, len);
}

/* As far from 0 as it is, in either direction. */
static inline void put_signed(struct bytes *b, int64_t n)
{
	put_varint(b, (uint64_t)n << 1 ^ (uint64_t)(n >> 63));
}

static inline void put_string(struct bytes *b, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	put_varint(b, len);
	put_raw(b, s, len);
}

/* What is left of some bytes; once it is @bad, all that is taken is 0. */
struct cursor {
	const uint8_t *at;
	const uint8_t *end;
	bool bad;
};

static inline const uint8_t *take_raw(struct cursor *c, size_t len)
{
	const uint8_t *at = c->at;

	if (c->bad || (size_t)(c->end - at) < len) {
		c->bad = true;
		return NULL;
	}
	c->at += len;
	return at;
}

static inline uint64_t take_varint(struct cursor *c)
{
	unsigned int shift;
	uint64_t n = 0;

	for (shift = 0; shift < 64; shift += 7) {
		const uint8_t *byte = take_raw(c, 1);

		if (!byte)
			return 0;
		n |= (uint64_t)(*byte & 0x7f) << shift;
		if (!(*byte & 0x80))
			return n;
	}
	c->bad = true;
	return 0;
}

static inline int64_t take_signed(struct cursor *c)
{
	uint64_t n = take_varint(c);

	return (int64_t)(n >> 1 ^ -(n & 1));
}

/* Into @to, of @size bytes; what is too long is cut. */
static inline void take_string(struct cursor *c, char *to, size_t size)
{
	size_t len = take_varint(c);
	const uint8_t *from = take_raw(c, len);

	if (!from)
		len = 0;
	if (len >= size)
		len = size - 1;
	if (len)
		memcpy(to, from, len);
	to[len] = '\0';
}

#endif
