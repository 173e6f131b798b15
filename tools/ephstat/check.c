// SPDX-License-Identifier: GPL-2.0
/*
 * ephstat check: a plugin for monitoring systems. One line, performance data after the bar, and the
 * exit codes of plugins, which are not those of the other commands.
 */
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "bounds.h"
#include "ephstat.h"
#include "failures.h"
#include "health.h"
#include "names.h"
#include "netlink.h"
#include "text.h"
#include "util.h"
#include "who.h"

#define WARNING_DEFAULT		"80"
#define CRITICAL_DEFAULT	"90"
#define SINCE_DEFAULT		"5m"
#define DESTS_LOOKED_AT		64	/* the fullest is among the most used, but for odd ranges */

enum status {
	STATUS_OK,
	STATUS_WARNING,
	STATUS_CRITICAL,
	STATUS_UNKNOWN,
};

struct check {
	const struct ephstat *es;
	struct bounds warning;
	struct bounds critical;
	uint64_t since_ns;
	struct info info;
	struct dest fullest;		/* of TCP: a port of UDP is used up for all */
	bool has_fullest;
	struct failure_totals failures;
	uint64_t recent;		/* culprits that failed not longer than since_ns ago */
	struct failure last;
	bool interrupted;
	enum status status;
	struct text problems;
	struct text data;
	struct error *err;
};

/* A bar would start the performance data, and a command may be called anything. */
static void write_status(FILE *out, enum status status, const char *text)
{
	static const char *const names[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

	fprintf(out, "EPHPORTS %s - ", names[status]);
	for (; *text; text++)
		fputc(*text == '|' ? '/' : *text, out);
}

int check_unknown(FILE *out, struct error *err)
{
	write_status(out, STATUS_UNKNOWN, err->text);
	fputc('\n', out);
	err->text[0] = '\0';
	return STATUS_UNKNOWN;
}

/* "300", "90s", "5m", "2h", "1d". */
static bool parse_since(const char *text, uint64_t *ns)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { '\0', 1 }, { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	unsigned long long n;
	char *end;
	size_t i;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (!errno && n < UINT32_MAX && *end == units[i].unit && (!*end || !end[1])) {
			*ns = n * units[i].seconds * 1000000000ull;
			return true;
		}
	}
	return false;
}

static int parse_options(struct check *check)
{
	const struct ephstat *es = check->es;
	const char *warning = es->warning ? es->warning : WARNING_DEFAULT;
	const char *critical = es->critical ? es->critical : CRITICAL_DEFAULT;
	const char *since = es->since ? es->since : SINCE_DEFAULT;

	if (!bounds_parse(warning, &check->warning))
		return error_set(check->err, EXIT_USAGE, "-w %s is no range; write N or N:M, "
				 "in percent", warning);
	if (!bounds_parse(critical, &check->critical))
		return error_set(check->err, EXIT_USAGE, "-c %s is no range; write N or N:M, "
				 "in percent", critical);
	if (!parse_since(since, &check->since_ns))
		return error_set(check->err, EXIT_USAGE, "--since %s is no time; write N, Ns, "
				 "Nm, Nh or Nd", since);
	return EXIT_OK;
}

static int take_dest(const struct dest *dest, void *arg)
{
	struct check *check = arg;
	const struct dest *fullest = &check->fullest;

	if (dest_is_new(dest) || dest_is_rest(dest) || dest->proto != IPPROTO_TCP ||
	    !dest->peer.len || !dest_room(dest))
		return EXIT_OK;
	if (check->has_fullest && (uint64_t)dest_gone(dest) * dest_room(fullest) <=
				  (uint64_t)dest_gone(fullest) * dest_room(dest))
		return EXIT_OK;
	check->has_fullest = true;
	check->fullest = *dest;
	return EXIT_OK;
}

/* The first that is recent is the last that happened. */
static int take_failure(const struct failure *failure, void *arg)
{
	struct check *check = arg;

	if (!failure_count(&check->failures, failure) ||
	    time_since(check->info.time_ns, failure->last_ns) > check->since_ns)
		return EXIT_OK;
	if (!check->recent++)
		check->last = *failure;
	return EXIT_OK;
}

static int gather(struct check *check)
{
	struct filter filter = check->es->filter;
	struct nl *nl = NULL;
	int ret = nl_open(&nl, check->err);

	if (!ret)
		ret = nl_usage(nl, &filter, &check->info, check->err);
	if (!ret && filter.proto != IPPROTO_UDP)
		ret = nl_dests(nl, &filter, DESTS_LOOKED_AT, take_dest, check,
			       &check->interrupted, check->err);
	if (!ret)
		ret = nl_failures(nl, &filter, take_failure, check, &check->interrupted,
				  check->err);
	nl_close(nl);
	return ret;
}

static void worsen(struct check *check, enum status status)
{
	if (status > check->status)
		check->status = status;
	text_str(&check->problems, check->problems.len ? "; " : "");
}

/* Without the percent sign, which follows the value. */
static void write_bounds(struct text *data, const struct bounds *bounds)
{
	const char *c;

	text_char(data, ';');
	for (c = bounds->text; *c; c++) {
		if (*c != '%')
			text_char(data, *c);
	}
}

static void add_data(struct check *check, const char *label, const char *suffix, uint64_t n,
		     uint64_t of)
{
	struct text *data = &check->data;

	text_str(data, data->len ? " " : "");
	text_str(data, label);
	text_str(data, suffix);
	text_char(data, '=');
	if (of)
		text_percent(data, n, of);
	else
		text_char(data, 'U');
	write_bounds(data, &check->warning);
	write_bounds(data, &check->critical);
	text_str(data, ";0;100");
}

/* Whether a share of @n in @of is a problem, so that it has to be said of what. */
static bool judge(struct check *check, uint64_t n, uint64_t of)
{
	double percent = of ? 100.0 * (double)n / (double)of : 0;

	if (bounds_are_hit(&check->critical, percent))
		worsen(check, STATUS_CRITICAL);
	else if (bounds_are_hit(&check->warning, percent))
		worsen(check, STATUS_WARNING);
	else
		return false;
	return true;
}

static void write_share(struct text *text, uint64_t n, uint64_t of)
{
	text_percent(text, n, of);
	text_str(text, " (");
	text_u64(text, n);
	text_str(text, " of ");
	text_u64(text, of);
	text_char(text, ')');
}

/* What the kernel can give away; in use are also reserved ports that were bound by number. */
static uint32_t range_capacity(const struct protocol *proto)
{
	const uint32_t ports = protocol_ports(proto);

	return proto->reserved < ports ? ports - proto->reserved : 0;
}

static void write_range(struct text *text, const struct protocol *proto)
{
	text_str(text, proto_name(proto->proto));
	text_str(text, " range ");
	write_share(text, proto->in_use, range_capacity(proto));
}

static void write_fullest(struct text *text, const struct dest *dest)
{
	text_str(text, "tcp ");
	text_address(text, &dest->local);
	text_str(text, " -> ");
	text_endpoint(text, &dest->peer, 0, dest->peer_port);
	text_char(text, ' ');
	write_share(text, dest_gone(dest), dest_room(dest));
}

static bool wanted(const struct check *check, const struct protocol *proto)
{
	return !check->es->filter.proto || check->es->filter.proto == proto->proto;
}

static void check_ranges(struct check *check)
{
	unsigned int i;

	for (i = 0; i < check->info.n_protocols; i++) {
		const struct protocol *proto = &check->info.protocols[i];

		if (!wanted(check, proto))
			continue;
		add_data(check, proto_name(proto->proto), "_range", proto->in_use,
			 range_capacity(proto));
		if (judge(check, proto->in_use, range_capacity(proto)))
			write_range(&check->problems, proto);
	}
}

static void check_fullest(struct check *check)
{
	const struct dest *dest = &check->fullest;

	if (check->es->filter.proto == IPPROTO_UDP)
		return;
	/* Without any, none is full. */
	add_data(check, "tcp", "_destination", dest_gone(dest),
		 check->has_fullest ? dest_room(dest) : 1);
	if (judge(check, dest_gone(dest), check->has_fullest ? dest_room(dest) : 1))
		write_fullest(&check->problems, dest);
}

static void check_failures(struct check *check)
{
	const struct failure *last = &check->last;
	struct text *text = &check->problems;

	text_str(&check->data, check->data.len ? " failures=" : "failures=");
	text_u64(&check->data, check->failures.total);
	text_str(&check->data, "c;;;0");
	if (!check->recent)
		return;
	worsen(check, STATUS_CRITICAL);
	text_str(text, "no free port for ");
	text_str(text, proto_name(last->proto));
	text_char(text, ' ');
	text_str(text, op_name(last->origin));
	text_str(text, " by ");
	who_short(text, &last->who);
	text_char(text, ' ');
	text_duration(text, time_since(check->info.time_ns, last->last_ns));
	text_str(text, " ago");
	if (check->recent > 1) {
		text_str(text, ", and for ");
		text_u64(text, check->recent - 1);
		text_str(text, check->recent == 2 ? " other" : " others");
	}
}

/* What is too much stays so when something is missing; only that all is well cannot be said. */
static void check_health(struct check *check)
{
	if (!health_is_bad(&check->info) && !check->interrupted)
		return;
	worsen(check, check->status == STATUS_OK ? STATUS_UNKNOWN : STATUS_OK);
	if (health_is_bad(&check->info))
		health_text(&check->problems, &check->info);
	else
		text_str(&check->problems, health_interrupted);
}

static void write_good(struct check *check, struct text *text)
{
	unsigned int i;

	for (i = 0; i < check->info.n_protocols; i++) {
		if (!wanted(check, &check->info.protocols[i]))
			continue;
		text_str(text, text->len ? ", " : "");
		write_range(text, &check->info.protocols[i]);
	}
	if (check->has_fullest) {
		text_str(text, ", fullest ");
		write_fullest(text, &check->fullest);
	}
	text_str(text, ", no failure in ");
	text_duration(text, check->since_ns);
}

static void report(struct check *check)
{
	check_ranges(check);
	check_fullest(check);
	check_failures(check);
	check_health(check);
	if (check->status == STATUS_OK)
		write_good(check, &check->problems);
	write_status(check->es->out, check->status, text_get(&check->problems));
	fprintf(check->es->out, " | %s\n", text_get(&check->data));
}

int cmd_check(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct check check = { .es = es, .err = err };
	int ret;

	(void)argc;
	(void)argv;
	ret = parse_options(&check);
	if (!ret)
		ret = gather(&check);
	if (ret)
		return ret;
	report(&check);
	return check.status;
}
