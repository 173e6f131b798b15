// SPDX-License-Identifier: GPL-2.0
/* ephstat why of a port: who has it, who was refused because of it, and how to keep it. */
#include <string.h>

#include "names.h"
#include "util.h"
#include "who.h"
#include "why.h"

static int add_holder(const struct port *port, void *arg)
{
	struct why *why = arg;

	if (why->n_holders < ARRAY_SIZE(why->holders))
		why->holders[why->n_holders] = *port;
	why->n_holders++;
	return EXIT_OK;
}

static int note_theft(const struct failure *failure, void *arg)
{
	struct why *why = arg;

	if (told(failure, EPHPORTS_A_FAILURE_PORT) && failure->port == why->port &&
	    failure->last_ns >= why->theft.last_ns)
		why->theft = *failure;
	return EXIT_OK;
}

int why_look_at_port(struct why *why)
{
	struct reading *r = &why->r;
	struct filter filter = why_bare_filter(why);
	int ret = nl_failures(r->nl, &filter, note_theft, why, &r->interrupted, r->err);

	filter.port_low = filter.port_high = why->port;
	return ret ? ret : nl_ports(r->nl, &filter, add_holder, why, &r->interrupted, r->err);
}

/* The line must keep what is reserved already. */
int why_advise_port(struct why *why)
{
	struct portset reserved = why->reserved;
	size_t size;
	FILE *out = open_memstream(&why->reserve_text, &size);

	if (!out)
		return error_set(why->r.err, EXIT_RUNTIME, "out of memory");
	portset_add(&reserved, why->port);
	if (why->reserved_unread) {
		fprintf(out, "add %u to net.ipv4.ip_local_reserved_ports", why->port);
	} else {
		fputs("sysctl -w net.ipv4.ip_local_reserved_ports=", out);
		portset_print(&reserved, out);
	}
	fputs(" (no connect() gets it any more; who has it now must close it)", out);
	fclose(out);
	why->remedies[0] = (struct remedy){ "reserve_port", why->reserve_text, 1, true };
	why->n_remedies = !portset_has(&why->reserved, why->port);
	return EXIT_OK;
}

static void say_holder(const struct port *port, struct text *text)
{
	static const char *const calls[] = {
		[EPHPORTS_ORIGIN_UNKNOWN]	= "taken unseen (before the module was loaded, or outside the range)",
		[EPHPORTS_ORIGIN_CONNECT]	= "taken by connect()",
		[EPHPORTS_ORIGIN_BIND]		= "taken by bind() to port 0",
		[EPHPORTS_ORIGIN_LISTEN]	= "taken by listen()",
		[EPHPORTS_ORIGIN_SEND]		= "taken by a send",
		[EPHPORTS_ORIGIN_EXPLICIT]	= "asked for by number",
		[EPHPORTS_ORIGIN_ACCEPT]	= "inherited from a listener",
	};
	struct who who = who_of_port(port);

	text_char(text, ' ');
	text_str(text, proto_name(port->proto));
	text_char(text, ' ');
	text_endpoint(text, &port->local, port->ifindex, port->local_port);
	if (port->peer.len) {
		text_str(text, " -> ");
		text_endpoint(text, &port->peer, 0, port->peer_port);
	}
	text_str(text, ", ");
	text_str(text, state_name(port->state));
	text_str(text, ", held by ");
	who_short(text, &who);
	text_str(text, ", ");
	text_str(text, calls[port->origin < ARRAY_SIZE(calls) ? port->origin : 0]);
	if (told(port, EPHPORTS_A_PORT_AGE)) {
		text_char(text, ' ');
		text_duration(text, port->age_ns);
		text_str(text, " ago");
	}
	text_char(text, '.');
}

static void say_theft(const struct why *why, struct text *text)
{
	const struct failure *theft = &why->theft;
	uint64_t now = why->r.info.time_ns;

	if (!theft->told)
		return;
	text_char(text, ' ');
	who_short(text, &theft->who);
	text_str(text, " asked for this port by number and was refused (");
	text_u64(text, theft->count);
	text_str(text, theft->count == 1 ? " time" : " times");
	text_str(text, ", the last ");
	text_duration(text, now > theft->last_ns ? now - theft->last_ns : 0);
	text_str(text, " ago): the kernel had handed it out as a source port.");
}

void why_say_port(const struct why *why, FILE *out, struct text *text)
{
	unsigned int i;

	text_str(text, "Port ");
	text_u64(text, why->port);
	if (!why->n_holders)
		text_str(text, " is held by no socket that was seen to take it from the range");
	text_char(text, why->n_holders ? ':' : '.');
	for (i = 0; i < why->n_holders && i < ARRAY_SIZE(why->holders); i++) {
		say_holder(&why->holders[i], text);
		why_say(out, text);
	}
	if (why->n_holders > i) {
		text_str(text, " And ");
		text_u64(text, why->n_holders - i);
		text_str(text, " more: see ephstat list sport = :");
		text_u64(text, why->port);
		text_char(text, '.');
	}
	say_theft(why, text);
	if (portset_has(&why->reserved, why->port))
		text_str(text, " It is reserved: it is not handed out any more.");
}
