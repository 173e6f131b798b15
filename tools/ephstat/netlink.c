// SPDX-License-Identifier: GPL-2.0
/*
 * libmnl's own callback loop is not used: it ends at the first message that is flagged as
 * interrupted, and passes over the error and the extack text at the end of a dump.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "netlink.h"
#include "netlink_msg.h"

#define TIMEOUT_S	30

static int not_loaded(struct error *err)
{
	return error_set(err, EXIT_NOT_LOADED, "the ephports module is not loaded; "
			 "load it with: modprobe ephports, or insmod ./ephports.ko");
}

int nl_malformed(struct error *err)
{
	return error_set(err, EXIT_RUNTIME, "the module's answer does not follow the contract; "
			 "use the ephstat that was built with the module");
}

/* The extack text that follows the fixed part of an error or done message, or NULL. */
static const char *extack_text(const struct nlmsghdr *nlh, size_t offset)
{
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	mnl_attr_for_each(attr, nlh, offset) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			return mnl_attr_get_str(attr);
	}
	return NULL;
}

/* An older module does not know all that is asked for. */
static bool is_unknown(const char *text)
{
	return text && strstr(text, "nknown attribute");
}

static const char *next_step(int errnum, const char *text)
{
	switch (errnum) {
	case EINVAL:
		return is_unknown(text) ? "; use the ephstat that was built with the module" : "";
	case EPERM:
	case EACCES:
		return "; run it as root, outside of any container";
	case EOPNOTSUPP:
		return "; use the ephstat that was built with the module";
	case EAGAIN:
	case EBUSY:
	case ENOMEM:
	case ENOBUFS:
		return "; try again";
	default:
		return "";
	}
}

/* @text is what the kernel said of its refusal, or NULL. */
static int refused(struct answer *answer, int errnum, const char *text)
{
	answer->errnum = errnum;

	/* The family went away between two requests. */
	if (errnum == ENOENT && !text)
		return not_loaded(answer->err);
	return error_set(answer->err, EXIT_RUNTIME, "the module refused: %s%s%s%s%s",
			 text ? text : strerror(errnum), text ? " (" : "",
			 text ? strerror(errnum) : "", text ? ")" : "", next_step(errnum, text));
}

int nl_read_error(const struct nlmsghdr *nlh, struct answer *answer)
{
	const struct nlmsgerr *msg = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*msg);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*msg))
		return nl_malformed(answer->err);
	answer->done = true;
	if (!msg->error)
		return EXIT_OK;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && msg->msg.nlmsg_len > sizeof(msg->msg))
		offset += MNL_ALIGN(msg->msg.nlmsg_len) - sizeof(msg->msg);
	return refused(answer, -msg->error, extack_text(nlh, offset));
}

static int read_done(const struct nlmsghdr *nlh, struct answer *answer)
{
	const int *error = mnl_nlmsg_get_payload(nlh);

	answer->done = true;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*error) || *error >= 0)
		return EXIT_OK;
	return refused(answer, -*error, extack_text(nlh, sizeof(*error)));
}

static int read_message(const struct nlmsghdr *nlh, struct answer *answer)
{
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;

	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
		return EXIT_OK;
	case NLMSG_ERROR:
		return nl_read_error(nlh, answer);
	case NLMSG_DONE:
		return read_done(nlh, answer);
	case NLMSG_OVERRUN:
		return nl_malformed(answer->err);
	default:
		return answer->message(nlh, answer->arg, answer->err);
	}
}

int nl_receive_failed(struct error *err)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return error_set(err, EXIT_RUNTIME, "the module did not answer for %d seconds; "
				 "the kernel log may say why", TIMEOUT_S);
	return error_set(err, EXIT_RUNTIME, "cannot read from the module: %s; try again",
			 strerror(errno));
}

/* Reads until the kernel has said that the answer to the last request ends. */
static int receive(struct nl *nl, struct answer *answer)
{
	while (!answer->done) {
		ssize_t got = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));
		const struct nlmsghdr *nlh = (const void *)nl->buf;
		int len = (int)got;

		if (got < 0) {
			if (errno == EINTR)
				continue;
			return nl_receive_failed(answer->err);
		}
		for (; !answer->done && mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			int ret;

			if (nlh->nlmsg_seq != nl->seq || nlh->nlmsg_pid != nl->portid)
				continue;
			ret = read_message(nlh, answer);
			if (ret)
				return ret;
		}
	}
	return EXIT_OK;
}

static struct nlmsghdr *request(struct nl *nl, uint16_t type, uint8_t cmd, uint8_t version,
				uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(nl->buf);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++nl->seq;
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

int nl_send(struct nl *nl, const struct nlmsghdr *nlh, struct error *err)
{
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return error_set(err, EXIT_RUNTIME, "cannot send to the module: %s; try again",
				 strerror(errno));
	return EXIT_OK;
}

struct nlmsghdr *nl_request(struct nl *nl, uint8_t cmd, uint16_t flags)
{
	return request(nl, nl->family, cmd, EPHPORTS_GENL_VERSION, flags);
}

int nl_converse(struct nl *nl, const struct nlmsghdr *nlh, struct answer *answer)
{
	int ret = nl_send(nl, nlh, answer->err);

	return ret ? ret : receive(nl, answer);
}

/* Takes the number of the group of alerts from a nest of name and number. */
static int read_group(const struct nlattr *group, struct nl *nl, struct error *err)
{
	const struct nlattr *attr;
	const char *name = "";
	uint32_t id = 0;

	mnl_attr_for_each_nested(attr, group) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME) {
			if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
				return nl_malformed(err);
			name = mnl_attr_get_str(attr);
		} else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID) {
			if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
				return nl_malformed(err);
			id = mnl_attr_get_u32(attr);
		}
	}
	if (!strcmp(name, EPHPORTS_ALERT_GROUP))
		nl->alert_group = id;
	return EXIT_OK;
}

static int read_groups(const struct nlattr *groups, struct nl *nl, struct error *err)
{
	const struct nlattr *group;
	int ret = EXIT_OK;

	mnl_attr_for_each_nested(group, groups) {
		if (!ret)
			ret = read_group(group, nl, err);
	}
	return ret;
}

static int read_family(const struct nlmsghdr *nlh, void *arg, struct error *err)
{
	const struct nlattr *attr;
	struct nl *nl = arg;
	int ret = EXIT_OK;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID) {
			if (mnl_attr_validate(attr, MNL_TYPE_U16) < 0)
				return nl_malformed(err);
			nl->family = mnl_attr_get_u16(attr);
		} else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS && !ret) {
			ret = read_groups(attr, nl, err);
		}
	}
	return ret;
}

static int find_family(struct nl *nl, struct error *err)
{
	struct answer answer = { .message = read_family, .arg = nl, .err = err };
	struct nlmsghdr *nlh = request(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK);
	int ret;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, EPHPORTS_GENL_NAME);
	ret = nl_converse(nl, nlh, &answer);
	if (answer.errnum == ENOENT || (!ret && !nl->family))
		return not_loaded(err);
	return ret;
}

static int open_socket(struct nl *nl, struct error *err)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	int on = 1;

	nl->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVTIMEO, &timeout,
		       sizeof(timeout)))
		return error_set(err, EXIT_RUNTIME, "cannot open a generic netlink socket: %s",
				 strerror(errno));
	nl->portid = mnl_socket_get_portid(nl->sock);

	/* Refusals are understood without their text and without a short echo, too. */
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &on, sizeof(on));
	return EXIT_OK;
}

int nl_open(struct nl **nlp, struct error *err)
{
	struct nl *nl = calloc(1, sizeof(*nl));
	int ret;

	*nlp = nl;
	if (!nl)
		return error_set(err, EXIT_RUNTIME, "out of memory");
	ret = open_socket(nl, err);
	if (!ret)
		ret = find_family(nl, err);
	if (ret) {
		nl_close(nl);
		*nlp = NULL;
	}
	return ret;
}

void nl_close(struct nl *nl)
{
	if (!nl)
		return;
	if (nl->sock)
		mnl_socket_close(nl->sock);
	free(nl);
}

static int join_group(struct nl *nl, uint32_t group, struct error *err)
{
	if (mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return error_set(err, EXIT_RUNTIME, "cannot listen to the module: %s",
				 strerror(errno));
	return EXIT_OK;
}

/* The group of nlctrl, which tells when a family goes away, has the number of nlctrl itself. */
int nl_join_control(struct nl *nl, struct error *err)
{
	return join_group(nl, GENL_ID_CTRL, err);
}

int nl_join(struct nl *nl, uint32_t group, struct error *err)
{
	const struct timeval forever = { 0 };
	int ret = nl_join_control(nl, err);

	if (!ret)
		ret = join_group(nl, group, err);
	if (!ret && setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVTIMEO, &forever,
			       sizeof(forever)))
		ret = error_set(err, EXIT_RUNTIME, "cannot listen to the module: %s",
				strerror(errno));
	return ret;
}

bool nl_says_gone(const struct nl *nl, const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	if (nlh->nlmsg_type != GENL_ID_CTRL || mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) ||
	    genl->cmd != CTRL_CMD_DELFAMILY)
		return false;
	mnl_attr_for_each(attr, nlh, sizeof(*genl)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U16) >= 0 &&
		    mnl_attr_get_u16(attr) == nl->family)
			return true;
	}
	return false;
}

int nl_gone(struct error *err)
{
	return error_set(err, EXIT_NOT_LOADED, "the ephports module was unloaded");
}

static int hear(struct nl *nl, const struct nlmsghdr *nlh, message_fn message, void *arg,
		struct error *err)
{
	if (nl_says_gone(nl, nlh))
		return nl_gone(err);
	return nlh->nlmsg_type == nl->family ? message(nlh, arg, err) : EXIT_OK;
}

int nl_listen(struct nl *nl, message_fn message, int (*lost)(void *arg), void *arg,
	      struct error *err)
{
	int ret = EXIT_OK;

	while (!ret) {
		ssize_t got = mnl_socket_recvfrom(nl->sock, nl->buf, sizeof(nl->buf));
		const struct nlmsghdr *nlh = (const void *)nl->buf;
		int len = (int)got;

		if (got < 0) {
			if (errno == ENOBUFS)
				ret = lost(arg);
			else if (errno != EINTR)
				ret = nl_receive_failed(err);
			continue;
		}
		for (; !ret && mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			ret = hear(nl, nlh, message, arg, err);
	}
	return ret;
}
