// SPDX-License-Identifier: GPL-2.0-only
/* Who took a port: taken down in numbers when it happens, told in the reader's numbers. */
#include <linux/cgroup.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <asm/word-at-a-time.h>

#include "owner.h"

/*
 * Not get_task_comm(): its lock is not for a probe handler; a torn name is harmless. Names are
 * compared as a whole, so what is behind the end, which the kernel may leave there, is cut off.
 */
static __always_inline void note_comm(char *to, const char *from)
{
	static const struct word_at_a_time ends = WORD_AT_A_TIME_CONSTANTS;
	unsigned long word, end, *words = (unsigned long *)to;
	unsigned int i;

	for (i = 0; i < TASK_COMM_LEN / sizeof(word); i++) {
		word = READ_ONCE(((const unsigned long *)from)[i]);
		if (has_zero(word, &end, &ends)) {
			end = prep_zero_mask(word, end, &ends);
			words[i] = word & zero_bytemask(create_zero_mask(end));
			return;
		}
		words[i] = word;
	}
	to[TASK_COMM_LEN - 1] = '\0';
}

/* Preemption off: that is what RCU needs. */
static __always_inline void note_task(struct ephports_owner *owner, struct task_struct *task)
{
	struct pid_namespace *ns;

	owner->cgroup = cgroup_id(rcu_dereference_sched(task->cgroups)->dfl_cgrp);
	note_comm(owner->comm, task->group_leader->comm);
	owner->pid = task_tgid_nr(task);
	owner->tid = task_pid_nr(task);
	ns = ns_of_pid(task_pid(task));
	if (likely(ns == &init_pid_ns)) {
		owner->ns_pid = owner->pid;
		owner->ns_tid = owner->tid;
	} else if (ns) {
		owner->ns_pid = task_tgid_nr_ns(task, ns);
		owner->ns_tid = task_pid_nr_ns(task, ns);
	}
	owner->pidns = ns ? ns->ns.inum : 0;
}

/**
 * ephports_owner_current() - take down the running process
 * @owner: zeroed but for the uid, which is the socket's own, as ss shows it
 *
 * Context: process context of the task that is meant; preemption off.
 */
void ephports_owner_current(struct ephports_owner *owner)
{
	note_task(owner, current);
}

/**
 * ephports_owner_of() - take down another process
 * @owner: likewise; no thread is named
 * @leader: a thread group leader that the caller keeps from going away
 *
 * Context: any.
 */
void ephports_owner_of(struct ephports_owner *owner, struct task_struct *leader)
{
	preempt_disable();
	note_task(owner, leader);
	preempt_enable();
	owner->tid = 0;
	owner->ns_tid = 0;
}

/**
 * ephports_owner_pids() - the numbers by which a reader knows an owner
 * @owner: with a process
 * @reader: the reader's pid namespace
 * @pid: the process
 * @tid: the thread, 0 if none is known
 *
 * The owner may be gone (its port need not be), so what counts is what was noted:
 * the numbers of the initial pid namespace and of the owner's own. A reader between
 * the two is told nothing.
 *
 * Return: false if the owner is not visible there.
 */
bool ephports_owner_pids(const struct ephports_owner *owner, const struct pid_namespace *reader,
			 u32 *pid, u32 *tid)
{
	if (reader == &init_pid_ns) {
		*pid = owner->pid;
		*tid = owner->tid;
	} else if (reader->ns.inum == owner->pidns) {
		*pid = owner->ns_pid;
		*tid = owner->ns_tid;
	} else {
		return false;
	}
	return *pid;
}
