// SPDX-License-Identifier: GPL-2.0-only
/* Sockets that several processes hold. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "kinds.h"
#include "port.h"
#include "process.h"
#include "tally.h"
#include "worker.h"

#define HELPER_OPS	4
#define READY_MS	2000

/* Lets go of half of what it inherited: the rest is held by two. */
static void drop_half(struct worker *w)
{
	unsigned int n = w->pool->used / 2;

	while (n--)
		close(pool_take(w));
}

static void sleep_ms(unsigned int ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000l };

	nanosleep(&pause, NULL);
}

/* The child. One that stays says that it is at rest by closing @ready. */
static void __attribute__((noreturn)) help(struct worker *w, bool stays, int ready, pid_t parent)
{
	unsigned int n = rng_below(&w->rng, HELPER_OPS);
	char byte;

	port_end_by_signal();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	server_forget(w);
	w->number = shared_slots(); /* so that random choices differ from the parent's */
	w->rng = rng_at(w->rng.state, w->number, n);
	drop_half(w);
	while (n-- && shared_phase() == PHASE_RUN)
		kinds_run_inner(w);
	close(ready);
	if (!stays) {
		sleep_ms(rng_below(&w->rng, 20));
		_exit(0);
	}
	while (read(lifeline, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/**
 * process_reap() - see which helpers have ended
 *
 * Return: how many of those that do not stay are still alive.
 */
unsigned int process_reap(struct worker *w)
{
	unsigned int i, busy = 0;

	for (i = 0; i < WORKER_HELPERS; i++) {
		if (!w->helpers[i].pid)
			continue;
		if (waitpid(w->helpers[i].pid, NULL, WNOHANG) > 0)
			w->helpers[i].pid = 0;
		else if (!w->helpers[i].stays)
			busy++;
	}
	return busy;
}

/* In the middle of an operation, but not before it is known what came of a call. */
static void end_helper(struct helper *helper)
{
	kill(helper->pid, SIGUSR1);
	waitpid(helper->pid, NULL, 0);
	helper->pid = 0;
}

/**
 * process_end_helpers() - end the children
 * @all: also those that stay
 */
void process_end_helpers(struct worker *w, bool all)
{
	unsigned int i;

	for (i = 0; i < WORKER_HELPERS; i++)
		if (w->helpers[i].pid && (all || !w->helpers[i].stays))
			end_helper(&w->helpers[i]);
}

/* A free place, for which a random helper has to go if there is none. */
static struct helper *get_place(struct worker *w)
{
	struct helper *helper;
	unsigned int i;

	process_reap(w);
	for (i = 0; i < WORKER_HELPERS; i++)
		if (!w->helpers[i].pid)
			return &w->helpers[i];
	helper = &w->helpers[rng_below(&w->rng, WORKER_HELPERS)];
	end_helper(helper);
	return helper;
}

/* A child inherits the pool, works with it, and dies soon, or stays with what it has. */
int process_fork(struct worker *w)
{
	struct helper *helper = get_place(w);
	bool stays = rng_one_in(&w->rng, 4);
	pid_t parent = getpid();
	int ready[2];
	pid_t pid;

	if (pipe(ready))
		return tally_call(CALL_FORK, -errno);
	pid = fork();
	if (!pid) {
		close(ready[0]);
		help(w, stays, ready[1], parent);
	}
	close(ready[1]);
	if (pid < 0)
		return call_give_up(ready[0], tally_call(CALL_FORK, -errno));
	helper->pid = pid;
	helper->stays = stays;
	drop_half(w);
	/* What stays must be at rest when the storm is, and is never asked again. */
	if (stays && call_await(w, ready[0], POLLIN, READY_MS))
		end_helper(helper);
	close(ready[0]);
	return 0;
}

/**
 * process_pass() - hand a socket to another process, with or without keeping it
 *
 * The other may live in another network namespace, or not live at all just now.
 */
int process_pass(struct worker *w)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	unsigned int from = w->number;
	struct iovec iov = { .iov_base = &from, .iov_len = sizeof(from) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	unsigned int to = rng_below(&w->rng, shared_slots());
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fd = pool_take(w);
	int err = 0;

	if (fd < 0)
		return 0;
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (sendmsg(mailboxes[to].to, &msg, MSG_NOSIGNAL) < 0)
		err = tally_call(CALL_PASS, -errno);
	if (err || rng_one_in(&w->rng, 2))
		pool_put(w, fd);
	else
		close(fd);
	return err;
}
