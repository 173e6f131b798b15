/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Behaviour that the ports betray. Looked at is what each process took, or was refused, in windows
 * of ten seconds that follow on each other:
 *
 * hosts: towards more than HOSTS addresses.
 * ports: towards more than PORTS ports of one address.
 * rate: more than RATE_FLOOR ports, and RATE_TIMES what the process takes in such a window by
 *	habit (a moving average of its last windows), once it was watched for RATE_WINDOWS of them.
 *
 * Each is told once per process in QUIET_NS. The memory is fixed: of more processes than there is
 * room for, the one that was idle longest is forgotten, and with it its habit.
 */
#ifndef EPHSTAT_UNUSUAL_H
#define EPHSTAT_UNUSUAL_H

#include "json.h"
#include "text.h"
#include "usage.h"

#define UNUSUAL_WINDOW_NS	10000000000ull
#define UNUSUAL_QUIET_NS	300000000000ull
#define UNUSUAL_HOSTS		100
#define UNUSUAL_PORTS		50
#define UNUSUAL_RATE_FLOOR	500
#define UNUSUAL_RATE_TIMES	10
#define UNUSUAL_RATE_WINDOWS	6

enum unusual_rule {
	UNUSUAL_NONE,
	UNUSUAL_BY_HOSTS,
	UNUSUAL_BY_PORTS,
	UNUSUAL_BY_RATE,
};

struct unusual;

/* What is told of a process; the figures are those of the moment. */
struct unusual_flag {
	enum unusual_rule rule;
	uint64_t time_ns;	/* as the event that made it so */
	uint64_t boot_ns;
	uint64_t window_ns;	/* from the start of the window until then */
	uint32_t taken;		/* ports in it */
	uint32_t distinct;	/* addresses, or ports of the address */
	uint32_t habit;		/* ports in a window */
	struct address host;	/* the last, or the one whose ports they are */
	struct who who;
};

/* NULL: no memory. */
struct unusual *unusual_new(void);
void unusual_free(struct unusual *unusual);

/* Looks at @event; true if @flag is to be told. */
bool unusual_event(struct unusual *unusual, const struct event *event, struct unusual_flag *flag);

const char *unusual_name(enum unusual_rule rule);

/* In words, without the end of the line, and as the object of one. */
void unusual_text(struct text *row, const struct unusual_flag *flag);
struct json_object *unusual_json(const struct unusual_flag *flag);

#endif
