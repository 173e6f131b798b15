// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which call took a UDP port: bind(0), connect() or a send.
 *
 * All three end in udp_lib_get_port(sk, 0), with nothing in the socket to tell them
 * apart. But the running system call is in the task's registers, and for a socket of
 * its own that settles it. Where it does not (a socket of the kernel's, a kernel
 * thread, io_uring, a 32-bit task) the call is found on the stack, which costs some
 * thousand instructions, rarely.
 */
#include <linux/compat.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#include <net/sock.h>

#include <linux/ephports.h>

#include "origin.h"

#define MAX_FRAMES	32

static const struct {
	const char *prefix;	/* of a function's name */
	u8 origin;
} callers[] = {
	{ "__inet_bind",	EPHPORTS_ORIGIN_BIND },
	{ "__inet6_bind",	EPHPORTS_ORIGIN_BIND },
	{ "inet_bind",		EPHPORTS_ORIGIN_BIND },
	{ "inet6_bind",		EPHPORTS_ORIGIN_BIND },
	{ "inet_dgram_connect",	EPHPORTS_ORIGIN_CONNECT },
	{ "inet_send",		EPHPORTS_ORIGIN_SEND },
	{ "inet6_send",		EPHPORTS_ORIGIN_SEND },
	{ "sock_sendmsg",	EPHPORTS_ORIGIN_SEND },
};

static u8 origin_of_frame(unsigned long ip)
{
	char name[32];
	size_t i;

	snprintf(name, sizeof(name), "%ps", (void *)ip);
	for (i = 0; i < ARRAY_SIZE(callers); i++)
		if (!strncmp(name, callers[i].prefix, strlen(callers[i].prefix)))
			return callers[i].origin;
	return EPHPORTS_ORIGIN_UNKNOWN;
}

static u8 origin_of_stack(void)
{
	unsigned long frames[MAX_FRAMES];
	unsigned int i, n = stack_trace_save(frames, MAX_FRAMES, 0);
	u8 origin = EPHPORTS_ORIGIN_UNKNOWN;

	for (i = 0; i < n && origin == EPHPORTS_ORIGIN_UNKNOWN; i++)
		origin = origin_of_frame(frames[i]);
	return origin;
}

/**
 * ephports_origin_udp() - which call is taking a port for a socket
 * @sk: a UDP socket that did not ask for a port by number
 *
 * Context: at the entry of udp_lib_get_port(), in the process that called.
 *
 * Return: enum ephports_origin.
 */
u8 ephports_origin_udp(const struct sock *sk)
{
	if ((current->flags & PF_KTHREAD) || sk->sk_kern_sock || in_compat_syscall())
		return origin_of_stack();

	switch (syscall_get_nr(current, task_pt_regs(current))) {
	case __NR_bind:
		return EPHPORTS_ORIGIN_BIND;
	case __NR_connect:
		return EPHPORTS_ORIGIN_CONNECT;
	case __NR_sendto:
	case __NR_sendmsg:
	case __NR_sendmmsg:
	case __NR_write:
	case __NR_writev:
		return EPHPORTS_ORIGIN_SEND;
	}
	return origin_of_stack();
}
