// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "fake.h"

struct fake fake;

int nl_open(struct nl **nl, struct error *err)
{
	*nl = NULL;
	return fake.open_ret ? error_set(err, fake.open_ret, "not today") : EXIT_OK;
}

void nl_close(struct nl *nl)
{
	(void)nl;
}

int nl_info(struct nl *nl, const struct filter *about, struct info *info, struct error *err)
{
	(void)nl;
	(void)err;
	fake.asked_netns = about->netns;
	*info = fake.infos++ ? fake.after : fake.before;
	return EXIT_OK;
}

int nl_usage(struct nl *nl, const struct filter *about, struct info *info, struct error *err)
{
	return nl_info(nl, about, info, err);
}

int nl_resync(struct nl *nl, struct info *info, struct error *err)
{
	const struct filter own = { 0 };

	return nl_info(nl, &own, info, err);
}

/* Tells record @i of a dump, unless the dump is to break there. */
#define TELL(fn, record, i) do { \
	int ret_; \
\
	if (fake.fail_at && (i) + 1 == fake.fail_at) \
		return error_set(err, EXIT_RUNTIME, "the dump broke"); \
	ret_ = (fn)((record), arg); \
	if (ret_) \
		return ret_; \
} while (0)

int nl_ports(struct nl *nl, const struct filter *filter, port_fn fn, void *arg,
	     bool *interrupted, struct error *err)
{
	unsigned long i;

	(void)nl;
	fake.asked = *filter;
	*interrupted |= fake.interrupted;
	for (i = 0; i < fake.n_ports; i++) {
		const struct port *port = &fake.ports[i % fake.distinct];

		if (port->local_port >= filter->port_low && port->local_port <= filter->port_high)
			TELL(fn, port, i);
	}
	return EXIT_OK;
}

int nl_ports_with(struct nl *nl, const struct filter *filter, uint32_t wanted, port_fn fn,
		  void *arg, bool *interrupted, struct error *err)
{
	fake.asked_wanted = wanted;
	return nl_ports(nl, filter, fn, arg, interrupted, err);
}

int nl_dests(struct nl *nl, const struct filter *filter, uint32_t top, dest_fn fn, void *arg,
	     bool *interrupted, struct error *err)
{
	unsigned int i;

	(void)nl;
	fake.asked = *filter;
	fake.asked_top = top;
	*interrupted |= fake.interrupted;
	for (i = 0; i < fake.n_dests; i++)
		TELL(fn, &fake.dests[i], i);
	return EXIT_OK;
}

int nl_busiest(struct nl *nl, const struct filter *filter, uint32_t dests, uint32_t owners,
	       dest_fn fn, void *arg, bool *interrupted, struct error *err)
{
	fake.asked_owners = owners;
	return nl_dests(nl, filter, dests, fn, arg, interrupted, err);
}

int nl_owners(struct nl *nl, const struct filter *filter, uint32_t top, owner_fn fn, void *arg,
	      bool *interrupted, struct error *err)
{
	unsigned int i;

	(void)nl;
	fake.asked = *filter;
	fake.asked_top = top;
	*interrupted |= fake.interrupted;
	for (i = 0; i < fake.n_owners; i++)
		TELL(fn, &fake.owners[i], i);
	return EXIT_OK;
}

int nl_failures(struct nl *nl, const struct filter *filter, failure_fn fn, void *arg,
		bool *interrupted, struct error *err)
{
	unsigned int i;

	(void)nl;
	fake.asked = *filter;
	*interrupted |= fake.interrupted;
	for (i = 0; i < fake.n_failures; i++)
		TELL(fn, &fake.failures[i], i);
	return EXIT_OK;
}

int nl_hists(struct nl *nl, uint32_t netns, hist_fn fn, void *arg, struct error *err)
{
	unsigned int i;

	(void)nl;
	fake.asked_netns = netns;
	for (i = 0; i < fake.n_hists; i++)
		TELL(fn, &fake.hists[i], i);
	return EXIT_OK;
}

int nl_holders(struct nl *nl, const struct filter *filter, uint64_t since_ns, uint64_t until_ns,
	       holder_fn fn, void *arg, bool *interrupted, struct error *err)
{
	unsigned int i;

	(void)nl;
	fake.asked = *filter;
	fake.asked_since = since_ns;
	fake.asked_until = until_ns;
	*interrupted |= fake.interrupted;
	for (i = 0; i < fake.n_holders; i++)
		TELL(fn, &fake.holders[i], i);
	return EXIT_OK;
}

int nl_spans(struct nl *nl, const struct filter *filter, holder_fn fn, void *arg,
	     bool *interrupted, struct error *err)
{
	return nl_holders(nl, filter, 0, 0, fn, arg, interrupted, err);
}

int nl_boxes(struct nl *nl, const struct filter *filter, box_fn fn, void *arg,
	     bool *interrupted, struct error *err)
{
	unsigned int i;

	(void)nl;
	fake.asked = *filter;
	*interrupted |= fake.interrupted;
	for (i = 0; i < fake.n_boxes; i++)
		TELL(fn, &fake.boxes[i], i);
	return EXIT_OK;
}

int nl_alert_get(struct nl *nl, struct alert *alert, struct error *err)
{
	(void)nl;
	(void)err;
	*alert = fake.thresholds;
	return EXIT_OK;
}

int nl_alert_set(struct nl *nl, const struct alert *alert, struct error *err)
{
	(void)nl;
	(void)err;
	if (told(alert, EPHPORTS_A_ALERT_NOTICE))
		fake.thresholds.notice = alert->notice;
	if (told(alert, EPHPORTS_A_ALERT_WARNING))
		fake.thresholds.warning = alert->warning;
	if (told(alert, EPHPORTS_A_ALERT_CRITICAL))
		fake.thresholds.critical = alert->critical;
	if (told(alert, EPHPORTS_A_ALERT_CLEAR))
		fake.thresholds.clear = alert->clear;
	return EXIT_OK;
}

int nl_follow_alerts(struct nl *nl, alert_fn fn, void *arg, struct error *err)
{
	unsigned int i;

	(void)nl;
	for (i = 0; i < fake.n_alerts; i++)
		TELL(fn, fake.alerts[i].told ? &fake.alerts[i] : NULL, i);
	return error_set(err, EXIT_RUNTIME, "the module went away");
}

int nl_watch(struct nl *nl, const struct filter *filter, uint32_t kinds, event_fn fn, void *arg,
	     uint64_t *boot_ns, struct error *err)
{
	unsigned int i;

	(void)nl;
	fake.asked = *filter;
	fake.asked_kinds = kinds;
	*boot_ns = fake.n_events ? fake.events[0].boot_ns : 0;
	for (i = 0; i < fake.early_events; i++)
		TELL(fn, &fake.events[i], i);
	return EXIT_OK;
}

int nl_events(struct nl *nl, int timeout_ms, const sigset_t *mask, event_fn fn, void *arg,
	      struct error *err)
{
	unsigned int i;

	(void)nl;
	(void)timeout_ms;
	(void)mask;
	for (i = fake.early_events; i < fake.n_events; i++)
		TELL(fn, &fake.events[i], i);
	return error_set(err, EXIT_NOT_LOADED, "the module went away");
}
