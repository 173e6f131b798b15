/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * ephports - who uses the ephemeral ports: the generic netlink contract
 *
 * The same contract, for tools that read YAML, stands in ephports.yaml beside
 * this file. Ids only ever grow: an id that was published keeps its meaning.
 *
 * Words
 * -----
 * A *record* is one holder of one local port: a TCP or UDP socket (a TIME_WAIT
 * socket is a holder of its own, with the owner and the age of the assignment
 * that it goes back to). A socket is recorded if, when it took its port, the
 * port lay inside ip_local_port_range of its network namespace; the record
 * lives until the kernel takes the port back.
 *
 * Who may ask
 * -----------
 * Addresses, ports, states and uids of a network namespace are told to everybody
 * in it, as sock_diag does. Process, command and cgroup of a record are told to
 * the same uid and to CAP_NET_ADMIN over the namespace, and only if the reader is in
 * the initial pid namespace or in the owner's. Another namespace than one's own, and
 * the numbers that sum over namespaces (but for EPHPORTS_A_INFO_LOST, which everybody
 * has to know), need CAP_NET_ADMIN in the initial user namespace. A filter on something that is
 * hidden matches nothing.
 *
 * Conversation
 * ------------
 * EPHPORTS_CMD_INFO_GET, do: one message of EPHPORTS_A_INFO_*.
 *
 * EPHPORTS_CMD_PORT_GET, dump: one message of EPHPORTS_A_PORT_* (those of EPHPORTS_A_PORT_WANTED,
 * if the request has it) per record that
 * passes the request's EPHPORTS_A_PORT_FILTER; all parts given must match. A
 * record that exists from the first to the last message is reported exactly
 * once, and so is a port that goes to TIME_WAIT meanwhile, before or after. (A socket that was
 * bound to it by number, and is not closed when both sides have ended, is told beside its
 * TIME_WAIT.) NLM_F_DUMP_INTR is set where that cannot be vouched for, because records were lost
 * or mended while the dump went on. What was amiss before it began, and is not
 * mended when it ends, it does not tell: whoever calls an answer complete has read
 * EPHPORTS_A_INFO_COMPLETE before the dump and after it, too. That is so for all dumps.
 * Dumps about a namespace of the initial user namespace, and its COMPLETE, are not concerned
 * with sockets of users' own namespaces that find no room, or that a range moved there has
 * come to have; those about another one, and with EPHPORTS_A_FILTER_ALL_NETNS
 * (EPHPORTS_A_INFO_ALL_NETNS), are. Of a probe that was missed nobody knows whose it was: that
 * concerns all.
 *
 * EPHPORTS_CMD_DEST_GET, dump: the records that pass EPHPORTS_A_DEST_FILTER, added up by
 * destination in the kernel: first one message per network namespace and protocol without
 * EPHPORTS_A_DEST_USED, with its sockets by state and by origin, and what a destination that
 * is new may have; then, most used first,
 * one message of EPHPORTS_A_DEST_* per (namespace, protocol, local address, peer address, peer
 * port, and of a link-local peer the interface, which is not told: such rows may look alike),
 * at most EPHPORTS_A_DEST_TOP of them; all else together in a message without addresses, if there
 * is more; and, for a request with EPHPORTS_A_DEST_OWNERS, so many owners of all of them together,
 * most first, each in a message with nothing but EPHPORTS_A_DEST_OWNER.
 *
 * While traffic goes on, a port that is taken or released during the adding up may count or not,
 * and one that is released and taken again may count twice; one that goes to TIME_WAIT counts
 * once. Of more than 256 network namespaces at once, the later ones, of other user namespaces than
 * the initial one first, are told without first messages, without CAPACITY and HEADROOM and with
 * ports outside their range, and raise no alert of a threshold.
 *
 * EPHPORTS_CMD_OWNER_GET, dump: the same records added up by owner, most first, with
 * EPHPORTS_A_OWNER_*; all else together in a last message without EPHPORTS_A_OWNER_REASON.
 *
 * EPHPORTS_CMD_FAILURE_GET, dump: one message of EPHPORTS_A_FAILURE_* with no more than
 * EPHPORTS_A_FAILURE_TOTAL, how many allocations were refused for want of a free port;
 * then one per culprit, call and destination that is still remembered, the latest first.
 * What they lack of the total was forgotten. After them, the latest first, each call that
 * asked for a port by its number and found it taken by a socket that had been given it as
 * a source port is told with EPHPORTS_A_FAILURE_PORT; it is in no total.
 *
 * EPHPORTS_CMD_HIST_GET, dump: one message of EPHPORTS_A_HIST_* per protocol and kind.
 *
 * EPHPORTS_CMD_BOX_GET, dump: the pictures that were taken when allocations failed, 8 at
 * most, the latest first: of each one message with EPHPORTS_A_BOX_FAILURE, then one per
 * protocol as in DEST_GET, then the 16 destinations and the 16 owners of that moment with the
 * most ports and what other owners these destinations name, with EPHPORTS_A_BOX_DEST or
 * EPHPORTS_A_BOX_OWNER, most first; owners only for CAP_NET_ADMIN over the namespace.
 *
 * EPHPORTS_CMD_ALERT_GET and EPHPORTS_CMD_ALERT_SET, do: the thresholds of alerts, with
 * EPHPORTS_A_ALERT_NOTICE and its fellows; to set them takes CAP_NET_ADMIN in the initial
 * user namespace. EPHPORTS_CMD_ALERT is what is sent to the multicast group
 * EPHPORTS_ALERT_GROUP of the namespace that it happened in: a namespace or a destination
 * crossed a threshold, or an allocation failed.
 *
 * EPHPORTS_CMD_WATCH, do: from now on what happens to the records that pass
 * EPHPORTS_A_EVENT_FILTER is sent to the asking socket, and to no other, until it is closed:
 * each event is one message of EPHPORTS_CMD_EVENT with EPHPORTS_A_EVENT_*, several to a
 * datagram. The answer has EPHPORTS_A_EVENT_BOOT: all that happens from then on is told.
 * Events come in the order of their times; those of one holder in the order in which they
 * happened. The rights, the filter and the numbering of users and processes are those of the
 * request. EPHPORTS_A_EVENT_SEQ counts from 1 what passed the filter, delivered or not. What
 * found the socket's queue full is lost to this reader alone, and counted: an event of kind
 * EPHPORTS_EVENT_LOST says how many as soon as there is room, even if nothing else happens. A
 * reader sets NETLINK_NO_ENOBUFS, since it is told better than by ENOBUFS. A socket that
 * watches already is refused with EBUSY, and so is one more than the module serves: 64 at a
 * time, and without CAP_NET_ADMIN in the initial user namespace 48, of which 8 for each user.
 * If the module is unloaded, the next read of the socket fails with ENODEV, and those after it
 * give what happened until then.
 *
 * EPHPORTS_CMD_WHO_GET, dump: who held ports at any time from EPHPORTS_A_WHO_SINCE to
 * EPHPORTS_A_WHO_UNTIL: one message with EPHPORTS_A_WHO_HOLDER per holder that passes
 * EPHPORTS_A_WHO_FILTER, those that hold a port still and, the latest of each CPU first, those
 * that have released it; then one with EPHPORTS_A_WHO_COVERED_FROM per span for which the
 * answer is whole, the earliest first: what was lost or forgotten during the dump is in none.
 * Outside the spans a holder may be missing, or be told although it had let go. The last span
 * reaches to the beginning of the dump.
 *
 * A socket and the TIME_WAIT that took over from it are one holder, told once, but where it
 * let go during the dump, or where a socket that was bound to its port by number and is not closed
 * holds on beside its TIME_WAIT: the messages have the same cookie, local port and
 * EPHPORTS_A_WHO_FROM then. It held the port until the latest of the ends that they tell; one
 * without an end counts as the latest, unless the other end came after the dump began.
 *
 * EPHPORTS_CMD_RESYNC, do, CAP_NET_ADMIN in the initial user namespace: walks the
 * kernel's own socket tables once, mends the records, and answers when done with
 * one message of EPHPORTS_A_INFO_*, about the asker's own namespace.
 *
 * What is refused for its contents or for want of rights carries an extack message.
 * Attributes are checked strictly.
 *
 * Integers are in host byte order, ports included; addresses are the 4 or 16
 * bytes of the wire. Times are nanoseconds.
 */
#ifndef _UAPI_LINUX_EPHPORTS_H
#define _UAPI_LINUX_EPHPORTS_H

#define EPHPORTS_GENL_NAME	"ephports"
#define EPHPORTS_GENL_VERSION	1
#define EPHPORTS_ALERT_GROUP	"alerts"

enum ephports_cmd {
	EPHPORTS_CMD_UNSPEC,
	EPHPORTS_CMD_INFO_GET,
	EPHPORTS_CMD_PORT_GET,
	EPHPORTS_CMD_RESYNC,
	EPHPORTS_CMD_DEST_GET,
	EPHPORTS_CMD_OWNER_GET,
	EPHPORTS_CMD_FAILURE_GET,
	EPHPORTS_CMD_HIST_GET,
	EPHPORTS_CMD_BOX_GET,
	EPHPORTS_CMD_ALERT_GET,
	EPHPORTS_CMD_ALERT_SET,
	EPHPORTS_CMD_ALERT,
	EPHPORTS_CMD_WATCH,
	EPHPORTS_CMD_EVENT,
	EPHPORTS_CMD_WHO_GET,

	__EPHPORTS_CMD_MAX,
	EPHPORTS_CMD_MAX = __EPHPORTS_CMD_MAX - 1
};

/**
 * enum ephports_state - what the holder of the port is doing
 * @EPHPORTS_STATE_UNKNOWN: the socket no longer matches its record: the release
 *	was missed and a resync is on its way
 * @EPHPORTS_STATE_TIME_WAIT: every timewait socket, also one that stands in for
 *	FIN_WAIT2
 * @EPHPORTS_STATE_BOUND: a TCP socket that holds the port without a connection
 * @EPHPORTS_STATE_UNCONNECTED: a UDP socket without a peer
 *
 * The others are the TCP states of their names; a UDP socket with a peer is
 * established.
 */
enum ephports_state {
	EPHPORTS_STATE_UNKNOWN,
	EPHPORTS_STATE_ESTABLISHED,
	EPHPORTS_STATE_SYN_SENT,
	EPHPORTS_STATE_SYN_RECV,
	EPHPORTS_STATE_FIN_WAIT_1,
	EPHPORTS_STATE_FIN_WAIT_2,
	EPHPORTS_STATE_TIME_WAIT,
	EPHPORTS_STATE_CLOSE_WAIT,
	EPHPORTS_STATE_LAST_ACK,
	EPHPORTS_STATE_CLOSING,
	EPHPORTS_STATE_LISTEN,
	EPHPORTS_STATE_BOUND,
	EPHPORTS_STATE_UNCONNECTED,

	__EPHPORTS_STATE_MAX,
	EPHPORTS_STATE_MAX = __EPHPORTS_STATE_MAX - 1
};

/**
 * enum ephports_origin - which call took the port
 * @EPHPORTS_ORIGIN_UNKNOWN: older than the module, outside the range when it was taken, or
 *	missed then, and nothing proves it
 * @EPHPORTS_ORIGIN_CONNECT: connect() without bind
 * @EPHPORTS_ORIGIN_BIND: bind() to port 0
 * @EPHPORTS_ORIGIN_LISTEN: listen() without bind
 * @EPHPORTS_ORIGIN_SEND: a UDP send without bind or connect
 * @EPHPORTS_ORIGIN_EXPLICIT: bind() to this very port
 * @EPHPORTS_ORIGIN_ACCEPT: inherited from a listener
 */
enum ephports_origin {
	EPHPORTS_ORIGIN_UNKNOWN,
	EPHPORTS_ORIGIN_CONNECT,
	EPHPORTS_ORIGIN_BIND,
	EPHPORTS_ORIGIN_LISTEN,
	EPHPORTS_ORIGIN_SEND,
	EPHPORTS_ORIGIN_EXPLICIT,
	EPHPORTS_ORIGIN_ACCEPT,

	__EPHPORTS_ORIGIN_MAX,
	EPHPORTS_ORIGIN_MAX = __EPHPORTS_ORIGIN_MAX - 1
};

/**
 * enum ephports_reason - why a record names no process
 * @EPHPORTS_REASON_ADOPTED: the socket is older than the module, had a port outside the
 *	range then, or was found again after a loss, and no process was seen to hold it
 * @EPHPORTS_REASON_KERNEL: the kernel itself took the port
 * @EPHPORTS_REASON_HIDDEN: it is known, but not for this reader to see
 */
enum ephports_reason {
	EPHPORTS_REASON_TOLD,
	EPHPORTS_REASON_ADOPTED,
	EPHPORTS_REASON_KERNEL,
	EPHPORTS_REASON_HIDDEN,

	__EPHPORTS_REASON_MAX,
	EPHPORTS_REASON_MAX = __EPHPORTS_REASON_MAX - 1
};

/**
 * enum ephports_blind - what keeps the probes from seeing, a bit mask
 * @EPHPORTS_BLIND_KPROBES: kprobes are disarmed (debugfs kprobes/enabled is 0):
 *	assignments go unseen
 * @EPHPORTS_BLIND_FTRACE: ftrace callbacks do not run (kernel.ftrace_enabled is
 *	0): nothing is seen
 */
enum ephports_blind {
	EPHPORTS_BLIND_KPROBES	= 1 << 0,
	EPHPORTS_BLIND_FTRACE	= 1 << 1,
};

/**
 * enum ephports_a_info - the module, and one network namespace
 * @EPHPORTS_A_INFO_VERSION: string, the module's version
 * @EPHPORTS_A_INFO_NETNS: u32, inode number of the namespace told about; in a
 *	request: the namespace asked for (absent: one's own)
 * @EPHPORTS_A_INFO_TIME: u64, CLOCK_REALTIME of this answer, ns
 * @EPHPORTS_A_INFO_COMPLETE: u8, 1 if every holder is recorded, as far as the
 *	module can know; 0 while a loss is not mended or a probe is blinded, and
 *	from when the namespace's port range is moved until the next walk has ended.
 *	Of a namespace of the initial user namespace, what others lose does not matter
 * @EPHPORTS_A_INFO_LOST: u64, holders since loading that found no room, of the namespaces
 *	that COMPLETE is about: those of the initial user namespace, or, of one that is
 *	not or with ALL_NETNS, all; one that came while the module was being loaded may
 *	count twice
 * @EPHPORTS_A_INFO_BLIND: u32, mask of enum ephports_blind
 * @EPHPORTS_A_INFO_CAPACITY: u32, records that fit; a quarter is kept for network namespaces of the
 *	initial user namespace
 * @EPHPORTS_A_INFO_HELD: u32, records held, all namespaces
 * @EPHPORTS_A_INFO_MEMORY: u64, bytes allocated for records, their tables and the history
 * @EPHPORTS_A_INFO_COUNTERS: nest of EPHPORTS_A_COUNTER_*, all namespaces; only
 *	for CAP_NET_ADMIN in the initial user namespace, as CAPACITY, HELD and MEMORY
 * @EPHPORTS_A_INFO_PROTOCOL: nest of EPHPORTS_A_PROTOCOL_*, one per protocol
 * @EPHPORTS_A_INFO_PAD: alignment only
 * @EPHPORTS_A_INFO_BRIEF: flag, in a request: without EPHPORTS_A_PROTOCOL_IN_USE and
 *	EPHPORTS_A_PROTOCOL_SOCKETS, which take a look at every record
 * @EPHPORTS_A_INFO_ALL_NETNS: flag, in a request: COMPLETE and LOST of all namespaces, for who
 *	asks about all; CAP_NET_ADMIN in the initial user namespace, else EPERM
 */
enum ephports_a_info {
	EPHPORTS_A_INFO_UNSPEC,
	EPHPORTS_A_INFO_VERSION,
	EPHPORTS_A_INFO_NETNS,
	EPHPORTS_A_INFO_TIME,
	EPHPORTS_A_INFO_COMPLETE,
	EPHPORTS_A_INFO_LOST,
	EPHPORTS_A_INFO_BLIND,
	EPHPORTS_A_INFO_CAPACITY,
	EPHPORTS_A_INFO_HELD,
	EPHPORTS_A_INFO_MEMORY,
	EPHPORTS_A_INFO_COUNTERS,
	EPHPORTS_A_INFO_PROTOCOL,
	EPHPORTS_A_INFO_PAD,
	EPHPORTS_A_INFO_BRIEF,
	EPHPORTS_A_INFO_ALL_NETNS,

	__EPHPORTS_A_INFO_MAX,
	EPHPORTS_A_INFO_MAX = __EPHPORTS_A_INFO_MAX - 1
};

/**
 * enum ephports_a_protocol - one protocol in one network namespace
 * @EPHPORTS_A_PROTOCOL_PROTO: u8, IPPROTO_TCP or IPPROTO_UDP
 * @EPHPORTS_A_PROTOCOL_RANGE_LOW: u16, lowest port of ip_local_port_range
 * @EPHPORTS_A_PROTOCOL_RANGE_HIGH: u16, highest port, inclusive
 * @EPHPORTS_A_PROTOCOL_RESERVED: u32, ports of ip_local_reserved_ports in the range
 * @EPHPORTS_A_PROTOCOL_IN_USE: u32, distinct ports of the range that are held
 * @EPHPORTS_A_PROTOCOL_SOCKETS: u32, records, inside the range or not
 * @EPHPORTS_A_PROTOCOL_FAILURES: u64, allocations refused since loading because no
 *	port was free
 * @EPHPORTS_A_PROTOCOL_PAD: alignment only
 */
enum ephports_a_protocol {
	EPHPORTS_A_PROTOCOL_UNSPEC,
	EPHPORTS_A_PROTOCOL_PROTO,
	EPHPORTS_A_PROTOCOL_RANGE_LOW,
	EPHPORTS_A_PROTOCOL_RANGE_HIGH,
	EPHPORTS_A_PROTOCOL_RESERVED,
	EPHPORTS_A_PROTOCOL_IN_USE,
	EPHPORTS_A_PROTOCOL_SOCKETS,
	EPHPORTS_A_PROTOCOL_FAILURES,
	EPHPORTS_A_PROTOCOL_PAD,

	__EPHPORTS_A_PROTOCOL_MAX,
	EPHPORTS_A_PROTOCOL_MAX = __EPHPORTS_A_PROTOCOL_MAX - 1
};

/**
 * enum ephports_a_counter - holders since loading, all u64, all namespaces
 * @EPHPORTS_A_COUNTER_ASSIGNED: assignments seen as they happened
 * @EPHPORTS_A_COUNTER_ADOPTED: taken in when the module was loaded
 * @EPHPORTS_A_COUNTER_CLONED: TIME_WAIT sockets that took over
 * @EPHPORTS_A_COUNTER_MENDED_IN: added later, by a walk of the kernel's tables or as a
 *	timewait socket took the port over
 * @EPHPORTS_A_COUNTER_RELEASED: releases seen as they happened
 * @EPHPORTS_A_COUNTER_MENDED_OUT: removed by a walk, or found to be stale
 * @EPHPORTS_A_COUNTER_LOST: holders that found no room
 * @EPHPORTS_A_COUNTER_UNKNOWN: reads of a socket that did not match its record
 * @EPHPORTS_A_COUNTER_MISSED_ASSIGN: return probes that the kernel skipped: the sum
 *	of the six below
 * @EPHPORTS_A_COUNTER_RESYNCS: walks of the kernel's tables
 * @EPHPORTS_A_COUNTER_PAD: alignment only
 * @EPHPORTS_A_COUNTER_CONNECT_NO_INSTANCE: of TCP connect(), because too many calls
 *	were under way
 * @EPHPORTS_A_COUNTER_CONNECT_NESTED: of TCP connect(), because another probe's
 *	handler was running on the CPU
 * @EPHPORTS_A_COUNTER_BIND_NO_INSTANCE: of TCP bind() and listen(), likewise
 * @EPHPORTS_A_COUNTER_BIND_NESTED: of TCP bind() and listen(), likewise
 * @EPHPORTS_A_COUNTER_UDP_NO_INSTANCE: of UDP bind(), connect() and sends, likewise
 * @EPHPORTS_A_COUNTER_UDP_NESTED: of UDP bind(), connect() and sends, likewise
 *
 * ASSIGNED + ADOPTED + CLONED + MENDED_IN = RELEASED + MENDED_OUT + INFO_HELD,
 * when nothing happens while they are read.
 *
 * A return probe that was skipped is counted by the kernel, which is how the module
 * knows that a port, or a failure to get one, may have gone by: the records are not
 * complete until a walk has mended them. What a failure adds to
 * EPHPORTS_A_PROTOCOL_FAILURES is then lost for good.
 *
 * Releases, TIME_WAIT and accepted connections are seen by an ftrace callback, which
 * the kernel has no reason to skip, and does not count where it would. What stands in
 * for that count is UNKNOWN (a release that was missed: reading the record tells, but
 * for a TIME_WAIT whose memory was not used again yet), and what MENDED_IN and
 * MENDED_OUT grow by in EPHPORTS_CMD_RESYNC, which finds every miss there is.
 */
enum ephports_a_counter {
	EPHPORTS_A_COUNTER_UNSPEC,
	EPHPORTS_A_COUNTER_ASSIGNED,
	EPHPORTS_A_COUNTER_ADOPTED,
	EPHPORTS_A_COUNTER_CLONED,
	EPHPORTS_A_COUNTER_MENDED_IN,
	EPHPORTS_A_COUNTER_RELEASED,
	EPHPORTS_A_COUNTER_MENDED_OUT,
	EPHPORTS_A_COUNTER_LOST,
	EPHPORTS_A_COUNTER_UNKNOWN,
	EPHPORTS_A_COUNTER_MISSED_ASSIGN,
	EPHPORTS_A_COUNTER_RESYNCS,
	EPHPORTS_A_COUNTER_PAD,
	EPHPORTS_A_COUNTER_CONNECT_NO_INSTANCE,
	EPHPORTS_A_COUNTER_CONNECT_NESTED,
	EPHPORTS_A_COUNTER_BIND_NO_INSTANCE,
	EPHPORTS_A_COUNTER_BIND_NESTED,
	EPHPORTS_A_COUNTER_UDP_NO_INSTANCE,
	EPHPORTS_A_COUNTER_UDP_NESTED,

	__EPHPORTS_A_COUNTER_MAX,
	EPHPORTS_A_COUNTER_MAX = __EPHPORTS_A_COUNTER_MAX - 1
};

/**
 * enum ephports_a_port - one record
 * @EPHPORTS_A_PORT_ID: u64, unique since loading
 * @EPHPORTS_A_PORT_PROTO: u8, IPPROTO_TCP or IPPROTO_UDP
 * @EPHPORTS_A_PORT_FAMILY: u8, AF_INET or AF_INET6; absent if the state is unknown
 * @EPHPORTS_A_PORT_LOCAL_ADDR: 4 or 16 bytes; absent if the state is unknown
 * @EPHPORTS_A_PORT_LOCAL_PORT: u16
 * @EPHPORTS_A_PORT_PEER_ADDR: 4 or 16 bytes; absent without a peer
 * @EPHPORTS_A_PORT_PEER_PORT: u16; absent without a peer
 * @EPHPORTS_A_PORT_IFINDEX: u32, the interface that the socket is bound to; absent
 *	if it is not
 * @EPHPORTS_A_PORT_STATE: u8, enum ephports_state
 * @EPHPORTS_A_PORT_ORIGIN: u8, enum ephports_origin
 * @EPHPORTS_A_PORT_UID: u32, in the reader's user namespace: the socket's, as ss
 *	shows it; absent for an adopted TIME_WAIT
 * @EPHPORTS_A_PORT_REASON: u8, enum ephports_reason; not 0: the next four are absent
 * @EPHPORTS_A_PORT_PID: u32, the process, in the reader's pid namespace
 * @EPHPORTS_A_PORT_TID: u32, the thread that took the port, likewise; absent if adopted
 * @EPHPORTS_A_PORT_COMM: string, the process's command name when it took the port
 * @EPHPORTS_A_PORT_CGROUP: u64, id of its cgroup in the cgroup2 hierarchy
 * @EPHPORTS_A_PORT_NETNS: u32, inode number of the network namespace
 * @EPHPORTS_A_PORT_AGE: u64, ns since the assignment, through TIME_WAIT; absent if
 *	adopted
 * @EPHPORTS_A_PORT_COOKIE: u64, the socket's cookie, as sock_diag tells it
 * @EPHPORTS_A_PORT_FILTER: nest of EPHPORTS_A_FILTER_*, in requests only: which
 *	records to tell; absent means those of one's own namespace, all
 * @EPHPORTS_A_PORT_PAD: alignment only
 * @EPHPORTS_A_PORT_NSID: u64, number of the network namespace, from 1 since loading, never
 *	used again (its inode number is)
 * @EPHPORTS_A_PORT_TIME_WAIT: u64, ns of AGE that it was in TIME_WAIT; absent if it never was,
 *	or since when is not known
 * @EPHPORTS_A_PORT_WANTED: u32, in requests only: mask of 1 << EPHPORTS_A_PORT_*, what to tell
 *	of each record, not 0, without those that only requests have, and PAD; absent means all
 */
enum ephports_a_port {
	EPHPORTS_A_PORT_UNSPEC,
	EPHPORTS_A_PORT_ID,
	EPHPORTS_A_PORT_PROTO,
	EPHPORTS_A_PORT_FAMILY,
	EPHPORTS_A_PORT_LOCAL_ADDR,
	EPHPORTS_A_PORT_LOCAL_PORT,
	EPHPORTS_A_PORT_PEER_ADDR,
	EPHPORTS_A_PORT_PEER_PORT,
	EPHPORTS_A_PORT_IFINDEX,
	EPHPORTS_A_PORT_STATE,
	EPHPORTS_A_PORT_ORIGIN,
	EPHPORTS_A_PORT_UID,
	EPHPORTS_A_PORT_REASON,
	EPHPORTS_A_PORT_PID,
	EPHPORTS_A_PORT_TID,
	EPHPORTS_A_PORT_COMM,
	EPHPORTS_A_PORT_CGROUP,
	EPHPORTS_A_PORT_NETNS,
	EPHPORTS_A_PORT_AGE,
	EPHPORTS_A_PORT_COOKIE,
	EPHPORTS_A_PORT_FILTER,
	EPHPORTS_A_PORT_PAD,
	EPHPORTS_A_PORT_NSID,
	EPHPORTS_A_PORT_TIME_WAIT,
	EPHPORTS_A_PORT_WANTED,

	__EPHPORTS_A_PORT_MAX,
	EPHPORTS_A_PORT_MAX = __EPHPORTS_A_PORT_MAX - 1
};

/**
 * enum ephports_a_filter - which records a dump tells; absent means any
 * @EPHPORTS_A_FILTER_PROTO: u8, IPPROTO_TCP or IPPROTO_UDP
 * @EPHPORTS_A_FILTER_FAMILY: u8, AF_INET or AF_INET6
 * @EPHPORTS_A_FILTER_PORT_LOW: u16, lowest local port
 * @EPHPORTS_A_FILTER_PORT_HIGH: u16, highest local port, inclusive
 * @EPHPORTS_A_FILTER_LOCAL_ADDR: 4 or 16 bytes; 4 match the v4-mapped address too
 * @EPHPORTS_A_FILTER_LOCAL_PREFIX: u8, bits of LOCAL_ADDR that count; absent: all
 * @EPHPORTS_A_FILTER_PEER_ADDR: 4 or 16 bytes, likewise
 * @EPHPORTS_A_FILTER_PEER_PREFIX: u8, bits of PEER_ADDR that count
 * @EPHPORTS_A_FILTER_PEER_PORT: u16, not 0
 * @EPHPORTS_A_FILTER_STATES: u32, mask of 1 << enum ephports_state
 * @EPHPORTS_A_FILTER_ORIGINS: u32, mask of 1 << enum ephports_origin
 * @EPHPORTS_A_FILTER_PID: u32, process, in the reader's pid namespace
 * @EPHPORTS_A_FILTER_UID: u32, in the reader's user namespace
 * @EPHPORTS_A_FILTER_NETNS: u32, inode number of a network namespace
 * @EPHPORTS_A_FILTER_ALL_NETNS: flag, every network namespace; not with NETNS
 */
enum ephports_a_filter {
	EPHPORTS_A_FILTER_UNSPEC,
	EPHPORTS_A_FILTER_PROTO,
	EPHPORTS_A_FILTER_FAMILY,
	EPHPORTS_A_FILTER_PORT_LOW,
	EPHPORTS_A_FILTER_PORT_HIGH,
	EPHPORTS_A_FILTER_LOCAL_ADDR,
	EPHPORTS_A_FILTER_LOCAL_PREFIX,
	EPHPORTS_A_FILTER_PEER_ADDR,
	EPHPORTS_A_FILTER_PEER_PREFIX,
	EPHPORTS_A_FILTER_PEER_PORT,
	EPHPORTS_A_FILTER_STATES,
	EPHPORTS_A_FILTER_ORIGINS,
	EPHPORTS_A_FILTER_PID,
	EPHPORTS_A_FILTER_UID,
	EPHPORTS_A_FILTER_NETNS,
	EPHPORTS_A_FILTER_ALL_NETNS,

	__EPHPORTS_A_FILTER_MAX,
	EPHPORTS_A_FILTER_MAX = __EPHPORTS_A_FILTER_MAX - 1
};

/**
 * enum ephports_a_dest - what is held towards one destination
 * @EPHPORTS_A_DEST_PROTO: u8, IPPROTO_TCP or IPPROTO_UDP
 * @EPHPORTS_A_DEST_FAMILY: u8, AF_INET or AF_INET6; a v4-mapped address is AF_INET
 * @EPHPORTS_A_DEST_LOCAL_ADDR: 4 or 16 bytes
 * @EPHPORTS_A_DEST_PEER_ADDR: 4 or 16 bytes; absent for sockets without a peer
 * @EPHPORTS_A_DEST_PEER_PORT: u16; absent for sockets without a peer
 * @EPHPORTS_A_DEST_NETNS: u32, inode number of the network namespace
 * @EPHPORTS_A_DEST_USED: u32, sockets towards it that hold a port of the range (a port
 *	that is being handed over to TIME_WAIT counts once); towards a peer, no two hold
 *	the same
 * @EPHPORTS_A_DEST_CAPACITY: u32, ports that the kernel hands out for a destination
 *	that none is held towards, to a socket that is bound to neither an address, a port nor
 *	an interface: the range less what is reserved and what bind() took; of UDP, the range
 *	less what is reserved
 * @EPHPORTS_A_DEST_HEADROOM: u32, further connects from this local address to this
 *	destination that such a socket will get if nothing else changes; of UDP, whose
 *	ports are not shared by destinations, further sockets of this family at all; an odd
 *	range leaves one port out of each search, a varying one. Rows of sockets without a
 *	peer have neither this nor CAPACITY, RESERVED and RANGE
 * @EPHPORTS_A_DEST_RESERVED: u32, ports of ip_local_reserved_ports in the range
 * @EPHPORTS_A_DEST_BOUND: u32, ports of the range that bind() took for whatever
 *	destination, and no connect() gets; in the first messages, of TCP
 * @EPHPORTS_A_DEST_EARLY: u32, those of BOUND held by connections alone whose port was
 *	taken by bind() to port 0; in a row with USED, less those towards this destination:
 *	what IP_BIND_ADDRESS_NO_PORT there would give to others; of TCP
 * @EPHPORTS_A_DEST_REUSABLE: u32, of USED, TIME_WAIT sockets that a connect() would take
 *	over at this moment if tcp_tw_reuse were 1; HEADROOM counts what it takes over
 *	with tcp_tw_reuse as it is; of TCP
 * @EPHPORTS_A_DEST_STATES: binary, u32 each, sockets by enum ephports_state; in the first
 *	messages all of the namespace and protocol that pass FILTER, also outside the range,
 *	each on its own
 * @EPHPORTS_A_DEST_ORIGINS: binary, u32 each, sockets by enum ephports_origin, likewise
 * @EPHPORTS_A_DEST_BORN: u64, ports that were taken towards it within WINDOW
 * @EPHPORTS_A_DEST_ENDED: u64, ports that were released within WINDOW
 * @EPHPORTS_A_DEST_ENDED_HELD: u64, ns, how long those of ENDED whose age is known had been
 *	held, summed up
 * @EPHPORTS_A_DEST_ENDED_KNOWN: u64, number of those
 * @EPHPORTS_A_DEST_WINDOW: u64, ns before now for which assignments and releases are
 *	remembered whole; 10 s at most
 * @EPHPORTS_A_DEST_OLDEST: u64, ns since the oldest assignment that still holds
 * @EPHPORTS_A_DEST_SEARCH: u64, ns, the longest search for a port among those held and
 *	those released within WINDOW, rounded down by up to an eighth
 * @EPHPORTS_A_DEST_FAILURES: u64, allocations for it that were refused for want of a
 *	free port, as far as remembered. With states in FILTER, this and BORN, ENDED, their
 *	fellows and WINDOW are absent
 * @EPHPORTS_A_DEST_OWNER: nest of EPHPORTS_A_OWNER_*, with USED; up to eight
 * @EPHPORTS_A_DEST_OTHERS: u32, of USED, ports whose owners are not told by OWNER
 * @EPHPORTS_A_DEST_TW_REUSE: u8, the sysctl tcp_tw_reuse; in the first messages, of TCP
 * @EPHPORTS_A_DEST_RANGE: u32, ports of ip_local_port_range
 * @EPHPORTS_A_DEST_GROUPS: u32, in the message of all else: destinations that it stands for,
 *	as far as they were told apart
 * @EPHPORTS_A_DEST_FILTER: nest of EPHPORTS_A_FILTER_*, in requests only
 * @EPHPORTS_A_DEST_TOP: u32, in requests only: rows wanted, 1 to 1024; absent: 1024
 * @EPHPORTS_A_DEST_PAD: alignment only
 * @EPHPORTS_A_DEST_OWNERS: u32, in requests only: owners wanted, 1 to 1024; absent: none
 * @EPHPORTS_A_DEST_HELD: flag, in requests only: what is held alone; without BORN, ENDED, their
 *	fellows, WINDOW and FAILURES
 */
enum ephports_a_dest {
	EPHPORTS_A_DEST_UNSPEC,
	EPHPORTS_A_DEST_PROTO,
	EPHPORTS_A_DEST_FAMILY,
	EPHPORTS_A_DEST_LOCAL_ADDR,
	EPHPORTS_A_DEST_PEER_ADDR,
	EPHPORTS_A_DEST_PEER_PORT,
	EPHPORTS_A_DEST_NETNS,
	EPHPORTS_A_DEST_USED,
	EPHPORTS_A_DEST_CAPACITY,
	EPHPORTS_A_DEST_HEADROOM,
	EPHPORTS_A_DEST_RESERVED,
	EPHPORTS_A_DEST_BOUND,
	EPHPORTS_A_DEST_EARLY,
	EPHPORTS_A_DEST_REUSABLE,
	EPHPORTS_A_DEST_STATES,
	EPHPORTS_A_DEST_ORIGINS,
	EPHPORTS_A_DEST_BORN,
	EPHPORTS_A_DEST_ENDED,
	EPHPORTS_A_DEST_ENDED_HELD,
	EPHPORTS_A_DEST_ENDED_KNOWN,
	EPHPORTS_A_DEST_WINDOW,
	EPHPORTS_A_DEST_OLDEST,
	EPHPORTS_A_DEST_SEARCH,
	EPHPORTS_A_DEST_FAILURES,
	EPHPORTS_A_DEST_OWNER,
	EPHPORTS_A_DEST_OTHERS,
	EPHPORTS_A_DEST_TW_REUSE,
	EPHPORTS_A_DEST_RANGE,
	EPHPORTS_A_DEST_GROUPS,
	EPHPORTS_A_DEST_FILTER,
	EPHPORTS_A_DEST_TOP,
	EPHPORTS_A_DEST_PAD,
	EPHPORTS_A_DEST_OWNERS,
	EPHPORTS_A_DEST_HELD,

	__EPHPORTS_A_DEST_MAX,
	EPHPORTS_A_DEST_MAX = __EPHPORTS_A_DEST_MAX - 1
};

/**
 * enum ephports_a_owner - what one owner holds
 * @EPHPORTS_A_OWNER_UID: u32, in the reader's user namespace; absent if nobody can say
 * @EPHPORTS_A_OWNER_REASON: u8, enum ephports_reason; not 0: the next three are absent
 * @EPHPORTS_A_OWNER_PID: u32, the process, in the reader's pid namespace
 * @EPHPORTS_A_OWNER_COMM: string, its command name when it took the ports
 * @EPHPORTS_A_OWNER_CGROUP: u64, id of its cgroup in the cgroup2 hierarchy
 * @EPHPORTS_A_OWNER_NETNS: u32, inode number of the network namespace
 * @EPHPORTS_A_OWNER_USED: u32, ports held, as EPHPORTS_A_DEST_USED
 * @EPHPORTS_A_OWNER_STATES: binary, u32 each, sockets by enum ephports_state
 * @EPHPORTS_A_OWNER_ORIGINS: binary, u32 each, sockets by enum ephports_origin
 * @EPHPORTS_A_OWNER_BORN: u64, as EPHPORTS_A_DEST_BORN
 * @EPHPORTS_A_OWNER_ENDED: u64, as EPHPORTS_A_DEST_ENDED
 * @EPHPORTS_A_OWNER_ENDED_HELD: u64, as EPHPORTS_A_DEST_ENDED_HELD
 * @EPHPORTS_A_OWNER_ENDED_KNOWN: u64, as EPHPORTS_A_DEST_ENDED_KNOWN
 * @EPHPORTS_A_OWNER_WINDOW: u64, as EPHPORTS_A_DEST_WINDOW
 * @EPHPORTS_A_OWNER_OLDEST: u64, ns since the oldest assignment that still holds
 * @EPHPORTS_A_OWNER_FAILURES: u64, allocations that it was refused for want of a free
 *	port, as far as remembered
 * @EPHPORTS_A_OWNER_GROUPS: u32, in the last message: owners that it stands for, as far
 *	as they were told apart
 * @EPHPORTS_A_OWNER_FILTER: nest of EPHPORTS_A_FILTER_*, in requests only
 * @EPHPORTS_A_OWNER_TOP: u32, in requests only: rows wanted, 1 to 1024; absent: 1024
 * @EPHPORTS_A_OWNER_PAD: alignment only
 */
enum ephports_a_owner {
	EPHPORTS_A_OWNER_UNSPEC,
	EPHPORTS_A_OWNER_UID,
	EPHPORTS_A_OWNER_REASON,
	EPHPORTS_A_OWNER_PID,
	EPHPORTS_A_OWNER_COMM,
	EPHPORTS_A_OWNER_CGROUP,
	EPHPORTS_A_OWNER_NETNS,
	EPHPORTS_A_OWNER_USED,
	EPHPORTS_A_OWNER_STATES,
	EPHPORTS_A_OWNER_ORIGINS,
	EPHPORTS_A_OWNER_BORN,
	EPHPORTS_A_OWNER_ENDED,
	EPHPORTS_A_OWNER_ENDED_HELD,
	EPHPORTS_A_OWNER_ENDED_KNOWN,
	EPHPORTS_A_OWNER_WINDOW,
	EPHPORTS_A_OWNER_OLDEST,
	EPHPORTS_A_OWNER_FAILURES,
	EPHPORTS_A_OWNER_GROUPS,
	EPHPORTS_A_OWNER_FILTER,
	EPHPORTS_A_OWNER_TOP,
	EPHPORTS_A_OWNER_PAD,

	__EPHPORTS_A_OWNER_MAX,
	EPHPORTS_A_OWNER_MAX = __EPHPORTS_A_OWNER_MAX - 1
};

/**
 * enum ephports_a_failure - allocations that were refused
 * @EPHPORTS_A_FAILURE_TOTAL: u64, since loading, of what the request asks about; alone
 *	in the first message
 * @EPHPORTS_A_FAILURE_PROTO: u8, IPPROTO_TCP or IPPROTO_UDP
 * @EPHPORTS_A_FAILURE_ORIGIN: u8, enum ephports_origin, the call that was refused
 * @EPHPORTS_A_FAILURE_COUNT: u64, how often
 * @EPHPORTS_A_FAILURE_FIRST: u64, CLOCK_REALTIME of the first, ns, by the clock of now
 * @EPHPORTS_A_FAILURE_LAST: u64, likewise of the last
 * @EPHPORTS_A_FAILURE_FAMILY: u8, AF_INET or AF_INET6
 * @EPHPORTS_A_FAILURE_LOCAL_ADDR: 4 or 16 bytes; absent if none was chosen yet
 * @EPHPORTS_A_FAILURE_PEER_ADDR: 4 or 16 bytes; absent if the call names none to the
 *	allocator (all but a TCP connect())
 * @EPHPORTS_A_FAILURE_PEER_PORT: u16, likewise
 * @EPHPORTS_A_FAILURE_PORT: u16, the port asked for by number, which a socket has as its
 *	source port; in events, whatever socket has it
 * @EPHPORTS_A_FAILURE_HOLDER: nest of EPHPORTS_A_PORT_*, who had PORT shortly after the
 *	call was refused last
 * @EPHPORTS_A_FAILURE_UID: u32, as EPHPORTS_A_PORT_UID
 * @EPHPORTS_A_FAILURE_REASON: u8, enum ephports_reason; not 0: the next three are absent
 * @EPHPORTS_A_FAILURE_PID: u32, as EPHPORTS_A_PORT_PID
 * @EPHPORTS_A_FAILURE_COMM: string, as EPHPORTS_A_PORT_COMM
 * @EPHPORTS_A_FAILURE_CGROUP: u64, as EPHPORTS_A_PORT_CGROUP
 * @EPHPORTS_A_FAILURE_NETNS: u32, inode number of the network namespace
 * @EPHPORTS_A_FAILURE_FILTER: nest of EPHPORTS_A_FILTER_*, in requests only; no other
 *	parts of it than PROTO, NETNS and ALL_NETNS
 * @EPHPORTS_A_FAILURE_PAD: alignment only
 */
enum ephports_a_failure {
	EPHPORTS_A_FAILURE_UNSPEC,
	EPHPORTS_A_FAILURE_TOTAL,
	EPHPORTS_A_FAILURE_PROTO,
	EPHPORTS_A_FAILURE_ORIGIN,
	EPHPORTS_A_FAILURE_COUNT,
	EPHPORTS_A_FAILURE_FIRST,
	EPHPORTS_A_FAILURE_LAST,
	EPHPORTS_A_FAILURE_FAMILY,
	EPHPORTS_A_FAILURE_LOCAL_ADDR,
	EPHPORTS_A_FAILURE_PEER_ADDR,
	EPHPORTS_A_FAILURE_PEER_PORT,
	EPHPORTS_A_FAILURE_PORT,
	EPHPORTS_A_FAILURE_HOLDER,
	EPHPORTS_A_FAILURE_UID,
	EPHPORTS_A_FAILURE_REASON,
	EPHPORTS_A_FAILURE_PID,
	EPHPORTS_A_FAILURE_COMM,
	EPHPORTS_A_FAILURE_CGROUP,
	EPHPORTS_A_FAILURE_NETNS,
	EPHPORTS_A_FAILURE_FILTER,
	EPHPORTS_A_FAILURE_PAD,

	__EPHPORTS_A_FAILURE_MAX,
	EPHPORTS_A_FAILURE_MAX = __EPHPORTS_A_FAILURE_MAX - 1
};

/**
 * enum ephports_hist - what a histogram is of
 * @EPHPORTS_HIST_SEARCH: time that the kernel took to choose a port, refused ones
 *	included, ns
 */
enum ephports_hist {
	EPHPORTS_HIST_SEARCH,

	__EPHPORTS_HIST_MAX,
	EPHPORTS_HIST_MAX = __EPHPORTS_HIST_MAX - 1
};

/**
 * enum ephports_a_hist - one histogram of one network namespace
 * @EPHPORTS_A_HIST_PROTO: u8, IPPROTO_TCP or IPPROTO_UDP
 * @EPHPORTS_A_HIST_KIND: u8, enum ephports_hist
 * @EPHPORTS_A_HIST_COUNTS: binary, u64 each: number i counts values from 2^(i+7) ns to
 *	below 2^(i+8), the first also what is less, the last also what is more
 * @EPHPORTS_A_HIST_NETNS: u32, inode number of the namespace told about; in a request:
 *	the namespace asked for (absent: one's own)
 * @EPHPORTS_A_HIST_PAD: alignment only
 */
enum ephports_a_hist {
	EPHPORTS_A_HIST_UNSPEC,
	EPHPORTS_A_HIST_PROTO,
	EPHPORTS_A_HIST_KIND,
	EPHPORTS_A_HIST_COUNTS,
	EPHPORTS_A_HIST_NETNS,
	EPHPORTS_A_HIST_PAD,

	__EPHPORTS_A_HIST_MAX,
	EPHPORTS_A_HIST_MAX = __EPHPORTS_A_HIST_MAX - 1
};

/**
 * enum ephports_a_box - a picture of the moment in which an allocation failed
 * @EPHPORTS_A_BOX_ID: u32, of the picture, from 1
 * @EPHPORTS_A_BOX_TIME: u64, CLOCK_REALTIME of the picture, ns, by the clock of now
 * @EPHPORTS_A_BOX_FAILURE: nest of EPHPORTS_A_FAILURE_*, the refusal that called for it
 * @EPHPORTS_A_BOX_DEST: nest of EPHPORTS_A_DEST_*, of each protocol one without USED first
 * @EPHPORTS_A_BOX_OWNER: nest of EPHPORTS_A_OWNER_*
 * @EPHPORTS_A_BOX_RANGE_LOW: u16, beside FAILURE: lowest port of ip_local_port_range
 * @EPHPORTS_A_BOX_RANGE_HIGH: u16, likewise the highest, inclusive
 * @EPHPORTS_A_BOX_NETNS: u32, inode number of the network namespace
 * @EPHPORTS_A_BOX_COMPLETE: u8, beside FAILURE: EPHPORTS_A_INFO_COMPLETE of that moment
 * @EPHPORTS_A_BOX_FILTER: nest of EPHPORTS_A_FILTER_*, in requests only; no other parts of
 *	it than PROTO, NETNS and ALL_NETNS
 * @EPHPORTS_A_BOX_PAD: alignment only
 */
enum ephports_a_box {
	EPHPORTS_A_BOX_UNSPEC,
	EPHPORTS_A_BOX_ID,
	EPHPORTS_A_BOX_TIME,
	EPHPORTS_A_BOX_FAILURE,
	EPHPORTS_A_BOX_DEST,
	EPHPORTS_A_BOX_OWNER,
	EPHPORTS_A_BOX_RANGE_LOW,
	EPHPORTS_A_BOX_RANGE_HIGH,
	EPHPORTS_A_BOX_NETNS,
	EPHPORTS_A_BOX_COMPLETE,
	EPHPORTS_A_BOX_FILTER,
	EPHPORTS_A_BOX_PAD,

	__EPHPORTS_A_BOX_MAX,
	EPHPORTS_A_BOX_MAX = __EPHPORTS_A_BOX_MAX - 1
};

/**
 * enum ephports_level - how full something is
 */
enum ephports_level {
	EPHPORTS_LEVEL_OK,
	EPHPORTS_LEVEL_NOTICE,
	EPHPORTS_LEVEL_WARNING,
	EPHPORTS_LEVEL_CRITICAL,

	__EPHPORTS_LEVEL_MAX,
	EPHPORTS_LEVEL_MAX = __EPHPORTS_LEVEL_MAX - 1
};

/**
 * enum ephports_a_alert - an alert, or the thresholds of alerts
 * @EPHPORTS_A_ALERT_NOTICE: u8, percent of the range less what is reserved that is in use
 *	(for a namespace), or no longer to be had (for a destination), 1 to 100
 * @EPHPORTS_A_ALERT_WARNING: u8, likewise, not below NOTICE
 * @EPHPORTS_A_ALERT_CRITICAL: u8, likewise, not below WARNING
 * @EPHPORTS_A_ALERT_CLEAR: u8, percent points below a threshold at which its level is left
 *	again, 0 to 50
 * @EPHPORTS_A_ALERT_LEVEL: u8, enum ephports_level: the new level; a failure is critical
 * @EPHPORTS_A_ALERT_WAS: u8, enum ephports_level: the level before; absent for a failure
 * @EPHPORTS_A_ALERT_TIME: u64, CLOCK_REALTIME, ns
 * @EPHPORTS_A_ALERT_NETNS: u32, inode number of the network namespace
 * @EPHPORTS_A_ALERT_PROTO: u8, IPPROTO_TCP or IPPROTO_UDP
 * @EPHPORTS_A_ALERT_USED: u32, of CAPACITY, ports in use or, for a destination, no longer
 *	to be had; absent for a failure
 * @EPHPORTS_A_ALERT_CAPACITY: u32, ports of which they are; absent for a failure
 * @EPHPORTS_A_ALERT_FAMILY: u8, AF_INET or AF_INET6; with addresses only
 * @EPHPORTS_A_ALERT_LOCAL_ADDR: 4 or 16 bytes; absent when a namespace is meant
 * @EPHPORTS_A_ALERT_PEER_ADDR: 4 or 16 bytes; likewise
 * @EPHPORTS_A_ALERT_PEER_PORT: u16, likewise
 * @EPHPORTS_A_ALERT_ORIGIN: u8, enum ephports_origin, the call that failed; for a failure
 *	only
 * @EPHPORTS_A_ALERT_FAILURES: u64, failures of this protocol in the namespace since
 *	loading; for a failure only
 * @EPHPORTS_A_ALERT_PAD: alignment only
 */
enum ephports_a_alert {
	EPHPORTS_A_ALERT_UNSPEC,
	EPHPORTS_A_ALERT_NOTICE,
	EPHPORTS_A_ALERT_WARNING,
	EPHPORTS_A_ALERT_CRITICAL,
	EPHPORTS_A_ALERT_CLEAR,
	EPHPORTS_A_ALERT_LEVEL,
	EPHPORTS_A_ALERT_WAS,
	EPHPORTS_A_ALERT_TIME,
	EPHPORTS_A_ALERT_NETNS,
	EPHPORTS_A_ALERT_PROTO,
	EPHPORTS_A_ALERT_USED,
	EPHPORTS_A_ALERT_CAPACITY,
	EPHPORTS_A_ALERT_FAMILY,
	EPHPORTS_A_ALERT_LOCAL_ADDR,
	EPHPORTS_A_ALERT_PEER_ADDR,
	EPHPORTS_A_ALERT_PEER_PORT,
	EPHPORTS_A_ALERT_ORIGIN,
	EPHPORTS_A_ALERT_FAILURES,
	EPHPORTS_A_ALERT_PAD,

	__EPHPORTS_A_ALERT_MAX,
	EPHPORTS_A_ALERT_MAX = __EPHPORTS_A_ALERT_MAX - 1
};

/**
 * enum ephports_event - what happened to a record
 * @EPHPORTS_EVENT_ASSIGNED: a port was taken; one that a walk met in that instant was told with
 *	FOUND and the same ID just before
 * @EPHPORTS_EVENT_TIME_WAIT: a timewait socket took the port over; the socket before it, which
 *	has the same cookie, is not told to release it, unless it is bound to the port by number
 *	and holds on to it
 * @EPHPORTS_EVENT_RELEASED: the port was given back
 * @EPHPORTS_EVENT_FAILED: no port was free, or the one that was asked for by number was taken
 * @EPHPORTS_EVENT_FOUND: a holder was found that had no record, by a walk of the kernel's
 *	tables or as a timewait socket took the port over
 * @EPHPORTS_EVENT_DROPPED: a record was found to be stale: its port was released unseen
 * @EPHPORTS_EVENT_LOST: events were lost to this reader
 */
enum ephports_event {
	EPHPORTS_EVENT_ASSIGNED,
	EPHPORTS_EVENT_TIME_WAIT,
	EPHPORTS_EVENT_RELEASED,
	EPHPORTS_EVENT_FAILED,
	EPHPORTS_EVENT_FOUND,
	EPHPORTS_EVENT_DROPPED,
	EPHPORTS_EVENT_LOST,

	__EPHPORTS_EVENT_MAX,
	EPHPORTS_EVENT_MAX = __EPHPORTS_EVENT_MAX - 1
};

/**
 * enum ephports_a_event - something that happened
 * @EPHPORTS_A_EVENT_SEQ: u64, its number among those for this reader, from 1; of LOST the
 *	first number of those that were lost
 * @EPHPORTS_A_EVENT_KIND: u8, enum ephports_event
 * @EPHPORTS_A_EVENT_TIME: u64, CLOCK_REALTIME of the event, ns, by the clock of the sending;
 *	of LOST of the first that was lost
 * @EPHPORTS_A_EVENT_BOOT: u64, CLOCK_BOOTTIME of the same, ns
 * @EPHPORTS_A_EVENT_PORT: nest of EPHPORTS_A_PORT_*, the record at the event; absent for
 *	FAILED and LOST
 * @EPHPORTS_A_EVENT_FAILURE: nest of EPHPORTS_A_FAILURE_*, who was refused what; for FAILED
 * @EPHPORTS_A_EVENT_LOST: u64, how many events were lost; for LOST
 * @EPHPORTS_A_EVENT_LOST_SPAN: u64, ns from the first of them to the last
 * @EPHPORTS_A_EVENT_LOST_UNSORTED: u64, of LOST, those that were lost before the filter was
 *	asked (the module's own buffer was full): not all of them need have been for this reader
 * @EPHPORTS_A_EVENT_KINDS: u32, mask of 1 << enum ephports_event, in requests only: which
 *	kinds to tell; absent: all. LOST is always told
 * @EPHPORTS_A_EVENT_FILTER: nest of EPHPORTS_A_FILTER_*, in requests only; absent: those of
 *	one's own namespace, all. A failure passes by the port that was asked for by number
 * @EPHPORTS_A_EVENT_PAD: alignment only
 */
enum ephports_a_event {
	EPHPORTS_A_EVENT_UNSPEC,
	EPHPORTS_A_EVENT_SEQ,
	EPHPORTS_A_EVENT_KIND,
	EPHPORTS_A_EVENT_TIME,
	EPHPORTS_A_EVENT_BOOT,
	EPHPORTS_A_EVENT_PORT,
	EPHPORTS_A_EVENT_FAILURE,
	EPHPORTS_A_EVENT_LOST,
	EPHPORTS_A_EVENT_LOST_SPAN,
	EPHPORTS_A_EVENT_LOST_UNSORTED,
	EPHPORTS_A_EVENT_KINDS,
	EPHPORTS_A_EVENT_FILTER,
	EPHPORTS_A_EVENT_PAD,

	__EPHPORTS_A_EVENT_MAX,
	EPHPORTS_A_EVENT_MAX = __EPHPORTS_A_EVENT_MAX - 1
};

/**
 * enum ephports_a_who - who held a port, and when
 * @EPHPORTS_A_WHO_COVERED_FROM: u64, CLOCK_REALTIME, ns, by the clock of now: start of a span
 *	for which the answer is whole
 * @EPHPORTS_A_WHO_COVERED_TO: u64, likewise, its end
 * @EPHPORTS_A_WHO_HOLDER: nest of EPHPORTS_A_PORT_*, the holder, as it was when it let go
 * @EPHPORTS_A_WHO_FROM: u64, CLOCK_REALTIME of the assignment, ns, by the clock of now; absent
 *	if that was not seen
 * @EPHPORTS_A_WHO_TO: u64, likewise of the release, or of when it was found that the release
 *	had been missed; absent if the port is held
 * @EPHPORTS_A_WHO_SINCE: u64, in requests only: CLOCK_REALTIME, ns; absent: as far back as is
 *	remembered
 * @EPHPORTS_A_WHO_UNTIL: u64, in requests only, likewise; absent: now
 * @EPHPORTS_A_WHO_FILTER: nest of EPHPORTS_A_FILTER_*, in requests only; absent: all of one's
 *	own namespace
 * @EPHPORTS_A_WHO_PAD: alignment only
 * @EPHPORTS_A_WHO_SPANS: flag, in requests only: no holders, and the spans for which every holder
 *	was known when it took its port and when it let go, whether or not it is remembered still:
 *	for who has followed EPHPORTS_CMD_EVENT since. What was in a span before and is in none
 *	any more is taken back, unless the range was moved: spans begin anew then
 */
enum ephports_a_who {
	EPHPORTS_A_WHO_UNSPEC,
	EPHPORTS_A_WHO_COVERED_FROM,
	EPHPORTS_A_WHO_COVERED_TO,
	EPHPORTS_A_WHO_HOLDER,
	EPHPORTS_A_WHO_FROM,
	EPHPORTS_A_WHO_TO,
	EPHPORTS_A_WHO_SINCE,
	EPHPORTS_A_WHO_UNTIL,
	EPHPORTS_A_WHO_FILTER,
	EPHPORTS_A_WHO_PAD,
	EPHPORTS_A_WHO_SPANS,

	__EPHPORTS_A_WHO_MAX,
	EPHPORTS_A_WHO_MAX = __EPHPORTS_A_WHO_MAX - 1
};

#endif /* _UAPI_LINUX_EPHPORTS_H */
