// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kinds.h"
#include "worker.h"

/**
 * struct kind - a kind of operation
 * @name: what --kinds and the totals call it
 * @weight: how often it is chosen, compared with the others; 0 when left out
 * @run: does it
 * @inner: can be done by a thread, or in a child that serves nothing
 */
static struct kind {
	const char *name;
	unsigned int weight;
	int (*run)(struct worker *w);
	bool inner;
} kinds[] = {
	{ "tcp-connect",		12, connect_plain, true },
	{ "tcp-refused",		6, connect_refused, true },
	{ "tcp-bind-connect",		6, connect_bound, true },
	{ "tcp-no-port",		4, connect_no_port, true },
	{ "tcp-shared-port",		3, connect_shared_port, true },
	{ "tcp-reconnect",		4, connect_again, true },
	{ "tcp-cancel",			4, connect_cancelled, true },
	{ "tcp-fast-open",		4, connect_fast_open, true },
	{ "tcp-bind0",			4, hold_bind0, true },
	{ "tcp-explicit",		4, hold_explicit, true },
	{ "tcp-listen",			3, hold_listen, true },
	{ "tcp-listen-twice",		2, hold_listen_twice, true },
	{ "tcp-children",		4, hold_children, true },
	{ "tcp-shared-listen",		2, hold_shared_listen, true },
	{ "tcp-full-backlog",		1, hold_full_backlog, false },
	{ "tcp-client-first",		6, teardown_client_first, false },
	{ "tcp-server-first",		4, teardown_server_first, false },
	{ "tcp-both-close",		2, teardown_both, false },
	{ "tcp-reset",			4, teardown_reset, true },
	{ "tcp-reset-by-server",	3, teardown_reset_by_server, false },
	{ "tcp-half-close",		4, teardown_half_close, true },
	{ "tcp-half-close-by-server",	3, teardown_half_close_by_server, false },
	{ "tcp-stalled",		1, teardown_stalled, false },
	{ "tcp-addrform",		1, odd_family_tcp, true },
	{ "no-address",			1, odd_no_address, true },
	{ "tcp-narrow-range",		1, odd_narrow_range, true },
	{ "mptcp-connect",		2, connect_mptcp, false },
	{ "udp-connect",		8, udp_connect, true },
	{ "udp-send",			8, udp_send, true },
	{ "udp-bind0",			5, udp_bind0, true },
	{ "udp-explicit",		5, udp_explicit, true },
	{ "udp-shared-port",		2, udp_shared_port, true },
	{ "udp-disconnect",		4, udp_disconnect, true },
	{ "udp-addrform",		1, odd_family_udp, true },
	{ "close",			4, teardown_pool, true },
	{ "fork",			1, process_fork, false },
	{ "threads",			2, thread_several, false },
	{ "race",			2, thread_race, false },
	{ "pass",			3, process_pass, false },
	{ "destroy",			1, destroy_held, false },
	{ "destroy-time-wait",		1, destroy_time_wait, false },
};

#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

_Static_assert(KINDS <= TALLY_KINDS, "every kind has a row");

unsigned int kinds_number(void)
{
	return KINDS;
}

const char *kinds_name(unsigned int kind)
{
	return kinds[kind].name;
}

static bool is_word(const char *name, const char *word, size_t len)
{
	return !strncmp(name, word, len) && !name[len];
}

static bool is_name(const char *word, size_t len)
{
	unsigned int i;

	for (i = 0; i < KINDS; i++)
		if (is_word(kinds[i].name, word, len))
			return true;
	return false;
}

/* What is no name itself means all that begin with it: "tcp" all of "tcp-...". */
static bool is_meant(const char *name, const char *word, size_t len)
{
	if (is_name(word, len))
		return is_word(name, word, len);
	return !strncmp(name, word, len) && name[len] == '-';
}

static bool is_listed(const char *name, const char *list)
{
	size_t len;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (is_meant(name, list, len))
			return true;
	}
	return false;
}

static bool means_some(const char *word, size_t len)
{
	unsigned int i;

	for (i = 0; i < KINDS; i++)
		if (is_meant(kinds[i].name, word, len))
			return true;
	return false;
}

/**
 * kinds_select() - leave out what is not listed
 * @list: names, or their first words, with commas between
 *
 * Return: 0, or -1 if a word means nothing, which was said then.
 */
int kinds_select(const char *list)
{
	const char *word = list;
	unsigned int i;
	size_t len;

	for (; *word; word += len + (word[len] == ',')) {
		len = strcspn(word, ",");
		if (!len || !means_some(word, len)) {
			fprintf(stderr, "storm: no kind of operation is called '%.*s'\n",
				(int)len, word);
			return -1;
		}
	}
	for (i = 0; i < KINDS; i++)
		if (!is_listed(kinds[i].name, list))
			kinds[i].weight = 0;
	return 0;
}

static unsigned int pick(struct worker *w, bool inner)
{
	unsigned int i, n, sum = 0;

	for (i = 0; i < KINDS; i++)
		sum += !inner || kinds[i].inner ? kinds[i].weight : 0;
	if (!sum)
		return KINDS;
	n = rng_below(&w->rng, sum);
	for (i = 0; i < KINDS; i++) {
		if (inner && !kinds[i].inner)
			continue;
		if (n < kinds[i].weight)
			break;
		n -= kinds[i].weight;
	}
	return i;
}

/**
 * kinds_run() - one operation, chosen by the worker's random numbers alone
 */
void kinds_run(struct worker *w)
{
	unsigned int kind = pick(w, false);

	tally_kind(kind, kinds[kind].run(w));
}

/**
 * kinds_run_inner() - an operation within another, counted as part of that
 */
int kinds_run_inner(struct worker *w)
{
	unsigned int kind = pick(w, true);

	return kind < KINDS ? kinds[kind].run(w) : 0;
}
