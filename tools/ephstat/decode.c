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
#include "fields.h"
#include "util.h"

struct attr {
	const char *value;
	unsigned int len;
	unsigned int type;
};

/* What is left of a row of attributes; @at is past @end where the last lacks its padding. */
struct walk {
	const char *at;
	const char *end;
};

/* False at the end, which is also where an attribute claims more than there is. */
static inline bool next_attr(struct walk *walk, struct attr *attr)
{
	const struct nlattr *nla = (const void *)walk->at;
	const ptrdiff_t room = walk->end - walk->at - NLA_HDRLEN;

	if (room < 0)
		return false;
	attr->type = nla->nla_type & NLA_TYPE_MASK;
	attr->len = nla->nla_len - (unsigned int)NLA_HDRLEN;
	attr->value = walk->at + NLA_HDRLEN;
	walk->at += NLA_ALIGN((size_t)nla->nla_len);
	return attr->len <= (size_t)room;	/* less than a header's is more than anything */
}

static struct walk walk_message(const struct nlmsghdr *nlh)
{
	const size_t headers = NLMSG_HDRLEN + GENL_HDRLEN;
	const char *at = (const char *)nlh;

	return (struct walk){
		.at = at + headers,
		.end = at + (nlh->nlmsg_len > headers ? nlh->nlmsg_len : headers),
	};
}

static struct walk walk_nest(const struct attr *nest)
{
	return (struct walk){ .at = nest->value, .end = nest->value + nest->len };
}

/* A size that the compiler knows is one load and one store. */
static inline int read_number(const struct attr *attr, void *to, unsigned int size)
{
	if (attr->len != size)
		return -1;
	memcpy(to, attr->value, size);
	return 0;
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
static inline void read_string(const struct attr *attr, char *to, uint16_t size)
{
	memcpy(to, attr->value, attr->len < size ? attr->len : size - 1u);
}

/* @size is of the array. */
static int read_counts(const struct attr *attr, uint32_t *to, uint16_t size)
{
	unsigned int i, n = attr->len / sizeof(*to);

	if (attr->len % sizeof(*to))
		return -1;
	for (i = 0; i < n; i++) {
		uint32_t count;

		memcpy(&count, attr->value + i * sizeof(count), sizeof(count));
		to[i < size / sizeof(*to) ? i : 0] += count;
	}
	return 0;
}

static int read_histogram(const struct attr *attr, uint64_t *to, uint16_t size, unsigned int *n)
{
	if (attr->len % sizeof(*to) || attr->len > size)
		return -1;
	memcpy(to, attr->value, attr->len);
	*n = attr->len / sizeof(*to);
	return 0;
}

static int read_counters(const struct attr *nest, uint64_t *to, uint16_t size)
{
	struct walk walk = walk_nest(nest);
	struct attr attr;

	while (next_attr(&walk, &attr)) {
		if (attr.type >= size / sizeof(*to) || attr.type == EPHPORTS_A_COUNTER_PAD)
			continue;
		if (read_number(&attr, &to[attr.type], sizeof(*to)))
			return -1;
	}
	return 0;
}

static int read_nest(const struct attr *nest, const struct set *set, void *record);

static int read_row(const struct attr *nest, const struct field *field, char *record)
{
	unsigned int *count = (void *)(record + field->count);

	if (*count == field->rows)
		return 0;
	return read_nest(nest, field->set,
			 record + field->offset + (size_t)(*count)++ * field->size);
}

static inline int read_field(const struct attr *attr, const struct field *field, char *record)
{
	void *to = record + field->offset;

	switch ((enum kind)field->kind) {
	case U8:
		return read_number(attr, to, 1);
	case U16:
		return read_number(attr, to, 2);
	case U32:
		return read_number(attr, to, 4);
	case U64:
		return read_number(attr, to, 8);
	case ADDRESS:
		return read_address(attr, to);
	case STRING:
		read_string(attr, to, field->size);
		return 0;
	case COUNTS:
		return read_counts(attr, to, field->size);
	case HISTOGRAM:
		return read_histogram(attr, to, field->size, (void *)(record + field->count));
	case COUNTERS:
		return read_counters(attr, to, field->size);
	case RECORD:
		return read_nest(attr, field->set, to);
	case ROW:
		return read_row(attr, field, record);
	case SKIP:
		return 0;
	case NUMBER:
		return -1;
	}
	__builtin_unreachable();	/* tables are the program's own */
}

static int read_record(struct walk walk, const struct set *set, void *record)
{
	const struct field *fields = set->fields;
	const unsigned int max = set->max;
	struct attr attr;
	uint64_t told = 0;

	while (next_attr(&walk, &attr)) {
		if (attr.type > max)
			continue;
		if (read_field(&attr, &fields[attr.type], record))
			return -1;
		told |= TOLD(attr.type & 63);
	}
	*(uint64_t *)((char *)record + set->told) |= told;
	return 0;
}

static int read_nest(const struct attr *nest, const struct set *set, void *record)
{
	return read_record(walk_nest(nest), set, record);
}

int decode_port(const struct nlmsghdr *nlh, struct port *port)
{
	*port = (struct port){ 0 };
	return read_record(walk_message(nlh), &port_set, port);
}

int decode_info(const struct nlmsghdr *nlh, struct info *info)
{
	*info = (struct info){ 0 };
	return read_record(walk_message(nlh), &info_set, info);
}

/* Most first: the module tells them as it met them. */
static void settle_owners(struct dest *dest)
{
	unsigned int i, at;

	for (i = 1; i < dest->n_owners; i++) {
		const struct share share = dest->owners[i];

		for (at = i; at > 0 && dest->owners[at - 1].used < share.used; at--)
			dest->owners[at] = dest->owners[at - 1];
		dest->owners[at] = share;
	}
}

int decode_dest(const struct nlmsghdr *nlh, struct dest *dest)
{
	*dest = (struct dest){ 0 };
	if (read_record(walk_message(nlh), &dest_set, dest))
		return -1;
	settle_owners(dest);
	return 0;
}

int decode_owner(const struct nlmsghdr *nlh, struct owner *owner)
{
	*owner = (struct owner){ 0 };
	return read_record(walk_message(nlh), &owner_set, owner);
}

/* Who it was is told in other numbers than those of EPHPORTS_A_OWNER_*. */
static void settle_who(struct failure *failure)
{
	static const struct {
		uint8_t from, to;
	} same[] = {
		{ EPHPORTS_A_FAILURE_UID,	EPHPORTS_A_OWNER_UID },
		{ EPHPORTS_A_FAILURE_REASON,	EPHPORTS_A_OWNER_REASON },
		{ EPHPORTS_A_FAILURE_PID,	EPHPORTS_A_OWNER_PID },
		{ EPHPORTS_A_FAILURE_COMM,	EPHPORTS_A_OWNER_COMM },
		{ EPHPORTS_A_FAILURE_CGROUP,	EPHPORTS_A_OWNER_CGROUP },
		{ EPHPORTS_A_FAILURE_NETNS,	EPHPORTS_A_OWNER_NETNS },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(same); i++) {
		if (told(failure, same[i].from))
			failure->who.told |= TOLD(same[i].to);
	}
}

int decode_failure(const struct nlmsghdr *nlh, struct failure *failure)
{
	*failure = (struct failure){ 0 };
	if (read_record(walk_message(nlh), &failure_set, failure))
		return -1;
	settle_who(failure);
	return 0;
}

int decode_hist(const struct nlmsghdr *nlh, struct hist *hist)
{
	*hist = (struct hist){ 0 };
	return read_record(walk_message(nlh), &hist_set, hist);
}

int decode_holder(const struct nlmsghdr *nlh, struct holder *holder)
{
	*holder = (struct holder){ 0 };
	return read_record(walk_message(nlh), &holder_set, holder);
}

int decode_box(const struct nlmsghdr *nlh, struct box *box)
{
	*box = (struct box){ 0 };
	if (read_record(walk_message(nlh), &picture_set, box))
		return -1;
	settle_who(&box->failure);
	settle_owners(&box->dest);
	return 0;
}

int decode_alert(const struct nlmsghdr *nlh, struct alert *alert)
{
	*alert = (struct alert){ 0 };
	return read_record(walk_message(nlh), &alert_set, alert);
}

int decode_event(const struct nlmsghdr *nlh, struct event *event)
{
	*event = (struct event){ 0 };
	if (read_record(walk_message(nlh), &event_set, event))
		return -1;
	settle_who(&event->failure);
	return 0;
}
