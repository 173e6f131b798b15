// SPDX-License-Identifier: GPL-2.0
/* Messages made by hand about many records together and about failures, into structs. */
#include <netinet/in.h>
#include <stdlib.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "decode.h"

#include "ktap.h"

static char buf[8192] __attribute__((aligned(8)));
static struct nlmsghdr *nlh;
static struct dest dest;
static struct owner owner;
static struct failure failure;
static struct hist hist;
static struct box box;
static struct alert alert;

static const unsigned char local[4] = { 10, 0, 0, 5 };
static const unsigned char peer[16] = { 0x20, 1, [15] = 9 };

static void start(void)
{
	memset(buf, 0xee, sizeof(buf));
	nlh = mnl_nlmsg_put_header(buf);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
}

/* Numbers of @n kinds: 100, 101, ... */
static void put_counts(uint16_t type, unsigned int n)
{
	uint32_t counts[64];
	unsigned int i;

	for (i = 0; i < n; i++)
		counts[i] = 100 + i;
	mnl_attr_put(nlh, type, n * sizeof(counts[0]), counts);
}

static void put_owner(uint32_t pid, uint32_t used)
{
	mnl_attr_put_u32(nlh, EPHPORTS_A_OWNER_UID, 1000);
	mnl_attr_put_u8(nlh, EPHPORTS_A_OWNER_REASON, EPHPORTS_REASON_TOLD);
	mnl_attr_put_u32(nlh, EPHPORTS_A_OWNER_PID, pid);
	mnl_attr_put_strz(nlh, EPHPORTS_A_OWNER_COMM, "curl");
	mnl_attr_put_u64(nlh, EPHPORTS_A_OWNER_CGROUP, 77);
	mnl_attr_put_u32(nlh, EPHPORTS_A_OWNER_NETNS, 4026531840u);
	mnl_attr_put_u32(nlh, EPHPORTS_A_OWNER_USED, used);
}

static void put_dest(unsigned int owners)
{
	unsigned int i;

	mnl_attr_put_u8(nlh, EPHPORTS_A_DEST_PROTO, IPPROTO_TCP);
	mnl_attr_put_u8(nlh, EPHPORTS_A_DEST_FAMILY, AF_INET);
	mnl_attr_put(nlh, EPHPORTS_A_DEST_LOCAL_ADDR, 4, local);
	mnl_attr_put(nlh, EPHPORTS_A_DEST_PEER_ADDR, 16, peer);
	mnl_attr_put_u16(nlh, EPHPORTS_A_DEST_PEER_PORT, 443);
	for (i = EPHPORTS_A_DEST_NETNS; i <= EPHPORTS_A_DEST_REUSABLE; i++)
		mnl_attr_put_u32(nlh, i, 1000 + i);
	put_counts(EPHPORTS_A_DEST_STATES, EPHPORTS_STATE_MAX + 1);
	put_counts(EPHPORTS_A_DEST_ORIGINS, EPHPORTS_ORIGIN_MAX + 1);
	for (i = EPHPORTS_A_DEST_BORN; i <= EPHPORTS_A_DEST_FAILURES; i++)
		mnl_attr_put_u64(nlh, i, 2000 + i);
	for (i = 0; i < owners; i++) {
		struct nlattr *nest = mnl_attr_nest_start(nlh, EPHPORTS_A_DEST_OWNER);

		put_owner(i + 1, 10 + i);
		mnl_attr_nest_end(nlh, nest);
	}
	mnl_attr_put_u32(nlh, EPHPORTS_A_DEST_OTHERS, 5);
	mnl_attr_put_u8(nlh, EPHPORTS_A_DEST_TW_REUSE, 2);
	mnl_attr_put_u32(nlh, EPHPORTS_A_DEST_RANGE, 28232);
	mnl_attr_put_u32(nlh, EPHPORTS_A_DEST_GROUPS, 6);
}

static void expect_whole_dest(const struct dest *d, unsigned int owners)
{
	EXPECT(d->proto == IPPROTO_TCP && d->family == AF_INET && d->peer_port == 443);
	EXPECT(d->local.len == 4 && d->local.bytes[3] == 5 && d->peer.len == 16 &&
	       d->peer.bytes[15] == 9);
	EXPECT(d->netns == 1000 + EPHPORTS_A_DEST_NETNS && d->used == 1000 + EPHPORTS_A_DEST_USED);
	EXPECT(d->capacity == 1000 + EPHPORTS_A_DEST_CAPACITY &&
	       d->headroom == 1000 + EPHPORTS_A_DEST_HEADROOM);
	EXPECT(d->reserved == 1000 + EPHPORTS_A_DEST_RESERVED &&
	       d->bound == 1000 + EPHPORTS_A_DEST_BOUND);
	EXPECT(d->early == 1000 + EPHPORTS_A_DEST_EARLY &&
	       d->reusable == 1000 + EPHPORTS_A_DEST_REUSABLE);
	EXPECT(d->counts.states[0] == 100 &&
	       d->counts.states[EPHPORTS_STATE_MAX] == 100 + EPHPORTS_STATE_MAX);
	EXPECT(d->counts.origins[EPHPORTS_ORIGIN_MAX] == 100 + EPHPORTS_ORIGIN_MAX);
	EXPECT(d->traffic.born == 2000 + EPHPORTS_A_DEST_BORN &&
	       d->traffic.ended == 2000 + EPHPORTS_A_DEST_ENDED);
	EXPECT(d->traffic.ended_held_ns == 2000 + EPHPORTS_A_DEST_ENDED_HELD &&
	       d->traffic.ended_known == 2000 + EPHPORTS_A_DEST_ENDED_KNOWN);
	EXPECT(d->traffic.window_ns == 2000 + EPHPORTS_A_DEST_WINDOW &&
	       d->traffic.oldest_ns == 2000 + EPHPORTS_A_DEST_OLDEST);
	EXPECT(d->search_ns == 2000 + EPHPORTS_A_DEST_SEARCH &&
	       d->failures == 2000 + EPHPORTS_A_DEST_FAILURES);
	EXPECT(d->n_owners == owners && d->others == 5 && d->tw_reuse == 2 && d->range == 28232 &&
	       d->groups == 6);
}

static void test_dest(void)
{
	const struct share *share = &dest.owners[0];

	start();
	put_dest(3);
	EXPECT(!decode_dest(nlh, &dest));
	expect_whole_dest(&dest, 3);
	/* They were put in least first. */
	EXPECT(dest.owners[1].used == 11 && dest.owners[2].used == 10);
	EXPECT(share->used == 12 && share->who.pid == 3 && share->who.uid == 1000);
	EXPECT(share->who.cgroup == 77 && share->who.netns == 4026531840u && !share->who.reason);
	EXPECT(told(&share->who, EPHPORTS_A_OWNER_REASON));
	EXPECT_STR(share->who.comm, "curl");
	EXPECT(!dest_is_new(&dest));
	/* All but what only requests have, and padding. */
	EXPECT((dest.told | 1 | TOLD(EPHPORTS_A_DEST_FILTER) | TOLD(EPHPORTS_A_DEST_TOP) |
		TOLD(EPHPORTS_A_DEST_PAD) | TOLD(EPHPORTS_A_DEST_OWNERS) |
		TOLD(EPHPORTS_A_DEST_HELD)) == TOLD(EPHPORTS_A_DEST_MAX + 1) - 1);

	start();
	put_dest(DEST_OWNERS + 3);
	EXPECT(!decode_dest(nlh, &dest));
	expect_whole_dest(&dest, DEST_OWNERS);
}

static void test_kinds(void)
{
	struct nlattr *nest;

	start();
	mnl_attr_put_u8(nlh, EPHPORTS_A_DEST_PROTO, IPPROTO_UDP);
	mnl_attr_put_u32(nlh, EPHPORTS_A_DEST_CAPACITY, 5);
	EXPECT(!decode_dest(nlh, &dest) && dest_is_new(&dest) && !dest_is_rest(&dest));
	start();
	mnl_attr_put_u32(nlh, EPHPORTS_A_DEST_USED, 0);
	EXPECT(!decode_dest(nlh, &dest) && !dest_is_new(&dest) && !dest_is_rest(&dest));
	mnl_attr_put_u32(nlh, EPHPORTS_A_DEST_GROUPS, 0);
	EXPECT(!decode_dest(nlh, &dest) && !dest_is_new(&dest) && dest_is_rest(&dest));
	start();
	nest = mnl_attr_nest_start(nlh, EPHPORTS_A_DEST_OWNER);
	put_owner(1, 10);
	mnl_attr_nest_end(nlh, nest);
	EXPECT(!decode_dest(nlh, &dest) && dest_is_owner(&dest) && !dest_is_new(&dest) &&
	       !dest_is_rest(&dest));
	start();
	mnl_attr_put_u32(nlh, EPHPORTS_A_OWNER_USED, 5);
	EXPECT(!decode_owner(nlh, &owner) && owner_is_rest(&owner));
	mnl_attr_put_u8(nlh, EPHPORTS_A_OWNER_REASON, EPHPORTS_REASON_HIDDEN);
	EXPECT(!decode_owner(nlh, &owner) && !owner_is_rest(&owner));
}

static void test_counts(void)
{
	/* Fewer kinds than we know of are fine; more are counted as unknown. */
	start();
	put_counts(EPHPORTS_A_DEST_STATES, 2);
	EXPECT(!decode_dest(nlh, &dest));
	EXPECT(dest.counts.states[0] == 100 && dest.counts.states[1] == 101 &&
	       !dest.counts.states[2]);
	start();
	put_counts(EPHPORTS_A_DEST_STATES, EPHPORTS_STATE_MAX + 3);
	EXPECT(!decode_dest(nlh, &dest));
	EXPECT(dest.counts.states[0] == 100 + 101 + EPHPORTS_STATE_MAX + 102 + EPHPORTS_STATE_MAX);
	start();
	mnl_attr_put(nlh, EPHPORTS_A_DEST_STATES, 6, "xxxxxx");
	EXPECT(decode_dest(nlh, &dest));
}

static void test_owner(void)
{
	unsigned int i;

	start();
	put_owner(1234, 55);
	put_counts(EPHPORTS_A_OWNER_STATES, EPHPORTS_STATE_MAX + 1);
	put_counts(EPHPORTS_A_OWNER_ORIGINS, EPHPORTS_ORIGIN_MAX + 1);
	for (i = EPHPORTS_A_OWNER_BORN; i <= EPHPORTS_A_OWNER_FAILURES; i++)
		mnl_attr_put_u64(nlh, i, 2000 + i);
	mnl_attr_put_u32(nlh, EPHPORTS_A_OWNER_GROUPS, 6);
	EXPECT(!decode_owner(nlh, &owner));
	EXPECT(owner.who.pid == 1234 && owner.who.uid == 1000 && owner.who.cgroup == 77);
	EXPECT(owner.used == 55 && owner.groups == 6);
	EXPECT_STR(owner.who.comm, "curl");
	EXPECT(owner.counts.states[1] == 101 && owner.counts.origins[1] == 101);
	EXPECT(owner.traffic.born == 2000 + EPHPORTS_A_OWNER_BORN &&
	       owner.traffic.ended == 2000 + EPHPORTS_A_OWNER_ENDED &&
	       owner.traffic.ended_held_ns == 2000 + EPHPORTS_A_OWNER_ENDED_HELD &&
	       owner.traffic.ended_known == 2000 + EPHPORTS_A_OWNER_ENDED_KNOWN &&
	       owner.traffic.window_ns == 2000 + EPHPORTS_A_OWNER_WINDOW &&
	       owner.traffic.oldest_ns == 2000 + EPHPORTS_A_OWNER_OLDEST);
	EXPECT(owner.failures == 2000 + EPHPORTS_A_OWNER_FAILURES);
	EXPECT((owner.who.told | 1 | TOLD(EPHPORTS_A_OWNER_FILTER) | TOLD(EPHPORTS_A_OWNER_TOP) |
		TOLD(EPHPORTS_A_OWNER_PAD)) == TOLD(EPHPORTS_A_OWNER_MAX + 1) - 1);
}

static void put_failure(void)
{
	struct nlattr *nest;

	mnl_attr_put_u8(nlh, EPHPORTS_A_FAILURE_PROTO, IPPROTO_TCP);
	mnl_attr_put_u8(nlh, EPHPORTS_A_FAILURE_ORIGIN, EPHPORTS_ORIGIN_EXPLICIT);
	mnl_attr_put_u64(nlh, EPHPORTS_A_FAILURE_COUNT, 12);
	mnl_attr_put_u64(nlh, EPHPORTS_A_FAILURE_FIRST, 1700000000000000000ull);
	mnl_attr_put_u64(nlh, EPHPORTS_A_FAILURE_LAST, 1700000001000000000ull);
	mnl_attr_put_u8(nlh, EPHPORTS_A_FAILURE_FAMILY, AF_INET);
	mnl_attr_put(nlh, EPHPORTS_A_FAILURE_LOCAL_ADDR, 4, local);
	mnl_attr_put(nlh, EPHPORTS_A_FAILURE_PEER_ADDR, 16, peer);
	mnl_attr_put_u16(nlh, EPHPORTS_A_FAILURE_PEER_PORT, 443);
	mnl_attr_put_u16(nlh, EPHPORTS_A_FAILURE_PORT, 40001);
	nest = mnl_attr_nest_start(nlh, EPHPORTS_A_FAILURE_HOLDER);
	mnl_attr_put_u16(nlh, EPHPORTS_A_PORT_LOCAL_PORT, 40001);
	mnl_attr_put_strz(nlh, EPHPORTS_A_PORT_COMM, "thief");
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_put_u32(nlh, EPHPORTS_A_FAILURE_UID, 33);
	mnl_attr_put_u8(nlh, EPHPORTS_A_FAILURE_REASON, EPHPORTS_REASON_TOLD);
	mnl_attr_put_u32(nlh, EPHPORTS_A_FAILURE_PID, 4711);
	mnl_attr_put_strz(nlh, EPHPORTS_A_FAILURE_COMM, "nginx");
	mnl_attr_put_u64(nlh, EPHPORTS_A_FAILURE_CGROUP, 78);
	mnl_attr_put_u32(nlh, EPHPORTS_A_FAILURE_NETNS, 4026531840u);
}

static void expect_failure(const struct failure *f)
{
	EXPECT(f->proto == IPPROTO_TCP && f->origin == EPHPORTS_ORIGIN_EXPLICIT && f->count == 12);
	EXPECT(f->first_ns == 1700000000000000000ull && f->last_ns == 1700000001000000000ull);
	EXPECT(f->family == AF_INET && f->local.len == 4 && f->peer.len == 16);
	EXPECT(f->peer_port == 443 && f->port == 40001);
	EXPECT(f->holder.local_port == 40001 && told(&f->holder, EPHPORTS_A_PORT_COMM));
	EXPECT_STR(f->holder.comm, "thief");
	EXPECT(f->who.uid == 33 && f->who.pid == 4711 && f->who.cgroup == 78);
	EXPECT_STR(f->who.comm, "nginx");
	EXPECT(f->who.told == (TOLD(EPHPORTS_A_OWNER_UID) | TOLD(EPHPORTS_A_OWNER_REASON) |
			       TOLD(EPHPORTS_A_OWNER_PID) | TOLD(EPHPORTS_A_OWNER_COMM) |
			       TOLD(EPHPORTS_A_OWNER_CGROUP) | TOLD(EPHPORTS_A_OWNER_NETNS)));
}

static void test_failure(void)
{
	start();
	put_failure();
	EXPECT(!decode_failure(nlh, &failure));
	expect_failure(&failure);
	EXPECT(!told(&failure, EPHPORTS_A_FAILURE_TOTAL));
	start();
	mnl_attr_put_u64(nlh, EPHPORTS_A_FAILURE_TOTAL, 1000);
	EXPECT(!decode_failure(nlh, &failure));
	EXPECT(failure.total == 1000 && failure.told == TOLD(EPHPORTS_A_FAILURE_TOTAL));
	EXPECT(!failure.who.told);
}

static void test_hist(void)
{
	uint64_t counts[HIST_BUCKETS + 1];
	unsigned int i;

	for (i = 0; i <= HIST_BUCKETS; i++)
		counts[i] = i + 1;
	start();
	mnl_attr_put_u8(nlh, EPHPORTS_A_HIST_PROTO, IPPROTO_UDP);
	mnl_attr_put_u8(nlh, EPHPORTS_A_HIST_KIND, EPHPORTS_HIST_SEARCH);
	mnl_attr_put(nlh, EPHPORTS_A_HIST_COUNTS, 24 * 8, counts);
	mnl_attr_put_u32(nlh, EPHPORTS_A_HIST_NETNS, 7);
	EXPECT(!decode_hist(nlh, &hist));
	EXPECT(hist.proto == IPPROTO_UDP && hist.n_counts == 24 && hist.netns == 7);
	EXPECT(hist.counts[0] == 1 && hist.counts[23] == 24 && !hist.counts[24]);
	start();
	mnl_attr_put(nlh, EPHPORTS_A_HIST_COUNTS, HIST_BUCKETS * 8, counts);
	EXPECT(!decode_hist(nlh, &hist) && hist.n_counts == HIST_BUCKETS);
	start();
	mnl_attr_put(nlh, EPHPORTS_A_HIST_COUNTS, sizeof(counts), counts);
	EXPECT(decode_hist(nlh, &hist));
	start();
	mnl_attr_put(nlh, EPHPORTS_A_HIST_COUNTS, 12, counts);
	EXPECT(decode_hist(nlh, &hist));
}

static void put_box(uint16_t part, void (*put)(void))
{
	struct nlattr *nest;

	start();
	mnl_attr_put_u32(nlh, EPHPORTS_A_BOX_ID, 3);
	nest = mnl_attr_nest_start(nlh, part);
	put();
	mnl_attr_nest_end(nlh, nest);
}

static void put_box_dest(void)
{
	put_dest(2);
}

static void put_box_owner(void)
{
	put_owner(99, 12);
}

static void test_box(void)
{
	put_box(EPHPORTS_A_BOX_FAILURE, put_failure);
	mnl_attr_put_u64(nlh, EPHPORTS_A_BOX_TIME, 1700000000000000000ull);
	mnl_attr_put_u16(nlh, EPHPORTS_A_BOX_RANGE_LOW, 32768);
	mnl_attr_put_u16(nlh, EPHPORTS_A_BOX_RANGE_HIGH, 60999);
	mnl_attr_put_u32(nlh, EPHPORTS_A_BOX_NETNS, 9);
	mnl_attr_put_u8(nlh, EPHPORTS_A_BOX_COMPLETE, 1);
	EXPECT(!decode_box(nlh, &box));
	EXPECT(box.id == 3 && box.time_ns == 1700000000000000000ull && box.netns == 9);
	EXPECT(box.range_low == 32768 && box.range_high == 60999 && box.complete);
	EXPECT(told(&box, EPHPORTS_A_BOX_FAILURE) && !told(&box, EPHPORTS_A_BOX_DEST));
	expect_failure(&box.failure);

	put_box(EPHPORTS_A_BOX_DEST, put_box_dest);
	EXPECT(!decode_box(nlh, &box));
	EXPECT(told(&box, EPHPORTS_A_BOX_DEST) && !told(&box, EPHPORTS_A_BOX_FAILURE));
	expect_whole_dest(&box.dest, 2);

	put_box(EPHPORTS_A_BOX_OWNER, put_box_owner);
	EXPECT(!decode_box(nlh, &box));
	EXPECT(told(&box, EPHPORTS_A_BOX_OWNER) && box.owner.who.pid == 99 && box.owner.used == 12);
}

static void test_alert(void)
{
	start();
	mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_NOTICE, 50);
	mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_WARNING, 80);
	mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_CRITICAL, 90);
	mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_CLEAR, 10);
	EXPECT(!decode_alert(nlh, &alert));
	EXPECT(alert.notice == 50 && alert.warning == 80 && alert.critical == 90 &&
	       alert.clear == 10 && !told(&alert, EPHPORTS_A_ALERT_LEVEL));
	start();
	mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_LEVEL, EPHPORTS_LEVEL_CRITICAL);
	mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_WAS, EPHPORTS_LEVEL_OK);
	mnl_attr_put_u64(nlh, EPHPORTS_A_ALERT_TIME, 17);
	mnl_attr_put_u32(nlh, EPHPORTS_A_ALERT_NETNS, 9);
	mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_PROTO, IPPROTO_TCP);
	mnl_attr_put_u32(nlh, EPHPORTS_A_ALERT_USED, 25500);
	mnl_attr_put_u32(nlh, EPHPORTS_A_ALERT_CAPACITY, 28232);
	mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_FAMILY, AF_INET);
	mnl_attr_put(nlh, EPHPORTS_A_ALERT_LOCAL_ADDR, 4, local);
	mnl_attr_put(nlh, EPHPORTS_A_ALERT_PEER_ADDR, 16, peer);
	mnl_attr_put_u16(nlh, EPHPORTS_A_ALERT_PEER_PORT, 443);
	mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_ORIGIN, EPHPORTS_ORIGIN_CONNECT);
	mnl_attr_put_u64(nlh, EPHPORTS_A_ALERT_FAILURES, 1000);
	EXPECT(!decode_alert(nlh, &alert));
	EXPECT(alert.level == EPHPORTS_LEVEL_CRITICAL && told(&alert, EPHPORTS_A_ALERT_WAS));
	EXPECT(alert.time_ns == 17 && alert.netns == 9 && alert.proto == IPPROTO_TCP);
	EXPECT(alert.used == 25500 && alert.capacity == 28232 && alert.family == AF_INET);
	EXPECT(alert.local.len == 4 && alert.peer.len == 16 && alert.peer_port == 443);
	EXPECT(alert.origin == EPHPORTS_ORIGIN_CONNECT && alert.failures == 1000);
}

/* Every attribute with a length that none of its kind has; but strings and nests have any. */
static void test_lengths(void)
{
	unsigned int type;

	for (type = 1; type < EPHPORTS_A_DEST_FILTER; type++) {
		start();
		mnl_attr_put(nlh, type, 3, "xxx");
		EXPECT(!decode_dest(nlh, &dest) == (type == EPHPORTS_A_DEST_OWNER));
	}
	for (type = 1; type < EPHPORTS_A_OWNER_FILTER; type++) {
		start();
		mnl_attr_put(nlh, type, 3, "xxx");
		EXPECT(!decode_owner(nlh, &owner) == (type == EPHPORTS_A_OWNER_COMM));
	}
	for (type = 1; type < EPHPORTS_A_FAILURE_FILTER; type++) {
		start();
		mnl_attr_put(nlh, type, 3, "xxx");
		EXPECT(!decode_failure(nlh, &failure) == (type == EPHPORTS_A_FAILURE_COMM ||
							  type == EPHPORTS_A_FAILURE_HOLDER));
	}
	for (type = 1; type < EPHPORTS_A_HIST_PAD; type++) {
		start();
		mnl_attr_put(nlh, type, 3, "xxx");
		EXPECT(decode_hist(nlh, &hist));
	}
	for (type = 1; type < EPHPORTS_A_BOX_FILTER; type++) {
		start();
		mnl_attr_put(nlh, type, 3, "xxx");
		EXPECT(!decode_box(nlh, &box) == (type >= EPHPORTS_A_BOX_FAILURE &&
						  type <= EPHPORTS_A_BOX_OWNER));
	}
	for (type = 1; type < EPHPORTS_A_ALERT_PAD; type++) {
		start();
		mnl_attr_put(nlh, type, 3, "xxx");
		EXPECT(decode_alert(nlh, &alert));
	}
}

static void put_everything(void)
{
	put_dest(DEST_OWNERS);
	put_failure();
}

/* As noise in decode.c; nests in nests are where bounds could go wrong. */
static void test_noise(void)
{
	unsigned int seed = 1, round, i;

	for (round = 0; round < 20000; round++) {
		char *heap;

		put_box(EPHPORTS_A_BOX_FAILURE + round % 3, put_everything);
		for (i = 0; i < 4; i++) {
			size_t at = sizeof(*nlh) + sizeof(struct genlmsghdr);

			seed = seed * 1103515245 + 12345;
			at += (seed >> 8) % (nlh->nlmsg_len - at);
			buf[at] = (char)(seed >> 16);
		}
		heap = malloc(nlh->nlmsg_len);
		memcpy(heap, nlh, nlh->nlmsg_len);
		decode_box((struct nlmsghdr *)heap, &box);
		decode_dest((struct nlmsghdr *)heap, &dest);
		decode_failure((struct nlmsghdr *)heap, &failure);
		decode_hist((struct nlmsghdr *)heap, &hist);
		EXPECT(box.dest.n_owners <= DEST_OWNERS && dest.n_owners <= DEST_OWNERS);
		EXPECT(strlen(box.failure.who.comm) < COMM_SIZE && hist.n_counts <= HIST_BUCKETS);
		free(heap);
	}
}

static const struct ktap_test tests[] = {
	{ "a whole destination, with as many owners as fit", test_dest },
	{ "the first, the last and the others are told apart", test_kinds },
	{ "states that are newer are counted as unknown", test_counts },
	{ "a whole owner", test_owner },
	{ "failures: total, culprit, holder", test_failure },
	{ "a histogram", test_hist },
	{ "the parts of a picture", test_box },
	{ "thresholds and alerts", test_alert },
	{ "wrong lengths are refused", test_lengths },
	{ "noise", test_noise },
};

KTAP_MAIN(tests)
