// SPDX-License-Identifier: GPL-2.0
/*
 * A dump can be half a million records of twenty attributes. libmnl walks them by calls into the
 * library, which would cost more than the rest of what is done for a record; so they are walked
 * here, in one pass, in the order they come.
 */
#include <stddef.h>
#include <string.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "decode.h"

struct attr {
	const char *value;
	uint16_t len;
	uint16_t type;
};

/* What is left of a row of attributes. */
struct walk {
	const char *at;
	size_t left;
};

/* False at the end, which is also where an attribute claims more than there is. */
static inline bool next_attr(struct walk *walk, struct attr *attr)
{
	const struct nlattr *nla = (const void *)walk->at;
	size_t step;

	if (walk->left < NLA_HDRLEN || nla->nla_len < NLA_HDRLEN || nla->nla_len > walk->left)
		return false;
	attr->type = nla->nla_type & NLA_TYPE_MASK;
	attr->len = nla->nla_len - NLA_HDRLEN;
	attr->value = walk->at + NLA_HDRLEN;

	step = NLA_ALIGN(nla->nla_len);
	if (step > walk->left)
		step = walk->left;
	walk->at += step;
	walk->left -= step;
	return true;
}

static struct walk walk_message(const struct nlmsghdr *nlh)
{
	const size_t headers = NLMSG_HDRLEN + GENL_HDRLEN;

	return (struct walk){
		.at = (const char *)nlh + headers,
		.left = nlh->nlmsg_len > headers ? nlh->nlmsg_len - headers : 0,
	};
}

static struct walk walk_nest(const struct attr *nest)
{
	return (struct walk){ .at = nest->value, .left = nest->len };
}

/* Where the value of an attribute goes, and how. */
enum kind {
	SKIP,
	NUMBER,		/* as long as the member */
	ADDRESS,	/* a struct address */
	STRING,		/* ended by a NUL or by the attribute, cut to what fits */
	PROTOCOL,	/* a nest of struct info */
	COUNTERS,	/* likewise */
};

struct field {
	uint16_t offset;
	uint8_t size;
	uint8_t kind;
};

#define FIELD(type, member, kind) \
	{ offsetof(struct type, member), sizeof(((struct type *)NULL)->member), kind }

static const struct field port_fields[EPHPORTS_A_PORT_MAX + 1] = {
	[EPHPORTS_A_PORT_ID]		= FIELD(port, id, NUMBER),
	[EPHPORTS_A_PORT_PROTO]		= FIELD(port, proto, NUMBER),
	[EPHPORTS_A_PORT_FAMILY]	= FIELD(port, family, NUMBER),
	[EPHPORTS_A_PORT_LOCAL_ADDR]	= FIELD(port, local, ADDRESS),
	[EPHPORTS_A_PORT_LOCAL_PORT]	= FIELD(port, local_port, NUMBER),
	[EPHPORTS_A_PORT_PEER_ADDR]	= FIELD(port, peer, ADDRESS),
	[EPHPORTS_A_PORT_PEER_PORT]	= FIELD(port, peer_port, NUMBER),
	[EPHPORTS_A_PORT_IFINDEX]	= FIELD(port, ifindex, NUMBER),
	[EPHPORTS_A_PORT_STATE]		= FIELD(port, state, NUMBER),
	[EPHPORTS_A_PORT_ORIGIN]	= FIELD(port, origin, NUMBER),
	[EPHPORTS_A_PORT_UID]		= FIELD(port, uid, NUMBER),
	[EPHPORTS_A_PORT_REASON]	= FIELD(port, reason, NUMBER),
	[EPHPORTS_A_PORT_PID]		= FIELD(port, pid, NUMBER),
	[EPHPORTS_A_PORT_TID]		= FIELD(port, tid, NUMBER),
	[EPHPORTS_A_PORT_COMM]		= FIELD(port, comm, STRING),
	[EPHPORTS_A_PORT_CGROUP]	= FIELD(port, cgroup, NUMBER),
	[EPHPORTS_A_PORT_NETNS]		= FIELD(port, netns, NUMBER),
	[EPHPORTS_A_PORT_AGE]		= FIELD(port, age_ns, NUMBER),
	[EPHPORTS_A_PORT_COOKIE]	= FIELD(port, cookie, NUMBER),
};

static const struct field protocol_fields[EPHPORTS_A_PROTOCOL_MAX + 1] = {
	[EPHPORTS_A_PROTOCOL_PROTO]	 = FIELD(protocol, proto, NUMBER),
	[EPHPORTS_A_PROTOCOL_RANGE_LOW]	 = FIELD(protocol, range_low, NUMBER),
	[EPHPORTS_A_PROTOCOL_RANGE_HIGH] = FIELD(protocol, range_high, NUMBER),
	[EPHPORTS_A_PROTOCOL_RESERVED]	 = FIELD(protocol, reserved, NUMBER),
	[EPHPORTS_A_PROTOCOL_IN_USE]	 = FIELD(protocol, in_use, NUMBER),
	[EPHPORTS_A_PROTOCOL_SOCKETS]	 = FIELD(protocol, sockets, NUMBER),
	[EPHPORTS_A_PROTOCOL_FAILURES]	 = FIELD(protocol, failures, NUMBER),
};

static const struct field info_fields[EPHPORTS_A_INFO_MAX + 1] = {
	[EPHPORTS_A_INFO_VERSION]	= FIELD(info, version, STRING),
	[EPHPORTS_A_INFO_NETNS]		= FIELD(info, netns, NUMBER),
	[EPHPORTS_A_INFO_TIME]		= FIELD(info, time_ns, NUMBER),
	[EPHPORTS_A_INFO_COMPLETE]	= FIELD(info, complete, NUMBER),
	[EPHPORTS_A_INFO_LOST]		= FIELD(info, lost, NUMBER),
	[EPHPORTS_A_INFO_BLIND]		= FIELD(info, blind, NUMBER),
	[EPHPORTS_A_INFO_CAPACITY]	= FIELD(info, capacity, NUMBER),
	[EPHPORTS_A_INFO_HELD]		= FIELD(info, held, NUMBER),
	[EPHPORTS_A_INFO_MEMORY]	= FIELD(info, memory, NUMBER),
	[EPHPORTS_A_INFO_COUNTERS]	= { .kind = COUNTERS },
	[EPHPORTS_A_INFO_PROTOCOL]	= { .kind = PROTOCOL },
};

_Static_assert(sizeof(bool) == sizeof(uint8_t), "complete is a u8 on the wire");
_Static_assert(EPHPORTS_A_PORT_MAX < 32 && EPHPORTS_A_INFO_MAX < 32, "told is a u32");

static inline int read_number(const struct attr *attr, void *to, uint8_t size)
{
	if (attr->len != size)
		return -1;

	/* A size that the compiler knows is one load and one store. */
	switch (size) {
	case 1:
		memcpy(to, attr->value, 1);
		return 0;
	case 2:
		memcpy(to, attr->value, 2);
		return 0;
	case 4:
		memcpy(to, attr->value, 4);
		return 0;
	default:
		memcpy(to, attr->value, 8);
		return 0;
	}
}

static inline int read_address(const struct attr *attr, struct address *addr)
{
	if (attr->len == 4)
		memcpy(addr->bytes, attr->value, 4);
	else if (attr->len == 16)
		memcpy(addr->bytes, attr->value, 16);
	else
		return -1;
	addr->len = (uint8_t)attr->len;
	return 0;
}

/* @to is zeroed: its last byte stays the NUL. */
static inline void read_string(const struct attr *attr, char *to, uint8_t size)
{
	memcpy(to, attr->value, attr->len < size ? attr->len : size - 1u);
}

static int read_protocol(const struct attr *nest, struct info *info);
static int read_counters(const struct attr *nest, struct info *info);

static inline int read_field(const struct attr *attr, const struct field *field, void *record)
{
	void *to = (char *)record + field->offset;

	switch (field->kind) {
	case NUMBER:
		return read_number(attr, to, field->size);
	case ADDRESS:
		return read_address(attr, to);
	case STRING:
		read_string(attr, to, field->size);
		return 0;
	case PROTOCOL:
		return read_protocol(attr, record);
	case COUNTERS:
		return read_counters(attr, record);
	default:
		return 0;
	}
}

static inline int read_record(struct walk walk, const struct field *fields, uint16_t max,
			      void *record, uint32_t *told)
{
	struct attr attr;

	while (next_attr(&walk, &attr)) {
		if (attr.type > max)
			continue;
		if (read_field(&attr, &fields[attr.type], record))
			return -1;
		*told |= 1u << attr.type;
	}
	return 0;
}

static int read_protocol(const struct attr *nest, struct info *info)
{
	struct protocol *proto;

	if (info->n_protocols == INFO_PROTOCOLS)
		return 0;
	proto = &info->protocols[info->n_protocols++];
	return read_record(walk_nest(nest), protocol_fields, EPHPORTS_A_PROTOCOL_MAX, proto,
			   &proto->told);
}

static int read_counters(const struct attr *nest, struct info *info)
{
	struct walk walk = walk_nest(nest);
	struct attr attr;

	while (next_attr(&walk, &attr)) {
		if (attr.type > EPHPORTS_A_COUNTER_MAX || attr.type == EPHPORTS_A_COUNTER_PAD)
			continue;
		if (read_number(&attr, &info->counters[attr.type], sizeof(info->counters[0])))
			return -1;
	}
	return 0;
}

int decode_port(const struct nlmsghdr *nlh, struct port *port)
{
	*port = (struct port){ 0 };
	return read_record(walk_message(nlh), port_fields, EPHPORTS_A_PORT_MAX, port, &port->told);
}

int decode_info(const struct nlmsghdr *nlh, struct info *info)
{
	*info = (struct info){ 0 };
	return read_record(walk_message(nlh), info_fields, EPHPORTS_A_INFO_MAX, info, &info->told);
}
