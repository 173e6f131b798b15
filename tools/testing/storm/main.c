// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm: a mixed load of socket operations over loopback, for tests of what is recorded of
 * them. This file starts the processes, watches over them, and ends them.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "addr.h"
#include "call.h"
#include "options.h"
#include "server.h"
#include "shared.h"
#include "tally.h"
#include "worker.h"

#define TICK_MS		10
#define SETTLE_MS	300	/* without activity, before it is quiet */
#define SETTLE_MAX_MS	10000
#define STOP_MAX_MS	60000	/* an operation waits a few seconds, on a slow machine more */
#define END_MAX_MS	60000	/* likewise: hundreds of sockets to close */
#define FOREVER		INT64_MAX

static pid_t pids[OPTIONS_MAX_SLOTS];	/* by slot; 0: none lives */
static int lifeline_end = -1;
static bool failed;
static volatile sig_atomic_t told_to_end, told_to_calm;

static void complain(const char *what, unsigned int slot)
{
	fprintf(stderr, "storm: process %u %s\n", slot, what);
	failed = true;
}

static void note_signal(int sig)
{
	if (sig == SIGUSR1)
		told_to_calm = 1;
	else
		told_to_end = 1;
}

static void set_signals(void)
{
	struct sigaction act = { .sa_handler = note_signal };

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGHUP, &act, NULL);
	sigaction(SIGUSR1, &act, NULL);
}

/* Pools of all processes, passed sockets, and a server's clients. */
static void raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	if (limit.rlim_max > SERVER_FDS)
		limit.rlim_max = SERVER_FDS;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void share_out_ops(void)
{
	unsigned int i, slots = shared_slots();

	for (i = 0; i < slots; i++)
		shared->slots[i].left = options.ops == UINT64_MAX ? UINT64_MAX :
					options.ops / slots + (i < options.ops % slots);
}

static void spawn(unsigned int slot)
{
	pid_t pid = fork();

	if (!pid) {
		close(lifeline_end);
		worker_run(slot);
	}
	if (pid < 0) {
		complain("cannot be started", slot);
		return;
	}
	pids[slot] = pid;
}

/* What waits for all must not wait for the dead. */
static void write_off(unsigned int slot)
{
	struct slot *s = &shared->slots[slot];

	pids[slot] = 0;
	s->ready = s->stopped = s->quiet = true;
}

/* A process has ended: another follows if it died on purpose, in mid-storm. */
static void bury(unsigned int slot, int status)
{
	struct slot *s = &shared->slots[slot];

	write_off(slot);
	if (s->dying) {
		s->dying = false;
		if (shared_phase() == PHASE_RUN) {
			s->stopped = s->quiet = false;
			spawn(slot);
		}
	} else if (shared_phase() < PHASE_END) {
		complain(WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "gave up", slot);
	}
}

static void reap(void)
{
	unsigned int slot;
	int status;

	for (slot = 0; slot < shared_slots(); slot++)
		if (pids[slot] && waitpid(pids[slot], &status, WNOHANG) > 0)
			bury(slot, status);
}

static void sleep_ms(unsigned int ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000l };

	nanosleep(&pause, NULL);
}

static bool is_ready(const struct slot *s)
{
	return s->ready;
}

static bool has_done_all(const struct slot *s)
{
	return told_to_calm || s->stopped || !s->left;
}

static bool has_stopped(const struct slot *s)
{
	return s->stopped;
}

static bool is_quiet(const struct slot *s)
{
	return s->quiet;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* Until all are so, the time is over, or we are told to end and have not begun to. */
static bool wait_for_all(bool (*is_so)(const struct slot *s), int64_t ms)
{
	int64_t until = ms == FOREVER ? INT64_MAX : now_ms() + ms;
	unsigned int i;

	while (!told_to_end || shared_phase() == PHASE_END) {
		reap();
		for (i = 0; i < shared_slots(); i++)
			if (!is_so(&shared->slots[i]))
				break;
		if (i == shared_slots())
			return true;
		if (now_ms() >= until)
			return false;
		sleep_ms(TICK_MS);
	}
	return false;
}

/* A server that has nothing more to do says nothing. */
static void wait_for_settling(void)
{
	int64_t began = now_ms(), changed = began, now = began;
	uint64_t seen = atomic_load(&shared->activity);

	while (now - changed < SETTLE_MS && now - began < SETTLE_MAX_MS && !told_to_end) {
		sleep_ms(TICK_MS);
		now = now_ms();
		if (seen != atomic_load(&shared->activity)) {
			seen = atomic_load(&shared->activity);
			changed = now;
		}
	}
}

static void enter(enum phase phase)
{
	atomic_store(&shared->phase, phase);
}

/* Whether the end of standard input means something; /dev/null would end us at once. */
static bool heeds_stdin(void)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st))
		return false;
	return S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(STDIN_FILENO);
}

static void stay_quiet(void)
{
	struct pollfd polled = { .fd = heeds_stdin() ? STDIN_FILENO : -1, .events = POLLIN };
	char buffer[256];

	puts("quiet");
	fflush(stdout);
	while (!told_to_end && !failed) {
		reap();
		if (poll(&polled, 1, 100) > 0 && read(STDIN_FILENO, buffer, sizeof(buffer)) <= 0)
			return;
	}
}

static bool has_ended(const struct slot *s)
{
	return !pids[s - shared->slots];
}

static void end_all(void)
{
	unsigned int slot;

	enter(PHASE_END);
	close(lifeline_end);
	wait_for_all(has_ended, END_MAX_MS);
	for (slot = 0; slot < shared_slots(); slot++) {
		if (!pids[slot])
			continue;
		complain("does not end, and is killed", slot);
		kill(pids[slot], SIGKILL);
		waitpid(pids[slot], NULL, 0);
	}
}

static void run(void)
{
	unsigned int slot;

	for (slot = 0; slot < shared_slots(); slot++)
		spawn(slot);
	if (!wait_for_all(is_ready, STOP_MAX_MS) || failed) {
		failed |= !told_to_end;
		return;
	}
	enter(PHASE_RUN);
	wait_for_all(has_done_all, options.seconds ? options.seconds * 1000ll : FOREVER);
	enter(PHASE_STOP);
	if (!wait_for_all(has_stopped, STOP_MAX_MS) && !told_to_end) {
		fputs("storm: a process hangs in its operation\n", stderr);
		failed = true;
	}
	wait_for_settling();
	if (!options.linger)
		return;
	enter(PHASE_QUIET);
	wait_for_all(is_quiet, STOP_MAX_MS);
}

int main(int argc, char **argv)
{
	int err;

	options_parse(argc, argv);
	raise_limits();
	set_signals();
	addr_has_ipv6();
	call_has_mptcp();
	err = shared_setup(&lifeline_end);
	if (err) {
		fprintf(stderr, "storm: %s\n", strerror(-err));
		return 1;
	}
	share_out_ops();
	run();
	tally_print();
	err = options.taken ? tally_write_taken(options.taken) : 0;
	if (err) {
		fprintf(stderr, "storm: cannot write %s: %s\n", options.taken, strerror(-err));
		failed = true;
	}
	if (options.linger && !told_to_end && !failed)
		stay_quiet();
	end_all();
	return failed;
}
