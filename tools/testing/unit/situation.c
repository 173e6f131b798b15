// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "situation.h"

struct dest dests[4];
struct owner owners[5];
struct failure failures[4];
struct hist hist;
struct box boxes[6];
struct port ports[2];

struct who somebody(const char *comm, uint32_t pid, uint32_t uid)
{
	struct who who = {
		.told = ALL_TOLD & ~TOLD(EPHPORTS_A_OWNER_CGROUP) & ~TOLD(EPHPORTS_A_OWNER_GROUPS),
		.pid = pid, .uid = uid, .netns = NETNS,
	};

	snprintf(who.comm, sizeof(who.comm), "%s", comm);
	return who;
}

static struct traffic traffic(uint64_t born)
{
	return (struct traffic){
		.born = born, .ended = 4, .ended_held_ns = 8 * SECOND, .ended_known = 4,
		.window_ns = 10 * SECOND, .oldest_ns = 60 * SECOND,
	};
}

/* What is new, a full destination, one of UDP without a peer, and the others. */
static void make_dests(void)
{
	dests[0] = (struct dest){
		.told = ALL_TOLD & ~TOLD(EPHPORTS_A_DEST_USED) & ~TOLD(EPHPORTS_A_DEST_GROUPS),
		.proto = IPPROTO_TCP, .netns = NETNS, .range = 28232, .reserved = 2,
		.bound = 1000, .early = 900, .capacity = 27230, .headroom = 27230, .tw_reuse = 2,
	};
	dests[1] = (struct dest){
		.told = ALL_TOLD & ~TOLD(EPHPORTS_A_DEST_GROUPS), .proto = IPPROTO_TCP,
		.family = AF_INET, .local = address("10.0.0.5"), .peer = address("10.0.0.9"),
		.peer_port = 5432, .netns = NETNS, .used = 14115,
		.range = 28232, .reserved = 2, .capacity = 27230,
		.headroom = 13115, .reusable = 100, .traffic = traffic(3310), .failures = 12,
		.search_ns = 1490000, .n_owners = 2, .others = 115,
		.owners = { { somebody("psql", 1234, 1000), 10000 },
			    { somebody("java", 77, 33), 4000 } },
	};
	dests[1].counts.states[EPHPORTS_STATE_TIME_WAIT] = 14000;
	dests[1].counts.states[EPHPORTS_STATE_ESTABLISHED] = 115;
	dests[1].counts.origins[EPHPORTS_ORIGIN_CONNECT] = 14115;
	dests[2] = (struct dest){
		.told = TOLD(EPHPORTS_A_DEST_USED) | TOLD(EPHPORTS_A_DEST_LOCAL_ADDR) |
			TOLD(EPHPORTS_A_DEST_FAMILY),
		.proto = IPPROTO_UDP, .family = AF_INET6, .local = address("::"), .used = 7,
		.others = 7,
	};
	dests[3] = (struct dest){
		.told = TOLD(EPHPORTS_A_DEST_USED) | TOLD(EPHPORTS_A_DEST_GROUPS),
		.used = 9, .groups = 3,
	};
}

static void make_owners(void)
{
	unsigned int i;

	for (i = 0; i < 5; i++) {
		owners[i] = (struct owner){ .used = 100 - i, .traffic = traffic(20) };
		owners[i].counts.states[EPHPORTS_STATE_ESTABLISHED] = 100 - i;
	}
	owners[0].who = somebody("psql", 1234, 1000);
	owners[0].failures = 5;
	owners[1].who = somebody("java", 77, 33);
	owners[2].who = somebody("psql", 1235, 33);
	owners[3].who = (struct who){
		.told = TOLD(EPHPORTS_A_OWNER_REASON) | TOLD(EPHPORTS_A_OWNER_UID) |
			TOLD(EPHPORTS_A_OWNER_NETNS),
		.uid = 33, .netns = NETNS + 1, .reason = EPHPORTS_REASON_HIDDEN,
	};
	owners[4].who = (struct who){ .told = TOLD(EPHPORTS_A_OWNER_GROUPS) };
	owners[4].groups = 7;
}

static void make_failures(void)
{
	failures[0] = (struct failure){ .told = TOLD(EPHPORTS_A_FAILURE_TOTAL), .total = 1000 };
	failures[1] = (struct failure){
		.told = ALL_TOLD & ~TOLD(EPHPORTS_A_FAILURE_TOTAL) &
			~TOLD(EPHPORTS_A_FAILURE_PORT) & ~TOLD(EPHPORTS_A_FAILURE_HOLDER),
		.proto = IPPROTO_TCP, .origin = EPHPORTS_ORIGIN_CONNECT, .count = 900,
		.first_ns = NOW - 3600 * SECOND, .last_ns = NOW - 200 * SECOND,
		.family = AF_INET, .local = address("10.0.0.5"), .peer = address("10.0.0.9"),
		.peer_port = 5432, .who = somebody("a|b", 1234, 1000),
	};
	failures[2] = failures[1];
	failures[2].told = ALL_TOLD & ~TOLD(EPHPORTS_A_FAILURE_TOTAL);
	failures[2].origin = EPHPORTS_ORIGIN_EXPLICIT;
	failures[2].count = 3;
	failures[2].port = 40001;
	failures[2].who = somebody("nginx", 99, 33);
	failures[2].holder = ports[0];
	failures[3] = (struct failure){
		.told = TOLD(EPHPORTS_A_FAILURE_PROTO) | TOLD(EPHPORTS_A_FAILURE_REASON),
		.proto = IPPROTO_UDP, .origin = EPHPORTS_ORIGIN_LISTEN, .count = 60,
		.first_ns = NOW - 7200 * SECOND, .last_ns = NOW - 7200 * SECOND,
		.who = { .told = TOLD(EPHPORTS_A_OWNER_REASON),
			 .reason = EPHPORTS_REASON_HIDDEN },
	};
}

static void make_boxes(void)
{
	unsigned int i;

	for (i = 0; i < 6; i++)
		boxes[i] = (struct box){ .id = i < 4 ? 2 : 1, .netns = NETNS };
	boxes[0].told = boxes[4].told = TOLD(EPHPORTS_A_BOX_FAILURE);
	boxes[0].time_ns = NOW - 60 * SECOND;
	boxes[4].time_ns = NOW - 120 * SECOND;
	boxes[0].range_low = boxes[4].range_low = 32768;
	boxes[0].range_high = boxes[4].range_high = 60999;
	boxes[0].complete = true;
	boxes[0].failure = boxes[4].failure = failures[1];
	boxes[1].told = boxes[2].told = boxes[5].told = TOLD(EPHPORTS_A_BOX_DEST);
	boxes[1].dest = dests[0];
	boxes[2].dest = boxes[5].dest = dests[1];
	boxes[3].told = TOLD(EPHPORTS_A_BOX_OWNER);
	boxes[3].owner = owners[0];
}

void reset(void)
{
	struct info info = {
		.told = ALL_TOLD, .time_ns = NOW, .netns = NETNS, .complete = true,
		.n_protocols = 2,
		.protocols = {
			{ .told = ALL_TOLD, .proto = IPPROTO_TCP, .range_low = 32768,
			  .range_high = 60999, .reserved = 232, .in_use = 14000 },
			{ .told = ALL_TOLD, .proto = IPPROTO_UDP, .range_low = 32768,
			  .range_high = 60999, .reserved = 232, .in_use = 28 },
		},
	};

	ports[0] = (struct port){
		.told = ALL_TOLD & ~TOLD(EPHPORTS_A_PORT_CGROUP), .id = 1, .proto = IPPROTO_TCP,
		.family = AF_INET, .local = address("10.0.0.5"), .local_port = 40001,
		.peer = address("10.0.0.9"), .peer_port = 443, .pid = 55, .comm = "curl",
		.state = EPHPORTS_STATE_ESTABLISHED, .origin = EPHPORTS_ORIGIN_CONNECT,
		.age_ns = 42 * SECOND, .netns = NETNS,
	};
	ports[1] = ports[0];
	ports[1].local_port = 40002;
	ports[1].origin = EPHPORTS_ORIGIN_EXPLICIT;
	ports[1].state = EPHPORTS_STATE_LISTEN;
	ports[1].peer.len = 0;
	make_dests();
	make_owners();
	make_failures();
	make_boxes();
	hist = (struct hist){
		.told = ALL_TOLD, .proto = IPPROTO_TCP, .netns = NETNS, .n_counts = 24,
		.counts = { [2] = 5, [3] = 100, [5] = 1, [23] = 0 },
	};
	fake = (struct fake){
		.before = info, .after = info, .dests = dests, .n_dests = 4, .owners = owners,
		.n_owners = 5, .failures = failures, .n_failures = 4, .hists = &hist,
		.n_hists = 1, .boxes = boxes, .n_boxes = 6, .ports = ports, .n_ports = 2,
		.distinct = 2,
		.thresholds = { .told = ALL_TOLD, .notice = 50, .warning = 80, .critical = 90,
				.clear = 10 },
	};
	runner_reset();
}

void give_word(const char *given)
{
	static char word[32];
	static char *list[] = { word };

	snprintf(word, sizeof(word), "%s", given);
	words = list;
	n_words = 1;
}
