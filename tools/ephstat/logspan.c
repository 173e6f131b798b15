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
	if (!was_open || !s->whole || to_ns <= s->from_ns || s->snapshot_ns < s->due_ns)
		return EXIT_OK;
	if (!s->why)
		return spans_add(s->to, &span, s->err);
	if (span.from_ns <= s->asked.to_ns && span.to_ns >= s->asked.from_ns)
		s->doubt = s->why;
	return EXIT_OK;
}

static void open_span(struct log_spans *s, uint64_t from_ns)
{
	if (from_ns > s->gap_ns)
		s->gap_ns = from_ns;
	s->open = true;
	s->resume = false;
	s->from_ns = from_ns;
}

/* Nothing is known of what went before but what a snapshot tells. */
static void open_anew(struct log_spans *s, uint64_t from_ns)
{
	open_span(s, from_ns);
	s->due_ns = from_ns;
}

/* Nothing is known for certain from @from_ns to @until_ns; *@until_ns is set to when it is again. */
static int note_gap(struct log_spans *s, uint64_t from_ns, uint64_t *until_ns)
{
	int ret;

	/* What is told late may lie before what was told in time. */
	ret = spans_cut(s->to, &(struct span){ from_ns + (uint64_t)s->wall_ns,
					       *until_ns + (uint64_t)s->wall_ns }, s->err);
	if (*until_ns < s->from_ns)
		*until_ns = s->from_ns;
	if (!ret)
		ret = close_span(s, from_ns);
	open_span(s, *until_ns);
	return ret;
}

/* Nor is who took a port in it and holds it since, until there is a snapshot. */
static int note_loss(struct log_spans *s, uint64_t from_ns, uint64_t until_ns)
{
	int ret;

	if (!s->open)
		return EXIT_OK;
	ret = note_gap(s, from_ns, &until_ns);
	if (until_ns > s->due_ns)
		s->due_ns = until_ns;
	return ret;
}

static int note_doubt(struct log_spans *s, uint64_t from_ns, uint64_t until_ns)
{
	return s->open ? note_gap(s, from_ns, &until_ns) : EXIT_OK;
}

int log_spans_block(struct log_spans *s, const struct log_header *header, int64_t wall_ns)
{
	int ret = EXIT_OK;

	if (header->run != s->run) {
		ret = close_span(s, s->until_ns);
		s->run = header->run;
		s->resume = false;
		s->whole = false;
		s->why = LOG_NO_PLACE;
		s->until_ns = 0;
		s->gap_ns = 0;
		s->begun_ns = 0;
		s->snapshot_ns = 0;
		s->number = header->number;
		s->wall_ns = wall_ns;
	} else if (header->number != s->number) {
		s->resume |= s->open;
		ret = close_span(s, s->until_ns);
		s->begun_ns = 0;
		s->why = LOG_NO_PLACE;
	}
	s->number = header->number + 1;
	/* A block without events says that there were none. */
	if (s->resume && !header->size)
		open_anew(s, header->until_ns);
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
		return note_doubt(s, record->from_ns, record->until_ns);
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

int log_spans_place(struct log_spans *s, uint64_t boot_ns, const char *why)
{
	bool was_open = s->open;
	int ret;

	if (why == s->why)
		return EXIT_OK;
	/* In between, nothing may have been written. */
	ret = close_span(s, boot_ns < s->until_ns ? boot_ns : s->until_ns);
	s->why = why;
	/* There is nothing to make good: what was recorded before is known. */
	s->open = was_open;
	s->from_ns = boot_ns;
	return ret;
}

int log_spans_end(struct log_spans *s)
{
	return close_span(s, s->until_ns);
}
