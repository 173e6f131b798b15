// SPDX-License-Identifier: GPL-2.0
/* Messages made by hand, into records. */
#include <netinet/in.h>
#include <stdlib.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "decode.h"

#include "ktap.h"

static char buf[4096] __attribute__((aligned(8)));
static struct nlmsghdr *nlh;
static struct port port;
static struct info info;

static void start(void)
{
	memset(buf, 0xee, sizeof(buf));
	nlh = mnl_nlmsg_put_header(buf);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
}

static void put_whole_port(void)
{
	static const unsigned char peer[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	static const unsigned char local[16] = { [15] = 1 };

	mnl_attr_put_u64(nlh, EPHPORTS_A_PORT_ID, UINT64_MAX);
	mnl_attr_put_u8(nlh, EPHPORTS_A_PORT_PROTO, IPPROTO_TCP);
	mnl_attr_put_u8(nlh, EPHPORTS_A_PORT_FAMILY, AF_INET6);
	mnl_attr_put(nlh, EPHPORTS_A_PORT_LOCAL_ADDR, 16, local);
	mnl_attr_put_u16(nlh, EPHPORTS_A_PORT_LOCAL_PORT, 40000);
	mnl_attr_put(nlh, EPHPORTS_A_PORT_PEER_ADDR, 16, peer);
	mnl_attr_put_u16(nlh, EPHPORTS_A_PORT_PEER_PORT, 443);
	mnl_attr_put_u32(nlh, EPHPORTS_A_PORT_IFINDEX, 2);
	mnl_attr_put_u8(nlh, EPHPORTS_A_PORT_STATE, EPHPORTS_STATE_TIME_WAIT);
	mnl_attr_put_u8(nlh, EPHPORTS_A_PORT_ORIGIN, EPHPORTS_ORIGIN_CONNECT);
	mnl_attr_put_u32(nlh, EPHPORTS_A_PORT_UID, 1000);
	mnl_attr_put_u8(nlh, EPHPORTS_A_PORT_REASON, EPHPORTS_REASON_TOLD);
	mnl_attr_put_u32(nlh, EPHPORTS_A_PORT_PID, 1234);
	mnl_attr_put_u32(nlh, EPHPORTS_A_PORT_TID, 1235);
	mnl_attr_put_strz(nlh, EPHPORTS_A_PORT_COMM, "curl");
	mnl_attr_put_u64(nlh, EPHPORTS_A_PORT_CGROUP, 77);
	mnl_attr_put_u32(nlh, EPHPORTS_A_PORT_NETNS, 4026531840u);
	mnl_attr_put(nlh, EPHPORTS_A_PORT_PAD, 0, NULL);
	mnl_attr_put_u64(nlh, EPHPORTS_A_PORT_AGE, 5000000000ull);
	mnl_attr_put_u64(nlh, EPHPORTS_A_PORT_COOKIE, 9);
	mnl_attr_put_u64(nlh, EPHPORTS_A_PORT_NSID, 3);
	mnl_attr_put_u64(nlh, EPHPORTS_A_PORT_TIME_WAIT, 2000000000ull);
}

static void test_port(void)
{
	start();
	put_whole_port();
	EXPECT(!decode_port(nlh, &port));
	EXPECT(port.id == UINT64_MAX && port.proto == IPPROTO_TCP && port.family == AF_INET6);
	EXPECT(port.local.len == 16 && port.local.bytes[15] == 1 && port.local_port == 40000);
	EXPECT(port.peer.len == 16 && port.peer.bytes[0] == 0x20 && port.peer_port == 443);
	EXPECT(port.ifindex == 2 && port.state == EPHPORTS_STATE_TIME_WAIT);
	EXPECT(port.origin == EPHPORTS_ORIGIN_CONNECT && port.uid == 1000 && !port.reason);
	EXPECT(port.pid == 1234 && port.tid == 1235 && port.cgroup == 77);
	EXPECT(port.netns == 4026531840u && port.age_ns == 5000000000ull && port.cookie == 9);
	EXPECT(port.nsid == 3 && port.time_wait_ns == 2000000000ull);
	EXPECT_STR(port.comm, "curl");
	/* All but the filter, which only requests have. */
	EXPECT((port.told | 1 | TOLD(EPHPORTS_A_PORT_FILTER) | TOLD(EPHPORTS_A_PORT_WANTED)) ==
	       TOLD(EPHPORTS_A_PORT_MAX + 1) - 1);
}

static void test_event(void)
{
	struct nlattr *nest;
	struct event event;

	start();
	mnl_attr_put_u64(nlh, EPHPORTS_A_EVENT_SEQ, 7);
	mnl_attr_put_u8(nlh, EPHPORTS_A_EVENT_KIND, EPHPORTS_EVENT_RELEASED);
	mnl_attr_put_u64(nlh, EPHPORTS_A_EVENT_TIME, 1700000000000000001ull);
	mnl_attr_put_u64(nlh, EPHPORTS_A_EVENT_BOOT, 55);
	nest = mnl_attr_nest_start(nlh, EPHPORTS_A_EVENT_PORT);
	put_whole_port();
	mnl_attr_nest_end(nlh, nest);
	EXPECT(!decode_event(nlh, &event));
	EXPECT(event.seq == 7 && event.kind == EPHPORTS_EVENT_RELEASED && event.boot_ns == 55);
	EXPECT(event.time_ns == 1700000000000000001ull);
	EXPECT(told(&event, EPHPORTS_A_EVENT_PORT) && !told(&event, EPHPORTS_A_EVENT_FAILURE));
	EXPECT(event.port.id == UINT64_MAX && event.port.nsid == 3);
	EXPECT(event.port.time_wait_ns == 2000000000ull);

	start();
	mnl_attr_put_u8(nlh, EPHPORTS_A_EVENT_KIND, EPHPORTS_EVENT_FAILED);
	nest = mnl_attr_nest_start(nlh, EPHPORTS_A_EVENT_FAILURE);
	mnl_attr_put_u32(nlh, EPHPORTS_A_FAILURE_PID, 12);
	mnl_attr_nest_end(nlh, nest);
	EXPECT(!decode_event(nlh, &event));
	EXPECT(event.failure.who.pid == 12);
	EXPECT(told(&event.failure.who, EPHPORTS_A_OWNER_PID));

	start();
	mnl_attr_put_u32(nlh, EPHPORTS_A_EVENT_SEQ, 7);
	EXPECT(decode_event(nlh, &event));
}

static void test_absent(void)
{
	start();
	mnl_attr_put_u64(nlh, EPHPORTS_A_PORT_ID, 1);
	EXPECT(!decode_port(nlh, &port));
	EXPECT(port.told == TOLD(EPHPORTS_A_PORT_ID) && !port.pid && !port.local.len);
	start();
	EXPECT(!decode_port(nlh, &port) && !port.told);
}

static void test_newer(void)
{
	start();
	mnl_attr_put_u32(nlh, EPHPORTS_A_PORT_MAX + 1, 1);
	mnl_attr_put_u32(nlh, 60, 1);
	mnl_attr_put_u16(nlh, EPHPORTS_A_PORT_LOCAL_PORT, 5);
	EXPECT(!decode_port(nlh, &port));
	EXPECT(port.told == TOLD(EPHPORTS_A_PORT_LOCAL_PORT) && port.local_port == 5);
	start();
	mnl_attr_put_u32(nlh, EPHPORTS_A_INFO_MAX + 1, 1);
	EXPECT(!decode_info(nlh, &info) && !info.told);
}

/* Every attribute with a length that is not its own. */
static void test_lengths(void)
{
	unsigned int type;

	for (type = 1; type <= EPHPORTS_A_PORT_MAX; type++) {
		if (type == EPHPORTS_A_PORT_COMM || type == EPHPORTS_A_PORT_FILTER ||
		    type == EPHPORTS_A_PORT_PAD || type == EPHPORTS_A_PORT_WANTED)
			continue;
		start();
		mnl_attr_put(nlh, type, 3, "xxx");
		EXPECT(decode_port(nlh, &port));
		start();
		mnl_attr_put(nlh, type, 0, NULL);
		EXPECT(decode_port(nlh, &port));
	}
	start();
	mnl_attr_put_u16(nlh, EPHPORTS_A_INFO_COMPLETE, 1);
	EXPECT(decode_info(nlh, &info));
}

static void test_comm(void)
{
	char many[100];

	memset(many, 'x', sizeof(many));
	start();
	mnl_attr_put(nlh, EPHPORTS_A_PORT_COMM, 4, "curl");
	EXPECT(!decode_port(nlh, &port));
	EXPECT_STR(port.comm, "curl");
	start();
	mnl_attr_put(nlh, EPHPORTS_A_PORT_COMM, sizeof(many), many);
	EXPECT(!decode_port(nlh, &port) && strlen(port.comm) == sizeof(port.comm) - 1);
	start();
	mnl_attr_put(nlh, EPHPORTS_A_PORT_COMM, 0, NULL);
	EXPECT(!decode_port(nlh, &port));
	EXPECT_STR(port.comm, "");
}

static void put_protocol(unsigned int proto)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, EPHPORTS_A_INFO_PROTOCOL);

	mnl_attr_put_u8(nlh, EPHPORTS_A_PROTOCOL_PROTO, proto);
	mnl_attr_put_u16(nlh, EPHPORTS_A_PROTOCOL_RANGE_LOW, 32768);
	mnl_attr_put_u16(nlh, EPHPORTS_A_PROTOCOL_RANGE_HIGH, 60999);
	mnl_attr_put_u32(nlh, EPHPORTS_A_PROTOCOL_RESERVED, 3);
	mnl_attr_put_u32(nlh, EPHPORTS_A_PROTOCOL_IN_USE, 10);
	mnl_attr_put_u32(nlh, EPHPORTS_A_PROTOCOL_SOCKETS, 12);
	mnl_attr_put_u64(nlh, EPHPORTS_A_PROTOCOL_FAILURES, 7);
	mnl_attr_nest_end(nlh, nest);
}

static void test_info(void)
{
	struct nlattr *nest;
	unsigned int i;

	start();
	mnl_attr_put_strz(nlh, EPHPORTS_A_INFO_VERSION, "0.1.0");
	mnl_attr_put_u32(nlh, EPHPORTS_A_INFO_NETNS, 4026531840u);
	mnl_attr_put_u64(nlh, EPHPORTS_A_INFO_TIME, 1);
	mnl_attr_put_u8(nlh, EPHPORTS_A_INFO_COMPLETE, 1);
	mnl_attr_put_u64(nlh, EPHPORTS_A_INFO_LOST, 2);
	mnl_attr_put_u32(nlh, EPHPORTS_A_INFO_BLIND, EPHPORTS_BLIND_FTRACE);
	nest = mnl_attr_nest_start(nlh, EPHPORTS_A_INFO_COUNTERS);
	for (i = 1; i <= EPHPORTS_A_COUNTER_MAX; i++) {
		if (i != EPHPORTS_A_COUNTER_PAD)
			mnl_attr_put_u64(nlh, i, 100 + i);
	}
	mnl_attr_nest_end(nlh, nest);
	put_protocol(IPPROTO_TCP);
	put_protocol(IPPROTO_UDP);

	EXPECT(!decode_info(nlh, &info));
	EXPECT_STR(info.version, "0.1.0");
	EXPECT(info.netns == 4026531840u && info.time_ns == 1 && info.lost == 2);
	EXPECT(info.complete && info.blind == EPHPORTS_BLIND_FTRACE);
	EXPECT(!told(&info, EPHPORTS_A_INFO_CAPACITY));
	EXPECT(info.counters[EPHPORTS_A_COUNTER_RESYNCS] == 100 + EPHPORTS_A_COUNTER_RESYNCS);
	EXPECT(info.counters[EPHPORTS_A_COUNTER_UDP_NESTED] ==
	       100 + EPHPORTS_A_COUNTER_UDP_NESTED);
	EXPECT(info.n_protocols == 2 && info.protocols[1].proto == IPPROTO_UDP);
	EXPECT(protocol_ports(&info.protocols[0]) == 28232 && info.protocols[0].failures == 7);
	EXPECT(info.protocols[0].reserved == 3 && info.protocols[0].in_use == 10 &&
	       info.protocols[0].sockets == 12);
}

static void test_many_protocols(void)
{
	unsigned int i;

	start();
	for (i = 0; i < 2 * INFO_PROTOCOLS; i++)
		put_protocol(i);
	EXPECT(!decode_info(nlh, &info) && info.n_protocols == INFO_PROTOCOLS);
}

/* Noise must neither crash nor read outside of the message (valgrind looks on). */
static void test_noise(void)
{
	unsigned int seed = 1, round, i;

	for (round = 0; round < 20000; round++) {
		char *heap;

		start();
		put_whole_port();
		put_protocol(IPPROTO_TCP);
		for (i = 0; i < 4; i++) {
			size_t at = sizeof(*nlh) + sizeof(struct genlmsghdr);

			seed = seed * 1103515245 + 12345;
			at += (seed >> 8) % (nlh->nlmsg_len - at);
			buf[at] = (char)(seed >> 16);
		}
		heap = malloc(nlh->nlmsg_len);
		memcpy(heap, nlh, nlh->nlmsg_len);
		decode_port((struct nlmsghdr *)heap, &port);
		decode_info((struct nlmsghdr *)heap, &info);
		EXPECT(strlen(port.comm) < sizeof(port.comm));
		EXPECT(info.n_protocols <= INFO_PROTOCOLS);
		free(heap);
	}
}

static const struct ktap_test tests[] = {
	{ "a whole record", test_port },
	{ "event", test_event },
	{ "what is absent is not told", test_absent },
	{ "what is newer is passed over", test_newer },
	{ "wrong lengths are refused", test_lengths },
	{ "command names of any length", test_comm },
	{ "information", test_info },
	{ "more protocols than there is room for", test_many_protocols },
	{ "noise", test_noise },
};

KTAP_MAIN(tests)
