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

#include "decode.h"
#include "netlink.h"

#define TIMEOUT_S	30
#define BUF_SIZE	32768

struct nl {
	struct mnl_socket *sock;
	unsigned int portid;
	uint32_t seq;
	uint16_t family;
	char buf[BUF_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* What is done with the messages of one answer. */
struct answer {
	int (*message)(const struct nlmsghdr *nlh, void *arg, struct error *err);
	void *arg;
	bool interrupted;
	bool done;
	int errnum;	/* what the kernel refused with */
	struct error *err;
};

static int not_loaded(struct error *err)
{
	return error_set(err, EXIT_NOT_LOADED, "the ephports module is not loaded; "
			 "load it with: modprobe ephports, or insmod ./ephports.ko");
}

static int malformed(struct error *err)
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

static const char *next_step(int errnum)
{
	switch (errnum) {
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
			 text ? strerror(errnum) : "", text ? ")" : "", next_step(errnum));
}

static int read_error(const struct nlmsghdr *nlh, struct answer *answer)
{
	const struct nlmsgerr *msg = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*msg);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*msg))
		return malformed(answer->err);
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
		return read_error(nlh, answer);
	case NLMSG_DONE:
		return read_done(nlh, answer);
	case NLMSG_OVERRUN:
		return malformed(answer->err);
	default:
		return answer->message(nlh, answer->arg, answer->err);
	}
}

static int receive_failed(struct error *err)
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
			return receive_failed(answer->err);
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

static int send_request(struct nl *nl, const struct nlmsghdr *nlh, struct error *err)
{
	if (mnl_socket_sendto(nl->sock, nlh, nlh->nlmsg_len) < 0)
		return error_set(err, EXIT_RUNTIME, "cannot send to the module: %s; try again",
				 strerror(errno));
	return EXIT_OK;
}

/* Sends @nlh and reads the whole answer. */
static int converse(struct nl *nl, const struct nlmsghdr *nlh, struct answer *answer)
{
	int ret = send_request(nl, nlh, answer->err);

	return ret ? ret : receive(nl, answer);
}

static int read_family(const struct nlmsghdr *nlh, void *arg, struct error *err)
{
	const struct nlattr *attr;
	uint16_t *family = arg;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID) {
			if (mnl_attr_validate(attr, MNL_TYPE_U16) < 0)
				return malformed(err);
			*family = mnl_attr_get_u16(attr);
		}
	}
	return EXIT_OK;
}

static int find_family(struct nl *nl, struct error *err)
{
	struct answer answer = { .message = read_family, .arg = &nl->family, .err = err };
	struct nlmsghdr *nlh = request(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK);
	int ret;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, EPHPORTS_GENL_NAME);
	ret = converse(nl, nlh, &answer);
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

static int read_info(const struct nlmsghdr *nlh, void *arg, struct error *err)
{
	return decode_info(nlh, arg) ? malformed(err) : EXIT_OK;
}

/* One message of EPHPORTS_A_INFO_* answers @cmd. */
static int ask_info(struct nl *nl, uint8_t cmd, uint32_t netns, struct info *info,
		    struct error *err)
{
	struct answer answer = { .message = read_info, .arg = info, .err = err };
	struct nlmsghdr *nlh = request(nl, nl->family, cmd, EPHPORTS_GENL_VERSION, NLM_F_ACK);
	int ret;

	*info = (struct info){ 0 };
	if (netns)
		mnl_attr_put_u32(nlh, EPHPORTS_A_INFO_NETNS, netns);
	ret = converse(nl, nlh, &answer);
	if (!ret && !info->told)
		return malformed(err);
	return ret;
}

int nl_info(struct nl *nl, uint32_t netns, struct info *info, struct error *err)
{
	return ask_info(nl, EPHPORTS_CMD_INFO_GET, netns, info, err);
}

int nl_resync(struct nl *nl, struct info *info, struct error *err)
{
	return ask_info(nl, EPHPORTS_CMD_RESYNC, 0, info, err);
}

static void put_prefix(struct nlmsghdr *nlh, uint16_t addr, uint16_t bits,
		       const struct prefix *prefix)
{
	if (!prefix->addr.len)
		return;
	mnl_attr_put(nlh, addr, prefix->addr.len, prefix->addr.bytes);
	if (prefix->bits != prefix->addr.len * 8)
		mnl_attr_put_u8(nlh, bits, prefix->bits);
}

static void put_filter(struct nlmsghdr *nlh, const struct filter *f)
{
	if (f->proto)
		mnl_attr_put_u8(nlh, EPHPORTS_A_FILTER_PROTO, f->proto);
	if (f->family)
		mnl_attr_put_u8(nlh, EPHPORTS_A_FILTER_FAMILY, f->family);
	if (f->port_low > 0)
		mnl_attr_put_u16(nlh, EPHPORTS_A_FILTER_PORT_LOW, f->port_low);
	if (f->port_high < UINT16_MAX)
		mnl_attr_put_u16(nlh, EPHPORTS_A_FILTER_PORT_HIGH, f->port_high);
	put_prefix(nlh, EPHPORTS_A_FILTER_LOCAL_ADDR, EPHPORTS_A_FILTER_LOCAL_PREFIX, &f->local);
	put_prefix(nlh, EPHPORTS_A_FILTER_PEER_ADDR, EPHPORTS_A_FILTER_PEER_PREFIX, &f->peer);
	if (f->peer_port)
		mnl_attr_put_u16(nlh, EPHPORTS_A_FILTER_PEER_PORT, f->peer_port);
	if (f->states)
		mnl_attr_put_u32(nlh, EPHPORTS_A_FILTER_STATES, f->states);
	if (f->origins)
		mnl_attr_put_u32(nlh, EPHPORTS_A_FILTER_ORIGINS, f->origins);
	if (f->has_pid)
		mnl_attr_put_u32(nlh, EPHPORTS_A_FILTER_PID, f->pid);
	if (f->has_uid)
		mnl_attr_put_u32(nlh, EPHPORTS_A_FILTER_UID, f->uid);
	if (f->netns)
		mnl_attr_put_u32(nlh, EPHPORTS_A_FILTER_NETNS, f->netns);
	if (f->all_netns)
		mnl_attr_put(nlh, EPHPORTS_A_FILTER_ALL_NETNS, 0, NULL);
}

struct port_reader {
	port_fn fn;
	void *arg;
};

static int read_port(const struct nlmsghdr *nlh, void *arg, struct error *err)
{
	const struct port_reader *reader = arg;
	struct port port;

	if (decode_port(nlh, &port))
		return malformed(err);
	return reader->fn(&port, reader->arg);
}

int nl_ports(struct nl *nl, const struct filter *filter, port_fn fn, void *arg,
	     bool *interrupted, struct error *err)
{
	struct port_reader reader = { .fn = fn, .arg = arg };
	struct answer answer = { .message = read_port, .arg = &reader, .err = err };
	struct nlmsghdr *nlh = request(nl, nl->family, EPHPORTS_CMD_PORT_GET,
				       EPHPORTS_GENL_VERSION, NLM_F_DUMP);
	struct nlattr *nest;
	int ret;

	nest = mnl_attr_nest_start(nlh, EPHPORTS_A_PORT_FILTER);
	put_filter(nlh, filter);
	mnl_attr_nest_end(nlh, nest);
	ret = converse(nl, nlh, &answer);
	*interrupted = answer.interrupted;
	return ret;
}
