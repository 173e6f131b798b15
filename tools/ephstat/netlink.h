/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The conversation with the module. Everything returns an exit code and, unless it is EXIT_OK, says
 * in @err what went wrong and what to do.
 */
#ifndef EPHSTAT_NETLINK_H
#define EPHSTAT_NETLINK_H

#include <signal.h>

#include "error.h"
#include "filter.h"
#include "usage.h"

struct nl;

int nl_open(struct nl **nlp, struct error *err);
void nl_close(struct nl *nl);

/*
 * What is known of a network namespace (@about->netns; 0: one's own) and of the module, but for
 * ports in use and sockets: these take a look at every record, and are told by nl_usage(). Whether
 * all is known is told of all namespaces if @about->all_netns. No other part of @about matters.
 */
int nl_info(struct nl *nl, const struct filter *about, struct info *info, struct error *err);
int nl_usage(struct nl *nl, const struct filter *about, struct info *info, struct error *err);

/* Has the module walk the kernel's tables and mend its records; @info is how it stands after. */
int nl_resync(struct nl *nl, struct info *info, struct error *err);

/*
 * Each is told each message of a dump; anything but EXIT_OK ends the dump and becomes its result.
 * What the messages are, and in which order they come, stands in uapi/linux/ephports.h.
 */
typedef int (*port_fn)(const struct port *port, void *arg);
typedef int (*dest_fn)(const struct dest *dest, void *arg);
typedef int (*owner_fn)(const struct owner *owner, void *arg);
typedef int (*failure_fn)(const struct failure *failure, void *arg);
typedef int (*hist_fn)(const struct hist *hist, void *arg);
typedef int (*holder_fn)(const struct holder *holder, void *arg);
typedef int (*box_fn)(const struct box *box, void *arg);

/*
 * Dumps the records that pass @filter. @interrupted becomes true if records may be missing or
 * told twice, and is left alone otherwise; the dump goes on to its end all the same.
 */
int nl_ports(struct nl *nl, const struct filter *filter, port_fn fn, void *arg,
	     bool *interrupted, struct error *err);

/* Likewise with no more of each record than @wanted, a mask of TOLD(EPHPORTS_A_PORT_*). */
int nl_ports_with(struct nl *nl, const struct filter *filter, uint32_t wanted, port_fn fn,
		  void *arg, bool *interrupted, struct error *err);

/* The same records added up in the kernel; at most @top rows, 0: as many as the module tells. */
int nl_dests(struct nl *nl, const struct filter *filter, uint32_t top, dest_fn fn, void *arg,
	     bool *interrupted, struct error *err);

/*
 * What is held alone, by destination, and then so many @owners (not 0) of all of them together, as
 * messages of one owner each.
 */
int nl_busiest(struct nl *nl, const struct filter *filter, uint32_t dests, uint32_t owners,
	       dest_fn fn, void *arg, bool *interrupted, struct error *err);

int nl_owners(struct nl *nl, const struct filter *filter, uint32_t top, owner_fn fn, void *arg,
	      bool *interrupted, struct error *err);

/* Allocations that were refused; no other parts of @filter than proto, netns and all_netns. */
int nl_failures(struct nl *nl, const struct filter *filter, failure_fn fn, void *arg,
		bool *interrupted, struct error *err);

/* The histograms of network namespace @netns (0: one's own). */
int nl_hists(struct nl *nl, uint32_t netns, hist_fn fn, void *arg, struct error *err);

/*
 * Who held the ports that pass @filter at any time from @since_ns (0: as far back as is remembered)
 * to @until_ns (0: now), and for which spans that is all.
 */
int nl_holders(struct nl *nl, const struct filter *filter, uint64_t since_ns, uint64_t until_ns,
	       holder_fn fn, void *arg, bool *interrupted, struct error *err);

/*
 * For which spans every holder was known, remembered still or not; no other parts of @filter than
 * netns and all_netns.
 */
int nl_spans(struct nl *nl, const struct filter *filter, holder_fn fn, void *arg,
	     bool *interrupted, struct error *err);

/* The pictures of failures; no other parts of @filter than proto, netns and all_netns. */
int nl_boxes(struct nl *nl, const struct filter *filter, box_fn fn, void *arg,
	     bool *interrupted, struct error *err);

/* The thresholds of alerts; those that are told() in @alert are set. */
int nl_alert_get(struct nl *nl, struct alert *alert, struct error *err);
int nl_alert_set(struct nl *nl, const struct alert *alert, struct error *err);

/* Told each alert as it comes, and NULL where some were lost on the way. */
typedef int (*alert_fn)(const struct alert *alert, void *arg);

/*
 * Waits for alerts until @fn or the reading fails, or the module is unloaded. The socket is good
 * for nothing else then.
 */
int nl_follow_alerts(struct nl *nl, alert_fn fn, void *arg, struct error *err);

/* Told each event of the stream, in the order of their times. */
typedef int (*event_fn)(const struct event *event, void *arg);

/*
 * Has the module send to this socket what happens to the records that pass @filter: the kinds of
 * the mask @kinds (0: all), from CLOCK_BOOTTIME @boot_ns on. Events that come with the answer are
 * told at once. The socket is good for nothing else then.
 */
int nl_watch(struct nl *nl, const struct filter *filter, uint32_t kinds, event_fn fn, void *arg,
	     uint64_t *boot_ns, struct error *err);

/*
 * Waits @timeout_ms at most (-1: for ever) for events, tells those that have come, and returns;
 * also for a signal of those that are only let in meanwhile, by @mask.
 */
int nl_events(struct nl *nl, int timeout_ms, const sigset_t *mask, event_fn fn, void *arg,
	      struct error *err);

#endif
