// SPDX-License-Identifier: GPL-2.0
#include "cgroup.h"
#include "logbytes.h"
#include "logcolumns.h"
#include "logfile.h"
#include "who.h"

#define SLOTS	4096	/* of a table; when they are half full, all is told as if it were new */

struct table {
	uint32_t n;
	struct {
		uint32_t number;	/* plus 1, 0: free */
		uint32_t at;		/* in the words */
		uint32_t len;
	} slots[SLOTS];
};

struct log_pack {
	struct bytes columns[COLUMNS];
	struct bytes whole;
	struct bytes word;
	struct table tables[TABLES];
	uint64_t boot_ns;
	uint64_t seq;
	uint64_t id;
	uint64_t cookie;
};

struct log_pack *log_pack_new(void)
{
	return calloc(1, sizeof(struct log_pack));
}

void log_pack_free(struct log_pack *pack)
{
	unsigned int i;

	if (!pack)
		return;
	for (i = 0; i < COLUMNS; i++)
		free(pack->columns[i].data);
	free(pack->whole.data);
	free(pack->word.data);
	free(pack);
}

void log_pack_start(struct log_pack *pack, uint64_t first_ns)
{
	unsigned int i;

	for (i = 0; i < COLUMNS; i++)
		pack->columns[i].len = 0;
	memset(pack->tables, 0, sizeof(pack->tables));
	pack->boot_ns = first_ns;
	pack->seq = 0;
	pack->id = 0;
	pack->cookie = 0;
}

size_t log_pack_size(const struct log_pack *pack)
{
	unsigned int i;
	size_t len = 0;

	for (i = 0; i < COLUMNS; i++)
		len += pack->columns[i].len;
	return len;
}

const uint8_t *log_pack_end(struct log_pack *pack, size_t *len)
{
	unsigned int i;

	pack->whole.len = 0;
	for (i = 0; i < COLUMNS; i++)
		put_varint(&pack->whole, pack->columns[i].len);
	for (i = 0; i < COLUMNS; i++)
		put_raw(&pack->whole, pack->columns[i].data, pack->columns[i].len);
	*len = pack->whole.len;
	return pack->whole.failed ? NULL : pack->whole.data;
}

static uint32_t hash_bytes(const struct bytes *b)
{
	uint32_t hash = 2166136261u;
	size_t i;

	for (i = 0; i < b->len; i++)
		hash = (hash ^ b->data[i]) * 16777619u;
	return hash ^ hash >> 15;
}

/* Tells what stands in pack->word by its number, and in full if it is new to the block. */
static void put_word(struct log_pack *pack, enum log_table which, enum log_column column)
{
	struct bytes *words = &pack->columns[COL_WORDS];
	struct table *table = &pack->tables[which];
	const struct bytes *word = &pack->word;
	uint32_t i = hash_bytes(word) % SLOTS;

	while (table->slots[i].number) {
		if (table->slots[i].len == word->len &&
		    !memcmp(words->data + table->slots[i].at, word->data, word->len)) {
			put_varint(&pack->columns[column], table->slots[i].number - 1);
			return;
		}
		i = (i + 1) % SLOTS;
	}
	put_varint(&pack->columns[column], table->n++);
	put_varint(words, word->len);
	if (table->n <= SLOTS / 2) {
		table->slots[i].number = table->n;
		table->slots[i].at = words->len;
		table->slots[i].len = word->len;
	}
	put_raw(words, word->data, word->len);
}

static void put_address(struct log_pack *pack, enum log_table which, enum log_column column,
			const struct address *addr, uint32_t extra)
{
	pack->word.len = 0;
	put_raw(&pack->word, addr->bytes, addr->len);
	put_varint(&pack->word, extra);
	put_word(pack, which, column);
}

static void put_owner(struct log_pack *pack, const struct who *who, uint32_t tid, uint64_t nsid)
{
	struct bytes *word = &pack->word;
	const char *path = told(who, EPHPORTS_A_OWNER_CGROUP) ? cgroup_path(who->cgroup) : NULL;

	word->len = 0;
	put_varint(word, who->told);
	put_varint(word, who->uid);
	put_varint(word, who->pid);
	put_varint(word, tid);
	put_varint(word, who->cgroup);
	put_varint(word, who->netns);
	put_varint(word, nsid);
	put_varint(word, who->reason);
	put_string(word, who->comm);
	put_string(word, path);
	put_word(pack, TABLE_OWNERS, COL_OWNER);
}

static void put_delta(struct log_pack *pack, enum log_column column, uint64_t *last, uint64_t n)
{
	put_signed(&pack->columns[column], (int64_t)(n - *last));
	*last = n;
}

static void put_port(struct log_pack *pack, const struct port *port)
{
	const uint8_t number[] = { port->local_port & 0xff, port->local_port >> 8 };
	const uint8_t few[] = {
		port->proto, port->family, port->state, port->origin, port->reason,
		port->local.len, port->peer.len,
	};
	const struct who who = who_of_port(port);

	pack->word.len = 0;
	put_varint(&pack->word, port->told);
	put_raw(&pack->word, few, sizeof(few));
	put_word(pack, TABLE_SHAPES, COL_SHAPE);
	put_delta(pack, COL_ID, &pack->id, port->id);
	put_delta(pack, COL_COOKIE, &pack->cookie, port->cookie);
	put_raw(&pack->columns[COL_PORT], number, sizeof(number));
	put_address(pack, TABLE_LOCALS, COL_LOCAL, &port->local, port->ifindex);
	put_address(pack, TABLE_PEERS, COL_PEER, &port->peer, port->peer_port);
	put_owner(pack, &who, port->tid, port->nsid);
	put_varint(&pack->columns[COL_AGE], port->age_ns);
	put_varint(&pack->columns[COL_TIME_WAIT], port->time_wait_ns);
}

static void put_failure(struct log_pack *pack, const struct failure *failure)
{
	struct bytes *rest = &pack->columns[COL_REST];
	const uint8_t few[] = {
		failure->proto, failure->family, failure->origin, failure->local.len,
		failure->peer.len,
	};

	put_varint(rest, failure->told & ~TOLD(EPHPORTS_A_FAILURE_HOLDER));
	put_raw(rest, few, sizeof(few));
	put_varint(rest, failure->count);
	put_varint(rest, failure->first_ns);
	put_varint(rest, failure->last_ns);
	put_varint(rest, failure->port);
	put_address(pack, TABLE_LOCALS, COL_LOCAL, &failure->local, 0);
	put_address(pack, TABLE_PEERS, COL_PEER, &failure->peer, failure->peer_port);
	put_owner(pack, &failure->who, 0, 0);
}

static void put_event(struct log_pack *pack, const struct event *event)
{
	struct bytes *rest = &pack->columns[COL_REST];

	put_signed(&pack->columns[COL_SEQ], (int64_t)(event->seq - pack->seq - 1));
	pack->seq = event->seq;
	if (event->kind == EPHPORTS_EVENT_FAILED) {
		put_failure(pack, &event->failure);
	} else if (event->kind == EPHPORTS_EVENT_LOST) {
		put_varint(rest, event->lost);
		put_varint(rest, event->lost_span_ns);
		put_varint(rest, event->lost_unsorted);
		/* The next number is that of the first event after the loss. */
		pack->seq += event->lost - 1;
	} else {
		put_port(pack, &event->port);
	}
}

static void put_prefix(struct bytes *to, const struct prefix *prefix)
{
	put_varint(to, prefix->addr.len);
	put_raw(to, prefix->addr.bytes, prefix->addr.len);
	put_varint(to, prefix->bits);
}

static void put_run(struct bytes *to, const struct log_run *run)
{
	const struct filter *f = &run->filter;

	put_varint(to, run->from_ns);
	put_varint(to, f->proto);
	put_varint(to, f->family);
	put_varint(to, f->port_low);
	put_varint(to, f->port_high);
	put_prefix(to, &f->local);
	put_prefix(to, &f->peer);
	put_varint(to, f->peer_port);
	put_varint(to, f->states);
	put_varint(to, f->origins);
	put_varint(to, f->has_pid ? 1ull + f->pid : 0);
	put_varint(to, f->has_uid ? 1ull + f->uid : 0);
	put_varint(to, f->netns);
	put_varint(to, f->all_netns);
}

static void put_place(struct bytes *to, const struct log_place *place)
{
	put_varint(to, place->netns);
	put_varint(to, place->is_hosts);
}

static void put_flag(struct log_pack *pack, const struct unusual_flag *flag)
{
	struct bytes *rest = &pack->columns[COL_REST];

	put_varint(rest, flag->rule);
	put_varint(rest, flag->window_ns);
	put_varint(rest, flag->taken);
	put_varint(rest, flag->distinct);
	put_varint(rest, flag->habit);
	put_varint(rest, flag->host.len);
	put_address(pack, TABLE_PEERS, COL_PEER, &flag->host, 0);
	put_owner(pack, &flag->who, 0, 0);
}

static void put_rare(struct log_pack *pack, const struct log_record *record)
{
	struct bytes *rest = &pack->columns[COL_REST];

	put_varint(rest, record->code);
	put_varint(rest, record->count);
	put_varint(rest, record->from_ns);
	put_varint(rest, record->until_ns);
	put_signed(rest, record->step_ns);
}

static void put_look(struct bytes *to, const struct log_record *record)
{
	put_varint(to, record->from_ns);
	put_varint(to, record->until_ns);
	put_varint(to, record->port_low);
	put_varint(to, record->port_high);
}

int log_pack_add(struct log_pack *pack, const struct log_record *record)
{
	unsigned int i;

	put_raw(&pack->columns[COL_TYPE], &record->type, 1);
	put_delta(pack, COL_TIME, &pack->boot_ns, record->boot_ns);
	if (log_is_event(record))
		put_event(pack, &record->event);
	else if (record->type == LOG_HELD)
		put_port(pack, &record->event.port);
	else if (record->type == LOG_RUN)
		put_run(&pack->columns[COL_REST], &record->run);
	else if (record->type == LOG_PLACE)
		put_place(&pack->columns[COL_REST], &record->place);
	else if (record->type == LOG_LOOK)
		put_look(&pack->columns[COL_REST], record);
	else if (record->type == LOG_UNUSUAL)
		put_flag(pack, &record->flag);
	else
		put_rare(pack, record);

	for (i = 0; i < COLUMNS; i++) {
		if (pack->columns[i].failed)
			return -1;
	}
	return pack->word.failed ? -1 : 0;
}
