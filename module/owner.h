/* SPDX-License-Identifier: GPL-2.0-only */
/* Who took a port: what is kept of a process, and what a reader may see of it. */
#ifndef EPHPORTS_OWNER_H
#define EPHPORTS_OWNER_H

#include <linux/sched.h>
#include <linux/types.h>

struct pid_namespace;

/**
 * struct ephports_owner - a process, in numbers
 * @cgroup: id of its cgroup in the cgroup2 hierarchy
 * @comm: its command name (the thread group leader's), NUL-terminated and zero behind that: it
 *	is compared and told as a whole
 * @uid: the socket's uid, as the initial user namespace numbers it (kuid value)
 * @pid: the process, as the initial pid namespace numbers it; 0 if none is known
 * @tid: the thread, likewise; 0 if none is known
 * @pidns: inode number of its own pid namespace
 * @ns_pid: the process, as its own pid namespace numbers it
 * @ns_tid: the thread, likewise
 */
struct ephports_owner {
	u64 cgroup;
	char comm[TASK_COMM_LEN];
	u32 uid;
	u32 pid;
	u32 tid;
	u32 pidns;
	u32 ns_pid;
	u32 ns_tid;
};

void ephports_owner_current(struct ephports_owner *owner);
void ephports_owner_of(struct ephports_owner *owner, struct task_struct *leader);
bool ephports_owner_pids(const struct ephports_owner *owner, const struct pid_namespace *reader,
			 u32 *pid, u32 *tid);

#endif /* EPHPORTS_OWNER_H */
