// SPDX-License-Identifier: GPL-2.0-only
/* The filters of a netlink request, checked and read. */
#include <net/ipv6.h>

#include "netlink_filter.h"
#include "view.h"

#define STATES	GENMASK(EPHPORTS_STATE_MAX, 0)
#define ORIGINS	GENMASK(EPHPORTS_ORIGIN_MAX, 0)

static const struct nla_policy policy[EPHPORTS_A_FILTER_MAX + 1] = {
	[EPHPORTS_A_FILTER_PROTO]	 = { .type = NLA_U8 },
	[EPHPORTS_A_FILTER_FAMILY]	 = { .type = NLA_U8 },
	[EPHPORTS_A_FILTER_PORT_LOW]	 = { .type = NLA_U16 },
	[EPHPORTS_A_FILTER_PORT_HIGH]	 = { .type = NLA_U16 },
	[EPHPORTS_A_FILTER_LOCAL_ADDR]	 = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[EPHPORTS_A_FILTER_LOCAL_PREFIX] = NLA_POLICY_RANGE(NLA_U8, 0, 128),
	[EPHPORTS_A_FILTER_PEER_ADDR]	 = NLA_POLICY_RANGE(NLA_BINARY, 4, 16),
	[EPHPORTS_A_FILTER_PEER_PREFIX]	 = NLA_POLICY_RANGE(NLA_U8, 0, 128),
	[EPHPORTS_A_FILTER_PEER_PORT]	 = NLA_POLICY_MIN(NLA_U16, 1),
	[EPHPORTS_A_FILTER_STATES]	 = { .type = NLA_U32 },
	[EPHPORTS_A_FILTER_ORIGINS]	 = { .type = NLA_U32 },
	[EPHPORTS_A_FILTER_PID]		 = { .type = NLA_U32 },
	[EPHPORTS_A_FILTER_UID]		 = { .type = NLA_U32 },
	[EPHPORTS_A_FILTER_NETNS]	 = { .type = NLA_U32 },
	[EPHPORTS_A_FILTER_ALL_NETNS]	 = { .type = NLA_FLAG },
};

/**
 * ephports_filter_parse() - take a filter apart
 * @attrs: filled, by enum ephports_a_filter
 * @nest: EPHPORTS_A_*_FILTER of a request, or NULL
 * @extack: told why not
 *
 * Return: 0 or -EINVAL, -ERANGE as the policy has it.
 */
int ephports_filter_parse(struct nlattr *attrs[EPHPORTS_A_FILTER_MAX + 1],
			  const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	memset(attrs, 0, (EPHPORTS_A_FILTER_MAX + 1) * sizeof(*attrs));
	return nest ? nla_parse_nested(attrs, EPHPORTS_A_FILTER_MAX, nest, policy, extack) : 0;
}

static int refuse(struct netlink_ext_ack *extack, const struct nlattr *attr, const char *why)
{
	NL_SET_BAD_ATTR(extack, attr);
	if (extack)
		extack->_msg = why;
	return -EINVAL;
}

/**
 * ephports_filter_only_kind() - refuse what only records can be asked about
 * @attrs: of a filter, by enum ephports_a_filter
 * @extack: told why not
 *
 * Return: 0 or -EINVAL.
 */
int ephports_filter_only_kind(struct nlattr **attrs, struct netlink_ext_ack *extack)
{
	int i;

	for (i = 1; i <= EPHPORTS_A_FILTER_MAX; i++)
		if (attrs[i] && i != EPHPORTS_A_FILTER_PROTO && i != EPHPORTS_A_FILTER_NETNS &&
		    i != EPHPORTS_A_FILTER_ALL_NETNS)
			return refuse(extack, attrs[i],
				      "only a protocol and a network namespace can be asked for");
	return 0;
}

/* An address of 4 or 16 bytes and its prefix, 4 bytes becoming a v4-mapped address. */
static int read_address(const struct nlattr *attr, const struct nlattr *prefix,
			struct in6_addr *addr, u8 *bits, struct netlink_ext_ack *extack)
{
	unsigned int width, want;

	if (!attr)
		return prefix ? refuse(extack, prefix, "a prefix length without its address") : 0;
	if (nla_len(attr) == 4) {
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), addr);
		width = 32;
	} else if (nla_len(attr) == 16) {
		*addr = nla_get_in6_addr(attr);
		width = 128;
	} else {
		return refuse(extack, attr, "an address has 4 or 16 bytes");
	}
	want = prefix ? nla_get_u8(prefix) : width;
	if (want > width)
		return refuse(extack, prefix, "the prefix is longer than the address");
	/* 0.0.0.0/0 is still v4 only, ::/0 is everything. */
	*bits = want + 128 - width;
	return 0;
}

/**
 * ephports_filter_mask() - read a mask from a request
 * @attr: of it; NULL: absent
 * @all: the bits that mean something
 * @mask: set if @attr is there
 * @extack: says why it is refused
 *
 * Return: 0 or -EINVAL.
 */
int ephports_filter_mask(const struct nlattr *attr, u32 all, u32 *mask,
			 struct netlink_ext_ack *extack)
{
	if (!attr)
		return 0;
	*mask = nla_get_u32(attr);
	if (!*mask || (*mask & ~all))
		return refuse(extack, attr, "the mask is empty or has a bit that means nothing");
	return 0;
}

static int read_ports(struct ephports_filter *filter, struct nlattr **attrs,
		      struct netlink_ext_ack *extack)
{
	const struct nlattr *low = attrs[EPHPORTS_A_FILTER_PORT_LOW];
	const struct nlattr *high = attrs[EPHPORTS_A_FILTER_PORT_HIGH];
	const struct nlattr *peer = attrs[EPHPORTS_A_FILTER_PEER_PORT];

	filter->low = low ? nla_get_u16(low) : 0;
	filter->high = high ? nla_get_u16(high) : U16_MAX;
	filter->peer_port = peer ? nla_get_u16(peer) : 0;
	if (filter->low > filter->high)
		return refuse(extack, high ?: low, "the lowest port is above the highest");
	return 0;
}

static int read_kind(struct ephports_filter *filter, struct nlattr **attrs,
		     struct netlink_ext_ack *extack)
{
	const struct nlattr *proto = attrs[EPHPORTS_A_FILTER_PROTO];
	const struct nlattr *family = attrs[EPHPORTS_A_FILTER_FAMILY];

	filter->proto = proto ? nla_get_u8(proto) : 0;
	if (proto && filter->proto != IPPROTO_TCP && filter->proto != IPPROTO_UDP)
		return refuse(extack, proto, "the protocol is neither TCP nor UDP");
	filter->family = family ? nla_get_u8(family) : 0;
	if (family && filter->family != AF_INET && filter->family != AF_INET6)
		return refuse(extack, family, "the family is neither AF_INET nor AF_INET6");
	return 0;
}

static void read_owner(struct ephports_filter *filter, struct nlattr **attrs)
{
	const struct nlattr *pid = attrs[EPHPORTS_A_FILTER_PID];
	const struct nlattr *uid = attrs[EPHPORTS_A_FILTER_UID];

	filter->by_pid = pid;
	filter->pid = pid ? nla_get_u32(pid) : 0;
	filter->by_uid = uid;
	filter->uid = uid ? nla_get_u32(uid) : 0;
}

/**
 * ephports_filter_read() - what a request wants
 * @filter: filled
 * @attrs: by enum ephports_a_filter, checked against the policy
 * @extack: told why not
 *
 * Return: 0 or -EINVAL.
 */
int ephports_filter_read(struct ephports_filter *filter, struct nlattr **attrs,
			 struct netlink_ext_ack *extack)
{
	*filter = (struct ephports_filter)EPHPORTS_FILTER_ANY;
	read_owner(filter, attrs);
	return read_kind(filter, attrs, extack) ?:
	       read_ports(filter, attrs, extack) ?:
	       read_address(attrs[EPHPORTS_A_FILTER_LOCAL_ADDR],
			    attrs[EPHPORTS_A_FILTER_LOCAL_PREFIX],
			    &filter->local, &filter->local_bits, extack) ?:
	       read_address(attrs[EPHPORTS_A_FILTER_PEER_ADDR],
			    attrs[EPHPORTS_A_FILTER_PEER_PREFIX],
			    &filter->peer, &filter->peer_bits, extack) ?:
	       ephports_filter_mask(attrs[EPHPORTS_A_FILTER_STATES], STATES,
				    &filter->states, extack) ?:
	       ephports_filter_mask(attrs[EPHPORTS_A_FILTER_ORIGINS], ORIGINS,
				    &filter->origins, extack);
}
