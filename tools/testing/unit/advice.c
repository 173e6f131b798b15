// SPDX-License-Identifier: GPL-2.0
/* What fills a destination, what helps, by how much, and who translates addresses: on numbers. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

#include "nat.h"
#include "nsfile.h"
#include "remedy.h"

#include "ktap.h"

static struct dest dest, fresh;
static struct forecast cast;
static struct protocol proto;
static struct portset reserved, taken;
static struct remedy list[REMEDIES_MAX];
static const char *conntrack;	/* what the table says; NULL: it cannot be read */

/* In the place of nsfile.c. */
int nsfile_open(uint32_t netns, const char *path)
{
	FILE *file = conntrack ? tmpfile() : NULL;
	int fd;

	(void)netns;
	EXPECT(!strcmp(path, "/proc/self/net/nf_conntrack"));
	if (!file)
		return -ENOENT;
	fputs(conntrack, file);
	rewind(file);
	fd = dup(fileno(file));
	fclose(file);
	return fd;
}

/* The default range, nothing bound, nothing held. */
static void reset(void)
{
	fresh = (struct dest){
		.proto = IPPROTO_TCP, .range = 28232, .capacity = 28232, .headroom = 28232,
	};
	dest = (struct dest){ .proto = IPPROTO_TCP, .headroom = 28232 };
	dest.local = dest.peer = (struct address){ 4, { 10, 0, 0, 1 } };
	proto = (struct protocol){ .proto = IPPROTO_TCP, .range_low = 32768, .range_high = 60999 };
	cast = (struct forecast){ .is = FORECAST_STEADY };
	memset(&reserved, 0, sizeof(reserved));
	memset(&taken, 0, sizeof(taken));
}

static void hold(uint32_t time_wait, uint32_t close_wait, uint32_t established)
{
	dest.used = time_wait + close_wait + established;
	dest.headroom = fresh.capacity - dest.used;
	dest.counts.states[EPHPORTS_STATE_TIME_WAIT] = time_wait;
	dest.counts.states[EPHPORTS_STATE_CLOSE_WAIT] = close_wait;
	dest.counts.states[EPHPORTS_STATE_ESTABLISHED] = established;
}

static enum cause cause(void)
{
	return cause_of(&dest, &fresh, &cast);
}

/* What the remedy called @name gains; 0 if it is not among them. */
static uint32_t gain(const char *name, struct cause_shared shared)
{
	const struct remedy_facts facts = {
		.dest = &dest, .fresh = &fresh, .proto = &proto, .reserved = &reserved,
		.taken = &taken, .shared = shared, .owner_used = 77, .cause = cause(),
	};
	unsigned int i, n = remedies(&facts, list);

	for (i = 0; i < n; i++) {
		EXPECT(list[i].gain > 0);
		EXPECT(!i || list[i - 1].cures >= list[i].cures);
		EXPECT(!i || list[i - 1].cures != list[i].cures ||
		       list[i - 1].gain >= list[i].gain);
		if (!strcmp(list[i].name, name))
			return list[i].gain;
	}
	return 0;
}

static const struct cause_shared none;

static void test_causes(void)
{
	reset();
	EXPECT(cause() == CAUSE_NONE);
	hold(300, 100, 200);
	EXPECT(cause() == CAUSE_CHURN);
	hold(100, 300, 200);
	EXPECT(cause() == CAUSE_CLOSE_WAIT);
	hold(100, 0, 200);
	EXPECT(cause() == CAUSE_HELD);
	cast.is = FORECAST_FILLS;
	EXPECT(cause() == CAUSE_LEAK);
	fresh.early = dest.early = 250;
	fresh.bound = 300;
	EXPECT(cause() == CAUSE_EARLY_BIND);
	fresh.bound = 600;
	EXPECT(cause() == CAUSE_EXPLICIT);
	fresh.reserved = 400;
	EXPECT(cause() == CAUSE_RESERVED);

	reset();
	dest.proto = fresh.proto = IPPROTO_UDP;
	EXPECT(cause() == CAUSE_NONE);
	dest.used = 5;
	EXPECT(cause() == CAUSE_UDP_HELD);
	cast.is = FORECAST_FILLS;
	EXPECT(cause() == CAUSE_UDP_LEAK);
}

static void test_churn(void)
{
	reset();
	hold(20000, 0, 100);
	dest.reusable = 19000;
	EXPECT(gain("pool", none) == 20000 && list[0].cures && !strcmp(list[0].name, "pool"));
	EXPECT(gain("tcp_tw_reuse", none) == 19000);
	EXPECT(gain("source_address", none) == 28232);
	EXPECT(gain("close", none) == 0 && gain("bind_no_port", none) == 0);

	/* What connect() takes over as it is, is room already. */
	fresh.tw_reuse = 1;
	EXPECT(gain("pool", none) == 1000 && gain("tcp_tw_reuse", none) == 0);
	fresh.tw_reuse = 2;
	EXPECT(gain("pool", none) == 20000 && gain("tcp_tw_reuse", none) == 19000);
	dest.peer.bytes[0] = 127;
	EXPECT(gain("pool", none) == 1000 && gain("tcp_tw_reuse", none) == 0);
}

static void test_leaks(void)
{
	reset();
	hold(10, 500, 40);
	EXPECT(gain("close", none) == 500 && list[0].cures);
	hold(10, 20, 500);
	EXPECT(gain("close", none) == 520);
	dest.proto = fresh.proto = IPPROTO_UDP;
	EXPECT(gain("close", none) == 77);
	EXPECT(gain("pool", none) == 0 && gain("source_address", none) == 0);
}

static void test_binds(void)
{
	reset();
	fresh.bound = 12000;
	fresh.early = 11000;
	dest.early = 10500;
	fresh.capacity = 28232 - 12000;
	EXPECT(gain("bind_no_port", none) == 10500 && list[0].cures);
	EXPECT(gain("move_binds", none) == 1000);
	EXPECT(gain("source_address", none) == 28232 - 12000);
	/* A port that a connection holds as well does not come back by one of both. */
	hold(300, 0, 0);
	EXPECT(gain("move_binds", (struct cause_shared){ 30, 10 }) == 960);
	EXPECT(gain("pool", (struct cause_shared){ 30, 10 }) == 270);
}

static void test_range(void)
{
	reset();
	EXPECT(gain("port_range", none) == 65535 - 1023 - 28232);
	portset_parse(&reserved, "80,1024-1033,40000,65535");
	EXPECT(gain("port_range", none) == 65535 - 1023 - 28232 - 11);
	portset_parse(&taken, "22,1033,3306,8080,45000");
	EXPECT(gain("port_range", none) == 65535 - 1023 - 28232 - 13);
	proto.range_low = 1024;
	proto.range_high = 65535;
	EXPECT(gain("port_range", none) == 0);
	proto.range_low = 1000;
	EXPECT(gain("port_range", none) == 0);
}

static void test_nat(void)
{
	struct nat nat;

	conntrack = "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.2 dst=192.0.2.9 sport=40000 "
		    "dport=443 src=192.0.2.9 dst=198.51.100.7 sport=443 dport=40000 [ASSURED] use=1\n"
		    "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.2 dst=192.0.2.9 sport=40001 "
		    "dport=443 src=192.0.2.9 dst=10.0.0.2 sport=443 dport=1025 mark=0 use=1\n"
		    /* Where only the destination is another, no port is taken. */
		    "ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.3 dst=10.96.0.1 sport=40002 "
		    "dport=443 src=10.0.0.9 dst=10.0.0.3 sport=6443 dport=40002 mark=0 use=1\n"
		    "ipv4     2 icmp     1 29 src=10.0.0.2 dst=10.0.0.3 type=8 code=0 id=7 "
		    "src=10.0.0.3 dst=10.0.0.2 type=0 code=0 id=7 mark=0 use=1\n";
	nat_look(&nat, 0);
	EXPECT(nat.is == NAT_YES && nat.connections == 2);
	conntrack = "";
	nat_look(&nat, 0);
	EXPECT(nat.is != NAT_YES && nat.connections == 0);
	conntrack = NULL;
	nat_look(&nat, 0);
	EXPECT(nat.is != NAT_YES);
}

static const struct ktap_test tests[] = {
	{ "why: what takes most ports is the cause", test_causes },
	{ "why: what helps against churn", test_churn },
	{ "why: what helps against leaks", test_leaks },
	{ "why: what helps against binds", test_binds },
	{ "why: what a wider range brings", test_range },
	{ "why: who translates source addresses", test_nat },
};

KTAP_MAIN(tests)
