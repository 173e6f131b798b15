// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"
#include "util.h"

/* Keys are compared as bytes: they are zeroed before they are filled in. */
union key {
	struct tally_dest dest;
	struct tally_owner owner;
	uint64_t words[6];
};

struct slot {
	union key key;
	uint64_t count;	/* 0: the slot is free */
};

struct tally_table {
	size_t size;	/* a power of two, more than the used slots */
	size_t used;
	struct slot *slots;
};

_Static_assert(sizeof(union key) == sizeof(((union key *)NULL)->words), "words cover the key");

static struct tally_table *table_alloc(void)
{
	struct tally_table *table = malloc(sizeof(*table));

	if (!table)
		return NULL;
	*table = (struct tally_table){ .size = 256 };
	table->slots = calloc(table->size, sizeof(*table->slots));
	if (!table->slots) {
		free(table);
		return NULL;
	}
	return table;
}

static void table_free(struct tally_table *table)
{
	if (table)
		free(table->slots);
	free(table);
}

static uint64_t hash_key(const union key *key)
{
	uint64_t hash = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(key->words); i++) {
		hash = (hash ^ key->words[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	return hash;
}

/* The slot that holds @key, or the free one where it belongs. */
static struct slot *find_slot(struct slot *slots, size_t size, const union key *key)
{
	size_t i = hash_key(key) & (size - 1);

	while (slots[i].count && memcmp(&slots[i].key, key, sizeof(*key)) != 0)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static int table_grow(struct tally_table *table)
{
	size_t size = table->size * 2;
	struct slot *slots = calloc(size, sizeof(*slots));
	size_t i;

	if (!slots)
		return -1;
	for (i = 0; i < table->size; i++) {
		if (table->slots[i].count)
			*find_slot(slots, size, &table->slots[i].key) = table->slots[i];
	}
	free(table->slots);
	table->slots = slots;
	table->size = size;
	return 0;
}

static int table_count(struct tally_table *table, const union key *key)
{
	struct slot *slot;

	if (table->used >= table->size / 2 && table_grow(table))
		return EXIT_RUNTIME;
	slot = find_slot(table->slots, table->size, key);
	if (!slot->count) {
		slot->key = *key;
		table->used++;
	}
	slot->count++;
	return EXIT_OK;
}

/* The @n most counted slots, most first; returns how many there are. */
static unsigned int table_top(const struct tally_table *table, const struct slot **top,
			      unsigned int n)
{
	unsigned int found = 0;
	size_t i;

	for (i = 0; i < table->size; i++) {
		const struct slot *slot = &table->slots[i];
		unsigned int at = found;

		if (!slot->count || (found == n && slot->count <= top[n - 1]->count))
			continue;
		if (found < n)
			found++;
		else
			at--;
		for (; at > 0 && top[at - 1]->count < slot->count; at--)
			top[at] = top[at - 1];
		top[at] = slot;
	}
	return found;
}

int tally_init(struct tally *tally, const struct info *info, struct error *err)
{
	*tally = (struct tally){
		.info = info, .dests = table_alloc(), .owners = table_alloc(),
	};
	if (!tally->dests || !tally->owners)
		return error_set(err, EXIT_RUNTIME, "out of memory");
	return EXIT_OK;
}

void tally_exit(struct tally *tally)
{
	table_free(tally->dests);
	table_free(tally->owners);
}

enum tally_proto tally_proto(uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return TALLY_TCP;
	return proto == IPPROTO_UDP ? TALLY_UDP : TALLY_PROTOS;
}

const struct protocol *info_protocol(const struct info *info, uint8_t proto)
{
	unsigned int i;

	for (i = 0; i < info->n_protocols; i++) {
		if (info->protocols[i].proto == proto)
			return &info->protocols[i];
	}
	return NULL;
}

static int count_dest(struct tally *tally, const struct port *port)
{
	const struct protocol *range = info_protocol(tally->info, port->proto);
	union key key;

	if (!port->peer.len || !range || port->local_port < range->range_low ||
	    port->local_port > range->range_high)
		return EXIT_OK;
	memset(&key, 0, sizeof(key));
	key.dest.local = port->local;
	key.dest.peer = port->peer;
	key.dest.peer_port = port->peer_port;
	key.dest.proto = port->proto;
	return table_count(tally->dests, &key);
}

static int count_owner(struct tally *tally, const struct port *port)
{
	union key key;

	memset(&key, 0, sizeof(key));
	key.owner.reason = port->reason;
	if (!port->reason) {
		key.owner.pid = port->pid;
		key.owner.uid = port->uid;
		memcpy(key.owner.comm, port->comm, sizeof(key.owner.comm));
	}
	return table_count(tally->owners, &key);
}

int tally_add(struct tally *tally, const struct port *port)
{
	enum tally_proto proto = tally_proto(port->proto);
	int ret;

	if (proto == TALLY_PROTOS)
		return EXIT_OK;
	tally->counts[proto].states[port->state <= EPHPORTS_STATE_MAX ? port->state : 0]++;
	tally->counts[proto].origins[port->origin <= EPHPORTS_ORIGIN_MAX ? port->origin : 0]++;
	ret = count_dest(tally, port);
	return ret ? ret : count_owner(tally, port);
}

void tally_dests(const struct tally *tally, struct tally_top_dests *top)
{
	const struct slot *slots[TALLY_TOP];
	unsigned int i;

	top->n = table_top(tally->dests, slots, TALLY_TOP);
	for (i = 0; i < top->n; i++) {
		top->top[i].dest = slots[i]->key.dest;
		top->top[i].ports = slots[i]->count;
	}
}

void tally_owners(const struct tally *tally, struct tally_top_owners *top)
{
	const struct slot *slots[TALLY_TOP];
	unsigned int i;

	top->n = table_top(tally->owners, slots, TALLY_TOP);
	for (i = 0; i < top->n; i++) {
		top->top[i].owner = slots[i]->key.owner;
		top->top[i].sockets = slots[i]->count;
	}
}
