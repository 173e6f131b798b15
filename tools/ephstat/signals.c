// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "signals.h"

static volatile sig_atomic_t stop;

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
