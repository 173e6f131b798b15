// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel tells owners by process, a thousand at most; where there are more, sums are made of
 * what is held, port by port. What a sum has in common with all of its rows is told of it, the rest
 * of who it is is not.
 */
#include <stdlib.h>
#include <string.h>

#include "counts.h"
#include "owners.h"
#include "util.h"
#include "who.h"

#define BUCKETS	4096

struct sum {
	struct owner owner;
	size_t chain;	/* 1 + the next of its bucket; 0: none */
};

struct owner_sums {
	enum owners_by by;
	size_t n;
	size_t room;
	struct sum *sums;
	size_t buckets[BUCKETS];	/* likewise, the first */
	struct owner rest;
	bool has_rest;
	bool of_ports;	/* and not of processes */
};

static const struct {
	const char *name;
	uint64_t told;	/* what stays of who it is; the reason always does */
} kinds[] = {
	[OWNERS_BY_PROCESS]	= { "process", UINT64_MAX },
	[OWNERS_BY_COMMAND]	= { "command", TOLD(EPHPORTS_A_OWNER_COMM) },
	[OWNERS_BY_UID]		= { "uid", TOLD(EPHPORTS_A_OWNER_UID) },
	[OWNERS_BY_CGROUP]	= { "cgroup", TOLD(EPHPORTS_A_OWNER_CGROUP) },
	[OWNERS_BY_NETNS]	= { "netns", TOLD(EPHPORTS_A_OWNER_NETNS) },
};

_Static_assert(ARRAY_SIZE(kinds) == OWNERS_BY_NONE, "a kind has no name");

enum owners_by owners_by(const char *word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(word, kinds[i].name))
			return i;
	}
	return OWNERS_BY_NONE;
}

const char *owners_by_name(enum owners_by by)
{
	return kinds[by].name;
}

struct owner_sums *owner_sums_alloc(enum owners_by by)
{
	struct owner_sums *sums = calloc(1, sizeof(*sums));

	if (sums)
		sums->by = by;
	return sums;
}

void owner_sums_free(struct owner_sums *sums)
{
	if (sums)
		free(sums->sums);
	free(sums);
}

/* Who the sum is that @owner belongs to: with no more than what all of it has in common. */
static struct who sum_of(const struct owner *owner, enum owners_by by)
{
	const uint64_t kept = kinds[by].told;
	struct who who = { .told = TOLD(EPHPORTS_A_OWNER_REASON) };

	who.told |= owner->who.told & kept;
	if (told(&who, EPHPORTS_A_OWNER_COMM))
		memcpy(who.comm, owner->who.comm, sizeof(who.comm));
	if (told(&who, EPHPORTS_A_OWNER_UID))
		who.uid = owner->who.uid;
	if (told(&who, EPHPORTS_A_OWNER_PID))
		who.pid = owner->who.pid;
	if (told(&who, EPHPORTS_A_OWNER_CGROUP))
		who.cgroup = owner->who.cgroup;
	if (told(&who, EPHPORTS_A_OWNER_NETNS))
		who.netns = owner->who.netns;
	/* Without what is asked for, why not. Those who are not told have a uid all the same. */
	if (by == OWNERS_BY_PROCESS || !(who.told & kept))
		who.reason = owner->who.reason;
	return who;
}

static bool same_who(const struct who *a, const struct who *b)
{
	const uint64_t beside = TOLD(EPHPORTS_A_OWNER_GROUPS) | TOLD(EPHPORTS_A_OWNER_FAILURES);

	return !((a->told ^ b->told) & ~beside) && a->cgroup == b->cgroup && a->uid == b->uid &&
	       a->pid == b->pid && a->netns == b->netns && a->reason == b->reason &&
	       !strcmp(a->comm, b->comm);
}

static size_t *bucket_of(struct owner_sums *sums, const struct who *who)
{
	uint64_t key = who->cgroup ^ who->uid ^ (uint64_t)who->pid << 16 ^
		       (uint64_t)who->netns << 32;
	const char *c;

	for (c = who->comm; *c; c++)
		key = key * 31 + (unsigned char)*c;
	key *= 0x9e3779b97f4a7c15ull;
	return &sums->buckets[(key >> 32) % BUCKETS];
}

static struct owner *find_sum(struct owner_sums *sums, const struct who *who)
{
	size_t *bucket = bucket_of(sums, who), i;

	for (i = *bucket; i; i = sums->sums[i - 1].chain) {
		if (same_who(&sums->sums[i - 1].owner.who, who))
			return &sums->sums[i - 1].owner;
	}
	if (sums->n == sums->room) {
		size_t room = sums->room ? 2 * sums->room : 64;
		struct sum *more = reallocarray(sums->sums, room, sizeof(*more));

		if (!more)
			return NULL;
		sums->sums = more;
		sums->room = room;
	}
	sums->sums[sums->n] = (struct sum){ .owner.who = *who, .chain = *bucket };
	*bucket = ++sums->n;
	return &sums->sums[sums->n - 1].owner;
}

/* Of the others, groups counts what they were; a row that was told apart is one. */
static void add_owner(struct owner *to, const struct owner *owner)
{
	to->used += owner->used;
	to->failures += owner->failures;
	to->groups += told(&owner->who, EPHPORTS_A_OWNER_GROUPS) ? owner->groups : 1;
	to->who.told |= TOLD(EPHPORTS_A_OWNER_GROUPS);
	to->who.told |= owner->who.told & TOLD(EPHPORTS_A_OWNER_FAILURES);
	counts_add(&to->counts, &owner->counts);
	traffic_add(&to->traffic, &owner->traffic);
}

int owner_sums_add(struct owner_sums *sums, const struct owner *owner)
{
	struct who who;
	struct owner *sum;

	if (owner_is_rest(owner)) {
		sums->has_rest = true;
		add_owner(&sums->rest, owner);
		return EXIT_OK;
	}
	who = sum_of(owner, sums->by);
	sum = find_sum(sums, &who);
	if (!sum)
		return EXIT_RUNTIME;
	add_owner(sum, owner);
	return EXIT_OK;
}

int owner_sums_add_port(struct owner_sums *sums, const struct port *port)
{
	const struct owner owner = { .who = who_of_port(port) };
	const struct who who = sum_of(&owner, sums->by);
	struct owner *sum = find_sum(sums, &who);

	sums->of_ports = true;
	if (!sum)
		return EXIT_RUNTIME;
	sum->used++;
	sum->counts.states[port->state <= EPHPORTS_STATE_MAX ? port->state : 0]++;
	sum->counts.origins[port->origin <= EPHPORTS_ORIGIN_MAX ? port->origin : 0]++;
	if (told(port, EPHPORTS_A_PORT_AGE) && port->age_ns > sum->traffic.oldest_ns)
		sum->traffic.oldest_ns = port->age_ns;
	return EXIT_OK;
}

bool owner_sums_have_rest(const struct owner_sums *sums)
{
	return sums->has_rest;
}

void owner_sums_restart(struct owner_sums *sums)
{
	sums->n = 0;
	memset(sums->buckets, 0, sizeof(sums->buckets));
	sums->has_rest = false;
	sums->rest = (struct owner){ 0 };
}

static int compare(const void *a, const void *b)
{
	const struct owner *x = &((const struct sum *)a)->owner;
	const struct owner *y = &((const struct sum *)b)->owner;

	return (x->used < y->used) - (x->used > y->used);
}

int owner_sums_tell(struct owner_sums *sums, uint32_t top, owner_fn fn, void *arg)
{
	size_t i;
	int ret;

	if (sums->n)
		qsort(sums->sums, sums->n, sizeof(*sums->sums), compare);
	for (i = 0; i < sums->n; i++) {
		if (top && i >= top) {
			sums->has_rest = true;
			add_owner(&sums->rest, &sums->sums[i].owner);
			if (sums->of_ports)
				sums->rest.who.told &= ~TOLD(EPHPORTS_A_OWNER_GROUPS);
			continue;
		}
		ret = fn(&sums->sums[i].owner, arg);
		if (ret)
			return ret;
	}
	return sums->has_rest ? fn(&sums->rest, arg) : EXIT_OK;
}
