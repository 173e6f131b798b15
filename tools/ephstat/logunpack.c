// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>

#include "logbytes.h"
#include "logcolumns.h"
#include "logfile.h"

#define PATH_SIZE	4096

struct word {
	const uint8_t *at;
	uint32_t len;
};

/* The words of a table, in the order of their first use. */
struct words {
	struct word *words;
	uint32_t n;
	uint32_t room;
};

struct log_unpack {
	struct cursor columns[COLUMNS];
	struct words tables[TABLES];
	int64_t wall_ns;
	uint64_t boot_ns;
	uint64_t seq;
	uint64_t id;
	uint64_t cookie;
	bool bad;
	char path[PATH_SIZE];
};

struct log_unpack *log_unpack_new(void)
{
	return calloc(1, sizeof(struct log_unpack));
}

void log_unpack_free(struct log_unpack *u)
{
	unsigned int i;

	if (!u)
		return;
	for (i = 0; i < TABLES; i++)
		free(u->tables[i].words);
	free(u);
}

int log_unpack_start(struct log_unpack *u, const uint8_t *raw, size_t len,
		     uint64_t first_ns, int64_t wall_ns)
{
	struct cursor whole = { .at = raw, .end = raw + len };
	size_t lengths[COLUMNS];
	unsigned int i;

	for (i = 0; i < COLUMNS; i++)
		lengths[i] = take_varint(&whole);
	for (i = 0; i < COLUMNS; i++) {
		const uint8_t *at = take_raw(&whole, lengths[i]);

		if (!at)
			return -1;
		u->columns[i] = (struct cursor){ .at = at, .end = at + lengths[i] };
	}
	for (i = 0; i < TABLES; i++)
		u->tables[i].n = 0;
	u->boot_ns = first_ns;
	u->wall_ns = wall_ns;
	u->seq = 0;
	u->id = 0;
	u->cookie = 0;
	u->bad = false;
	return 0;
}

static bool add_word(struct log_unpack *u, struct words *table)
{
	struct cursor *words = &u->columns[COL_WORDS];
	size_t len = take_varint(words);
	const uint8_t *at = take_raw(words, len);

	if (!at)
		return false;
	if (table->n == table->room) {
		uint32_t room = 2 * table->room + 64;
		struct word *more = realloc(table->words, room * sizeof(*more));

		if (!more)
			return false;
		table->words = more;
		table->room = room;
	}
	table->words[table->n++] = (struct word){ .at = at, .len = len };
	return true;
}

static struct cursor take_word(struct log_unpack *u, enum log_table which, enum log_column column)
{
	struct words *table = &u->tables[which];
	uint64_t number = take_varint(&u->columns[column]);
	const struct word *word;

	if (number > table->n || (number == table->n && !add_word(u, table))) {
		u->bad = true;
		return (struct cursor){ .bad = true };
	}
	word = &table->words[number];
	return (struct cursor){ .at = word->at, .end = word->at + word->len };
}

static void settle_word(struct log_unpack *u, const struct cursor *word)
{
	u->bad |= word->bad;
}

static uint32_t take_address(struct log_unpack *u, enum log_table which, enum log_column column,
			     uint8_t len, struct address *addr)
{
	struct cursor word = take_word(u, which, column);
	const uint8_t *bytes = take_raw(&word, len);
	uint32_t extra = take_varint(&word);

	if (len != 0 && len != 4 && len != 16)
		word.bad = true;
	else if (bytes && len)
		memcpy(addr->bytes, bytes, len);
	addr->len = word.bad ? 0 : len;
	settle_word(u, &word);
	return extra;
}

static const char *take_owner(struct log_unpack *u, struct who *who, uint32_t *tid, uint64_t *nsid)
{
	struct cursor word = take_word(u, TABLE_OWNERS, COL_OWNER);

	who->told = take_varint(&word);
	who->uid = take_varint(&word);
	who->pid = take_varint(&word);
	*tid = take_varint(&word);
	who->cgroup = take_varint(&word);
	who->netns = take_varint(&word);
	*nsid = take_varint(&word);
	who->reason = take_varint(&word);
	take_string(&word, who->comm, sizeof(who->comm));
	take_string(&word, u->path, sizeof(u->path));
	settle_word(u, &word);
	return *u->path ? u->path : NULL;
}

static uint64_t take_delta(struct log_unpack *u, enum log_column column, uint64_t *last)
{
	*last += (uint64_t)take_signed(&u->columns[column]);
	return *last;
}

static void take_shape(struct log_unpack *u, struct port *port)
{
	struct cursor word = take_word(u, TABLE_SHAPES, COL_SHAPE);
	const uint8_t *few;

	port->told = take_varint(&word);
	few = take_raw(&word, 7);
	settle_word(u, &word);
	if (!few)
		return;
	port->proto = few[0];
	port->family = few[1];
	port->state = few[2];
	port->origin = few[3];
	port->reason = few[4];
	port->local.len = few[5];
	port->peer.len = few[6];
}

static void take_port(struct log_unpack *u, struct log_record *record)
{
	struct port *port = &record->event.port;
	const uint8_t *number;
	struct who who = { 0 };

	take_shape(u, port);
	port->id = take_delta(u, COL_ID, &u->id);
	port->cookie = take_delta(u, COL_COOKIE, &u->cookie);
	number = take_raw(&u->columns[COL_PORT], 2);
	port->local_port = number ? number[0] | number[1] << 8 : 0;
	port->ifindex = take_address(u, TABLE_LOCALS, COL_LOCAL, port->local.len, &port->local);
	port->peer_port = take_address(u, TABLE_PEERS, COL_PEER, port->peer.len, &port->peer);
	record->cgroup = take_owner(u, &who, &port->tid, &port->nsid);
	port->uid = who.uid;
	port->pid = who.pid;
	port->cgroup = who.cgroup;
	port->netns = who.netns;
	memcpy(port->comm, who.comm, sizeof(port->comm));
	port->age_ns = take_varint(&u->columns[COL_AGE]);
	port->time_wait_ns = take_varint(&u->columns[COL_TIME_WAIT]);
}

static void take_failure(struct log_unpack *u, struct log_record *record)
{
	struct cursor *rest = &u->columns[COL_REST];
	struct failure *failure = &record->event.failure;
	const uint8_t *few;
	uint8_t local, peer;
	uint64_t nsid;
	uint32_t tid;

	failure->told = take_varint(rest);
	few = take_raw(rest, 5);
	failure->proto = few ? few[0] : 0;
	failure->family = few ? few[1] : 0;
	failure->origin = few ? few[2] : 0;
	local = few ? few[3] : 0;
	peer = few ? few[4] : 0;
	failure->count = take_varint(rest);
	/* By the clock of then, which may have been set since. */
	take_varint(rest);
	take_varint(rest);
	failure->first_ns = failure->last_ns = record->boot_ns + (uint64_t)u->wall_ns;
	failure->port = take_varint(rest);
	take_address(u, TABLE_LOCALS, COL_LOCAL, local, &failure->local);
	failure->peer_port = take_address(u, TABLE_PEERS, COL_PEER, peer, &failure->peer);
	record->cgroup = take_owner(u, &failure->who, &tid, &nsid);
}

static void take_event(struct log_unpack *u, struct log_record *record)
{
	struct cursor *rest = &u->columns[COL_REST];
	struct event *event = &record->event;

	event->kind = record->type;
	event->boot_ns = record->boot_ns;
	event->time_ns = record->boot_ns + (uint64_t)u->wall_ns;
	u->seq += 1 + (uint64_t)take_signed(&u->columns[COL_SEQ]);
	event->seq = u->seq;
	event->told = TOLD(EPHPORTS_A_EVENT_SEQ) | TOLD(EPHPORTS_A_EVENT_KIND) |
		      TOLD(EPHPORTS_A_EVENT_TIME) | TOLD(EPHPORTS_A_EVENT_BOOT);
	if (event->kind == EPHPORTS_EVENT_FAILED) {
		event->told |= TOLD(EPHPORTS_A_EVENT_FAILURE);
		take_failure(u, record);
	} else if (event->kind == EPHPORTS_EVENT_LOST) {
		event->lost = take_varint(rest);
		event->lost_span_ns = take_varint(rest);
		event->lost_unsorted = take_varint(rest);
		u->seq += event->lost - 1;
	} else {
		event->told |= TOLD(EPHPORTS_A_EVENT_PORT);
		take_port(u, record);
	}
}

static void take_prefix(struct cursor *from, struct prefix *prefix)
{
	uint64_t len = take_varint(from);
	const uint8_t *bytes = take_raw(from, len == 4 || len == 16 ? len : 0);

	if (bytes && len) {
		prefix->addr.len = len == 4 || len == 16 ? len : 0;
		memcpy(prefix->addr.bytes, bytes, prefix->addr.len);
	}
	prefix->bits = take_varint(from);
}

static void take_number(struct cursor *from, uint32_t *n, bool *has)
{
	uint64_t value = take_varint(from);

	*has = value > 0;
	*n = value ? value - 1 : 0;
}

static void take_run(struct cursor *from, struct log_run *run)
{
	struct filter *f = &run->filter;

	run->from_ns = take_varint(from);
	f->proto = take_varint(from);
	f->family = take_varint(from);
	f->port_low = take_varint(from);
	f->port_high = take_varint(from);
	take_prefix(from, &f->local);
	take_prefix(from, &f->peer);
	f->peer_port = take_varint(from);
	f->states = take_varint(from);
	f->origins = take_varint(from);
	take_number(from, &f->pid, &f->has_pid);
	take_number(from, &f->uid, &f->has_uid);
	f->netns = take_varint(from);
	f->all_netns = take_varint(from);
}

static void take_place(struct cursor *from, struct log_place *place)
{
	place->netns = take_varint(from);
	place->is_hosts = take_varint(from);
}

static void take_flag(struct log_unpack *u, struct log_record *record)
{
	struct cursor *rest = &u->columns[COL_REST];
	struct unusual_flag *flag = &record->flag;
	uint64_t nsid, len;
	uint32_t tid;

	flag->boot_ns = record->boot_ns;
	flag->time_ns = record->boot_ns + (uint64_t)u->wall_ns;
	flag->rule = take_varint(rest);
	flag->window_ns = take_varint(rest);
	flag->taken = take_varint(rest);
	flag->distinct = take_varint(rest);
	flag->habit = take_varint(rest);
	len = take_varint(rest);
	take_address(u, TABLE_PEERS, COL_PEER, len, &flag->host);
	record->cgroup = take_owner(u, &flag->who, &tid, &nsid);
}

static void take_rare(struct log_unpack *u, struct log_record *record)
{
	struct cursor *rest = &u->columns[COL_REST];

	record->code = take_varint(rest);
	record->count = take_varint(rest);
	record->from_ns = take_varint(rest);
	record->until_ns = take_varint(rest);
	record->step_ns = take_signed(rest);
}

static void take_look(struct cursor *from, struct log_record *record)
{
	record->from_ns = take_varint(from);
	record->until_ns = take_varint(from);
	record->port_low = take_varint(from);
	record->port_high = take_varint(from);
}

int log_unpack_next(struct log_unpack *u, struct log_record *record)
{
	struct cursor *types = &u->columns[COL_TYPE];
	unsigned int i;

	if (types->at == types->end)
		return 0;
	*record = (struct log_record){ .type = *take_raw(types, 1) };
	record->boot_ns = take_delta(u, COL_TIME, &u->boot_ns);
	if (log_is_event(record))
		take_event(u, record);
	else if (record->type == LOG_HELD)
		take_port(u, record);
	else if (record->type == LOG_RUN)
		take_run(&u->columns[COL_REST], &record->run);
	else if (record->type == LOG_PLACE)
		take_place(&u->columns[COL_REST], &record->place);
	else if (record->type == LOG_LOOK)
		take_look(&u->columns[COL_REST], record);
	else if (record->type == LOG_UNUSUAL)
		take_flag(u, record);
	else if (record->type < LOG_TYPES)
		take_rare(u, record);
	else
		return -1;

	for (i = 0; i < COLUMNS; i++)
		u->bad |= u->columns[i].bad;
	return u->bad ? -1 : 1;
}
