// SPDX-License-Identifier: GPL-2.0
/* ephstat why: finds out what is full, of what, by whom, and what can be done about it. */
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"
#include "ephstat.h"
#include "util.h"
#include "why.h"

/* Destinations are told most used first; the fullest is among them. */
#define DESTS	256

/* What is worth a warning: half of the ports gone, or all within ten minutes. */
#define SOON_S		600
#define RECENT_NS	(600 * 1000000000ull)

/* ---- what it is about ---------------------------------------------------------------------- */

static bool is_number(const char *word)
{
	return *word && strspn(word, "0123456789") == strlen(word);
}

/* One word that is no word of a filter: "10.0.0.5:443", "1234", ":40000". */
static int parse_word(struct why *why, char *word, struct error *err)
{
	char *dst[] = { (char *)"dst", word };

	if (is_number(word)) {
		unsigned long n = strtoul(word, NULL, 10);

		why->asked.pid = n;
		why->asked.has_pid = true;
		why->port = n <= UINT16_MAX ? n : 0;
		return EXIT_OK;
	}
	if (*word == ':' && is_number(word + 1) && strtoul(word + 1, NULL, 10) <= UINT16_MAX) {
		why->port = strtoul(word + 1, NULL, 10);
		return EXIT_OK;
	}
	return filter_parse(&why->asked, 2, dst, err);
}

static int parse(struct why *why, int argc, char **argv, struct error *err)
{
	int ret;

	if (!argc)
		return EXIT_OK;
	why->is_about = true;
	if (argc == 1 && !strchr(argv[0], ' '))
		return parse_word(why, argv[0], err);
	ret = filter_parse(&why->asked, argc, argv, err);
	if (!ret && why->asked.port_low == why->asked.port_high)
		why->port = why->asked.port_low;
	return ret;
}

/* The namespace and protocol of the question, and nothing else of it. */
struct filter why_bare_filter(const struct why *why)
{
	struct filter filter;

	filter_init(&filter);
	filter.netns = why->asked.netns;
	filter.proto = why->asked.proto;
	return filter;
}

/* ---- a destination, a process, a namespace -------------------------------------------------- */

static void add_counts(struct dest *to, const struct dest *row)
{
	counts_add(&to->counts, &row->counts);
	traffic_add(&to->traffic, &row->traffic);
	to->used += row->used;
	to->failures += row->failures;
	if (row->search_ns > to->search_ns)
		to->search_ns = row->search_ns;
}

static bool is_fuller(const struct dest *row, const struct dest *than)
{
	uint64_t a = (uint64_t)dest_gone(row) * (dest_room(than) ? dest_room(than) : 1);
	uint64_t b = (uint64_t)dest_gone(than) * (dest_room(row) ? dest_room(row) : 1);

	return a != b ? a > b : row->used > than->used;
}

static int take_dest(const struct dest *row, void *arg)
{
	struct why *why = arg;

	if (dest_is_new(row)) {
		why->fresh[proto_index(row->proto) == PROTO_UDP] = *row;
		return EXIT_OK;
	}
	why->pid_used += row->used;
	if (dest_is_rest(row))
		return EXIT_OK;
	if (row->proto == IPPROTO_UDP) {
		add_counts(&why->udp, row);
		return EXIT_OK;
	}
	if (!told(row, EPHPORTS_A_DEST_HEADROOM)) {
		why->bound_only += row->counts.states[EPHPORTS_STATE_BOUND];
		return EXIT_OK;
	}
	if (!why->dest.used || is_fuller(row, &why->dest))
		why->dest = *row;
	return EXIT_OK;
}

static int ask_dests(struct why *why, const struct filter *filter)
{
	struct reading *r = &why->r;

	why->dest = why->udp = (struct dest){ 0 };
	why->pid_used = why->bound_only = 0;
	return nl_dests(r->nl, filter, DESTS, take_dest, why, &r->interrupted, r->err);
}

static struct filter filter_of_dest(const struct why *why, const struct dest *dest)
{
	struct filter filter = why_bare_filter(why);

	filter.proto = dest->proto;
	if (dest->peer.len) {
		filter.local = (struct prefix){ dest->local, dest->local.len * 8 };
		filter.peer = (struct prefix){ dest->peer, dest->peer.len * 8 };
		filter.peer_port = dest->peer_port;
	}
	return filter;
}

/* UDP ports are missing everywhere, whoever they are held towards: all sockets are one case. */
static void settle_udp(struct why *why)
{
	const struct dest *fresh = why_fresh(why, IPPROTO_UDP);

	why->udp.proto = IPPROTO_UDP;
	why->udp.range = fresh->range;
	why->udp.reserved = fresh->reserved;
	why->udp.capacity = fresh->capacity;
	why->udp.headroom = fresh->headroom;
	if (!why->dest.used || is_fuller(&why->udp, &why->dest))
		why->dest = why->udp;
}

/* Nothing is held towards it, or towards anything. */
static void settle_fresh(struct why *why)
{
	uint8_t proto = why->asked.proto ? why->asked.proto : IPPROTO_TCP;

	why->dest = *why_fresh(why, proto);
	why->dest.peer = why->asked.peer.addr;
	why->dest.peer_port = why->asked.peer_port;
}

static int find_fullest(struct why *why)
{
	struct filter filter;
	uint32_t pid_used, bound_only;
	int ret = ask_dests(why, &why->asked);

	if (ret)
		return ret;
	pid_used = why->pid_used;
	bound_only = why->bound_only;
	if (why->udp.used)
		settle_udp(why);
	if (!why->dest.used)
		settle_fresh(why);
	/* Others hold ports towards the same destination. */
	if (why->is_about && why->dest.used) {
		filter = filter_of_dest(why, &why->dest);
		ret = ask_dests(why, &filter);
		if (why->udp.used)
			settle_udp(why);
		/* The last of them has gone meanwhile. */
		if (!why->dest.used)
			settle_fresh(why);
	}
	why->bound_only = bound_only;
	why->pid_used = why->asked.has_pid ? pid_used : 0;
	if (!ret && why->asked.has_pid && !pid_used)
		return error_set(why->r.err, EXIT_RUNTIME, "process %u holds no port of the range, "
				 "as far as you may see; see ephstat list", why->asked.pid);
	return ret;
}

static int take_owner(const struct owner *owner, void *arg)
{
	struct why *why = arg;

	if (!why->owner.used)
		why->owner = *owner;
	return EXIT_OK;
}

/* Who holds most of what is the cause. */
static int find_owner(struct why *why)
{
	struct reading *r = &why->r;
	struct filter filter = filter_of_dest(why, &why->dest);

	switch (why->cause) {
	case CAUSE_CHURN:
		filter.states = 1u << EPHPORTS_STATE_TIME_WAIT;
		break;
	case CAUSE_CLOSE_WAIT:
		filter.states = 1u << EPHPORTS_STATE_CLOSE_WAIT;
		break;
	case CAUSE_EARLY_BIND:
		filter = why_bare_filter(why);
		filter.proto = IPPROTO_TCP;
		filter.origins = 1u << EPHPORTS_ORIGIN_BIND;
		break;
	case CAUSE_EXPLICIT:
		filter = why_bare_filter(why);
		filter.proto = IPPROTO_TCP;
		filter.origins = 1u << EPHPORTS_ORIGIN_EXPLICIT | 1u << EPHPORTS_ORIGIN_LISTEN |
				 1u << EPHPORTS_ORIGIN_BIND | 1u << EPHPORTS_ORIGIN_ACCEPT;
		break;
	case CAUSE_RESERVED:
	case CAUSE_NONE:
		return EXIT_OK;
	default:
		break;
	}
	return nl_owners(r->nl, &filter, 1, take_owner, why, &r->interrupted, r->err);
}

static bool same_address(const struct address *a, const struct address *b)
{
	return a->len == b->len && !memcmp(a->bytes, b->bytes, a->len);
}

static int note_refusal(const struct failure *failure, void *arg)
{
	struct why *why = arg;
	uint64_t now = why->r.info.time_ns;
	uint64_t ago = now > failure->last_ns ? now - failure->last_ns : 0;

	if (!told(failure, EPHPORTS_A_FAILURE_COUNT) || told(failure, EPHPORTS_A_FAILURE_PORT) ||
	    failure->proto != why->dest.proto)
		return EXIT_OK;
	if (failure->peer.len && why->dest.peer.len &&
	    (!same_address(&failure->peer, &why->dest.peer) ||
	     failure->peer_port != why->dest.peer_port))
		return EXIT_OK;
	why->refused += failure->count;
	if (ago < why->refused_last_ns)
		why->refused_last_ns = ago;
	return EXIT_OK;
}

static bool is_short(const struct why *why)
{
	return !why->dest.headroom ||
	       dest_gone(&why->dest) * 2ull >= dest_room(&why->dest) ||
	       (why->cast.is == FORECAST_FILLS && why->cast.seconds <= SOON_S) ||
	       (why->refused && why->refused_last_ns <= RECENT_NS);
}

/* What is counted for shared ports: those that bind() took, then what is held towards the dest. */
struct sharing {
	struct why *why;
	struct portset bound;
};

static int add_bound(const struct port *port, void *arg)
{
	struct sharing *sharing = arg;

	portset_add(&sharing->bound, port->local_port);
	return EXIT_OK;
}

static int count_shared(const struct port *port, void *arg)
{
	struct sharing *sharing = arg;
	struct cause_shared *shared = &sharing->why->shared;

	if (port->origin == EPHPORTS_ORIGIN_BIND || port->origin == EPHPORTS_ORIGIN_EXPLICIT ||
	    !portset_has(&sharing->bound, port->local_port))
		return EXIT_OK;
	if (port->state == EPHPORTS_STATE_TIME_WAIT)
		shared->time_wait++;
	else
		shared->active++;
	return EXIT_OK;
}

/*
 * bind() for one address can take a port that a connection from another address has. What is lost
 * and what is held add up to more than what is gone then. That is rare; only then are records read.
 */
static int find_shared(struct why *why)
{
	struct reading *r = &why->r;
	struct sharing sharing = { .why = why };
	const struct dest *dest = &why->dest, *fresh = why_fresh(why, dest->proto);
	uint32_t own_early = fresh->early > dest->early ? fresh->early - dest->early : 0;
	struct filter filter = why_bare_filter(why);
	int ret;

	if (dest->proto != IPPROTO_TCP || !dest->peer.len ||
	    fresh->bound + dest->used <= dest_gone(dest) + own_early +
					 cause_reuse_counted(dest, fresh->tw_reuse))
		return EXIT_OK;
	filter.proto = IPPROTO_TCP;
	filter.origins = 1u << EPHPORTS_ORIGIN_EXPLICIT | 1u << EPHPORTS_ORIGIN_LISTEN |
			 1u << EPHPORTS_ORIGIN_BIND | 1u << EPHPORTS_ORIGIN_ACCEPT;
	ret = nl_ports(r->nl, &filter, add_bound, &sharing, &r->interrupted, r->err);
	filter = filter_of_dest(why, dest);
	if (!ret)
		ret = nl_ports(r->nl, &filter, count_shared, &sharing, &r->interrupted, r->err);
	return ret;
}

static void advise(struct why *why)
{
	bool udp = why->dest.proto == IPPROTO_UDP;
	const struct remedy_facts facts = {
		.dest = &why->dest, .fresh = why_fresh(why, why->dest.proto),
		/* What is not known cannot be promised. */
		.proto = why->unread[udp] ? NULL : info_protocol(&why->r.info, why->dest.proto),
		.reserved = &why->reserved, .taken = &why->taken[udp],
		.shared = why->shared, .owner_used = why->owner.used, .cause = why->cause,
	};

	if (why->is_short || why->is_about)
		why->n_remedies = remedies(&facts, why->remedies);
}

static int look_at_dest(struct why *why)
{
	struct reading *r = &why->r;
	const struct dest *fresh;
	struct forecast_facts facts;
	struct filter filter;
	int ret = find_fullest(why);

	if (ret)
		return ret;
	fresh = why_fresh(why, why->dest.proto);
	cause_facts(&why->dest, fresh->tw_reuse, &facts);
	forecast(&facts, &why->cast);
	why->cause = cause_of(&why->dest, fresh, &why->cast);
	ret = find_owner(why);
	if (!ret)
		ret = find_shared(why);
	filter = why_bare_filter(why);
	why->refused_last_ns = UINT64_MAX;
	if (!ret)
		ret = nl_failures(r->nl, &filter, note_refusal, why, &r->interrupted, r->err);
	why->is_short = !ret && is_short(why);
	advise(why);
	return ret;
}

/* ------------------------------------------------------------------------------------------- */

static void look_at_host(struct why *why)
{
	uint32_t netns = why->asked.netns;
	bool reserved = portset_reserved(&why->reserved, netns) == 0;

	nat_look(&why->nat, netns);
	why->unread[0] = portset_taken(&why->taken[0], netns, IPPROTO_TCP) || !reserved;
	why->unread[1] = portset_taken(&why->taken[1], netns, IPPROTO_UDP) || !reserved;
	why->reserved_unread = !reserved;
}

static int find_out(struct why *why)
{
	int ret = EXIT_OK;

	look_at_host(why);
	if (why->port) {
		ret = why_look_at_port(why);
		/* A number that is no port in use is a process. */
		if (!why->n_holders && !why->theft.told && why->asked.has_pid)
			why->port = 0;
	}
	if (ret)
		return ret;
	return why->port ? why_advise_port(why) : look_at_dest(why);
}

int cmd_why(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct why *why = calloc(1, sizeof(*why));
	int ret;

	if (!why)
		return error_set(err, EXIT_RUNTIME, "out of memory");
	why->asked = es->filter;
	ret = parse(why, argc, argv, err);
	if (!ret)
		ret = reading_begin(&why->r, es, err);
	if (!ret) {
		ret = find_out(why);
		if (!ret && es->json)
			why_put_json(why);
		else if (!ret)
			why_write_text(why);
		ret = reading_end(&why->r, ret);
	}
	free(why->reserve_text);
	free(why);
	return ret;
}
