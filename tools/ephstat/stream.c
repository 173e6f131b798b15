// SPDX-License-Identifier: GPL-2.0
/*
 * The stream of events. A socket that watches is read as fast as it fills, in gulps: what does not
 * fit its queue is lost, and counted by the module.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <linux/genetlink.h>

#include "decode.h"
#include "netlink.h"
#include "netlink_msg.h"

#define QUEUE_SIZE	(64 * 1024 * 1024)
#define GULP		256	/* datagrams; then whoever waits for output gets it */
#define ANSWER_MS	30000

struct hearing {
	struct nl *nl;
	event_fn fn;
	void *arg;
	bool watches;
	bool answered;
	uint64_t boot_ns;
	struct error *err;
};

/* As long a queue as we may have, and no error for what overflows it: the module tells better. */
static void widen(struct nl *nl)
{
	int fd = mnl_socket_get_fd(nl->sock), size = QUEUE_SIZE, on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	mnl_socket_setsockopt(nl->sock, NETLINK_NO_ENOBUFS, &on, sizeof(on));
}

static int hear_event(const struct nlmsghdr *nlh, struct hearing *hearing)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct event event;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) || decode_event(nlh, &event))
		return nl_malformed(hearing->err);
	if (genl->cmd == EPHPORTS_CMD_EVENT)
		return hearing->fn(&event, hearing->arg);
	if (genl->cmd == EPHPORTS_CMD_WATCH) {
		hearing->answered = true;
		hearing->boot_ns = event.boot_ns;
	}
	return EXIT_OK;
}

static int hear(const struct nlmsghdr *nlh, struct hearing *hearing)
{
	struct answer answer = { .err = hearing->err };

	/* Once it watches, the last events come after that, and then ENODEV. */
	if (!hearing->watches && nl_says_gone(hearing->nl, nlh))
		return nl_gone(hearing->err);
	if (nlh->nlmsg_type == NLMSG_ERROR && nlh->nlmsg_seq == hearing->nl->seq)
		return nl_read_error(nlh, &answer);
	return nlh->nlmsg_type == hearing->nl->family ? hear_event(nlh, hearing) : EXIT_OK;
}

/* One datagram; false if there is none. */
static bool gulp(struct hearing *hearing, int *ret)
{
	struct nl *nl = hearing->nl;
	ssize_t got = recv(mnl_socket_get_fd(nl->sock), nl->buf, sizeof(nl->buf),
			   MSG_DONTWAIT | MSG_TRUNC);
	const struct nlmsghdr *nlh = (const void *)nl->buf;
	int len = (int)got;

	/* What was told until then is behind it. */
	if (got < 0 && errno == ENODEV) {
		nl->gone = true;
		return true;
	}
	if (got < 0) {
		if (errno == EAGAIN && nl->gone)
			*ret = nl_gone(hearing->err);
		else if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
			*ret = nl_receive_failed(hearing->err);
		return false;
	}
	if ((size_t)got > sizeof(nl->buf)) {
		*ret = nl_malformed(hearing->err);
		return false;
	}
	for (; !*ret && mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		*ret = hear(nlh, hearing);
	return !*ret;
}

static int listen_once(struct hearing *hearing, int timeout_ms, const sigset_t *mask)
{
	const struct timespec timeout = {
		.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L,
	};
	struct pollfd fd = { .fd = mnl_socket_get_fd(hearing->nl->sock), .events = POLLIN };
	int i, ret = EXIT_OK;

	if (!hearing->nl->gone && ppoll(&fd, 1, timeout_ms < 0 ? NULL : &timeout, mask) <= 0)
		return EXIT_OK;
	for (i = 0; i < GULP && gulp(hearing, &ret); i++)
		;
	return ret;
}

int nl_watch(struct nl *nl, const struct filter *filter, uint32_t kinds, event_fn fn, void *arg,
	     uint64_t *boot_ns, struct error *err)
{
	struct hearing hearing = { .nl = nl, .fn = fn, .arg = arg, .err = err };
	int ret;

	widen(nl);
	ret = nl_join_control(nl, err);
	if (!ret)
		ret = nl_send(nl, nl_watch_request(nl, filter, kinds), err);
	while (!ret && !hearing.answered) {
		ret = listen_once(&hearing, ANSWER_MS, NULL);
		if (!ret && !hearing.answered)
			ret = error_set(err, EXIT_RUNTIME, "the module did not answer; "
					"the kernel log may say why");
	}
	*boot_ns = hearing.boot_ns;
	return ret;
}

int nl_events(struct nl *nl, int timeout_ms, const sigset_t *mask, event_fn fn, void *arg,
	      struct error *err)
{
	struct hearing hearing = { .nl = nl, .watches = true, .fn = fn, .arg = arg, .err = err };

	return listen_once(&hearing, timeout_ms, mask);
}
