// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>

#include "loglook.h"
#include "span.h"

#define SECOND		1000000000ull
#define EVERY_NS	(2 * SECOND)	/* the module's history need not reach back further */
#define LATE_NS		SECOND		/* it may take so long to know of trouble */
#define STEP_NS		1000000		/* spans are told by the clock, read a little apart, or set meanwhile */

/* What the module said, CLOCK_BOOTTIME. */
struct verdict {
	struct spans spans;
	uint64_t asked_ns;
	uint16_t port_low;
	uint16_t port_high;
	bool known;		/* it could be found out */
	struct error *err;
};

static int take_span(const struct holder *holder, void *arg)
{
	struct verdict *verdict = arg;

	if (!holder_is_span(holder))
		return EXIT_OK;
	return spans_add(&verdict->spans, &(struct span){ holder->covered_from_ns,
							  holder->covered_to_ns }, verdict->err);
}

static void see_ranges(struct verdict *verdict, const struct info *info)
{
	const struct protocol *tcp = info_protocol(info, IPPROTO_TCP);

	if (tcp) {
		verdict->port_low = tcp->range_low;
		verdict->port_high = tcp->range_high;
	}
}

/* Of no holder: what is asked for are the spans. */
static struct filter nobody(const struct filter *where)
{
	struct filter filter;

	filter_init(&filter);
	filter.netns = where->netns;
	filter.all_netns = where->all_netns;
	filter.proto = IPPROTO_TCP;
	filter.port_low = filter.port_high = 1;
	return filter;
}

static int ask(struct log_look *look, struct verdict *verdict)
{
	const struct filter filter = nobody(look->filter);
	bool interrupted = false;
	int64_t ahead, step;
	struct info info;
	size_t i;
	int ret;

	ahead = log_clock_ahead();
	verdict->asked_ns = log_now();
	ret = nl_info(look->nl, look->filter, &info, look->err);
	if (ret)
		return ret;
	see_ranges(verdict, &info);
	ret = nl_holders(look->nl, &filter, verdict->asked_ns + (uint64_t)ahead, 0, take_span,
			 verdict, &interrupted, look->err);
	step = log_clock_ahead() - ahead;
	verdict->known = !interrupted && step < STEP_NS && step > -STEP_NS;
	for (i = 0; i < verdict->spans.n; i++) {
		verdict->spans.spans[i].from_ns -= (uint64_t)ahead;
		verdict->spans.spans[i].to_ns -= (uint64_t)ahead;
	}
	return ret;
}

/* Nothing of this is vouched for, whatever was said before. */
static int doubt(struct log_look *look, uint64_t from_ns, uint64_t until_ns)
{
	const struct log_record record = {
		.type = LOG_DOUBT, .boot_ns = log_now(), .from_ns = from_ns, .until_ns = until_ns,
	};

	if (look->pending && look->vouching.until_ns > from_ns)
		look->vouching.until_ns = from_ns;
	return from_ns < until_ns ? log_write(look->writer, &record, look->err) : EXIT_OK;
}

static void vouch(struct log_look *look, const struct verdict *verdict, uint64_t until_ns)
{
	struct log_record *vouching = &look->vouching;

	if (until_ns <= look->vouched_ns)
		return;
	/* What nobody has written yet goes along, if it is about the same. */
	if (!look->pending || vouching->until_ns != look->vouched_ns ||
	    vouching->port_low != verdict->port_low || vouching->port_high != verdict->port_high)
		*vouching = (struct log_record){
			.type = LOG_LOOK, .from_ns = look->vouched_ns,
			.port_low = verdict->port_low, .port_high = verdict->port_high,
		};
	vouching->until_ns = until_ns;
	look->pending = true;
	look->vouched_ns = until_ns;
}

/*
 * A range is the same all through a span, so it is good for the one in which it was read. Where
 * that begins late, an earlier one says how far back what is in between is doubted, if any does.
 */
static int judge(struct log_look *look, const struct verdict *verdict)
{
	const struct span *spans = verdict->spans.spans;
	size_t n = verdict->spans.n;
	bool gaping = !n || spans[n - 1].to_ns + STEP_NS < verdict->asked_ns;
	uint64_t from_ns = look->vouched_ns, until_ns = verdict->asked_ns;
	int ret = EXIT_OK;

	if (!gaping) {
		until_ns = spans[n - 1].from_ns;
		n--;
	}
	if (n && !look->gaping && spans[n - 1].to_ns < from_ns)
		from_ns = spans[n - 1].to_ns;
	look->gaping = gaping;
	if (until_ns > look->vouched_ns) {
		ret = doubt(look, from_ns, until_ns);
		look->vouched_ns = until_ns;
	}
	if (!gaping && verdict->asked_ns > LATE_NS)
		vouch(look, verdict, verdict->asked_ns - LATE_NS);
	return ret;
}

int log_look(struct log_look *look)
{
	struct verdict verdict = { .err = look->err };
	int ret = ask(look, &verdict);

	look->asked_ns = verdict.asked_ns;
	if (!ret && verdict.known)
		ret = judge(look, &verdict);
	spans_free(&verdict.spans);
	return ret;
}

int log_look_on(struct log_look *look, uint64_t read_ns)
{
	int ret = EXIT_OK;

	if (look->pending && look->vouching.until_ns <= read_ns) {
		look->pending = false;
		look->vouching.boot_ns = log_now();
		if (look->vouching.from_ns < look->vouching.until_ns)
			ret = log_write(look->writer, &look->vouching, look->err);
	}
	if (!ret && log_now() - look->asked_ns >= EVERY_NS)
		ret = log_look(look);
	return ret;
}
