// SPDX-License-Identifier: GPL-2.0
/* What a log vouches for, by what the module says from time to time. */
#include "loglook.h"
#include "madelog.h"

static struct log_look look;

/* The run has events since second @s. */
static void look_from(uint64_t s)
{
	put_snapshot(s);
	look = (struct log_look){
		.writer = writer, .vouched_ns = start + s * SECOND, .asked_ns = log_now(),
		.err = &err,
	};
}

static void begin_looking(void)
{
	begin();
	look_from(0);
}

/* The module says at second @s from when to when it knew all: two seconds each. */
static void say(uint16_t low, uint64_t s, unsigned int n, const uint64_t *seconds)
{
	struct log_verdict verdict = {
		.asked_ns = start + s * SECOND, .port_low = low, .port_high = 60999,
	};
	unsigned int i;

	for (i = 0; i < n; i += 2)
		EXPECT(!spans_add(&verdict.spans,
				  &(struct span){ start + seconds[i] * SECOND,
						  start + seconds[i + 1] * SECOND }, &err));
	EXPECT(!log_look_judge(&look, &verdict));
	EXPECT(!log_look_on(&look, verdict.asked_ns));
}

#define SAY_OF(low, s, ...)							\
	say(low, s, sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t),	\
	    (const uint64_t[]){ __VA_ARGS__ })
#define SAY(s, ...)	SAY_OF(32768, s, __VA_ARGS__)

static void end_looking(void)
{
	log_look_free(&look);
	end_run();
	ask();
}

static void test_taken_back(void)
{
	/* Up to the last second. */
	begin_looking();
	SAY(10, 0, 10);
	end_looking();
	EXPECT(n_spans == 1 && is_span(0, 0, 9));

	/* All that was before. */
	begin_looking();
	SAY(10, 0, 10);
	SAY(20, 0, 20);
	SAY(30, 29, 30);
	SAY(40, 29, 40);
	end_looking();
	EXPECT(n_spans == 1 && is_span(0, 29, 39));

	/* A gap that turns out to have begun earlier, and one behind it. */
	begin_looking();
	SAY(10, 0, 10);
	SAY(12, 0, 11);
	SAY(14, 0, 5);
	SAY(20, 0, 5, 15, 20);
	SAY(30, 0, 5, 15, 16, 17, 18, 19, 30);
	end_looking();
	EXPECT(n_spans == 4 && is_span(0, 0, 5) && is_span(1, 15, 16) && is_span(2, 17, 18));
	EXPECT(is_span(3, 19, 29));

	/* A range that was moved takes nothing back. */
	begin_looking();
	SAY(10, 0, 10);
	SAY_OF(50000, 20, 15, 20);
	SAY(30, 25, 30);
	end_looking();
	EXPECT(n_spans == 2 && is_span(0, 0, 9) && is_span(1, 25, 29));

	/* What was taken back while nobody logged. */
	begin_looking();
	SAY(10, 0, 10);
	log_look_free(&look);
	end_run();
	begin_run();
	watch_from(20);
	look_from(20);
	SAY(30, 0, 3, 12, 30);
	end_looking();
	EXPECT(n_spans == 2 && is_span(0, 0, 3) && is_span(1, 20, 29));
}

/* A reader that lags gets as far as it has read. */
static void test_lagging(void)
{
	struct log_verdict verdict = {
		.asked_ns = 0, .port_low = 32768, .port_high = 60999,
	};

	begin_looking();
	verdict.asked_ns = start + 20 * SECOND;
	EXPECT(!spans_add(&verdict.spans, &(struct span){ start, verdict.asked_ns }, &err));
	EXPECT(!log_look_judge(&look, &verdict));
	EXPECT(!log_look_on(&look, start + 5 * SECOND));
	EXPECT(!log_look_on(&look, start + 7 * SECOND));
	end_looking();
	EXPECT(n_spans == 1 && is_span(0, 0, 7));
}

static const struct ktap_test tests[] = {
	{ "log: what the module takes back", test_taken_back },
	{ "log: no more is vouched for than was read", test_lagging },
};

int main(void)
{
	return madelog_run(tests, sizeof(tests) / sizeof(tests[0]));
}
