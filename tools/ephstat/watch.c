// SPDX-License-Identifier: GPL-2.0
/* ephstat watch: what happens to ports, as it happens. */
#include <time.h>

#include "ephstat.h"
#include "event.h"
#include "netlink.h"
#include "signals.h"
#include "unusual.h"

struct watch {
	const struct ephstat *es;
	struct unusual *unusual;	/* NULL: every event is shown */
	uint64_t lost;
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

/* What is judged by nothing else need not be sent. */
static uint32_t kinds_of(const struct ephstat *es)
{
	if (es->unusual)
		return 1u << EPHPORTS_EVENT_ASSIGNED | 1u << EPHPORTS_EVENT_FAILED;
	return es->kinds;
}

/* The lines go out whenever all that has come is read: somebody waits for them. */
static int follow(struct watch *watch, struct nl *nl, struct error *err)
{
	const struct ephstat *es = watch->es;
	uint64_t boot_ns;
	sigset_t mask;
	int ret;

	signals_catch(&mask);
	ret = nl_watch(nl, &es->filter, kinds_of(es), tell, watch, &boot_ns, err);
	while (!ret && !signals_stop()) {
		if (fflush(es->out))
			return EXIT_RUNTIME;
		ret = nl_events(nl, -1, &mask, tell, watch, err);
	}
	return ret;
}

static void say_lost(const struct watch *watch)
{
	if (watch->lost)
		fprintf(stderr, "ephstat: %llu %s lost, they came faster than they were read\n",
			(unsigned long long)watch->lost,
			watch->lost == 1 ? "event was" : "events were");
}

int cmd_watch(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct watch watch = { .es = es };
	struct nl *nl = NULL;
	int ret = filter_parse(&es->filter, argc, argv, err);

	if (!ret && es->unusual && es->kinds)
		ret = error_set(err, EXIT_USAGE, "--unusual and --kinds exclude each other");
	if (!ret && es->unusual) {
		watch.unusual = unusual_new();
		if (!watch.unusual)
			ret = error_set(err, EXIT_RUNTIME, "out of memory");
	}
	if (!ret)
		ret = nl_open(&nl, err);
	if (!ret && !es->json && !es->no_header && !es->unusual) {
		event_header(&watch.row, es->filter.all_netns);
		text_line(&watch.row, es->out);
	}
	if (!ret)
		ret = follow(&watch, nl, err);
	nl_close(nl);
	unusual_free(watch.unusual);
	say_lost(&watch);
	return ret;
}
