// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the kernel gives and takes ports: the only place that hooks its functions.
 *
 * Assignments, but for accepted children, are followed by return probes (probe_return.c), all
 * else by an ftrace callback (probe_hook.c).
 *
 *	assignment	__inet_hash_connect	TCP connect() without bind
 *			inet_csk_get_port	TCP bind() and listen()
 *			udp_lib_get_port	UDP bind(), connect() and sends
 *			inet_ehash_nolisten	accepted child, its port inherited for sure:
 *						__inet_inherit_port(), which alone knows the
 *						listener, can still fail, when that is being
 *						closed
 *	hand-over	inet_twsk_hashdance	to TIME_WAIT
 *	release		inet_put_port		TCP socket
 *			inet_twsk_bind_unhash	TCP timewait socket
 *			udp_lib_unhash		UDP socket
 *
 * At every one of these the kernel calls the function through its symbol, on all
 * supported kernels. The socket is locked, or not yet or no longer to be found by
 * others, so what a handler reads of it stands still.
 */
#include "probe.h"
#include "probe_part.h"

/**
 * ephports_probe_init() - arm all probes, or none
 *
 * From its return on, every port that is taken and was not being searched for before
 * is seen.
 */
int ephports_probe_init(void)
{
	int err;

	err = ephports_probe_find_hooks();
	if (err)
		return err;
	err = ephports_probe_arm_hooks();
	if (err)
		goto forget_hooks;
	err = ephports_probe_arm_returns();
	if (err)
		goto disarm_hooks;
	err = ephports_probe_try();
	if (err)
		goto disarm_returns;
	return 0;

disarm_returns:
	ephports_probe_disarm_returns();
disarm_hooks:
	ephports_probe_disarm_hooks();
forget_hooks:
	ephports_probe_forget_hooks();
	return err;
}

/**
 * ephports_probe_exit() - disarm all probes; no handler runs when it returns
 */
void ephports_probe_exit(void)
{
	ephports_probe_disarm_returns();
	ephports_probe_disarm_hooks();
	ephports_probe_forget_hooks();
}
