// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "fields.h"
#include "usage.h"

#define SIZE_OF(type, member)	sizeof(((struct type *)NULL)->member)

/* Of a size that no number has, it stays a NUMBER, and no message can be read. */
#define KIND(is, size) \
	((is) != NUMBER ? (is) : \
	 (size) == 1 ? U8 : (size) == 2 ? U16 : (size) == 4 ? U32 : (size) == 8 ? U64 : NUMBER)

#define FIELD(type, member, is) \
	{ .offset = offsetof(struct type, member), .size = SIZE_OF(type, member), \
	  .kind = KIND(is, SIZE_OF(type, member)) }

#define ROWS(type, array, n, of) \
	{ .offset = offsetof(struct type, array), .size = SIZE_OF(type, array[0]), .kind = ROW, \
	  .rows = SIZE_OF(type, array) / SIZE_OF(type, array[0]), \
	  .count = offsetof(struct type, n), .set = (of) }

#define NEST(type, member, of) \
	{ .offset = offsetof(struct type, member), .size = SIZE_OF(type, member), \
	  .kind = RECORD, .set = (of) }

#define SET(type, table, where) \
	{ .fields = (table), .max = sizeof(table) / sizeof((table)[0]) - 1, \
	  .told = offsetof(struct type, where) }

_Static_assert(sizeof(bool) == sizeof(uint8_t), "complete is a u8 on the wire");
_Static_assert(EPHPORTS_A_PORT_MAX < 64 && EPHPORTS_A_INFO_MAX < 64 && EPHPORTS_A_DEST_MAX < 64 &&
	       EPHPORTS_A_OWNER_MAX < 64 && EPHPORTS_A_FAILURE_MAX < 64 &&
	       EPHPORTS_A_BOX_MAX < 64 && EPHPORTS_A_ALERT_MAX < 64 && EPHPORTS_A_WHO_MAX < 64 &&
	       EPHPORTS_A_EVENT_MAX < 64, "told is a u64");

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
	[EPHPORTS_A_PORT_NSID]		= FIELD(port, nsid, NUMBER),
	[EPHPORTS_A_PORT_TIME_WAIT]	= FIELD(port, time_wait_ns, NUMBER),
};

const struct set port_set = SET(port, port_fields, told);

static const struct field protocol_fields[EPHPORTS_A_PROTOCOL_MAX + 1] = {
	[EPHPORTS_A_PROTOCOL_PROTO]	 = FIELD(protocol, proto, NUMBER),
	[EPHPORTS_A_PROTOCOL_RANGE_LOW]	 = FIELD(protocol, range_low, NUMBER),
	[EPHPORTS_A_PROTOCOL_RANGE_HIGH] = FIELD(protocol, range_high, NUMBER),
	[EPHPORTS_A_PROTOCOL_RESERVED]	 = FIELD(protocol, reserved, NUMBER),
	[EPHPORTS_A_PROTOCOL_IN_USE]	 = FIELD(protocol, in_use, NUMBER),
	[EPHPORTS_A_PROTOCOL_SOCKETS]	 = FIELD(protocol, sockets, NUMBER),
	[EPHPORTS_A_PROTOCOL_FAILURES]	 = FIELD(protocol, failures, NUMBER),
};

static const struct set protocol_set = SET(protocol, protocol_fields, told);

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
	[EPHPORTS_A_INFO_COUNTERS]	= FIELD(info, counters, COUNTERS),
	[EPHPORTS_A_INFO_PROTOCOL]	= ROWS(info, protocols, n_protocols, &protocol_set),
};

const struct set info_set = SET(info, info_fields, told);

/* Both have who they are and how much they use in common. */
static const struct field share_fields[] = {
	[EPHPORTS_A_OWNER_UID]		= FIELD(share, who.uid, NUMBER),
	[EPHPORTS_A_OWNER_REASON]	= FIELD(share, who.reason, NUMBER),
	[EPHPORTS_A_OWNER_PID]		= FIELD(share, who.pid, NUMBER),
	[EPHPORTS_A_OWNER_COMM]		= FIELD(share, who.comm, STRING),
	[EPHPORTS_A_OWNER_CGROUP]	= FIELD(share, who.cgroup, NUMBER),
	[EPHPORTS_A_OWNER_NETNS]	= FIELD(share, who.netns, NUMBER),
	[EPHPORTS_A_OWNER_USED]		= FIELD(share, used, NUMBER),
};

static const struct set share_set = SET(share, share_fields, who.told);

static const struct field owner_fields[EPHPORTS_A_OWNER_MAX + 1] = {
	[EPHPORTS_A_OWNER_UID]		= FIELD(owner, who.uid, NUMBER),
	[EPHPORTS_A_OWNER_REASON]	= FIELD(owner, who.reason, NUMBER),
	[EPHPORTS_A_OWNER_PID]		= FIELD(owner, who.pid, NUMBER),
	[EPHPORTS_A_OWNER_COMM]		= FIELD(owner, who.comm, STRING),
	[EPHPORTS_A_OWNER_CGROUP]	= FIELD(owner, who.cgroup, NUMBER),
	[EPHPORTS_A_OWNER_NETNS]	= FIELD(owner, who.netns, NUMBER),
	[EPHPORTS_A_OWNER_USED]		= FIELD(owner, used, NUMBER),
	[EPHPORTS_A_OWNER_STATES]	= FIELD(owner, counts.states, COUNTS),
	[EPHPORTS_A_OWNER_ORIGINS]	= FIELD(owner, counts.origins, COUNTS),
	[EPHPORTS_A_OWNER_BORN]		= FIELD(owner, traffic.born, NUMBER),
	[EPHPORTS_A_OWNER_ENDED]	= FIELD(owner, traffic.ended, NUMBER),
	[EPHPORTS_A_OWNER_ENDED_HELD]	= FIELD(owner, traffic.ended_held_ns, NUMBER),
	[EPHPORTS_A_OWNER_ENDED_KNOWN]	= FIELD(owner, traffic.ended_known, NUMBER),
	[EPHPORTS_A_OWNER_WINDOW]	= FIELD(owner, traffic.window_ns, NUMBER),
	[EPHPORTS_A_OWNER_OLDEST]	= FIELD(owner, traffic.oldest_ns, NUMBER),
	[EPHPORTS_A_OWNER_FAILURES]	= FIELD(owner, failures, NUMBER),
	[EPHPORTS_A_OWNER_GROUPS]	= FIELD(owner, groups, NUMBER),
};

const struct set owner_set = SET(owner, owner_fields, who.told);

static const struct field dest_fields[EPHPORTS_A_DEST_MAX + 1] = {
	[EPHPORTS_A_DEST_PROTO]		= FIELD(dest, proto, NUMBER),
	[EPHPORTS_A_DEST_FAMILY]	= FIELD(dest, family, NUMBER),
	[EPHPORTS_A_DEST_LOCAL_ADDR]	= FIELD(dest, local, ADDRESS),
	[EPHPORTS_A_DEST_PEER_ADDR]	= FIELD(dest, peer, ADDRESS),
	[EPHPORTS_A_DEST_PEER_PORT]	= FIELD(dest, peer_port, NUMBER),
	[EPHPORTS_A_DEST_NETNS]		= FIELD(dest, netns, NUMBER),
	[EPHPORTS_A_DEST_USED]		= FIELD(dest, used, NUMBER),
	[EPHPORTS_A_DEST_CAPACITY]	= FIELD(dest, capacity, NUMBER),
	[EPHPORTS_A_DEST_HEADROOM]	= FIELD(dest, headroom, NUMBER),
	[EPHPORTS_A_DEST_RESERVED]	= FIELD(dest, reserved, NUMBER),
	[EPHPORTS_A_DEST_BOUND]		= FIELD(dest, bound, NUMBER),
	[EPHPORTS_A_DEST_EARLY]		= FIELD(dest, early, NUMBER),
	[EPHPORTS_A_DEST_REUSABLE]	= FIELD(dest, reusable, NUMBER),
	[EPHPORTS_A_DEST_STATES]	= FIELD(dest, counts.states, COUNTS),
	[EPHPORTS_A_DEST_ORIGINS]	= FIELD(dest, counts.origins, COUNTS),
	[EPHPORTS_A_DEST_BORN]		= FIELD(dest, traffic.born, NUMBER),
	[EPHPORTS_A_DEST_ENDED]		= FIELD(dest, traffic.ended, NUMBER),
	[EPHPORTS_A_DEST_ENDED_HELD]	= FIELD(dest, traffic.ended_held_ns, NUMBER),
	[EPHPORTS_A_DEST_ENDED_KNOWN]	= FIELD(dest, traffic.ended_known, NUMBER),
	[EPHPORTS_A_DEST_WINDOW]	= FIELD(dest, traffic.window_ns, NUMBER),
	[EPHPORTS_A_DEST_OLDEST]	= FIELD(dest, traffic.oldest_ns, NUMBER),
	[EPHPORTS_A_DEST_SEARCH]	= FIELD(dest, search_ns, NUMBER),
	[EPHPORTS_A_DEST_FAILURES]	= FIELD(dest, failures, NUMBER),
	[EPHPORTS_A_DEST_OWNER]		= ROWS(dest, owners, n_owners, &share_set),
	[EPHPORTS_A_DEST_OTHERS]	= FIELD(dest, others, NUMBER),
	[EPHPORTS_A_DEST_TW_REUSE]	= FIELD(dest, tw_reuse, NUMBER),
	[EPHPORTS_A_DEST_RANGE]		= FIELD(dest, range, NUMBER),
	[EPHPORTS_A_DEST_GROUPS]	= FIELD(dest, groups, NUMBER),
};

const struct set dest_set = SET(dest, dest_fields, told);

static const struct field failure_fields[EPHPORTS_A_FAILURE_MAX + 1] = {
	[EPHPORTS_A_FAILURE_TOTAL]	= FIELD(failure, total, NUMBER),
	[EPHPORTS_A_FAILURE_PROTO]	= FIELD(failure, proto, NUMBER),
	[EPHPORTS_A_FAILURE_ORIGIN]	= FIELD(failure, origin, NUMBER),
	[EPHPORTS_A_FAILURE_COUNT]	= FIELD(failure, count, NUMBER),
	[EPHPORTS_A_FAILURE_FIRST]	= FIELD(failure, first_ns, NUMBER),
	[EPHPORTS_A_FAILURE_LAST]	= FIELD(failure, last_ns, NUMBER),
	[EPHPORTS_A_FAILURE_FAMILY]	= FIELD(failure, family, NUMBER),
	[EPHPORTS_A_FAILURE_LOCAL_ADDR]	= FIELD(failure, local, ADDRESS),
	[EPHPORTS_A_FAILURE_PEER_ADDR]	= FIELD(failure, peer, ADDRESS),
	[EPHPORTS_A_FAILURE_PEER_PORT]	= FIELD(failure, peer_port, NUMBER),
	[EPHPORTS_A_FAILURE_PORT]	= FIELD(failure, port, NUMBER),
	[EPHPORTS_A_FAILURE_HOLDER]	= NEST(failure, holder, &port_set),
	[EPHPORTS_A_FAILURE_UID]	= FIELD(failure, who.uid, NUMBER),
	[EPHPORTS_A_FAILURE_REASON]	= FIELD(failure, who.reason, NUMBER),
	[EPHPORTS_A_FAILURE_PID]	= FIELD(failure, who.pid, NUMBER),
	[EPHPORTS_A_FAILURE_COMM]	= FIELD(failure, who.comm, STRING),
	[EPHPORTS_A_FAILURE_CGROUP]	= FIELD(failure, who.cgroup, NUMBER),
	[EPHPORTS_A_FAILURE_NETNS]	= FIELD(failure, who.netns, NUMBER),
};

const struct set failure_set = SET(failure, failure_fields, told);

static const struct field hist_fields[EPHPORTS_A_HIST_MAX + 1] = {
	[EPHPORTS_A_HIST_PROTO]		= FIELD(hist, proto, NUMBER),
	[EPHPORTS_A_HIST_KIND]		= FIELD(hist, kind, NUMBER),
	[EPHPORTS_A_HIST_COUNTS]	= { .offset = offsetof(struct hist, counts),
					    .size = SIZE_OF(hist, counts), .kind = HISTOGRAM,
					    .count = offsetof(struct hist, n_counts) },
	[EPHPORTS_A_HIST_NETNS]		= FIELD(hist, netns, NUMBER),
};

const struct set hist_set = SET(hist, hist_fields, told);

static const struct field holder_fields[EPHPORTS_A_WHO_MAX + 1] = {
	[EPHPORTS_A_WHO_COVERED_FROM]	= FIELD(holder, covered_from_ns, NUMBER),
	[EPHPORTS_A_WHO_COVERED_TO]	= FIELD(holder, covered_to_ns, NUMBER),
	[EPHPORTS_A_WHO_HOLDER]		= NEST(holder, port, &port_set),
	[EPHPORTS_A_WHO_FROM]		= FIELD(holder, from_ns, NUMBER),
	[EPHPORTS_A_WHO_TO]		= FIELD(holder, to_ns, NUMBER),
};

const struct set holder_set = SET(holder, holder_fields, told);

static const struct field box_fields[EPHPORTS_A_BOX_MAX + 1] = {
	[EPHPORTS_A_BOX_ID]		= FIELD(box, id, NUMBER),
	[EPHPORTS_A_BOX_TIME]		= FIELD(box, time_ns, NUMBER),
	[EPHPORTS_A_BOX_FAILURE]	= NEST(box, failure, &failure_set),
	[EPHPORTS_A_BOX_DEST]		= NEST(box, dest, &dest_set),
	[EPHPORTS_A_BOX_OWNER]		= NEST(box, owner, &owner_set),
	[EPHPORTS_A_BOX_RANGE_LOW]	= FIELD(box, range_low, NUMBER),
	[EPHPORTS_A_BOX_RANGE_HIGH]	= FIELD(box, range_high, NUMBER),
	[EPHPORTS_A_BOX_NETNS]		= FIELD(box, netns, NUMBER),
	[EPHPORTS_A_BOX_COMPLETE]	= FIELD(box, complete, NUMBER),
};

const struct set picture_set = SET(box, box_fields, told);

static const struct field alert_fields[EPHPORTS_A_ALERT_MAX + 1] = {
	[EPHPORTS_A_ALERT_NOTICE]	= FIELD(alert, notice, NUMBER),
	[EPHPORTS_A_ALERT_WARNING]	= FIELD(alert, warning, NUMBER),
	[EPHPORTS_A_ALERT_CRITICAL]	= FIELD(alert, critical, NUMBER),
	[EPHPORTS_A_ALERT_CLEAR]	= FIELD(alert, clear, NUMBER),
	[EPHPORTS_A_ALERT_LEVEL]	= FIELD(alert, level, NUMBER),
	[EPHPORTS_A_ALERT_WAS]		= FIELD(alert, was, NUMBER),
	[EPHPORTS_A_ALERT_TIME]		= FIELD(alert, time_ns, NUMBER),
	[EPHPORTS_A_ALERT_NETNS]	= FIELD(alert, netns, NUMBER),
	[EPHPORTS_A_ALERT_PROTO]	= FIELD(alert, proto, NUMBER),
	[EPHPORTS_A_ALERT_USED]		= FIELD(alert, used, NUMBER),
	[EPHPORTS_A_ALERT_CAPACITY]	= FIELD(alert, capacity, NUMBER),
	[EPHPORTS_A_ALERT_FAMILY]	= FIELD(alert, family, NUMBER),
	[EPHPORTS_A_ALERT_LOCAL_ADDR]	= FIELD(alert, local, ADDRESS),
	[EPHPORTS_A_ALERT_PEER_ADDR]	= FIELD(alert, peer, ADDRESS),
	[EPHPORTS_A_ALERT_PEER_PORT]	= FIELD(alert, peer_port, NUMBER),
	[EPHPORTS_A_ALERT_ORIGIN]	= FIELD(alert, origin, NUMBER),
	[EPHPORTS_A_ALERT_FAILURES]	= FIELD(alert, failures, NUMBER),
};

const struct set alert_set = SET(alert, alert_fields, told);

static const struct field event_fields[EPHPORTS_A_EVENT_MAX + 1] = {
	[EPHPORTS_A_EVENT_SEQ]		 = FIELD(event, seq, NUMBER),
	[EPHPORTS_A_EVENT_KIND]		 = FIELD(event, kind, NUMBER),
	[EPHPORTS_A_EVENT_TIME]		 = FIELD(event, time_ns, NUMBER),
	[EPHPORTS_A_EVENT_BOOT]		 = FIELD(event, boot_ns, NUMBER),
	[EPHPORTS_A_EVENT_PORT]		 = NEST(event, port, &port_set),
	[EPHPORTS_A_EVENT_FAILURE]	 = NEST(event, failure, &failure_set),
	[EPHPORTS_A_EVENT_LOST]		 = FIELD(event, lost, NUMBER),
	[EPHPORTS_A_EVENT_LOST_SPAN]	 = FIELD(event, lost_span_ns, NUMBER),
	[EPHPORTS_A_EVENT_LOST_UNSORTED] = FIELD(event, lost_unsorted, NUMBER),
};

const struct set event_set = SET(event, event_fields, told);
