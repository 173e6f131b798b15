// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared.h"

struct shared *shared;
struct mailbox *mailboxes;
int lifeline;

static int open_mailbox(struct mailbox *mailbox)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
		return -errno;
	mailbox->to = ends[0];
	mailbox->from = ends[1];
	return 0;
}

/**
 * shared_setup() - make what is shared, before the first process is started
 * @lifeline_end: filled with the end of the lifeline that main alone keeps
 *
 * Return: 0 or -errno.
 */
int shared_setup(int *lifeline_end)
{
	unsigned int i, slots = shared_slots();
	int ends[2], err;

	shared = mmap(NULL, sizeof(*shared) + slots * sizeof(shared->slots[0]),
		      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return -errno;
	mailboxes = calloc(slots, sizeof(*mailboxes));
	if (!mailboxes)
		return -ENOMEM;
	for (i = 0; i < slots; i++) {
		err = open_mailbox(&mailboxes[i]);
		if (err)
			return err;
	}
	if (pipe(ends))
		return -errno;
	lifeline = ends[0];
	*lifeline_end = ends[1];
	return 0;
}
