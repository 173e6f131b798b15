/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EPHSTAT_OWNERS_BY_H
#define EPHSTAT_OWNERS_BY_H

/* What owners are summed up by. */
enum owners_by {
	OWNERS_BY_PROCESS,
	OWNERS_BY_COMMAND,
	OWNERS_BY_UID,
	OWNERS_BY_CGROUP,
	OWNERS_BY_NETNS,
	OWNERS_BY_NONE,
};

/* OWNERS_BY_NONE for a word that is none of "process", "command", "uid", "cgroup", "netns". */
enum owners_by owners_by(const char *word);
const char *owners_by_name(enum owners_by by);

#endif
