// SPDX-License-Identifier: GPL-2.0
#include "logspan.h"
#include "match.h"

/* Ends the span that has begun, if there is anything of it. */
static int close_span(struct log_spans *s, uint64_t to_ns)
{
	const struct span span = {
		s->from_ns + (uint64_t)s->wall_ns, to_ns + (uint64_t)s->wall_ns,
	};
	bool was_open = s->open;

	s->open = false;
	if (!was_open || !s->whole || to_ns <= s->from_ns)
		return EXIT_OK;
	return spans_add(s->to, &span, s->err);
}

static void open_span(struct log_spans *s, uint64_t from_ns)
{
	if (from_ns > s->gap_ns)
		s->gap_ns = from_ns;
	s->open = true;
	s->resume = false;
	s->from_ns = from_ns;
}

/* Nothing is known for certain from @from_ns to @until_ns. */
static int note_gap(struct log_spans *s, uint64_t from_ns, uint64_t until_ns)
{
	int ret;

	if (!s->open)
		return EXIT_OK;
	/* What is told late may lie before a gap that was told in time. */
	if (until_ns < s->from_ns)
		until_ns = s->from_ns;
	ret = close_span(s, from_ns);
	open_span(s, until_ns);
	return ret;
}

int log_spans_block(struct log_spans *s, const struct log_header *header, int64_t wall_ns)
{
	int ret = EXIT_OK;

	if (header->run != s->run) {
		ret = close_span(s, s->until_ns);
		s->run = header->run;
		s->resume = false;
		s->whole = false;
		s->until_ns = 0;
		s->gap_ns = 0;
		s->number = header->number;
		s->wall_ns = wall_ns;
	} else if (header->number != s->number && s->open) {
		ret = close_span(s, s->until_ns);
		s->resume = true;
	}
	s->number = header->number + 1;
	/* A block without events says that there were none. */
	if (s->resume && !header->size)
		open_span(s, header->until_ns);
	if (header->until_ns > s->until_ns)
		s->until_ns = header->until_ns;
	return ret;
}

/* A file that is not the first of its run tells nothing of the time before it. */
static void begin_run(struct log_spans *s, const struct log_record *record)
{
	const struct log_run *run = &record->run;

	if (s->open || s->resume || !run->from_ns)
		return;
	s->whole = filter_contains(&run->filter, s->filter);
	open_span(s, s->number > 2 ? record->boot_ns : run->from_ns);
}

int log_spans_record(struct log_spans *s, const struct log_record *record)
{
	switch (record->type) {
	case LOG_RUN:
		begin_run(s, record);
		return EXIT_OK;
	case EPHPORTS_EVENT_LOST:
		return note_gap(s, record->boot_ns, record->boot_ns + record->event.lost_span_ns);
	case LOG_DISK:
	case LOG_DOUBT:
		return note_gap(s, record->from_ns, record->until_ns);
	}
	if (s->resume && log_is_event(record))
		open_span(s, record->boot_ns);
	return EXIT_OK;
}

int log_spans_end(struct log_spans *s)
{
	return close_span(s, s->until_ns);
}
