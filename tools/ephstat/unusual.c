// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "unusual.h"
#include "util.h"
#include "who.h"

#define PROCESSES	1024
#define BUCKETS		1024
#define HOST_SLOTS	256	/* more than twice UNUSUAL_HOSTS: open addressing */
#define PORT_HOSTS	8	/* addresses of a process whose ports are counted */
#define PORT_SLOTS	64

_Static_assert(HOST_SLOTS > 2 * UNUSUAL_HOSTS && PORT_SLOTS > UNUSUAL_PORTS, "sets fill up");

/* The ports of one address that a process went to; exact, up to what the rule asks for. */
struct port_set {
	struct address host;
	uint16_t n;
	uint16_t ports[PORT_SLOTS];
};

struct process {
	struct process *newer, *older, *chain;
	struct who who;
	bool used;
	uint64_t window;	/* its start */
	uint64_t quiet[UNUSUAL_BY_RATE + 1];	/* until when each rule was told */
	int64_t habit_16;	/* sixteenths of a port a window */
	uint32_t windows;
	uint32_t taken;
	uint16_t n_hosts;
	uint64_t hosts[HOST_SLOTS];	/* hashes, 0: free */
	struct port_set sets[PORT_HOSTS];
};

struct unusual {
	struct process *newest, *oldest;
	struct process *buckets[BUCKETS];
	struct process processes[PROCESSES];
};

static uint64_t mix(uint64_t n)
{
	n = (n ^ n >> 31) * 0x9e3779b97f4a7c15ull;
	return n ^ n >> 29;
}

static uint64_t hash_address(const struct address *addr)
{
	uint64_t halves[2];

	memcpy(halves, addr->bytes, sizeof(halves));
	return mix(mix(halves[0]) + halves[1] + addr->len) | 1;
}

static void link_newest(struct unusual *u, struct process *p)
{
	p->older = u->newest;
	p->newer = NULL;
	if (u->newest)
		u->newest->newer = p;
	else
		u->oldest = p;
	u->newest = p;
}

static void unlink_process(struct unusual *u, struct process *p)
{
	*(p->newer ? &p->newer->older : &u->newest) = p->older;
	*(p->older ? &p->older->newer : &u->oldest) = p->newer;
}

struct unusual *unusual_new(void)
{
	struct unusual *u = calloc(1, sizeof(*u));
	unsigned int i;

	for (i = 0; u && i < PROCESSES; i++)
		link_newest(u, &u->processes[i]);
	return u;
}

void unusual_free(struct unusual *u)
{
	free(u);
}

/* The command tells apart what had the same number one after the other. */
static bool same_process(const struct who *a, const struct who *b)
{
	return a->pid == b->pid && a->netns == b->netns && !strcmp(a->comm, b->comm);
}

static struct process **bucket_of(struct unusual *u, const struct who *who)
{
	return &u->buckets[mix(who->pid) % BUCKETS];
}

static void forget(struct unusual *u, struct process *p)
{
	struct process **link = bucket_of(u, &p->who);

	while (*link != p)
		link = &(*link)->chain;
	*link = p->chain;
}

static struct process *take_oldest(struct unusual *u, const struct who *who)
{
	struct process **bucket = bucket_of(u, who), *p = u->oldest, *newer = p->newer;

	if (p->used)
		forget(u, p);
	*p = (struct process){ .who = *who, .used = true, .newer = newer, .chain = *bucket };
	*bucket = p;
	return p;
}

static struct process *find_process(struct unusual *u, const struct who *who)
{
	struct process *p = *bucket_of(u, who);

	while (p && !same_process(&p->who, who))
		p = p->chain;
	if (!p)
		p = take_oldest(u, who);
	unlink_process(u, p);
	link_newest(u, p);
	return p;
}

/* A window that ended becomes a part of the habit; those in which nothing was taken, too. */
static void turn_window(struct process *p, uint64_t now)
{
	uint64_t passed = (now - p->window) / UNUSUAL_WINDOW_NS, idle;

	p->habit_16 += (16ll * p->taken - p->habit_16) / 8;
	for (idle = 1; idle < passed && p->habit_16; idle++)
		p->habit_16 -= (p->habit_16 + 7) / 8;
	p->windows += passed < UNUSUAL_RATE_WINDOWS ? passed : UNUSUAL_RATE_WINDOWS;
	p->window += passed * UNUSUAL_WINDOW_NS;
	p->taken = 0;
	p->n_hosts = 0;
	memset(p->hosts, 0, sizeof(p->hosts));
	memset(p->sets, 0, sizeof(p->sets));
}

static void count_host(struct process *p, const struct address *host)
{
	uint64_t hash = hash_address(host);
	unsigned int i = hash % HOST_SLOTS;

	/* What is beyond the rule need not be counted. */
	if (p->n_hosts > UNUSUAL_HOSTS)
		return;
	while (p->hosts[i] && p->hosts[i] != hash)
		i = (i + 1) % HOST_SLOTS;
	p->n_hosts += !p->hosts[i];
	p->hosts[i] = hash;
}

/* Of too many addresses the one with the fewest ports makes room. */
static struct port_set *find_set(struct process *p, const struct address *host)
{
	struct port_set *least = &p->sets[0];
	unsigned int i;

	for (i = 0; i < PORT_HOSTS; i++) {
		if (!memcmp(&p->sets[i].host, host, sizeof(*host)))
			return &p->sets[i];
		if (p->sets[i].n < least->n)
			least = &p->sets[i];
	}
	*least = (struct port_set){ .host = *host };
	return least;
}

static uint32_t count_port(struct process *p, const struct address *host, uint16_t port)
{
	struct port_set *set = find_set(p, host);
	unsigned int i;

	for (i = 0; i < set->n; i++) {
		if (set->ports[i] == port)
			return set->n;
	}
	if (set->n < PORT_SLOTS)
		set->ports[set->n++] = port;
	return set->n;
}

static bool is_over_habit(const struct process *p)
{
	return p->windows >= UNUSUAL_RATE_WINDOWS && p->taken > UNUSUAL_RATE_FLOOR &&
	       16ll * p->taken > UNUSUAL_RATE_TIMES * p->habit_16;
}

/* Which rule is broken that was not told of this process lately. */
static enum unusual_rule judge(const struct process *p, uint32_t ports, uint64_t now)
{
	const bool broken[] = {
		[UNUSUAL_BY_HOSTS] = p->n_hosts > UNUSUAL_HOSTS,
		[UNUSUAL_BY_PORTS] = ports > UNUSUAL_PORTS,
		[UNUSUAL_BY_RATE] = is_over_habit(p),
	};
	unsigned int rule;

	for (rule = UNUSUAL_BY_HOSTS; rule < ARRAY_SIZE(broken); rule++) {
		if (broken[rule] && now >= p->quiet[rule])
			return rule;
	}
	return UNUSUAL_NONE;
}

static void fill_flag(struct unusual_flag *flag, const struct process *p,
		      const struct event *event, enum unusual_rule rule, uint32_t ports)
{
	*flag = (struct unusual_flag){
		.rule = rule, .time_ns = event->time_ns, .boot_ns = event->boot_ns,
		.window_ns = event->boot_ns - p->window, .taken = p->taken,
		.habit = p->habit_16 / 16, .who = p->who,
	};
	if (rule == UNUSUAL_BY_HOSTS)
		flag->distinct = p->n_hosts;
	else if (rule == UNUSUAL_BY_PORTS)
		flag->distinct = ports;
}

/* Only what a process did by itself, and on the way out. */
static bool concerns(const struct event *event, struct who *who, const struct address **host,
		     uint16_t *port)
{
	if (event->kind == EPHPORTS_EVENT_ASSIGNED) {
		if (event->port.origin == EPHPORTS_ORIGIN_ACCEPT)
			return false;
		*who = who_of_port(&event->port);
		*host = &event->port.peer;
		*port = event->port.peer_port;
	} else if (event->kind == EPHPORTS_EVENT_FAILED) {
		*who = event->failure.who;
		*host = &event->failure.peer;
		*port = event->failure.peer_port;
	} else {
		return false;
	}
	return told(who, EPHPORTS_A_OWNER_PID);
}

bool unusual_event(struct unusual *u, const struct event *event, struct unusual_flag *flag)
{
	const struct address *host;
	enum unusual_rule rule;
	uint32_t ports = 0;
	struct process *p;
	struct who who;
	uint16_t port;

	if (!concerns(event, &who, &host, &port))
		return false;
	p = find_process(u, &who);
	if (!p->window)
		p->window = event->boot_ns;
	if (event->boot_ns >= p->window + UNUSUAL_WINDOW_NS)
		turn_window(p, event->boot_ns);
	p->taken++;
	if (host->len) {
		count_host(p, host);
		ports = count_port(p, host, port);
	}
	rule = judge(p, ports, event->boot_ns);
	if (rule == UNUSUAL_NONE)
		return false;
	p->quiet[rule] = event->boot_ns + UNUSUAL_QUIET_NS;
	fill_flag(flag, p, event, rule, ports);
	flag->host = *host;
	return true;
}
