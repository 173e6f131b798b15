/* SPDX-License-Identifier: GPL-2.0 */
/* What ephstat why found out, for those who write it down. */
#ifndef EPHSTAT_WHY_H
#define EPHSTAT_WHY_H

#include "nat.h"
#include "reading.h"
#include "remedy.h"

struct why {
	struct reading r;
	struct filter asked;		/* what the command line is about */
	bool is_about;			/* it is about something */
	uint16_t port;			/* the command line asks about this port; 0: it does not */

	/* The fullest of what is asked about. */
	struct dest fresh[2];		/* a destination that is new, of TCP and of UDP */
	struct dest dest;		/* without addresses: the namespace's protocol */
	struct dest udp;		/* all UDP sockets */
	struct owner owner;		/* who holds most of it; without told: nobody */
	uint32_t bound_only;		/* TCP sockets with a port and no connection */
	uint32_t pid_used;		/* ports of the process that is asked about */
	uint64_t refused;		/* allocations, as far as remembered */
	uint64_t refused_last_ns;	/* the last, before now; UINT64_MAX: never */
	struct cause_shared shared;
	enum cause cause;
	struct forecast cast;
	bool is_short;

	/* Or the port. */
	struct port holders[4];
	unsigned int n_holders;		/* may be more than there is room for */
	struct failure theft;		/* the last refusal because of it; without told: none */

	struct nat nat;
	struct portset reserved;
	struct portset taken[2];
	bool reserved_unread;
	bool unread[2];			/* of TCP, UDP: one of these files cannot be read */
	struct remedy remedies[REMEDIES_MAX];
	unsigned int n_remedies;
	char *reserve_text;		/* the line for ip_local_reserved_ports, of a port */
};

/* What the module says of a destination of @dest's protocol that is new. */
static inline const struct dest *why_fresh(const struct why *why, uint8_t proto)
{
	return &why->fresh[proto_index(proto) == PROTO_UDP];
}

/* Records of the namespace and protocol in question, and nothing else of it. */
struct filter why_bare_filter(const struct why *why);

/* Of a port: both return an exit code. */
int why_look_at_port(struct why *why);
int why_advise_port(struct why *why);

/* Writes what is in @text, and empties it: a paragraph is longer than a struct text. */
void why_say(FILE *out, struct text *text);
void why_say_port(const struct why *why, FILE *out, struct text *text);

/* The paragraph, which the caller frees; NULL without memory. */
char *why_paragraph(const struct why *why);

void why_write_text(const struct why *why);
void why_put_json(struct why *why);

#endif
