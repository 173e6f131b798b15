// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that were refused: who asked, for what, how often.
 *
 * Two ledgers of a fixed size: of searches that found no free port, and of ports that were
 * asked for by number and were somebody's source port. When one is full, the line that
 * nothing was added to for longest goes; a namespace with a good part of all lines gives up
 * one of its own, so that none can make the others' go, and the host's go last. The totals
 * (ns.h) know of them all still.
 */
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <linux/ephports.h>

#include "failure.h"

/* What makes two refusals one line. */
struct line_key {
	struct in6_addr local;
	struct in6_addr peer;
	u64 nsid;
	u64 cgroup;
	char comm[TASK_COMM_LEN];
	u32 pid;
	u32 uid;
	u16 port;
	u16 peer_port;
	u8 proto;
	u8 family;
	u8 origin;
	u8 reason;
};

struct line {
	struct line_key key;
	bool asked;	/* who holds the port, and not answered yet */
	struct ephports_failure failure;
};

struct ledger {
	raw_spinlock_t lock;	/* interrupts off */
	u32 size;
	u32 used;
	u32 *hashes;
	struct line *lines;
};

static struct ledger refusals = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(refusals.lock),
	.size = EPHPORTS_FAILURES,
};

static struct ledger conflicts = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(conflicts.lock),
	.size = EPHPORTS_CONFLICTS,
};

static atomic64_t totals[EPHPORTS_PROTOS];	/* of all namespaces, also those that are gone */

static void make_key(struct line_key *key, const struct ephports_record *rec,
		     const struct ephports_sock *sock)
{
	memset(key, 0, sizeof(*key));
	key->local = sock->local;
	key->peer = sock->peer;
	key->nsid = rec->nsid;
	key->cgroup = rec->owner.cgroup;
	memcpy(key->comm, rec->owner.comm, sizeof(key->comm));
	key->pid = rec->owner.pid;
	key->uid = rec->owner.uid;
	key->port = rec->port;
	key->peer_port = sock->peer_port;
	key->proto = rec->proto;
	key->family = sock->family;
	key->origin = rec->origin;
	key->reason = rec->reason;
}

/* Ledger locked. Of two lines, or none, the one that nothing was added to for longer. */
static u32 older_line(const struct ledger *ledger, u32 a, u32 b)
{
	return a < ledger->used &&
	       ledger->lines[a].failure.last <= ledger->lines[b].failure.last ? a : b;
}

/* Ledger locked, and full. */
static u32 give_up_line(const struct ledger *ledger, u64 nsid)
{
	u32 i, own = 0, oldest = U32_MAX, oldest_own = U32_MAX, oldest_guest = U32_MAX;

	for (i = 0; i < ledger->used; i++) {
		oldest = older_line(ledger, oldest, i);
		if (ledger->lines[i].key.nsid == nsid) {
			own++;
			oldest_own = older_line(ledger, oldest_own, i);
		}
		if (ledger->lines[i].failure.rec.flags & EPHPORTS_F_GUEST)
			oldest_guest = older_line(ledger, oldest_guest, i);
	}
	if (own >= ledger->size / 4)
		return oldest_own;
	return oldest_guest != U32_MAX ? oldest_guest : oldest;
}

/* Ledger locked. A line of this key, a free one, or the one to give up. */
static u32 find_line(const struct ledger *ledger, const struct line_key *key, u32 hash)
{
	u32 i;

	for (i = 0; i < ledger->used; i++)
		if (ledger->hashes[i] == hash &&
		    !memcmp(&ledger->lines[i].key, key, sizeof(*key)))
			return i;
	return ledger->used < ledger->size ? ledger->used : give_up_line(ledger, key->nsid);
}

static void note(struct ledger *ledger, const struct ephports_record *rec,
		 const struct ephports_sock *sock, u64 now)
{
	struct line *line;
	unsigned long flags;
	struct line_key key;
	u32 hash, i;

	make_key(&key, rec, sock);
	hash = jhash2((u32 *)&key, sizeof(key) / sizeof(u32), 0);
	raw_spin_lock_irqsave(&ledger->lock, flags);
	i = find_line(ledger, &key, hash);
	line = &ledger->lines[i];
	if (i == ledger->used || ledger->hashes[i] != hash ||
	    memcmp(&line->key, &key, sizeof(key))) {
		memset(line, 0, sizeof(*line));
		line->key = key;
		line->failure.rec = *rec;
		line->failure.sock = *sock;
		line->failure.first = now;
		ledger->hashes[i] = hash;
		ledger->used = max(ledger->used, i + 1);
	}
	line->failure.count++;
	line->failure.last = now;
	line->failure.held = false;
	line->asked = true;
	raw_spin_unlock_irqrestore(&ledger->lock, flags);
}

/**
 * ephports_failure_note() - no port was free
 * @rec: who asked
 * @sock: from where, towards whom
 * @now: ns of CLOCK_BOOTTIME
 *
 * Context: process context, also in probe handlers.
 */
void ephports_failure_note(const struct ephports_record *rec, const struct ephports_sock *sock,
			   u64 now)
{
	atomic64_inc(&totals[ephports_proto_of(rec->proto)]);
	note(&refusals, rec, sock, now);
}

/**
 * ephports_failure_note_conflict() - the port that was asked for by number was not free
 * @rec: who asked, and for which
 * @sock: with which address
 * @now: ns of CLOCK_BOOTTIME
 *
 * Context: as above. ephports_failure_find_holders() should run soon.
 */
void ephports_failure_note_conflict(const struct ephports_record *rec,
				    const struct ephports_sock *sock, u64 now)
{
	note(&conflicts, rec, sock, now);
}

/**
 * ephports_failure_total() - searches that found no free port, in all namespaces
 * @proto: of this protocol
 */
u64 ephports_failure_total(enum ephports_proto proto)
{
	return atomic64_read(&totals[proto]);
}

static int by_last(const void *a, const void *b)
{
	const struct ephports_failure *x = a, *y = b;

	return x->last < y->last ? 1 : x->last > y->last ? -1 : 0;
}

static u32 copy_lines(struct ledger *ledger, struct ephports_failure *copies)
{
	unsigned long flags;
	u32 i, n = 0;

	for (i = 0; i < ledger->size; i++) {
		raw_spin_lock_irqsave(&ledger->lock, flags);
		if (i < ledger->used)
			copies[n++] = ledger->lines[i].failure;
		raw_spin_unlock_irqrestore(&ledger->lock, flags);
	}
	sort(copies, n, sizeof(*copies), by_last, NULL);
	return n;
}

/**
 * ephports_failure_copy() - all that is remembered of searches that found no free port
 * @copies: room for EPHPORTS_FAILURES; the latest first
 *
 * Context: process context.
 *
 * Return: how many.
 */
u32 ephports_failure_copy(struct ephports_failure *copies)
{
	return copy_lines(&refusals, copies);
}

/**
 * ephports_failure_copy_conflicts() - likewise of ports asked for by number
 * @copies: room for EPHPORTS_CONFLICTS; without @held, nobody had it as a source port
 */
u32 ephports_failure_copy_conflicts(struct ephports_failure *copies)
{
	return copy_lines(&conflicts, copies);
}

/* Ports that were asked for by number, and who has them. */
struct search {
	u32 n;
	struct wanted {
		u32 line;
		struct ephports_record rec;
		struct ephports_record holder;
		struct ephports_sock sock;
		bool found;
	} wanted[EPHPORTS_CONFLICTS];
};

static bool is_source_port(const struct ephports_record *rec)
{
	return rec->origin != EPHPORTS_ORIGIN_EXPLICIT && rec->origin != EPHPORTS_ORIGIN_LISTEN &&
	       rec->origin != EPHPORTS_ORIGIN_ACCEPT;
}

static bool same_port(const struct ephports_record *a, const struct ephports_record *b)
{
	return a->port == b->port && a->proto == b->proto && a->nsid == b->nsid;
}

/* Bucket locked. */
static enum ephports_visit find_holder(struct ephports_record *rec, void *ctx)
{
	struct search *search = ctx;
	u32 i;

	for (i = 0; i < search->n; i++) {
		struct wanted *wanted = &search->wanted[i];

		if (wanted->found || !same_port(rec, &wanted->rec) || !is_source_port(rec))
			continue;
		ephports_sock_read(rec, &wanted->sock);
		wanted->holder = *rec;
		wanted->found = wanted->sock.state != EPHPORTS_STATE_UNKNOWN;
	}
	return EPHPORTS_NEXT;
}

static void collect_asked(struct search *search)
{
	unsigned long flags;
	u32 i;

	raw_spin_lock_irqsave(&conflicts.lock, flags);
	for (i = 0; i < conflicts.used; i++) {
		if (!conflicts.lines[i].asked)
			continue;
		conflicts.lines[i].asked = false;
		search->wanted[search->n].line = i;
		search->wanted[search->n++].rec = conflicts.lines[i].failure.rec;
	}
	raw_spin_unlock_irqrestore(&conflicts.lock, flags);
}

static void note_holder(const struct wanted *wanted)
{
	struct ephports_failure *failure = &conflicts.lines[wanted->line].failure;
	unsigned long flags;

	raw_spin_lock_irqsave(&conflicts.lock, flags);
	if (same_port(&failure->rec, &wanted->rec)) {
		failure->held = true;
		failure->holder = wanted->holder;
		failure->holder_sock = wanted->sock;
	}
	raw_spin_unlock_irqrestore(&conflicts.lock, flags);
}

/**
 * ephports_failure_find_holders() - see who has the ports that were asked for by number
 *
 * Context: process context, sleeps. Without memory, they are asked for again later.
 */
void ephports_failure_find_holders(void)
{
	struct search *search = kvzalloc(sizeof(*search), GFP_KERNEL);
	struct ephports_cursor cursor = {};
	u32 i;

	if (!search)
		return;
	collect_asked(search);
	if (search->n)
		ephports_table_walk(&cursor, find_holder, search);
	for (i = 0; i < search->n; i++)
		if (search->wanted[i].found)
			note_holder(&search->wanted[i]);
	kvfree(search);
}

static int open_ledger(struct ledger *ledger)
{
	ledger->hashes = vzalloc(array_size(ledger->size, sizeof(*ledger->hashes)));
	ledger->lines = vzalloc(array_size(ledger->size, sizeof(*ledger->lines)));
	return ledger->hashes && ledger->lines ? 0 : -ENOMEM;
}

static void close_ledger(struct ledger *ledger)
{
	vfree(ledger->hashes);
	vfree(ledger->lines);
}

/**
 * ephports_failure_init() - allocate the ledgers
 */
int ephports_failure_init(void)
{
	if (!open_ledger(&refusals) && !open_ledger(&conflicts))
		return 0;
	ephports_failure_exit();
	return -ENOMEM;
}

/**
 * ephports_failure_exit() - free them; nobody notes or asks any more
 */
void ephports_failure_exit(void)
{
	close_ledger(&refusals);
	close_ledger(&conflicts);
}
