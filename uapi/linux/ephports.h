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
 * the same uid and to CAP_NET_ADMIN over the namespace, and only if the owner is
 * visible in the reader's pid namespace. Another namespace than one's own, and
 * the numbers that sum over namespaces (but for what was lost, which everybody has
 * to know), need CAP_NET_ADMIN in the initial user namespace. A filter on something that is hidden matches nothing.
 *
 * Conversation
 * ------------
 * EPHPORTS_CMD_INFO_GET, do: one message of EPHPORTS_A_INFO_*.
 *
 * EPHPORTS_CMD_PORT_GET, dump: one message of EPHPORTS_A_PORT_* per record that
 * passes the request's EPHPORTS_A_PORT_FILTER; all parts given must match. A
 * record that exists from the first to the last message is reported exactly
 * once. NLM_F_DUMP_INTR is set where that cannot be vouched for, because records
 * were lost or mended while the dump went on.
 *
 * EPHPORTS_CMD_RESYNC, do, CAP_NET_ADMIN in the initial user namespace: walks the
 * kernel's own socket tables once, mends the records, and answers when done with
 * one message of EPHPORTS_A_INFO_*.
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

enum ephports_cmd {
	EPHPORTS_CMD_UNSPEC,
	EPHPORTS_CMD_INFO_GET,
	EPHPORTS_CMD_PORT_GET,
	EPHPORTS_CMD_RESYNC,

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
 * @EPHPORTS_ORIGIN_UNKNOWN: older than the module, and nothing proves it
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
 * @EPHPORTS_REASON_ADOPTED: the socket is older than the module (or was found
 *	again after a loss) and no process was seen to hold it
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
 *	module can know; 0 while a loss is not mended or a probe is blinded
 * @EPHPORTS_A_INFO_LOST: u64, holders since loading that found no room
 * @EPHPORTS_A_INFO_BLIND: u32, mask of enum ephports_blind
 * @EPHPORTS_A_INFO_CAPACITY: u32, records that fit
 * @EPHPORTS_A_INFO_HELD: u32, records held, all namespaces
 * @EPHPORTS_A_INFO_MEMORY: u64, bytes allocated for records and their tables
 * @EPHPORTS_A_INFO_COUNTERS: nest of EPHPORTS_A_COUNTER_*, all namespaces; only
 *	for CAP_NET_ADMIN in the initial user namespace, as CAPACITY, HELD and MEMORY
 * @EPHPORTS_A_INFO_PROTOCOL: nest of EPHPORTS_A_PROTOCOL_*, one per protocol
 * @EPHPORTS_A_INFO_PAD: alignment only
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
 * @EPHPORTS_A_COUNTER_MENDED_IN: added by a later walk of the kernel's tables
 * @EPHPORTS_A_COUNTER_RELEASED: releases seen as they happened
 * @EPHPORTS_A_COUNTER_MENDED_OUT: removed by a walk, or found to be stale
 * @EPHPORTS_A_COUNTER_LOST: holders that found no room
 * @EPHPORTS_A_COUNTER_UNKNOWN: reads of a socket that did not match its record
 * @EPHPORTS_A_COUNTER_MISSED_ASSIGN: return probes that the kernel skipped
 * @EPHPORTS_A_COUNTER_RESYNCS: walks of the kernel's tables
 * @EPHPORTS_A_COUNTER_PAD: alignment only
 *
 * ASSIGNED + ADOPTED + CLONED + MENDED_IN = RELEASED + MENDED_OUT + INFO_HELD,
 * when nothing happens while they are read.
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
 * @EPHPORTS_A_FILTER_PEER_PORT: u16
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

#endif /* _UAPI_LINUX_EPHPORTS_H */
