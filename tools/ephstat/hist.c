// SPDX-License-Identifier: GPL-2.0
/* ephstat hist: how long the kernel took to choose ports, and how long they are held, as bars. */
#include <netinet/in.h>

#include "ephstat.h"
#include "lifetimes.h"
#include "moment.h"
#include "names.h"
#include "reading.h"

#define FIRST_BIT	7	/* number i counts from 2^(i + FIRST_BIT) ns */
#define BAR_WIDTH	40

/* Numbers end at their columns. */
enum {
	COL_FROM	= 9,
	COL_TO		= 19,
	COL_COUNT	= 33,
	COL_BAR		= 35,
};

static const char *const titles[] = {
	[EPHPORTS_HIST_SEARCH]	= "time to choose a port",
};

_Static_assert(sizeof(titles) / sizeof(titles[0]) == EPHPORTS_HIST_MAX + 1,
	       "a histogram has no title");

/* What is counted here, and not in the module. */
static const struct {
	const char *name;
	const char *title;
} lifetimes[LIFETIMES] = {
	[LIFETIME_OPEN]		= { "open", "time held open" },
	[LIFETIME_TIME_WAIT]	= { "time-wait", "time in TIME_WAIT" },
	[LIFETIME_GAP]		= { "gap", "time before a port was used again" },
};

/* A histogram in words. */
struct labelled {
	const struct hist *hist;
	const char *name;
	const char *title;
	uint64_t since_ns;	/* 0: since loading */
};

static uint64_t sum_counts(const struct hist *hist)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < hist->n_counts; i++)
		sum += hist->counts[i];
	return sum;
}

/* Where number @i starts. The first also counts what is less; 2^64 is out of reach. */
static uint64_t bucket_start(unsigned int i)
{
	if (!i)
		return 0;
	return i + FIRST_BIT < 64 ? 1ull << (i + FIRST_BIT) : UINT64_MAX;
}

static bool is_last(const struct hist *hist, unsigned int i)
{
	return i + 1 == hist->n_counts || i + 1 + FIRST_BIT >= 64;
}

/* Powers of two are no round numbers of any unit; three figures tell them apart. */
static void text_span(struct text *text, uint64_t ns, size_t column)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	unsigned int unit = 0;
	double n = (double)ns;
	char buf[32];

	while (n >= 999.5 && unit < 3) {
		n /= 1000;
		unit++;
	}
	snprintf(buf, sizeof(buf), "%.3g%s", n, units[unit]);
	text_str_right(text, buf, column);
}

static int write_bucket(struct reading *r, const struct hist *hist, unsigned int i,
			uint64_t greatest)
{
	struct text *row = &r->row;
	uint64_t bar;

	text_span(row, bucket_start(i), COL_FROM);
	if (is_last(hist, i))
		text_str_right(row, "and more", COL_TO);
	else
		text_span(row, bucket_start(i + 1), COL_TO);
	text_u64_right(row, hist->counts[i], COL_COUNT);
	if (hist->counts[i]) {
		text_column(row, COL_BAR);
		/* One that is there is seen. */
		for (bar = (hist->counts[i] * BAR_WIDTH + greatest - 1) / greatest; bar; bar--)
			text_char(row, '#');
	}
	return reading_row(r);
}

static int write_title(struct reading *r, const struct labelled *labelled)
{
	const struct hist *hist = labelled->hist;

	text_str(&r->row, proto_name(hist->proto));
	text_str(&r->row, ": ");
	text_str(&r->row, labelled->title);
	text_str(&r->row, ", ");
	text_u64(&r->row, sum_counts(hist));
	text_str(&r->row, " times");
	if (labelled->since_ns) {
		text_str(&r->row, " since ");
		moment_text(&r->row, labelled->since_ns);
	}
	return reading_row(r);
}

static bool is_wanted(const struct reading *r, uint8_t proto)
{
	return !r->es->filter.proto || r->es->filter.proto == proto;
}

/* From the first that counts anything to the last. */
static int write_hist(struct reading *r, const struct labelled *labelled)
{
	const struct hist *hist = labelled->hist;
	unsigned int i, first = 0, end = hist->n_counts;
	uint64_t greatest = 0;
	int ret;

	while (first < end && !hist->counts[first])
		first++;
	while (end > first && !hist->counts[end - 1])
		end--;
	for (i = first; i < end; i++) {
		if (hist->counts[i] > greatest)
			greatest = hist->counts[i];
	}
	ret = write_title(r, labelled);
	for (i = first; !ret && i < end; i++)
		ret = write_bucket(r, hist, i, greatest);
	return ret;
}

static int json_hist(struct reading *r, const struct labelled *labelled)
{
	struct json_object *obj = json_object_new_object(), *buckets = json_object_new_array();
	const struct hist *hist = labelled->hist;
	unsigned int i;

	json_put_str(obj, "proto", proto_name(hist->proto));
	json_put_str(obj, "kind", labelled->name);
	json_put_u64(obj, "netns", hist->netns);
	json_put_u64(obj, "count", sum_counts(hist));
	json_put(obj, "since_ns", labelled->since_ns ?
				  json_object_new_uint64(labelled->since_ns) : NULL);
	for (i = 0; i < hist->n_counts; i++) {
		struct json_object *bucket = json_object_new_object();

		json_put_u64(bucket, "from_ns", bucket_start(i));
		json_put(bucket, "below_ns", is_last(hist, i) ? NULL :
			 json_object_new_uint64(bucket_start(i + 1)));
		json_put_u64(bucket, "count", hist->counts[i]);
		json_object_array_add(buckets, bucket);
	}
	json_put(obj, "buckets", buckets);
	json_row(&r->doc, obj);
	return EXIT_OK;
}

static int show(struct reading *r, const struct labelled *labelled)
{
	return r->es->json ? json_hist(r, labelled) : write_hist(r, labelled);
}

static int show_message(const struct hist *hist, void *arg)
{
	const struct labelled labelled = {
		.hist = hist, .name = hist_name(hist->kind),
		.title = hist->kind <= EPHPORTS_HIST_MAX ? titles[hist->kind] : "unknown",
	};

	return is_wanted(arg, hist->proto) ? show(arg, &labelled) : EXIT_OK;
}

struct collecting {
	struct lifetimes lifetimes;
	struct error *err;
};

static int collect(const struct holder *holder, void *arg)
{
	struct collecting *collecting = arg;

	return lifetimes_add(&collecting->lifetimes, holder, collecting->err);
}

static int show_protocol(struct reading *r, const struct lifetimes *all, uint8_t proto)
{
	const struct spans *covered = &all->covered;
	enum lifetime kind;
	int ret = EXIT_OK;

	for (kind = 0; !ret && kind < LIFETIMES; kind++) {
		struct hist hist;
		const struct labelled labelled = {
			.hist = &hist, .name = lifetimes[kind].name,
			.title = lifetimes[kind].title,
			.since_ns = covered->n ? covered->spans[0].from_ns : r->info.time_ns,
		};

		if (kind == LIFETIME_TIME_WAIT && proto != IPPROTO_TCP)
			continue;
		lifetimes_sum(all, proto, kind, &hist);
		hist.netns = r->info.netns;
		if (r->es->json || sum_counts(&hist))
			ret = show(r, &labelled);
	}
	return ret;
}

/* From those who held ports, as far back as they are remembered. */
static int show_lifetimes(struct reading *r)
{
	struct collecting collecting = { .err = r->err };
	int ret = nl_holders(r->nl, &r->es->filter, 0, 0, collect, &collecting, &r->interrupted,
			     r->err);

	lifetimes_settle(&collecting.lifetimes, r->info.time_ns);
	if (!ret && is_wanted(r, IPPROTO_TCP))
		ret = show_protocol(r, &collecting.lifetimes, IPPROTO_TCP);
	if (!ret && is_wanted(r, IPPROTO_UDP))
		ret = show_protocol(r, &collecting.lifetimes, IPPROTO_UDP);
	lifetimes_free(&collecting.lifetimes);
	return ret;
}

int cmd_hist(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct reading r;
	int ret;

	(void)argc;
	(void)argv;
	ret = reading_begin(&r, es, err);
	if (ret)
		return ret;
	if (es->json)
		json_array_open(&r.doc, "histograms");
	ret = nl_hists(r.nl, es->filter.netns, show_message, &r, err);
	if (!ret)
		ret = show_lifetimes(&r);
	if (es->json)
		json_array_close(&r.doc);
	return reading_end(&r, ret);
}
