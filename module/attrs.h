/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netlink attributes for what is told a hundred thousand times: room for all of them is asked
 * for once, and each is a few stores. nla_put() costs a hundred instructions an attribute.
 */
#ifndef EPHPORTS_ATTRS_H
#define EPHPORTS_ATTRS_H

#include <linux/in6.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <net/netlink.h>

#include <asm/word-at-a-time.h>

#include "compat.h"

/**
 * struct ephports_attrs - attributes being written behind the end of a message
 * @skb: the message, which does not have them before ephports_attrs_end()
 * @at: where the next one goes, NLA_ALIGNTO aligned
 * @wanted: mask of BIT(type); others are passed over
 */
struct ephports_attrs {
	struct sk_buff *skb;
	void *at;
	u32 wanted;
};

#define EPHPORTS_ATTRS_ALL	U32_MAX

/**
 * ephports_attrs_begin() - ask for room
 * @attrs: set up
 * @skb: the message
 * @most: bytes that all the attributes need at most, each with its header and padding
 * @wanted: mask of BIT(type), of types below 32
 *
 * Return: false if there is no room.
 */
static inline bool ephports_attrs_begin(struct ephports_attrs *attrs, struct sk_buff *skb,
					unsigned int most, u32 wanted)
{
	attrs->skb = skb;
	attrs->at = skb_tail_pointer(skb);
	attrs->wanted = wanted;
	return skb_tailroom(skb) >= most;
}

static inline void ephports_attrs_end(const struct ephports_attrs *attrs)
{
	skb_put(attrs->skb, attrs->at - (void *)skb_tail_pointer(attrs->skb));
}

static __always_inline bool ephports_attrs_wants(const struct ephports_attrs *attrs, u16 type)
{
	return attrs->wanted & BIT(type);
}

/* The value is for the caller to fill, padding included. */
static __always_inline void *ephports_attrs_add(struct ephports_attrs *attrs, u16 type, u16 len)
{
	struct nlattr *nla = attrs->at;

	nla->nla_type = type;
	nla->nla_len = nla_attr_size(len);
	attrs->at += nla_total_size(len);
	return nla_data(nla);
}

static __always_inline void ephports_attrs_u8(struct ephports_attrs *attrs, u16 type, u8 n)
{
	/* One store, whose first byte is the value and the others are padding. */
	if (ephports_attrs_wants(attrs, type))
		*(__le32 *)ephports_attrs_add(attrs, type, sizeof(n)) = cpu_to_le32(n);
}

static __always_inline void ephports_attrs_u16(struct ephports_attrs *attrs, u16 type, u16 n)
{
	u16 *value;

	if (!ephports_attrs_wants(attrs, type))
		return;
	value = ephports_attrs_add(attrs, type, sizeof(n));
	memset(value, 0, NLA_ALIGNTO);
	*value = n;
}

static __always_inline void ephports_attrs_u32(struct ephports_attrs *attrs, u16 type, u32 n)
{
	if (ephports_attrs_wants(attrs, type))
		*(u32 *)ephports_attrs_add(attrs, type, sizeof(n)) = n;
}

/* Aligned where the CPU wants it, as nla_put_u64_64bit() does; @pad is without a value. */
static __always_inline void ephports_attrs_u64(struct ephports_attrs *attrs, u16 type, u64 n,
					       u16 pad)
{
	if (!ephports_attrs_wants(attrs, type))
		return;
	if (EPHPORTS_ALIGNS_U64 && IS_ALIGNED((unsigned long)attrs->at, 8))
		ephports_attrs_add(attrs, pad, 0);
	memcpy(ephports_attrs_add(attrs, type, sizeof(n)), &n, sizeof(n));
}

/* 4 bytes, where a v4 address stands, or 16. */
static __always_inline void ephports_attrs_address(struct ephports_attrs *attrs, u16 type,
						   u8 family, const struct in6_addr *addr)
{
	if (!ephports_attrs_wants(attrs, type))
		return;
	if (family == AF_INET6)
		memcpy(ephports_attrs_add(attrs, type, 16), addr, 16);
	else
		memcpy(ephports_attrs_add(attrs, type, 4), addr, 4);
}

/* As strlen(), a word at a time; @size, a multiple of a word's, is all of @text, with its NUL. */
static __always_inline size_t ephports_attrs_strlen(const char *text, size_t size)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned long word, zeros;
	size_t at;

	for (at = 0; at < size; at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		if (has_zero(word, &zeros, &constants)) {
			zeros = prep_zero_mask(word, zeros, &constants);
			return at + find_zero(create_zero_mask(zeros));
		}
	}
	return size - 1;
}

/* With its NUL; @text is zeroed behind that, and @size, a multiple of a word's, is all of it. */
static __always_inline void ephports_attrs_text(struct ephports_attrs *attrs, u16 type,
						const char *text, size_t size)
{
	if (ephports_attrs_wants(attrs, type))
		memcpy(ephports_attrs_add(attrs, type, ephports_attrs_strlen(text, size) + 1), text,
		       size);
}

#endif /* EPHPORTS_ATTRS_H */
