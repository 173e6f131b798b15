// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kinds.h"
#include "port.h"
#include "shared.h"
#include "tally.h"

static const char *const call_names[] = {
	[CALL_TCP_CONNECT]	= "tcp-connect",
	[CALL_TCP_SENDTO]	= "tcp-sendto",
	[CALL_TCP_BIND0]	= "tcp-bind0",
	[CALL_TCP_BIND]		= "tcp-bind",
	[CALL_TCP_LISTEN]	= "tcp-listen",
	[CALL_MPTCP_CONNECT]	= "mptcp-connect",
	[CALL_MPTCP_BIND]	= "mptcp-bind",
	[CALL_MPTCP_LISTEN]	= "mptcp-listen",
	[CALL_UDP_CONNECT]	= "udp-connect",
	[CALL_UDP_SENDTO]	= "udp-sendto",
	[CALL_UDP_BIND0]	= "udp-bind0",
	[CALL_UDP_BIND]		= "udp-bind",
	[CALL_DISCONNECT]	= "disconnect",
	[CALL_SOCKET]		= "socket",
	[CALL_SETSOCKOPT]	= "setsockopt",
	[CALL_ACCEPT]		= "accept",
	[CALL_AWAIT]		= "await",
	[CALL_DESTROY]		= "destroy",
	[CALL_PASS]		= "pass",
	[CALL_FORK]		= "fork",
};

static void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/**
 * tally_kind() - an operation came to its end
 * @kind: its number
 * @result: 0, -errno or TALLY_SKIPPED
 */
void tally_kind(unsigned int kind, int result)
{
	if (result == TALLY_SKIPPED)
		count(&shared->tally.kinds[kind].skipped);
	else if (result < 0)
		count(&shared->tally.kinds[kind].failed);
	else
		count(&shared->tally.kinds[kind].succeeded);
}

/**
 * tally_call() - a call came back
 * @call: which
 * @result: -errno if it failed
 *
 * Return: @result.
 */
int tally_call(enum call call, int result)
{
	if (result < 0 && -result < TALLY_ERRNOS)
		count(&shared->tally.failures[call][-result]);
	return result;
}

/**
 * tally_received() - a socket came from another process
 */
void tally_received(void)
{
	count(&shared->tally.received);
}

static void print_kinds(const struct tally *tally)
{
	uint64_t succeeded = 0, failed = 0, skipped = 0;
	unsigned int i;

	for (i = 0; i < kinds_number(); i++) {
		succeeded += tally->kinds[i].succeeded;
		failed += tally->kinds[i].failed;
		skipped += tally->kinds[i].skipped;
	}
	printf("ops=%" PRIu64 " succeeded=%" PRIu64 " failed=%" PRIu64 " skipped=%" PRIu64
	       " received=%" PRIu64 " died=%u",
	       succeeded + failed + skipped, succeeded, failed, skipped, tally->received,
	       shared->namespaces - shared_slots());
	for (i = 0; i < kinds_number(); i++) {
		succeeded = tally->kinds[i].succeeded;
		failed = tally->kinds[i].failed;
		skipped = tally->kinds[i].skipped;
		if (succeeded + failed)
			printf(" %s=%" PRIu64 "/%" PRIu64, kinds_name(i), succeeded,
			       succeeded + failed);
		if (skipped)
			printf(" %s:skipped=%" PRIu64, kinds_name(i), skipped);
	}
}

static void print_took(const struct tally *tally)
{
	unsigned int proto, family;

	for (proto = 0; proto <= PROTO_UDP; proto++)
		for (family = 0; family < FAMILIES; family++)
			printf(" took:%s=%" PRIu64, port_socket_names[proto][family],
			       tally->took[proto][family]);
}

static void print_failures(const struct tally *tally)
{
	unsigned int call, err;
	const char *name;

	for (call = 0; call < CALLS; call++) {
		for (err = 0; err < TALLY_ERRNOS; err++) {
			if (!tally->failures[call][err])
				continue;
			name = strerrorname_np((int)err);
			printf(" %s:%s=%" PRIu64, call_names[call], name ? name : "unknown",
			       tally->failures[call][err]);
		}
	}
}

/* Of the slots that share a network namespace, @first and those after it, or of one alone. */
static void print_refused(unsigned int first, unsigned int n)
{
	const struct slot *slot = &shared->slots[first];
	unsigned int way, i;
	uint64_t sum;

	printf("refused pid=%d netns=%u", (int)slot->pid, slot->netns);
	for (way = 0; way < PORT_WAYS; way++) {
		for (sum = 0, i = 0; i < n; i++)
			sum += slot[i].refused[way];
		printf(" %s=%" PRIu64, port_way_names[way], sum);
	}
	putchar('\n');
}

/**
 * tally_print() - lines of operations and calls, and of what was refused in each network
 *	namespace that there is
 */
void tally_print(void)
{
	unsigned int slot;

	print_kinds(&shared->tally);
	print_took(&shared->tally);
	print_failures(&shared->tally);
	putchar('\n');
	print_refused(0, options.procs);
	for (slot = options.procs; slot < shared_slots(); slot++)
		print_refused(slot, 1);
	fflush(stdout);
}

/**
 * tally_write_taken() - which ports were ever taken in the namespace that most share, and in
 *	which namespaces
 *
 * Return: 0 or -errno.
 */
int tally_write_taken(const char *path)
{
	static const char *const protos[] = { "tcp", "udp" };
	unsigned int proto, port, n;
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	for (n = 0; n < shared->namespaces; n++)
		fprintf(file, "netns %u\n", shared->netns[n]);
	for (proto = 0; proto < 2; proto++)
		for (port = 0; port < 65536; port++)
			if (shared->taken[proto][port / 8] & 1 << port % 8)
				fprintf(file, "%s %u\n", protos[proto], port);
	return fclose(file) ? -errno : 0;
}
