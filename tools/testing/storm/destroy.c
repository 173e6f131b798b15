// SPDX-License-Identifier: GPL-2.0-only
/*
 * SOCK_DESTROY, as "ss -K" does it: the kernel takes the connection away from outside. Wants
 * CAP_NET_ADMIN and a kernel with INET_DIAG_DESTROY; skipped without.
 */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "kinds.h"
#include "tally.h"
#include "worker.h"

struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

struct answer {
	struct nlmsghdr header;
	struct nlmsgerr body;
	char rest[256];
};

static void put_endpoint(const struct addr *addr, __be16 *port, __be32 *address)
{
	if (addr->any.sa_family == AF_INET) {
		*port = addr->v4.sin_port;
		memcpy(address, &addr->v4.sin_addr, sizeof(addr->v4.sin_addr));
	} else {
		*port = addr->v6.sin6_port;
		memcpy(address, &addr->v6.sin6_addr, sizeof(addr->v6.sin6_addr));
	}
}

/* Of a socket with a connection, now or later in TIME-WAIT. */
static int make_request(struct request *request, int fd)
{
	struct inet_diag_sockid *id = &request->body.id;
	struct addr local, peer = { .len = sizeof(peer.v6) };
	socklen_t len = sizeof(int);
	int proto;

	memset(request, 0, sizeof(*request));
	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &proto, &len) ||
	    getpeername(fd, &peer.any, &peer.len))
		return -errno;
	if (addr_of(fd, &local))
		return -errno;
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return -EPROTONOSUPPORT;
	request->header.nlmsg_len = sizeof(*request);
	request->header.nlmsg_type = SOCK_DESTROY;
	request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	request->body.sdiag_family = (__u8)local.any.sa_family;
	request->body.sdiag_protocol = (__u8)proto;
	request->body.idiag_states = ~0u;
	id->idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	put_endpoint(&local, &id->idiag_sport, id->idiag_src);
	put_endpoint(&peer, &id->idiag_dport, id->idiag_dst);
	return 0;
}

static int receive_answer(struct worker *w, int fd)
{
	struct answer answer;
	ssize_t n;
	int err;

	err = call_await(w, fd, POLLIN, 2000);
	if (err)
		return err;
	n = recv(fd, &answer, sizeof(answer), 0);
	if (n < (ssize_t)(sizeof(answer.header) + sizeof(answer.body)) ||
	    answer.header.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	return answer.body.error;
}

static int send_request(struct worker *w, const struct request *request)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	int err;

	if (fd < 0)
		return TALLY_SKIPPED;
	if (send(fd, request, sizeof(*request), 0) < 0)
		return call_give_up(fd, tally_call(CALL_DESTROY, -errno));
	err = receive_answer(w, fd);
	if (err == -EOPNOTSUPP || err == -EPERM || err == -EINVAL)
		err = TALLY_SKIPPED;
	return call_give_up(fd, tally_call(CALL_DESTROY, err));
}

/* The socket stays open, without its connection. */
int destroy_held(struct worker *w)
{
	int fd = call_dial(w, rng_one_in(&w->rng, 4) ? PROTO_UDP : PROTO_TCP,
			   addr_pick_family(&w->rng));
	struct request request;
	int err;

	if (fd < 0)
		return fd;
	err = make_request(&request, fd);
	if (!err)
		err = send_request(w, &request);
	pool_put(w, fd);
	return err;
}

int destroy_time_wait(struct worker *w)
{
	int fd = call_dial(w, PROTO_TCP, addr_pick_family(&w->rng));
	struct request request;
	int err;

	if (fd < 0)
		return fd;
	err = make_request(&request, fd);
	shutdown(fd, SHUT_WR);
	if (!err)
		err = call_await_end(w, fd);
	close(fd);
	return err ? err : send_request(w, &request);
}
