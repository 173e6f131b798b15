// SPDX-License-Identifier: GPL-2.0-only
/* Which processes hold the sockets that were adopted: it is in the tasks' file tables. */
#include <linux/fdtable.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include <linux/ephports.h>

#include "compat.h"
#include "holders.h"
#include "table.h"

/* The first process that is asked is the oldest: later ones change nothing. */
static enum ephports_visit name_owner(struct ephports_record *rec, void *ctx)
{
	if (rec->reason == EPHPORTS_REASON_ADOPTED && !(rec->flags & EPHPORTS_F_TIMEWAIT)) {
		ephports_owner_of(&rec->owner, ctx);
		rec->reason = EPHPORTS_REASON_TOLD;
	}
	return EPHPORTS_STOP;
}

/* Files are asked in batches: the lock of a big file table is not held for long. */
#define FILES_AT_A_TIME	1000

/*
 * Users can have any number of processes share one file table, or have large ones that are almost
 * empty: who is found after so many places for files stays nameless. The oldest are asked first.
 */
#define MOST_PLACES	(1 << 24)

struct asking {
	struct task_struct *task;
	unsigned int left;
};

static int name_by_file(const void *ctx, struct file *file, unsigned int fd)
{
	struct asking *asking = (struct asking *)ctx;
	struct socket *sock = ephports_sock_from_file(file);
	struct sock *sk = sock ? READ_ONCE(sock->sk) : NULL;

	if (sk && (sk->sk_family == AF_INET || sk->sk_family == AF_INET6))
		ephports_table_visit(sk, name_owner, asking->task);
	return --asking->left ? 0 : fd + 1;
}

static unsigned int count_places(struct task_struct *task)
{
	unsigned int n = 0;

	task_lock(task);
	rcu_read_lock();
	if (task->files)
		n = files_fdtable(task->files)->max_fds;
	rcu_read_unlock();
	task_unlock(task);
	return n;
}

static void name_by_task(struct task_struct *task)
{
	struct asking asking = { .task = task };
	int fd = 0;

	do {
		asking.left = FILES_AT_A_TIME;
		task_lock(task);
		fd = task->files ? iterate_fd(task->files, fd, name_by_file, &asking) : 0;
		task_unlock(task);
		cond_resched();
	} while (fd);
}

/* All processes, oldest first, each held by a reference. */
static struct task_struct **get_processes(unsigned int *n)
{
	struct task_struct **list, *task;
	unsigned int room = 64;

	rcu_read_lock();
	for_each_process(task)
		room++;
	rcu_read_unlock();
	list = kvmalloc_array(room, sizeof(*list), GFP_KERNEL);
	*n = 0;
	if (!list)
		return NULL;
	rcu_read_lock();
	for_each_process(task) {
		if (*n == room)
			break;
		get_task_struct(task);
		list[(*n)++] = task;
	}
	rcu_read_unlock();
	return list;
}

/**
 * ephports_holders_name() - name the owners of the adopted sockets
 *
 * Without memory, they stay nameless.
 *
 * Context: process context, sleeps.
 */
void ephports_holders_name(void)
{
	struct task_struct **list;
	unsigned int i, n;
	u64 places = 0;

	list = get_processes(&n);
	for (i = 0; i < n; i++) {
		places += count_places(list[i]);
		if (places <= MOST_PLACES)
			name_by_task(list[i]);
		put_task_struct(list[i]);
	}
	kvfree(list);
}
