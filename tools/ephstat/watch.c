// SPDX-License-Identifier: GPL-2.0
/* ephstat watch: what happens to ports, as it happens. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "ephstat.h"
#include "event.h"
#include "lognote.h"
#include "logread.h"
#include "logwhere.h"
#include "match.h"
#include "netlink.h"
#include "netns.h"
#include "signals.h"
#include "unusual.h"
#include "util.h"

struct watch {
	const struct ephstat *es;
	struct unusual *unusual;	/* NULL: every event is shown */
	uint64_t lost;
	struct log_where where;		/* of the log that is read */
	uint64_t strange;		/* events of it of which that is not known */
	int64_t wall_ns;
	struct tm day;			/* the last that was shown of it */
	struct text row;
};

static int show(struct watch *watch, struct json_object *obj)
{
	if (obj)
		json_line(obj, watch->es->out);
	else
		text_line(&watch->row, watch->es->out);
	return ferror(watch->es->out) ? EXIT_RUNTIME : EXIT_OK;
}

static int show_event(struct watch *watch, const struct event *event)
{
	if (watch->es->json)
		return show(watch, event_json(event));
	event_text(&watch->row, event, watch->es->filter.all_netns);
	return show(watch, NULL);
}

static int show_flag(struct watch *watch, const struct unusual_flag *flag)
{
	if (watch->es->json)
		return show(watch, unusual_json(flag));
	unusual_text(&watch->row, flag);
	return show(watch, NULL);
}

static int tell(const struct event *event, void *arg)
{
	struct watch *watch = arg;
	struct unusual_flag flag;

	watch->lost += event->lost;
	if (!watch->unusual || event->kind == EPHPORTS_EVENT_LOST)
		return show_event(watch, event);
	return unusual_event(watch->unusual, event, &flag) ? show_flag(watch, &flag) : EXIT_OK;
}

static bool is_there(struct watch *watch, uint32_t netns)
{
	watch->strange += watch->where.unknown;
	return !watch->where.unknown && (!watch->where.netns || watch->where.netns == netns);
}

/* What the module would have left out. */
static bool passes(struct watch *watch, const struct event *event)
{
	const struct ephstat *es = watch->es;
	const struct filter *f = &es->filter;

	if (event->kind == EPHPORTS_EVENT_LOST)
		return true;
	if (es->kinds && !(es->kinds >> event->kind & 1))
		return false;
	if (event->kind == EPHPORTS_EVENT_FAILED)
		return is_there(watch, event->failure.who.netns) &&
		       filter_passes_failure(f, &event->failure);
	return is_there(watch, event->port.netns) && filter_passes(f, &event->port);
}

static int see_block(const struct log_header *header, int64_t wall_ns, void *arg)
{
	struct watch *watch = arg;

	log_where_block(&watch->where, header);
	watch->wall_ns = wall_ns;
	return EXIT_OK;
}

/* As they were called then. */
static void learn_cgroup(const struct log_record *record)
{
	const struct port *port = &record->event.port;
	const struct who *whos[] = { &record->event.failure.who, &record->flag.who };
	size_t i;

	if (told(port, EPHPORTS_A_PORT_CGROUP))
		cgroup_learn(port->cgroup, record->cgroup);
	for (i = 0; i < ARRAY_SIZE(whos); i++)
		if (told(whos[i], EPHPORTS_A_OWNER_CGROUP))
			cgroup_learn(whos[i]->cgroup, record->cgroup);
}

static bool is_wanted(struct watch *watch, const struct log_record *record)
{
	if (log_is_event(record))
		return !watch->es->unusual && passes(watch, &record->event);
	if (record->type == LOG_UNUSUAL)
		return !watch->es->kinds && is_there(watch, record->flag.who.netns);
	return log_is_note(record);
}

/* Lines have the time of day: a new day, or the clock set back to another, is a line. */
static int show_day(struct watch *watch, uint64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;

	if (watch->es->json || !localtime_r(&seconds, &tm) ||
	    (tm.tm_year == watch->day.tm_year && tm.tm_yday == watch->day.tm_yday))
		return EXIT_OK;
	watch->day = tm;
	text_day(&watch->row, ns);
	return show(watch, NULL);
}

static int see_record(const struct log_record *record, void *arg)
{
	struct watch *watch = arg;
	int ret;

	learn_cgroup(record);
	if (record->type == LOG_PLACE)
		log_where_place(&watch->where, &record->place);
	if (!is_wanted(watch, record))
		return EXIT_OK;
	ret = show_day(watch, record->boot_ns + (uint64_t)watch->wall_ns);
	if (ret)
		return ret;
	if (log_is_event(record))
		return show_event(watch, &record->event);
	if (record->type == LOG_UNUSUAL)
		return show_flag(watch, &record->flag);
	if (watch->es->json)
		return show(watch, log_note_json(record, watch->wall_ns));
	log_note_text(&watch->row, record, watch->wall_ns);
	return show(watch, NULL);
}

/* From files; everything in it was noted when it happened, what was unusual too. */
static int replay(struct watch *watch, struct error *err)
{
	const struct log_sink sink = { .block = see_block, .record = see_record, .arg = watch };
	struct log_index index;
	int dir, ret = log_dir_open(watch->es->log, &dir, err);

	if (ret)
		return ret;
	ret = log_index_read(&index, dir, err);
	if (!ret)
		ret = log_read(&index, dir, 0, &sink, err);
	log_index_free(&index);
	close(dir);
	return ret;
}

/* What is judged by nothing else need not be sent. */
static uint32_t kinds_of(const struct ephstat *es)
{
	if (es->unusual)
		return 1u << EPHPORTS_EVENT_ASSIGNED | 1u << EPHPORTS_EVENT_FAILED;
	return es->kinds;
}

/* The lines go out whenever all that has come is read: somebody waits for them. */
static int follow(struct watch *watch, struct nl *nl, const sigset_t *mask, struct error *err)
{
	const struct ephstat *es = watch->es;
	uint64_t boot_ns;
	int ret;

	ret = nl_watch(nl, &es->filter, kinds_of(es), tell, watch, &boot_ns, err);
	while (!ret && !signals_stop()) {
		if (fflush(es->out))
			break;
		ret = nl_events(nl, -1, mask, tell, watch, err);
	}
	return ferror(es->out) ? error_set(err, EXIT_RUNTIME, "cannot write the output: %s",
					   strerror(errno)) : ret;
}

static void say_lost(const struct watch *watch)
{
	if (watch->lost)
		fprintf(stderr, "ephstat: %llu %s lost, they came faster than they were read\n",
			(unsigned long long)watch->lost,
			watch->lost == 1 ? "event was" : "events were");
}

static void say_strange(const struct watch *watch)
{
	if (watch->strange)
		fprintf(stderr, "ephstat: %" PRIu64 " %s of another boot, in which namespaces have "
			"other numbers: -A shows %s\n", watch->strange,
			watch->strange == 1 ? "record is" : "records are",
			watch->strange == 1 ? "it" : "them");
}

static void write_header(struct watch *watch)
{
	const struct ephstat *es = watch->es;

	if (es->json || es->no_header || es->unusual)
		return;
	event_header(&watch->row, es->filter.all_netns);
	text_line(&watch->row, es->out);
}

static int ask_module(struct watch *watch, const sigset_t *mask, struct error *err)
{
	struct nl *nl;
	int ret;

	if (watch->es->unusual) {
		watch->unusual = unusual_new();
		if (!watch->unusual)
			return error_set(err, EXIT_RUNTIME, "out of memory");
	}
	ret = nl_open(&nl, err);
	if (!ret) {
		write_header(watch);
		ret = follow(watch, nl, mask, err);
		nl_close(nl);
	}
	unusual_free(watch->unusual);
	say_lost(watch);
	return ret;
}

static int ask_until_stopped(struct watch *watch, struct ephstat *es, struct error *err)
{
	FILE *out = es->out;
	sigset_t mask;
	int ret;

	signals_catch(&mask);
	es->out = signals_output(out, &mask);
	if (es->out) {
		ret = ask_module(watch, &mask, err);
		fclose(es->out);
	} else {
		ret = error_set(err, EXIT_RUNTIME, "out of memory");
	}
	es->out = out;
	return ret;
}

int cmd_watch(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct watch watch = { .es = es };
	int ret = filter_parse(&es->filter, argc, argv, err);

	if (!ret && es->unusual && es->kinds)
		ret = error_set(err, EXIT_USAGE, "--unusual and --kinds exclude each other");
	if (ret)
		return ret;
	if (!es->log)
		return ask_until_stopped(&watch, es, err);
	if (!es->filter.netns && !es->filter.all_netns)
		ret = netns_resolve("/proc/self/ns/net", &es->filter.netns, err);
	if (ret)
		return ret;
	log_where_begin(&watch.where, es->filter.netns, netns_is_hosts(es->filter.netns));
	write_header(&watch);
	ret = replay(&watch, err);
	say_strange(&watch);
	return ret;
}
