// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stddef.h>
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

bool signals_stop(void)
{
	return stop;
}

/* A pipe that is ready takes so much without a wait. */
#define PIECE	4096

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
		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			return 0;
	}
	return (ssize_t)len;
}

FILE *signals_output(FILE *out, const sigset_t *mask)
{
	const cookie_io_functions_t functions = { .write = write_patiently };

	waiting = mask;
	fflush(out);
	return fopencookie(out, "w", functions);
}
