// SPDX-License-Identifier: GPL-2.0
#include "answer.h"
#include "holder.h"
#include "json.h"
#include "moment.h"
#include "reading.h"

struct answering {
	const struct question *question;
	struct spans covered;
	struct holders holders;
	bool interrupted;
	struct text row;
	struct error *err;
};

static uint64_t end_of(const struct question *question)
{
	return question->until_ns ? question->until_ns : question->now_ns;
}

/* A memory may tell more than was asked for. */
static bool is_wanted(const struct question *question, const struct holder *holder)
{
	return holder->from_ns <= end_of(question) || !question->until_ns;
}

static bool is_over(const struct question *question, const struct holder *holder)
{
	return told(holder, EPHPORTS_A_WHO_TO) && holder->to_ns < question->since_ns;
}

static int collect(const struct holder *holder, void *arg)
{
	struct answering *a = arg;

	if (holder_is_span(holder))
		return spans_add(&a->covered, &(struct span){ holder->covered_from_ns,
							      holder->covered_to_ns }, a->err);
	if (!is_wanted(a->question, holder) || is_over(a->question, holder))
		return EXIT_OK;
	return holders_add(&a->holders, holder, a->err);
}

/* Without a beginning, what is asked for begins with what is remembered. */
static struct span asked_span(const struct answering *a)
{
	uint64_t from = a->question->since_ns;

	if (!from)
		from = a->covered.n ? a->covered.spans[0].from_ns : a->question->now_ns;
	return (struct span){ from, end_of(a->question) };
}

static bool is_whole(const struct answering *a)
{
	const struct span asked = asked_span(a);

	return !a->question->doubt && !a->interrupted && spans_cover(&a->covered, &asked);
}

/* First of all, if nothing can be known of the time that was asked for, or not of all of it. */
static void say_doubt(struct answering *a)
{
	const struct question *question = a->question;
	const struct span asked = asked_span(a);
	struct text *row = &a->row;

	if (question->doubt) {
		text_str(row, question->doubt);
		text_line(row, question->es->out);
	}
	if (!question->since_ns || spans_cover(&a->covered, &asked))
		return;
	text_str(row, spans_touch(&a->covered, &asked) ? "not all is known of " :
							 "nothing is known for certain of ");
	if (asked.to_ns - asked.from_ns <= 60000000000)
		moment_text(row, asked.from_ns);
	else
		span_text(row, &asked);
	if (a->covered.n && asked.from_ns < a->covered.spans[0].from_ns) {
		text_str(row, ": what is remembered begins at ");
		moment_text(row, a->covered.spans[0].from_ns);
	}
	text_line(row, question->es->out);
}

/* Last: what the absence of a holder proves. */
static void say_covered(struct answering *a)
{
	struct text *row = &a->row;
	size_t i;

	text_str(row, a->covered.n ? "every holder is told for " : "holders may be missing");
	for (i = 0; i < a->covered.n && row->len < TEXT_ROOM / 2; i++) {
		if (i)
			text_str(row, ", ");
		span_text(row, &a->covered.spans[i]);
	}
	if (i < a->covered.n) {
		text_str(row, " and ");
		text_u64(row, a->covered.n - i);
		text_str(row, " later spans");
	}
	if (a->interrupted)
		text_str(row, "; but records were lost or mended meanwhile: ask again");
	text_line(row, a->question->es->out);
}

static void write_text(struct answering *a)
{
	const struct ephstat *es = a->question->es;
	struct column columns[HOLDER_COLUMNS];
	size_t i, n = holder_columns(columns, es->filter.all_netns, es->cgroups);
	struct reading r = { .es = es, .header_due = !es->no_header };

	say_doubt(a);
	reading_header(&r, columns, n);
	for (i = 0; i < a->holders.n; i++) {
		holder_row(&a->row, &a->holders.holders[i], es->filter.all_netns, es->cgroups);
		text_line(&a->row, es->out);
	}
	say_covered(a);
}

static struct json_object *time_or_null(uint64_t ns)
{
	return ns ? json_object_new_uint64(ns) : NULL;
}

static void write_json(struct answering *a)
{
	const struct question *question = a->question;
	struct json_doc doc;
	size_t i;

	json_open(&doc, question->es->out);
	json_member(&doc, "schema", json_object_new_int(JSON_SCHEMA));
	json_member(&doc, "netns", json_object_new_uint64(question->netns));
	json_member(&doc, "time_ns", json_object_new_uint64(question->now_ns));
	json_member(&doc, "since_ns", time_or_null(question->since_ns));
	json_member(&doc, "until_ns", time_or_null(question->until_ns));
	json_array_open(&doc, "holders");
	for (i = 0; i < a->holders.n; i++)
		json_row(&doc, holder_json(&a->holders.holders[i], question->now_ns));
	json_array_close(&doc);
	json_member(&doc, "covered", spans_json(&a->covered));
	json_member(&doc, "doubt", question->doubt ? json_text(question->doubt) : NULL);
	json_member(&doc, "whole", json_object_new_boolean(is_whole(a)));
	json_close(&doc);
}

int answer(struct question *question, memory_fn memory, void *arg, struct error *err)
{
	struct answering a = { .question = question, .err = err };
	int ret = memory(question, collect, &a, arg, &a.interrupted, err);

	if (!ret) {
		holders_settle(&a.holders, question->now_ns);
		if (question->es->json)
			write_json(&a);
		else
			write_text(&a);
		ret = is_whole(&a) ? EXIT_OK : EXIT_NOT_WHOLE;
	}
	holders_free(&a.holders);
	spans_free(&a.covered);
	return ret;
}
