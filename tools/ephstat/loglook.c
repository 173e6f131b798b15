// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>

#include "loglook.h"

#define SECOND		1000000000ull
#define EVERY_NS	(2 * SECOND)
#define LATE_NS		SECOND		/* the module may take so long to know of trouble */
#define APART_NS	1000000ull	/* by which two tellings of one time may differ */

struct taking {
	struct spans *to;
	struct error *err;
};

static int take_span(const struct holder *holder, void *arg)
{
	const struct taking *taking = arg;

	if (!holder_is_span(holder))
		return EXIT_OK;
	return spans_add(taking->to,
			 &(struct span){ holder->covered_from_ns, holder->covered_to_ns },
			 taking->err);
}

static void see_range(struct log_verdict *verdict, const struct info *info)
{
	const struct protocol *tcp = info_protocol(info, IPPROTO_TCP);

	if (tcp) {
		verdict->port_low = tcp->range_low;
		verdict->port_high = tcp->range_high;
	}
}

/* Spans are told by the clock, and in one telling all are off by the same. */
static void make_boot_times(struct log_verdict *verdict, int64_t ahead)
{
	size_t i;

	for (i = 0; i < verdict->spans.n; i++) {
		verdict->spans.spans[i].from_ns -= (uint64_t)ahead;
		verdict->spans.spans[i].to_ns -= (uint64_t)ahead;
	}
}

static int ask(struct log_look *look, struct log_verdict *verdict, bool *known)
{
	const int64_t ahead = log_clock_ahead();
	struct taking taking = { &verdict->spans, look->err };
	bool interrupted = false;
	struct info info;
	int64_t step;
	int ret;

	verdict->asked_ns = log_now();
	ret = nl_info(look->nl, &look->where, &info, look->err);
	if (ret)
		return ret;
	see_range(verdict, &info);
	ret = nl_spans(look->nl, &look->where, take_span, &taking, &interrupted, look->err);
	make_boot_times(verdict, ahead);
	/* The clock may have been set meanwhile. */
	step = log_clock_ahead() - ahead;
	*known = !interrupted && step < (int64_t)APART_NS && step > -(int64_t)APART_NS;
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
	return log_write(look->writer, &record, look->err);
}

static bool is_near(uint64_t a, uint64_t b)
{
	return a < b + APART_NS && b < a + APART_NS;
}

/* What is between two spans, or behind the last. */
static struct span gap_behind(const struct log_verdict *verdict, size_t i)
{
	const struct spans *spans = &verdict->spans;

	return (struct span){
		spans->spans[i].to_ns,
		i + 1 < spans->n ? spans->spans[i + 1].from_ns : verdict->asked_ns,
	};
}

static bool is_gaping(const struct log_verdict *verdict)
{
	const struct spans *spans = &verdict->spans;

	return !spans->n || spans->spans[spans->n - 1].to_ns + APART_NS < verdict->asked_ns;
}

/* A gap that lasts is no new one as long as it begins where it did. */
static bool was_known(const struct log_verdict *last, const struct span *gap, bool lasts)
{
	size_t i;

	for (i = 0; last->asked_ns && i < last->spans.n; i++) {
		const struct span before = gap_behind(last, i);

		if (is_near(before.from_ns, gap->from_ns) &&
		    (lasts ? i + 1 == last->spans.n : is_near(before.to_ns, gap->to_ns)))
			return true;
	}
	return false;
}

/*
 * Before the first span nothing is known any more. Where the range was moved, what was said of the
 * one before stays true.
 */
static int see_beginning(struct log_look *look, const struct log_verdict *verdict)
{
	const struct log_verdict *last = &look->last;
	const uint64_t begins_ns = verdict->spans.n ? verdict->spans.spans[0].from_ns :
						      verdict->asked_ns;

	if (!last->asked_ns || !last->spans.n || last->port_low != verdict->port_low ||
	    last->port_high != verdict->port_high ||
	    begins_ns < last->spans.spans[0].from_ns + APART_NS)
		return EXIT_OK;
	return doubt(look, last->spans.spans[0].from_ns, begins_ns);
}

static int see_gaps(struct log_look *look, const struct log_verdict *verdict)
{
	int ret = see_beginning(look, verdict);
	size_t i;

	for (i = 0; !ret && i < verdict->spans.n; i++) {
		const struct span gap = gap_behind(verdict, i);
		const bool lasts = i + 1 == verdict->spans.n;

		if ((!lasts || is_gaping(verdict)) && !was_known(&look->last, &gap, lasts))
			ret = doubt(look, gap.from_ns, gap.to_ns);
	}
	return ret;
}

/* All through a span the range is the same, so it is good for the one in which it was read. */
static void vouch(struct log_look *look, const struct log_verdict *verdict)
{
	struct log_record *vouching = &look->vouching;
	uint64_t from_ns, until_ns;

	if (is_gaping(verdict) || verdict->asked_ns < LATE_NS)
		return;
	until_ns = verdict->asked_ns - LATE_NS;
	from_ns = verdict->spans.spans[verdict->spans.n - 1].from_ns;
	if (from_ns < look->vouched_ns)
		from_ns = look->vouched_ns;
	if (from_ns >= until_ns)
		return;
	/* What nobody has written yet goes along, if it is about the same. */
	if (!look->pending || vouching->until_ns != from_ns ||
	    vouching->port_low != verdict->port_low || vouching->port_high != verdict->port_high)
		*vouching = (struct log_record){
			.type = LOG_LOOK, .from_ns = from_ns,
			.port_low = verdict->port_low, .port_high = verdict->port_high,
		};
	vouching->until_ns = until_ns;
	look->vouched_ns = until_ns;
	look->pending = true;
}

int log_look_judge(struct log_look *look, struct log_verdict *verdict)
{
	int ret = see_gaps(look, verdict);

	vouch(look, verdict);
	spans_free(&look->last.spans);
	look->last = *verdict;
	return ret;
}

int log_look(struct log_look *look)
{
	struct log_verdict verdict = { 0 };
	bool known = false;
	int ret = ask(look, &verdict, &known);

	if (!ret && known)
		return log_look_judge(look, &verdict);
	spans_free(&verdict.spans);
	return ret;
}

/* As much of it as the events have come. */
static int write_vouching(struct log_look *look, uint64_t read_ns)
{
	struct log_record record = look->vouching;

	if (record.until_ns <= read_ns)
		look->pending = false;
	else
		record.until_ns = read_ns;
	if (record.from_ns >= record.until_ns)
		return EXIT_OK;
	look->vouching.from_ns = record.until_ns;
	record.boot_ns = log_now();
	return log_write(look->writer, &record, look->err);
}

int log_look_on(struct log_look *look, uint64_t read_ns)
{
	int ret = EXIT_OK;

	if (look->pending)
		ret = write_vouching(look, read_ns);
	if (!ret && log_now() - look->asked_ns >= EVERY_NS) {
		look->asked_ns = log_now();
		ret = log_look(look);
	}
	return ret;
}

void log_look_free(struct log_look *look)
{
	spans_free(&look->last.spans);
}
