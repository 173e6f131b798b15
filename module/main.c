// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading. */
#include <linux/init.h>
#include <linux/module.h>

#include "incident.h"
#include "log.h"
#include "alert.h"
#include "box.h"
#include "failure.h"
#include "history.h"
#include "netlink.h"
#include "ns.h"
#include "probe.h"
#include "proc.h"
#include "stream.h"
#include "table.h"
#include "watch.h"

/*
 * Up in this order, down in reverse: what users reach is last up and first down, and what
 * the probes use outlives them.
 */
static const struct part {
	const char *name;
	int (*init)(void);	/* says itself why it fails, but for -ENOMEM */
	void (*exit)(void);
} parts[] = {
	{ "the records",	ephports_table_init,	ephports_table_exit },
	{ "the history",	ephports_history_init,	ephports_history_exit },
	{ "the stream",		ephports_stream_init,	ephports_stream_close },
	{ "the failures",	ephports_failure_init,	ephports_failure_exit },
	{ "the namespaces",	ephports_ns_init,	ephports_ns_exit },
	{ "probes",		ephports_probe_init,	ephports_probe_exit },
	{ "the watch",		ephports_watch_init,	ephports_watch_exit },
	{ "pictures",		ephports_box_init,	ephports_box_exit },
	{ "alerts",		ephports_alert_init,	ephports_alert_exit },
	{ "incidents",		ephports_incident_init,	ephports_incident_exit },
	{ "/proc/ephports",	ephports_proc_init,	ephports_proc_exit },
	/* Last: a dump under way keeps a loaded module, but not one that fails to load. */
	{ "netlink",		ephports_netlink_init,	ephports_netlink_exit },
};

static void take_down(int n)
{
	while (n--)
		parts[n].exit();
}

static int __init ephports_init(void)
{
	int err, n;

	for (n = 0; n < ARRAY_SIZE(parts); n++) {
		err = parts[n].init();
		if (err) {
			take_down(n);
			if (err == -ENOMEM)
				ephports_err("not loaded: no memory for %s", parts[n].name);
			return err;
		}
	}
	ephports_info("loaded: %u records fit, %llu MiB with the history, %u sockets taken in",
		      ephports_table_capacity(),
		      (ephports_table_bytes() + ephports_history_bytes()) >> 20,
		      ephports_count_held());
	return 0;
}

static void __exit ephports_exit(void)
{
	take_down(ARRAY_SIZE(parts));
}

module_init(ephports_init);
module_exit(ephports_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Who uses the ephemeral ports, for what, and when they run out");
MODULE_VERSION(EPHPORTS_VERSION);
