/* SPDX-License-Identifier: GPL-2.0 */
/* What the halves of the conversation share: netlink.c carries messages, request.c knows them. */
#ifndef EPHSTAT_NETLINK_MSG_H
#define EPHSTAT_NETLINK_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include "error.h"
#include "filter.h"

#define NL_BUF_SIZE	32768

struct nl {
	struct mnl_socket *sock;
	unsigned int portid;
	uint32_t seq;
	uint32_t alert_group;	/* 0: the module has none */
	uint16_t family;
	bool gone;		/* the module is: what is left to be read is the last of it */
	char buf[NL_BUF_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

typedef int (*message_fn)(const struct nlmsghdr *nlh, void *arg, struct error *err);

/* What is done with the messages of one answer. */
struct answer {
	message_fn message;
	void *arg;
	bool interrupted;
	bool done;
	int errnum;	/* what the kernel refused with */
	struct error *err;
};

/* Starts a request to the module in the socket's buffer; NLM_F_REQUEST is among the @flags. */
struct nlmsghdr *nl_request(struct nl *nl, uint8_t cmd, uint16_t flags);

/* The request of nl_watch(). */
struct nlmsghdr *nl_watch_request(struct nl *nl, const struct filter *filter, uint32_t kinds);

/* Sends @nlh and reads the whole answer. */
int nl_converse(struct nl *nl, const struct nlmsghdr *nlh, struct answer *answer);

/* Joins a multicast group of the module. */
int nl_join(struct nl *nl, uint32_t group, struct error *err);

/* Reads what comes from the group until @message fails or the module goes; @lost tells of gaps. */
int nl_listen(struct nl *nl, message_fn message, int (*lost)(void *arg), void *arg,
	      struct error *err);

/* Has nlctrl tell this socket when the module goes. */
int nl_join_control(struct nl *nl, struct error *err);

/* Whether nlctrl says that the module went away; it would never be heard of again. */
bool nl_says_gone(const struct nl *nl, const struct nlmsghdr *nlh);

/* What the kernel refused, or acknowledged, with a message of NLMSG_ERROR. */
int nl_read_error(const struct nlmsghdr *nlh, struct answer *answer);

/* The error of its having gone. */
int nl_gone(struct error *err);

/* Sends @nlh, whoever reads the answer. */
int nl_send(struct nl *nl, const struct nlmsghdr *nlh, struct error *err);

/* The error of a failed read. */
int nl_receive_failed(struct error *err);

/* The error of an answer that cannot be read. */
int nl_malformed(struct error *err);

#endif
