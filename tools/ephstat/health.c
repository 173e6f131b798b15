// SPDX-License-Identifier: GPL-2.0
#include "health.h"

const char health_interrupted[] =
	"incomplete: records were lost or mended during this reading; ask again";

bool health_is_bad(const struct info *info)
{
	return !info->complete || info->blind;
}

static void blind_text(struct text *text, uint32_t blind)
{
	text_str(text, "blind: ");
	if (blind & EPHPORTS_BLIND_KPROBES)
		text_str(text, "kprobes are disarmed, assignments go unseen; "
			 "echo 1 > /sys/kernel/debug/kprobes/enabled");
	if (blind & EPHPORTS_BLIND_KPROBES && blind & EPHPORTS_BLIND_FTRACE)
		text_str(text, "; ");
	if (blind & EPHPORTS_BLIND_FTRACE)
		text_str(text, "ftrace is off, nothing is seen; sysctl kernel.ftrace_enabled=1");
	text_str(text, "; then: ephstat resync");
}

/* Since loading; 0 also for those who may not know. */
static void missed_text(struct text *text, uint64_t missed)
{
	if (!missed)
		return;
	text_str(text, ", ");
	text_u64(text, missed);
	text_str(text, missed == 1 ? " probe missed" : " probes missed");
}

/*
 * Users can have so many sockets in namespaces of their own that there is no room for them;
 * likewise 0 for those who may not know.
 */
static void others_text(struct text *text, const struct info *info)
{
	uint64_t all = info->counters[EPHPORTS_A_COUNTER_LOST];

	if (all <= info->lost)
		return;
	text_str(text, ", ");
	text_u64(text, all - info->lost);
	text_str(text, " lost in users' own namespaces");
}

void health_text(struct text *text, const struct info *info)
{
	uint64_t missed = info->counters[EPHPORTS_A_COUNTER_MISSED_ASSIGN];

	if (info->blind) {
		blind_text(text, info->blind);
		return;
	}
	text_str(text, info->complete ? "complete, " : "incomplete: ");
	if (info->lost) {
		text_u64(text, info->lost);
		text_str(text, info->lost == 1 ? " holder lost since loading" :
						 " holders lost since loading");
	} else {
		text_str(text, info->complete ? "nothing lost" : "some holders may be missing");
	}
	missed_text(text, missed);
	if (info->complete && (info->lost || missed))
		text_str(text, ", all mended");
	others_text(text, info);
	if (!info->complete)
		text_str(text, "; mend with: ephstat resync");
}
