/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens to records, noted down for whoever watches; nothing while nobody does. */
#ifndef EPHPORTS_STREAM_H
#define EPHPORTS_STREAM_H

#include <linux/jump_label.h>

#include "sock.h"
#include "table.h"

/**
 * struct ephports_stream_event - something that happened
 * @time: ns of CLOCK_BOOTTIME
 * @rec: the record; of a failure who asked, and the port asked for by number, or 0
 * @sock: its socket at that moment; of a failure from where and towards whom
 * @kind: enum ephports_event
 */
struct ephports_stream_event {
	u64 time;
	struct ephports_record rec;
	struct ephports_sock sock;
	u8 kind;
};

/**
 * struct ephports_stream_gap - events that found no room
 * @nsid: number of their network namespace; 0: of any
 * @count: how many
 * @first: time of the first, ns of CLOCK_BOOTTIME
 * @last: time of the last
 */
struct ephports_stream_gap {
	u64 nsid;
	u64 count;
	u64 first;
	u64 last;
};

/* Who is handed what happened, in the order in which it did; may sleep. */
struct ephports_stream_sink {
	void (*event)(const struct ephports_stream_event *event, void *ctx);
	void (*gap)(const struct ephports_stream_gap *gap, void *ctx);
};

DECLARE_STATIC_KEY_FALSE(ephports_stream_key);

void ephports_stream_note_came(const struct ephports_record *rec, enum ephports_cause cause);
void ephports_stream_note_went(const struct ephports_record *rec, enum ephports_cause cause);
void ephports_stream_note_refused(const struct ephports_record *rec,
				  const struct ephports_sock *sock);

/**
 * ephports_stream_came() - there is a new record, or it is known at last how it came
 * @rec: the record, its bucket locked
 * @cause: why it came
 */
static inline void ephports_stream_came(const struct ephports_record *rec,
					enum ephports_cause cause)
{
	if (static_branch_unlikely(&ephports_stream_key))
		ephports_stream_note_came(rec, cause);
}

/**
 * ephports_stream_went() - a record is about to go
 * @rec: the record, its bucket locked
 * @cause: why it goes
 */
static inline void ephports_stream_went(const struct ephports_record *rec,
					enum ephports_cause cause)
{
	if (static_branch_unlikely(&ephports_stream_key))
		ephports_stream_note_went(rec, cause);
}

/**
 * ephports_stream_refused() - no port was free, or not the one that was asked for
 * @rec: who asked; @rec->port is not 0 if the port was asked for by number
 * @sock: from where, towards whom
 */
static inline void ephports_stream_refused(const struct ephports_record *rec,
					   const struct ephports_sock *sock)
{
	if (static_branch_unlikely(&ephports_stream_key))
		ephports_stream_note_refused(rec, sock);
}

int ephports_stream_open(void);
void ephports_stream_close(void);
void ephports_stream_drain(const struct ephports_stream_sink *sink, void *ctx);

int ephports_stream_init(void);

#endif /* EPHPORTS_STREAM_H */
