/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of port holders, in hash tables of their own per CPU. Knows ports and
 * keys, and nothing of sockets. The lock rules stand in table.c.
 */
#ifndef EPHPORTS_TABLE_H
#define EPHPORTS_TABLE_H

#include <linux/types.h>

#include "count.h"
#include "directory.h"
#include "ns.h"
#include "owner.h"
#include "pool.h"

/* What is true of a record besides its fields. */
#define EPHPORTS_F_TIMEWAIT	BIT(0)	/* the key is a timewait socket */
#define EPHPORTS_F_ADOPTED	BIT(1)	/* not seen to be taken: its age is not known */
#define EPHPORTS_F_NO_UID	BIT(2)	/* nobody can say whose it was */
#define EPHPORTS_F_MET		BIT(3)	/* put in by a walk, which may have come too late */
#define EPHPORTS_F_HANDED	BIT(4)	/* a timewait socket has taken the port over */
#define EPHPORTS_F_SECOND	BIT(5)	/* a timewait socket, and the other holds on too */
#define EPHPORTS_F_GUEST	BIT(6)	/* of a namespace that is not the host's */
#define EPHPORTS_F_WIDENED	BIT(7)	/* found because a range has come to have its port */

/**
 * struct ephports_record - one holder of one local port; numbers only
 * @id: unique since loading (ephports_pool_id()); 0 while the memory is nobody's,
 *	EPHPORTS_ID_CHANGES for the moment in which a timewait socket takes it over
 * @key: the holder's address: an identity together with @cookie, never followed
 *	without a check
 * @cookie: the socket's cookie, never 0
 * @nsid: number of the network namespace, never used again (struct ephports_ns)
 * @born: time of the assignment, ns of CLOCK_BOOTTIME; of an adopted record when it was found
 * @handed: when a timewait socket took over, likewise; 0: none has, or it was not seen
 * @owner: who took the port; for an adopted record who holds it
 * @netns: inode number of the network namespace
 * @next: the table's own
 * @port: local port, host byte order
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @origin: enum ephports_origin
 * @reason: enum ephports_reason, why @owner names no process; TOLD if it does
 * @flags: EPHPORTS_F_*
 * @epoch: in which the holder was recorded or last met by a walk, modulo 256
 * @search: how long the kernel searched for the port (ephports_short_time())
 */
struct ephports_record {
	u64 id;
	const void *key;
	u64 cookie;
	u64 nsid;
	u64 born;
	u64 handed;
	struct ephports_owner owner;
	u32 netns;
	u32 next;
	u16 port;
	u8 proto;
	u8 origin;
	u8 reason;
	u8 flags;
	u8 epoch;
	u8 search;
};

enum ephports_inserted {
	EPHPORTS_NEW,		/* there was none, now there is */
	EPHPORTS_KNOWN,		/* the holder has its record already */
	EPHPORTS_NO_ROOM,	/* there is none, and no room; the caller counts it */
};

enum ephports_handed {
	EPHPORTS_HANDED_OVER,
	EPHPORTS_HANDED_NOTHING,	/* who was to hand over has no record */
	EPHPORTS_HANDED_NO_ROOM,	/* nothing has changed; the caller counts it */
};

/**
 * struct ephports_cursor - where a reader stands; start with all zero
 *
 * A record that exists from the first call to the last is visited exactly once,
 * whatever comes and goes meanwhile; and of a port that is handed over to TIME_WAIT, either the
 * record before or the one after, once, while the one before may be visited as EPHPORTS_F_HANDED.
 */
struct ephports_cursor {
	u32 index;	/* in the pool: of the next record */
};

/* What a visitor of ephports_table_walk() answers. */
enum ephports_visit {
	EPHPORTS_NEXT,		/* go on */
	EPHPORTS_STOP,		/* stop here, come back to the next */
	EPHPORTS_REMOVE,	/* it is stale: drop it, go on */
};

typedef enum ephports_visit (*ephports_visitor)(struct ephports_record *rec, void *ctx);

static inline enum ephports_scope ephports_record_scope(const struct ephports_record *rec)
{
	return rec->flags & EPHPORTS_F_GUEST ? EPHPORTS_ALL : EPHPORTS_HOSTS;
}

#define EPHPORTS_ID_CHANGES	U64_MAX

/**
 * ephports_record_id() - the id of a record whose bucket is not locked
 * @rec: the record; what is read of it after this is as old as the id or newer
 *
 * Context: no lock of ours held, since another CPU may have to come to an end first.
 */
static inline u64 ephports_record_id(const struct ephports_record *rec)
{
	u64 id;

	/* Pairs with link_record() and move_aside() in table.c. */
	while (unlikely((id = smp_load_acquire(&rec->id)) == EPHPORTS_ID_CHANGES))
		cpu_relax();
	return id;
}

/* Whether what was read of a record since it had this id may be another's. */
static inline bool ephports_record_changed(const struct ephports_record *rec, u64 id)
{
	smp_rmb();	/* pairs with move_aside() in table.c and ephports_table_give() */
	return READ_ONCE(rec->id) != id;
}

/**
 * ephports_table_may_have() - whether there may be a record
 * @key: the holder
 *
 * Context: any. One load, for the many that have none.
 */
static inline bool ephports_table_may_have(const void *key)
{
	return atomic64_read(ephports_directory_word(ephports_directory_hash(key)));
}

/**
 * ephports_table_give() - done with a record that was taken out
 * @rec: the record
 *
 * Context: interrupts off.
 */
static inline void ephports_table_give(struct ephports_record *rec)
{
	WRITE_ONCE(rec->id, 0);
	smp_wmb();	/* pairs with ephports_record_changed() */
	ephports_pool_give(rec - ephports_records);
}

enum ephports_inserted ephports_table_insert(struct ephports_record *rec,
					     enum ephports_cause cause,
					     struct ephports_record *stale);
enum ephports_handed ephports_table_hand_over(const void *from, const void *to, u64 cookie,
					      u16 port, u64 now, struct ephports_record *stale);
struct ephports_record *ephports_table_take(const void *key, u64 cookie, u16 port);
bool ephports_table_had_port(u16 port);
bool ephports_table_copy(const void *key, struct ephports_record *copy);
bool ephports_table_visit(const void *key, ephports_visitor visit, void *ctx);
bool ephports_table_walk(struct ephports_cursor *cursor, ephports_visitor visit, void *ctx);

void ephports_table_new_epoch(void);
void ephports_table_mark(struct ephports_record *rec);
bool ephports_table_marked(const struct ephports_record *rec);
enum ephports_cause ephports_table_found(const struct ephports_record *rec);
enum ephports_cause ephports_table_lost(const struct ephports_record *rec);

u32 ephports_table_capacity(void);
u64 ephports_table_bytes(void);

int ephports_table_init(void);
void ephports_table_exit(void);

#endif /* EPHPORTS_TABLE_H */
