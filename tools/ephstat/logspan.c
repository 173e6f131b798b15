// SPDX-License-Identifier: GPL-2.0
#include "logspan.h"
#include "match.h"

static struct span wall_span(const struct log_spans *s, uint64_t from_ns, uint64_t until_ns)
{
	return (struct span){ from_ns + (uint64_t)s->wall_ns, until_ns + (uint64_t)s->wall_ns };
}

/* One goes on where the last ended, unless there was a gap. */
static int add(const struct log_spans *s, struct spans *to, const struct span *span)
{
	struct span *last = to->n ? &to->spans[to->n - 1] : NULL;

	if (!last || span->from_ns > last->to_ns || span->from_ns < last->from_ns)
		return spans_add(to, span, s->err);
	if (span->to_ns > last->to_ns)
		last->to_ns = span->to_ns;
	return EXIT_OK;
}

/* What was vouched for up to there counts, or it never will. */
static int settle(struct log_spans *s, uint64_t until_ns)
{
	const struct span after = wall_span(s, until_ns, UINT64_MAX - (uint64_t)s->wall_ns);
	const bool counts = s->whole && s->snapshot_ns >= s->due_ns;
	struct spans rest = { 0 };
	int ret = EXIT_OK;
	size_t i;

	for (i = 0; !ret && i < s->vouched.n; i++) {
		struct span before = s->vouched.spans[i], behind = before;

		if (before.to_ns > after.from_ns)
			before.to_ns = after.from_ns;
		if (behind.from_ns < after.from_ns)
			behind.from_ns = after.from_ns;
		if (counts && before.from_ns < before.to_ns)
			ret = add(s, s->to, &before);
		if (!ret && behind.from_ns < behind.to_ns)
			ret = add(s, &rest, &behind);
	}
	spans_free(&s->vouched);
	s->vouched = rest;
	return ret;
}

static int settle_all(struct log_spans *s)
{
	return settle(s, UINT64_MAX - (uint64_t)s->wall_ns);
}

/* Nothing is known of what went before but what a snapshot tells. */
static void open_anew(struct log_spans *s, uint64_t from_ns)
{
	if (from_ns > s->gap_ns)
		s->gap_ns = from_ns;
	s->open = true;
	s->resume = false;
	s->from_ns = from_ns;
	s->due_ns = from_ns;
}

/*
 * Nothing is known for certain of that time, its end included. It may be told late, after what came
 * later.
 */
static int note_gap(struct log_spans *s, uint64_t from_ns, uint64_t until_ns)
{
	const struct span gap = wall_span(s, from_ns, until_ns + 1);
	int ret = spans_cut(s->to, &gap, s->err);

	if (!ret)
		ret = spans_cut(&s->vouched, &gap, s->err);
	if (!ret)
		ret = spans_add(&s->gaps, &gap, s->err);
	if (until_ns > s->gap_ns)
		s->gap_ns = until_ns;
	return ret;
}

/* Nor is who took a port in it and holds it since, until there is a snapshot. */
static int note_loss(struct log_spans *s, uint64_t from_ns, uint64_t until_ns)
{
	int ret = note_gap(s, from_ns, until_ns);

	if (!ret)
		ret = settle(s, from_ns);
	if (!ret && s->snapshot_ns < until_ns)
		ret = spans_cut(s->to, &(struct span){ from_ns + (uint64_t)s->wall_ns, UINT64_MAX },
				s->err);
	if (until_ns > s->due_ns)
		s->due_ns = until_ns;
	return ret;
}

int log_spans_block(struct log_spans *s, const struct log_header *header, int64_t wall_ns)
{
	int ret = EXIT_OK;

	if (header->run != s->run) {
		ret = settle_all(s);
		s->run = header->run;
		s->gaps.n = 0;
		s->open = false;
		s->resume = false;
		s->whole = false;
		s->gap_ns = 0;
		s->begun_ns = 0;
		s->snapshot_ns = 0;
		s->number = header->number;
		s->wall_ns = wall_ns;
	} else if (header->number != s->number) {
		ret = settle_all(s);
		s->resume |= s->open;
		s->open = false;
		s->begun_ns = 0;
	}
	s->number = header->number + 1;
	/* A block without events says that there were none. */
	if (s->resume && !header->size)
		open_anew(s, header->until_ns);
	return ret;
}

/* A file that is not the first of its run tells nothing of the time before it. */
static void begin_run(struct log_spans *s, const struct log_record *record)
{
	const struct log_run *run = &record->run;

	if (s->open || s->resume || !run->from_ns)
		return;
	s->whole = filter_contains(&run->filter, s->filter);
	open_anew(s, s->number > 2 ? record->boot_ns : run->from_ns);
}

int log_spans_record(struct log_spans *s, const struct log_record *record)
{
	switch (record->type) {
	case LOG_RUN:
		begin_run(s, record);
		return EXIT_OK;
	case EPHPORTS_EVENT_LOST:
		return note_loss(s, record->boot_ns, record->boot_ns + record->event.lost_span_ns);
	case LOG_DISK:
		return note_loss(s, record->from_ns, record->until_ns);
	case LOG_DOUBT:
		return note_gap(s, record->from_ns, record->until_ns);
	case LOG_SNAPSHOT:
		s->begun_ns = record->boot_ns;
		return EXIT_OK;
	case LOG_SNAPSHOT_END:
		if (!record->code && s->begun_ns)
			s->snapshot_ns = s->begun_ns;
		return EXIT_OK;
	}
	if (s->resume && log_is_event(record))
		open_anew(s, record->boot_ns);
	return EXIT_OK;
}

static int cut_gaps(struct log_spans *s, uint64_t until_ns)
{
	int ret = EXIT_OK;
	size_t i, kept = 0;

	for (i = 0; !ret && i < s->gaps.n; i++) {
		ret = spans_cut(&s->vouched, &s->gaps.spans[i], s->err);
		if (s->gaps.spans[i].to_ns > until_ns + (uint64_t)s->wall_ns)
			s->gaps.spans[kept++] = s->gaps.spans[i];
	}
	s->gaps.n = kept;
	return ret;
}

int log_spans_look(struct log_spans *s, const struct log_record *look, const char *why)
{
	struct span span;
	int ret;

	/* Whatever happened until then was written before it. */
	if (s->resume)
		open_anew(s, look->until_ns);
	if (!s->open || !s->whole || look->until_ns <= s->from_ns)
		return EXIT_OK;
	span = wall_span(s, look->from_ns > s->from_ns ? look->from_ns : s->from_ns,
			 look->until_ns);
	if (!why) {
		ret = add(s, &s->vouched, &span);
		return ret ? ret : cut_gaps(s, look->until_ns);
	}
	if (span.from_ns <= s->asked.to_ns && span.to_ns >= s->asked.from_ns)
		s->doubt = why;
	return EXIT_OK;
}

int log_spans_end(struct log_spans *s)
{
	int ret = settle_all(s);

	spans_free(&s->vouched);
	spans_free(&s->gaps);
	return ret;
}
