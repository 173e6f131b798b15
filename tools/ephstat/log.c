// SPDX-License-Identifier: GPL-2.0
/* ephstat log: follows what happens to ports into files, for weeks. */
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "amount.h"
#include "ephstat.h"
#include "logdir.h"
#include "loglook.h"
#include "logwrite.h"
#include "netlink.h"
#include "netns.h"
#include "signals.h"
#include "unusual.h"

#define SECOND		1000000000ull
#define TICK_MS		200
#define SETTLE_NS	SECOND		/* what the module has told by then, it has told */
#define SNAPSHOT_NS	(10 * SECOND)	/* between two snapshots, but for a new file */
#define LONGEST_REST_NS	(600 * SECOND)	/* while they are interrupted, each time twice as long */
#define TICK_ROWS	1024
#define LAST_ROUNDS	2		/* when it is to stop: the last events, then the look */

struct logging {
	const struct ephstat *es;
	struct log_writer *writer;
	struct unusual *unusual;
	struct nl *asking;		/* beside the socket that watches */
	struct log_look look;
	uint64_t told;			/* events since the last look at the clock */
	uint64_t told_ns;		/* the last of them */
	uint64_t rows;			/* of a snapshot */
	bool has_lost;
	uint64_t snapshot_ns;
	uint64_t rest_ns;		/* until the next, if something is missing */
	int trouble;
	uint64_t unread;		/* lines that found no room */
	struct error *err;
};

/* Who does not read the lines, or has gone, must not keep the log from going on. */
static bool is_read(FILE *out)
{
	struct pollfd fd = { .fd = fileno(out), .events = POLLOUT };

	return poll(&fd, 1, 0) == 1 && fd.revents == POLLOUT;
}

static void print_flag(const struct logging *l, const struct unusual_flag *flag)
{
	struct text row = { 0 };

	if (l->es->json) {
		json_line(unusual_json(flag), l->es->out);
	} else {
		unusual_text(&row, flag);
		text_line(&row, l->es->out);
	}
	fflush(l->es->out);
}

/* To the standard output, line by line: the journal has it too. */
static int tell_flag(struct logging *l, const struct unusual_flag *flag)
{
	const struct log_record record = {
		.type = LOG_UNUSUAL, .boot_ns = flag->boot_ns, .flag = *flag,
	};

	if (is_read(l->es->out))
		print_flag(l, flag);
	else
		l->unread++;
	return log_write(l->writer, &record, l->err);
}

static int tell_event(const struct event *event, void *arg)
{
	const struct log_record record = {
		.type = event->kind, .boot_ns = event->boot_ns, .event = *event,
	};
	struct logging *l = arg;
	struct unusual_flag flag;
	int ret;

	/* What is newer than the format has no place in it. */
	if (event->kind > EPHPORTS_EVENT_MAX)
		return EXIT_OK;
	l->told++;
	l->told_ns = event->boot_ns;
	l->has_lost |= event->kind == EPHPORTS_EVENT_LOST;
	ret = log_write(l->writer, &record, l->err);
	if (!ret && unusual_event(l->unusual, event, &flag))
		ret = tell_flag(l, &flag);
	return ret;
}

static int tell_held(const struct port *port, void *arg)
{
	struct logging *l = arg;
	const struct log_record record = {
		.type = LOG_HELD, .boot_ns = l->snapshot_ns, .event.port = *port,
	};
	int ret = log_write(l->writer, &record, l->err);

	if (!ret && ++l->rows % TICK_ROWS == 0)
		ret = log_tick(l->writer, 0, l->err);
	return ret;
}

/* Events wait in the socket's queue meanwhile, so all that the snapshot met comes after it. */
static int take_snapshot(struct logging *l)
{
	struct log_record record = { .type = LOG_SNAPSHOT };
	bool interrupted = false;
	int ret;

	l->snapshot_ns = record.boot_ns = log_now();
	ret = log_write(l->writer, &record, l->err);
	if (!ret)
		ret = nl_ports(l->asking, &l->es->filter, tell_held, l, &interrupted, l->err);
	record.type = LOG_SNAPSHOT_END;
	record.code = interrupted;
	/* Once more then, without a whole one nothing is vouched for; but not all the time. */
	l->has_lost = interrupted;
	l->rest_ns = interrupted ? 2 * l->rest_ns : SNAPSHOT_NS;
	if (l->rest_ns > LONGEST_REST_NS)
		l->rest_ns = LONGEST_REST_NS;
	return ret ? ret : log_write(l->writer, &record, l->err);
}

static int maybe_snapshot(struct logging *l)
{
	if (log_wants_snapshot(l->writer) ||
	    (l->has_lost && log_now() - l->snapshot_ns >= l->rest_ns))
		return take_snapshot(l);
	return EXIT_OK;
}

/* Once when it begins and once when it is over. */
static void say_trouble(struct logging *l)
{
	const struct log_done *done = log_done(l->writer);

	if (!l->trouble && done->trouble)
		fprintf(stderr, "ephstat: cannot write the log: %s; what is missed will be "
			"written down\n", strerror(done->trouble));
	else if (l->trouble && !done->trouble)
		fprintf(stderr, "ephstat: the log is written again; %" PRIu64 " records are "
			"missing in all\n", done->missed);
	l->trouble = done->trouble;
}

/* Of the module's end the stream tells, behind the last events. */
static int unless_gone(int ret)
{
	return ret == EXIT_NOT_LOADED ? EXIT_OK : ret;
}

static int go_round(struct logging *l, struct nl *nl, const sigset_t *mask)
{
	const uint64_t before = log_now();
	uint64_t read_ns;
	int ret;

	l->told = 0;
	ret = nl_events(nl, TICK_MS, mask, tell_event, l, l->err);
	/* With events, the last of them says how far it has come. */
	read_ns = l->told ? l->told_ns : before - SETTLE_NS;
	if (!ret)
		ret = unless_gone(log_look_on(&l->look, read_ns));
	if (!ret)
		ret = unless_gone(maybe_snapshot(l));
	if (!ret)
		ret = log_tick(l->writer, l->told ? 0 : read_ns, l->err);
	say_trouble(l);
	return ret;
}

/* What has happened up to now, but for the last second, is vouched for at its end, too. */
static int look_back(struct logging *l, struct nl *nl, const sigset_t *mask)
{
	int ret = unless_gone(log_look(&l->look));
	unsigned int i;

	for (i = 0; !ret && i < LAST_ROUNDS; i++)
		ret = go_round(l, nl, mask);
	return ret;
}

static int follow(struct logging *l, struct nl *nl)
{
	uint64_t from_ns;
	sigset_t mask;
	int ret;

	signals_catch(&mask);
	ret = nl_watch(nl, &l->es->filter, 0, tell_event, l, &from_ns, l->err);
	if (!ret)
		ret = log_writer_watch(l->writer, from_ns, l->err);
	l->look.vouched_ns = from_ns;
	while (!ret && !signals_stop())
		ret = go_round(l, nl, &mask);
	return ret ? ret : look_back(l, nl, &mask);
}

static int parse_limits(const struct ephstat *es, struct log_limits *limits, struct error *err)
{
	int ret = EXIT_OK;

	*limits = (struct log_limits){
		.size = 64ull << 20, .age_ns = 86400 * SECOND, .max_total = 4ull << 30,
	};
	if (es->size)
		ret = amount_bytes(es->size, "size", &limits->size, err);
	if (!ret && es->age)
		ret = amount_time(es->age, "age", &limits->age_ns, err);
	if (!ret && es->keep)
		ret = amount_count(es->keep, "keep", &limits->keep, err);
	if (!ret && es->max_total)
		ret = amount_bytes(es->max_total, "max-total", &limits->max_total, err);
	return ret;
}

static int end(struct logging *l, int ret)
{
	struct log_done done;

	if (!l->writer)
		return ret;
	log_writer_end(l->writer, ret == EXIT_OK ? LOG_STOP_ASKED :
				  ret == EXIT_NOT_LOADED ? LOG_STOP_UNLOADED : LOG_STOP_FAILED,
		       &done);
	if (done.records)
		fprintf(stderr, "ephstat: %" PRIu64 " records in %" PRIu64 " bytes written\n",
			done.records, done.bytes);
	if (l->unread)
		fprintf(stderr, "ephstat: %" PRIu64 " unusual events are in the log alone: nobody read the "
			"standard output\n", l->unread);
	if (ret == EXIT_OK && done.trouble)
		ret = error_set(l->err, EXIT_RUNTIME, "cannot write the log: %s; its end may be "
				"missing", strerror(done.trouble));
	return ret;
}

/* A reader elsewhere does not know which namespace was one's own. */
static int make_writer(struct logging *l, int dir, const struct log_limits *limits)
{
	struct filter filter = l->es->filter;
	struct log_place place = { 0 };
	struct info info;
	int ret = nl_info(l->asking, &filter, &info, l->err);

	if (ret) {
		close(dir);
		return ret;
	}
	if (!filter.all_netns)
		filter.netns = info.netns;
	place.netns = info.netns;
	place.is_hosts = netns_is_hosts(info.netns);
	ret = log_writer_new(&l->writer, dir, limits, &filter, &place, l->err);
	l->look = (struct log_look){
		.nl = l->asking, .writer = l->writer, .err = l->err,
	};
	filter_init(&l->look.where);
	l->look.where.netns = l->es->filter.netns;
	return ret;
}

static int run(struct logging *l, int dir, const struct log_limits *limits)
{
	struct nl *nl = NULL;
	int ret = nl_open(&nl, l->err);

	if (!ret)
		ret = nl_open(&l->asking, l->err);
	if (!ret)
		ret = make_writer(l, dir, limits);
	else
		close(dir);
	l->unusual = unusual_new();
	if (!ret && !l->unusual)
		ret = error_set(l->err, EXIT_RUNTIME, "out of memory");
	if (!ret)
		ret = follow(l, nl);
	ret = end(l, ret);
	log_look_free(&l->look);
	unusual_free(l->unusual);
	nl_close(l->asking);
	nl_close(nl);
	return ret;
}

int cmd_log(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct logging l = { .es = es, .err = err, .rest_ns = SNAPSHOT_NS };
	struct log_limits limits;
	int dir, ret;

	/* Who reads the lines may go, and the log goes on. */
	signal(SIGPIPE, SIG_IGN);
	if (!argc)
		return error_set(err, EXIT_USAGE, "log takes the directory to write to");
	ret = parse_limits(es, &limits, err);
	if (!ret)
		ret = filter_parse(&es->filter, argc - 1, argv + 1, err);
	if (!ret)
		ret = log_dir_lock(argv[0], &dir, err);
	return ret ? ret : run(&l, dir, &limits);
}
