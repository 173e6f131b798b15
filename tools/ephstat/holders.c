// SPDX-License-Identifier: GPL-2.0
/* ephstat who: who held a port, now or at some time. */
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <time.h>

#include "answer.h"
#include "ephstat.h"
#include "logwho.h"
#include "moment.h"
#include "netns.h"

/* "43210", or "43210-43219". */
static bool parse_ports(const char *s, struct filter *filter)
{
	unsigned long low, high;
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	low = high = strtoul(s, &end, 10);
	if (*end == '-' && isdigit((unsigned char)end[1]))
		high = strtoul(end + 1, &end, 10);
	if (*end || !low || low > high || high > UINT16_MAX)
		return false;
	filter->port_low = (uint16_t)low;
	filter->port_high = (uint16_t)high;
	return true;
}

static int read_time(const char *name, const char *s, uint64_t now_ns, struct moment *moment,
		     struct error *err)
{
	if (!moment_parse(s, now_ns, moment))
		return error_set(err, EXIT_USAGE, "--%s %s is no time; write one of " MOMENT_FORMS,
				 name, s);
	if (moment->ns > now_ns)
		return error_set(err, EXIT_USAGE, "--%s %s is yet to come", name, s);
	return EXIT_OK;
}

/* What reaches up to now, or further, has no end. */
static void set_until(struct question *question, uint64_t ns)
{
	question->until_ns = ns < question->now_ns ? ns : 0;
}

/* @question->now_ns is known. */
static int read_times(struct question *question, struct error *err)
{
	const struct ephstat *es = question->es;
	struct moment moment;
	int ret = EXIT_OK;

	if (es->at) {
		ret = read_time("at", es->at, question->now_ns, &moment, err);
		question->since_ns = moment.ns;
		set_until(question, moment.ns + moment.width_ns - 1);
		return ret;
	}
	if (es->since) {
		ret = read_time("since", es->since, question->now_ns, &moment, err);
		question->since_ns = moment.ns;
	}
	if (!ret && es->until) {
		ret = read_time("until", es->until, question->now_ns, &moment, err);
		set_until(question, moment.ns);
		if (!ret && moment.ns < question->since_ns)
			return error_set(err, EXIT_USAGE, "--until %s is before --since %s",
					 es->until, es->since);
	}
	return ret;
}

static int parse_question(struct ephstat *es, int argc, char **argv, struct error *err)
{
	char *peer[] = { (char *)"dst", (char *)es->peer };

	if (argc != 1)
		return error_set(err, EXIT_USAGE, "who takes one port, or LOW-HIGH: "
				 "ephstat who 43210 --at 14:03");
	if (!parse_ports(argv[0], &es->filter))
		return error_set(err, EXIT_USAGE, "\"%s\" is no port; write a number from 1 to 65535, "
				 "or LOW-HIGH", argv[0]);
	if (es->at && (es->since || es->until))
		return error_set(err, EXIT_USAGE, "--at excludes --since and --until");
	return es->peer ? filter_parse(&es->filter, 2, peer, err) : EXIT_OK;
}

/* Ports outside the range are nobody's concern here: their holders are not recorded. */
static bool is_outside(const struct info *info, uint8_t proto, const struct filter *filter)
{
	const struct protocol *p = info_protocol(info, proto);

	return p && (!filter->proto || filter->proto == proto) &&
	       (filter->port_low < p->range_low || filter->port_high > p->range_high);
}

static const char *find_doubt(const struct info *info, const struct filter *filter)
{
	if (is_outside(info, IPPROTO_TCP, filter) || is_outside(info, IPPROTO_UDP, filter))
		return DOUBT_RANGE;
	return NULL;
}

/* The module, of which @arg is the socket. */
static int ask_module(struct question *question, holder_fn fn, void *fn_arg, void *arg,
		      bool *interrupted, struct error *err)
{
	return nl_holders(arg, &question->es->filter, question->since_ns, question->until_ns,
			  fn, fn_arg, interrupted, err);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* What is remembered in files needs no module. */
static int ask_log(struct question *question, struct error *err)
{
	const struct ephstat *es = question->es;
	int ret = EXIT_OK;

	question->netns = es->filter.netns;
	if (!question->netns)
		ret = netns_resolve("/proc/self/ns/net", &question->netns, err);
	question->is_hosts = netns_is_hosts(question->netns);
	return ret ? ret : answer(question, log_holders, (void *)es->log, err);
}

int cmd_who(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct question question = { .es = es };
	struct nl *nl = NULL;
	struct info info;
	int ret = parse_question(es, argc, argv, err);

	question.now_ns = now();
	if (!ret)
		ret = read_times(&question, err);
	if (!ret && es->log)
		return ask_log(&question, err);
	if (!ret)
		ret = nl_open(&nl, err);
	if (ret)
		return ret;
	ret = nl_info(nl, &es->filter, &info, err);
	if (!ret) {
		question.netns = info.netns;
		question.doubt = find_doubt(&info, &es->filter);
		ret = answer(&question, ask_module, nl, err);
	}
	nl_close(nl);
	return ret;
}
