// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "filter.h"
#include "lexer.h"
#include "names.h"
#include "util.h"

enum comparison { EQ, GE, LE, GT, LT };

struct parser {
	struct lexer lx;
	struct filter *filter;
	struct error *err;
	uint32_t excluded;	/* states */
};

void filter_init(struct filter *filter)
{
	*filter = (struct filter){ .port_high = UINT16_MAX };
}

/* The value that must follow @word; NULL with the error set if there is none. */
static const char *next_value(struct parser *p, const char *word)
{
	const char *value = lexer_next(&p->lx);

	if (!value)
		error_set(p->err, EXIT_USAGE, "%s needs a value after it", word);
	return value;
}

/* Reads "= < <= > >=" or their letters; none stands for "=". -1: not one of these. */
static int parse_comparison(struct parser *p)
{
	static const struct {
		const char *word;
		enum comparison is;
	} comparisons[] = {
		{ "=", EQ }, { "==", EQ }, { "eq", EQ },
		{ ">=", GE }, { "ge", GE }, { "geq", GE },
		{ "<=", LE }, { "le", LE }, { "leq", LE },
		{ ">", GT }, { "gt", GT },
		{ "<", LT }, { "lt", LT },
	};
	const char *token = lexer_next(&p->lx);
	size_t i;

	for (i = 0; token && i < ARRAY_SIZE(comparisons); i++) {
		if (!strcmp(token, comparisons[i].word))
			return comparisons[i].is;
	}
	if (token && (strchr("!=<>", *token) || !strcmp(token, "ne") || !strcmp(token, "neq"))) {
		error_set(p->err, EXIT_USAGE,
			  "\"%s\" is not supported; ports compare with = >= <= > <", token);
		return -1;
	}
	lexer_push(&p->lx);
	return EQ;
}

/* All filters must match, so two conditions on the local port leave what both allow. */
static int narrow_ports(struct parser *p, int low, int high)
{
	struct filter *f = p->filter;

	if (low > f->port_low)
		f->port_low = low > UINT16_MAX ? UINT16_MAX : low;
	if (high < f->port_high)
		f->port_high = high < 0 ? 0 : high;
	if (low > UINT16_MAX || high < 0 || f->port_low > f->port_high)
		return error_set(p->err, EXIT_USAGE,
				 "no local port fits all the conditions; leave one out");
	return EXIT_OK;
}

static int set_peer_port(struct parser *p, const struct ports *ports)
{
	if (ports->low != ports->high || !ports->low)
		return error_set(p->err, EXIT_USAGE,
				 "a peer's port is matched by one number from 1 to 65535, not by a range");
	if (p->filter->peer_port && p->filter->peer_port != ports->low)
		return error_set(p->err, EXIT_USAGE,
				 "two ports of the peer are asked for; a filter takes one");
	p->filter->peer_port = ports->low;
	return EXIT_OK;
}

/* What follows src and dst. */
static int parse_endpoint(struct parser *p, const char *word, struct prefix *to,
			  struct ports *ports)
{
	struct prefix prefix;
	const char *value;
	int ret;

	*ports = (struct ports){ -1, -1 };
	if (parse_comparison(p) != EQ)
		return error_set(p->err, EXIT_USAGE, "%s takes an address, not a comparison", word);
	value = next_value(p, word);
	if (!value)
		return EXIT_USAGE;
	ret = endpoint_parse(value, &prefix, ports, p->err);
	if (ret || !prefix.addr.len)
		return ret;
	if (to->addr.len && memcmp(to, &prefix, sizeof(prefix)) != 0)
		return error_set(p->err, EXIT_USAGE,
				 "%s is given two addresses; a filter takes one", word);
	*to = prefix;
	return EXIT_OK;
}

static int parse_src(struct parser *p, const char *word)
{
	struct ports ports;
	int ret = parse_endpoint(p, word, &p->filter->local, &ports);

	return ret || ports.low < 0 ? ret : narrow_ports(p, ports.low, ports.high);
}

static int parse_dst(struct parser *p, const char *word)
{
	struct ports ports;
	int ret = parse_endpoint(p, word, &p->filter->peer, &ports);

	return ret || ports.low < 0 ? ret : set_peer_port(p, &ports);
}

/* What follows sport and dport: a comparison, or -1, and the ports. */
static int parse_ports(struct parser *p, const char *word, struct ports *ports)
{
	int comparison = parse_comparison(p);
	const char *value;

	if (comparison < 0)
		return -1;
	value = next_value(p, word);
	if (!value || ports_parse(value, ports, p->err))
		return -1;
	if (comparison != EQ && ports->low != ports->high) {
		error_set(p->err, EXIT_USAGE, "\"%s\" is a range; compare with one port", value);
		return -1;
	}
	return comparison;
}

static int parse_sport(struct parser *p, const char *word)
{
	struct ports ports;

	switch (parse_ports(p, word, &ports)) {
	case EQ:
		return narrow_ports(p, ports.low, ports.high);
	case GE:
		return narrow_ports(p, ports.low, UINT16_MAX);
	case LE:
		return narrow_ports(p, 0, ports.low);
	case GT:
		return narrow_ports(p, ports.low + 1, UINT16_MAX);
	case LT:
		return narrow_ports(p, 0, ports.low - 1);
	default:
		return EXIT_USAGE;
	}
}

static int parse_dport(struct parser *p, const char *word)
{
	struct ports ports;
	int comparison = parse_ports(p, word, &ports);

	if (comparison < 0)
		return EXIT_USAGE;
	if (comparison != EQ)
		return error_set(p->err, EXIT_USAGE,
				 "%s compares with = only; sport has >= <= > < too", word);
	return set_peer_port(p, &ports);
}

/* Comma-separated names, each of which stands for a mask. */
static int parse_masks(struct parser *p, const char *word, uint32_t (*mask_of)(const char *),
		       uint32_t *mask)
{
	const char *value = next_value(p, word);
	char copy[sizeof(p->lx.token)];
	char *rest = copy, *name;

	if (!value)
		return EXIT_USAGE;
	memcpy(copy, value, sizeof(copy));
	while ((name = strsep(&rest, ","))) {
		uint32_t bits = mask_of(name);

		if (!bits)
			return error_set(p->err, EXIT_USAGE,
					 "%s \"%s\" is not known; ephstat(8) lists them", word, name);
		*mask |= bits;
	}
	return EXIT_OK;
}

static int parse_state(struct parser *p, const char *word)
{
	return parse_masks(p, word, state_mask, &p->filter->states);
}

static int parse_exclude(struct parser *p, const char *word)
{
	return parse_masks(p, word, state_mask, &p->excluded);
}

static int parse_origin(struct parser *p, const char *word)
{
	return parse_masks(p, word, origin_mask, &p->filter->origins);
}

static bool read_u32(const char *text, uint32_t *n)
{
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	*n = value;
	return !errno && !*end && value <= UINT32_MAX;
}

/* Two different numbers match nothing together, which nobody means. */
static int set_number(struct parser *p, const char *word, uint32_t n, uint32_t *to, bool *has)
{
	if (*has && *to != n)
		return error_set(p->err, EXIT_USAGE, "two values of %s; a filter takes one", word);
	*to = n;
	*has = true;
	return EXIT_OK;
}

static int parse_pid(struct parser *p, const char *word)
{
	const char *value = next_value(p, word);
	uint32_t pid;

	if (!value)
		return EXIT_USAGE;
	if (!read_u32(value, &pid) || !pid)
		return error_set(p->err, EXIT_USAGE, "\"%s\" is no process number", value);
	return set_number(p, word, pid, &p->filter->pid, &p->filter->has_pid);
}

static int parse_uid(struct parser *p, const char *word)
{
	const char *value = next_value(p, word);
	const struct passwd *user;
	uint32_t uid;

	if (!value)
		return EXIT_USAGE;
	if (!read_u32(value, &uid)) {
		user = getpwnam(value);
		if (!user)
			return error_set(p->err, EXIT_USAGE,
					 "\"%s\" is neither a user nor a number", value);
		uid = user->pw_uid;
	}
	return set_number(p, word, uid, &p->filter->uid, &p->filter->has_uid);
}

static int parse_nothing(struct parser *p, const char *word)
{
	(void)p;
	(void)word;
	return EXIT_OK;
}

static const struct {
	const char *word;
	int (*parse)(struct parser *p, const char *word);
} words[] = {
	{ "state",	parse_state },
	{ "exclude",	parse_exclude },
	{ "src",	parse_src },
	{ "dst",	parse_dst },
	{ "sport",	parse_sport },
	{ "dport",	parse_dport },
	{ "origin",	parse_origin },
	{ "pid",	parse_pid },
	{ "uid",	parse_uid },
	{ "and",	parse_nothing },
	{ "&",		parse_nothing },
	{ "&&",		parse_nothing },
};

static int parse_word(struct parser *p, const char *token)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(token, words[i].word))
			return words[i].parse(p, words[i].word);
	}
	return error_set(p->err, EXIT_USAGE, "\"%s\" is not supported in a filter; it takes state, "
			 "exclude, src, dst, sport, dport, origin, pid and uid, all of which must match",
			 token);
}

static int settle_states(struct parser *p)
{
	struct filter *f = p->filter;

	if (!f->states && !p->excluded)
		return EXIT_OK;
	if (!f->states)
		f->states = STATES_ALL;
	f->states &= ~p->excluded;
	if (!f->states)
		return error_set(p->err, EXIT_USAGE, "every state is excluded; leave one in");
	if (f->states == STATES_ALL)
		f->states = 0;
	return EXIT_OK;
}

int filter_parse(struct filter *filter, int argc, char **argv, struct error *err)
{
	struct parser p = { .filter = filter, .err = err };
	const char *token;

	lexer_init(&p.lx, argc, argv);
	while ((token = lexer_next(&p.lx))) {
		int ret = parse_word(&p, token);

		if (ret)
			return ret;
	}
	return settle_states(&p);
}
