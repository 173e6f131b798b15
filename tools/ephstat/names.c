// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/ephports.h>

#include "names.h"
#include "util.h"

#define BIT(n)		(1u << (n))

static const char *const states[] = {
	[EPHPORTS_STATE_UNKNOWN]	= "unknown",
	[EPHPORTS_STATE_ESTABLISHED]	= "established",
	[EPHPORTS_STATE_SYN_SENT]	= "syn-sent",
	[EPHPORTS_STATE_SYN_RECV]	= "syn-recv",
	[EPHPORTS_STATE_FIN_WAIT_1]	= "fin-wait-1",
	[EPHPORTS_STATE_FIN_WAIT_2]	= "fin-wait-2",
	[EPHPORTS_STATE_TIME_WAIT]	= "time-wait",
	[EPHPORTS_STATE_CLOSE_WAIT]	= "close-wait",
	[EPHPORTS_STATE_LAST_ACK]	= "last-ack",
	[EPHPORTS_STATE_CLOSING]	= "closing",
	[EPHPORTS_STATE_LISTEN]		= "listen",
	[EPHPORTS_STATE_BOUND]		= "bound",
	[EPHPORTS_STATE_UNCONNECTED]	= "unconnected",
};

static const char *const origins[] = {
	[EPHPORTS_ORIGIN_UNKNOWN]	= "unknown",
	[EPHPORTS_ORIGIN_CONNECT]	= "connect",
	[EPHPORTS_ORIGIN_BIND]		= "bind",
	[EPHPORTS_ORIGIN_LISTEN]	= "listen",
	[EPHPORTS_ORIGIN_SEND]		= "send",
	[EPHPORTS_ORIGIN_EXPLICIT]	= "explicit",
	[EPHPORTS_ORIGIN_ACCEPT]	= "accept",
};

static const char *const reasons[] = {
	[EPHPORTS_REASON_TOLD]		= NULL,
	[EPHPORTS_REASON_ADOPTED]	= "adopted",
	[EPHPORTS_REASON_KERNEL]	= "kernel",
	[EPHPORTS_REASON_HIDDEN]	= "hidden",
};

static const char *const events[] = {
	[EPHPORTS_EVENT_ASSIGNED]	= "assigned",
	[EPHPORTS_EVENT_TIME_WAIT]	= "time-wait",
	[EPHPORTS_EVENT_RELEASED]	= "released",
	[EPHPORTS_EVENT_FAILED]		= "failed",
	[EPHPORTS_EVENT_FOUND]		= "found",
	[EPHPORTS_EVENT_DROPPED]	= "dropped",
	[EPHPORTS_EVENT_LOST]		= "lost",
};

static const char *const levels[] = {
	[EPHPORTS_LEVEL_OK]		= "ok",
	[EPHPORTS_LEVEL_NOTICE]		= "notice",
	[EPHPORTS_LEVEL_WARNING]	= "warning",
	[EPHPORTS_LEVEL_CRITICAL]	= "critical",
};

static const char *const hists[] = {
	[EPHPORTS_HIST_SEARCH]		= "search",
};

_Static_assert(ARRAY_SIZE(events) == EPHPORTS_EVENT_MAX + 1, "an event has no name");
_Static_assert(ARRAY_SIZE(levels) == EPHPORTS_LEVEL_MAX + 1, "a level has no name");
_Static_assert(ARRAY_SIZE(hists) == EPHPORTS_HIST_MAX + 1, "a histogram has no name");
_Static_assert(ARRAY_SIZE(states) == EPHPORTS_STATE_MAX + 1, "a state has no name");
_Static_assert(ARRAY_SIZE(origins) == EPHPORTS_ORIGIN_MAX + 1, "an origin has no name");
_Static_assert(ARRAY_SIZE(reasons) == EPHPORTS_REASON_MAX + 1, "a reason has no name");

/* What ss calls connected: it has a peer and is not over. */
#define STATES_IDLE \
	(BIT(EPHPORTS_STATE_UNKNOWN) | BIT(EPHPORTS_STATE_LISTEN) | \
	 BIT(EPHPORTS_STATE_BOUND) | BIT(EPHPORTS_STATE_UNCONNECTED))
#define STATES_BUCKET \
	(BIT(EPHPORTS_STATE_SYN_RECV) | BIT(EPHPORTS_STATE_TIME_WAIT))

static const struct {
	const char *word;
	uint32_t mask;
} ss_states[] = {
	{ "all",		STATES_ALL },
	{ "connected",		STATES_ALL & ~STATES_IDLE },
	{ "synchronized",	STATES_ALL & ~(STATES_IDLE | BIT(EPHPORTS_STATE_SYN_SENT)) },
	{ "bucket",		STATES_BUCKET },
	{ "big",		STATES_ALL & ~STATES_BUCKET },
	{ "listening",		BIT(EPHPORTS_STATE_LISTEN) },
	{ "bound-inactive",	BIT(EPHPORTS_STATE_BOUND) },
	{ "closed",		BIT(EPHPORTS_STATE_BOUND) | BIT(EPHPORTS_STATE_UNCONNECTED) },
};

const char *state_name(uint8_t state)
{
	return states[state < ARRAY_SIZE(states) ? state : EPHPORTS_STATE_UNKNOWN];
}

const char *origin_name(uint8_t origin)
{
	return origins[origin < ARRAY_SIZE(origins) ? origin : EPHPORTS_ORIGIN_UNKNOWN];
}

const char *op_name(uint8_t origin)
{
	switch (origin) {
	case EPHPORTS_ORIGIN_CONNECT:
		return "connect";
	case EPHPORTS_ORIGIN_SEND:
		return "send";
	case EPHPORTS_ORIGIN_BIND:
	case EPHPORTS_ORIGIN_LISTEN:
	case EPHPORTS_ORIGIN_EXPLICIT:
		return "bind";
	default:
		return "unknown";
	}
}

const char *event_name(uint8_t event)
{
	return event < ARRAY_SIZE(events) ? events[event] : "unknown";
}

const char *level_name(uint8_t level)
{
	return level < ARRAY_SIZE(levels) ? levels[level] : "unknown";
}

const char *hist_name(uint8_t kind)
{
	return kind < ARRAY_SIZE(hists) ? hists[kind] : "unknown";
}

const char *reason_name(uint8_t reason)
{
	return reason < ARRAY_SIZE(reasons) ? reasons[reason] : "unknown";
}

const char *proto_name(uint8_t proto)
{
	if (proto == IPPROTO_TCP)
		return "tcp";
	return proto == IPPROTO_UDP ? "udp" : "unknown";
}

const char *family_name(uint8_t family)
{
	if (family == AF_INET)
		return "ipv4";
	return family == AF_INET6 ? "ipv6" : "unknown";
}

uint32_t state_mask(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		if (!strcmp(word, states[i]))
			return BIT(i);
	}
	for (i = 0; i < ARRAY_SIZE(ss_states); i++) {
		if (!strcmp(word, ss_states[i].word))
			return ss_states[i].mask;
	}
	return 0;
}

uint32_t origin_mask(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(origins); i++) {
		if (!strcmp(word, origins[i]))
			return BIT(i);
	}
	return 0;
}

uint32_t event_mask(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (!strcmp(word, events[i]))
			return BIT(i);
	}
	return 0;
}
