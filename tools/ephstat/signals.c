// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "signals.h"

static volatile sig_atomic_t stop;
static const sigset_t *waiting;	/* signals_output() */

static void note(int signal)
{
	(void)signal;
	stop = 1;
}

void signals_catch(sigset_t *mask)
{
	const struct sigaction action = { .sa_handler = note };
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, mask);
	sigdelset(mask, SIGINT);
	sigdelset(mask, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* While there is always something to read, ppoll() lets no signal in. */
bool signals_stop(void)
{
	sigset_t pending;

	if (!stop && !sigpending(&pending))
		stop = sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1;
	return stop;
}

/* A pipe that is ready takes so much without a wait. */
#define PIECE	4096

/* How long the end of a line may take, when all else is to be dropped. */
#define END_MS	1000

static bool mid_line;	/* what was written last is not the end of one */

/*
 * What is missing of a line that has begun: who reads lines is not to be left with half of one, but
 * who does not read at all keeps nobody waiting a second time.
 */
static void end_line(struct pollfd *fd, const char *from, size_t len)
{
	const char *end = memchr(from, '\n', len);
	size_t done = 0, rest = end ? (size_t)(end - from) + 1 : len;

	while (mid_line && done < rest) {
		size_t piece = rest - done < PIECE ? rest - done : PIECE;
		ssize_t n = poll(fd, 1, END_MS) == 1 ? write(fd->fd, from + done, piece) : -1;

		done += n > 0 ? (size_t)n : 0;
		mid_line = n > 0 && from[done - 1] != '\n';
	}
}

/* To stdio less than all is an error. */
static ssize_t write_patiently(void *out, const char *from, size_t len)
{
	struct pollfd fd = { .fd = fileno(out), .events = POLLOUT };
	size_t done = 0;

	while (done < len && !signals_stop()) {
		size_t piece = len - done < PIECE ? len - done : PIECE;
		ssize_t n = ppoll(&fd, 1, NULL, waiting);

		if (n > 0)
			n = write(fd.fd, from + done, piece);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return 0;
		if (n <= 0)
			continue;
		done += (size_t)n;
		mid_line = from[done - 1] != '\n';
	}
	end_line(&fd, from + done, len - done);
	return (ssize_t)len;
}

FILE *signals_output(FILE *out, const sigset_t *mask)
{
	const cookie_io_functions_t functions = { .write = write_patiently };

	waiting = mask;
	fflush(out);
	return fopencookie(out, "w", functions);
}
