// SPDX-License-Identifier: GPL-2.0
/*
 * ephstat thief: who was given a port that a service wants, and the line that prevents it. Reserved
 * ports are a setting of one's own network namespace, so this looks nowhere else.
 */
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "ephstat.h"
#include "failures.h"
#include "names.h"
#include "portset.h"
#include "who.h"

struct report {
	struct reading r;
	struct portset reserved;	/* as it is */
	struct portset wanted;		/* ports that somebody wants for itself, and those above */
	struct portset held;		/* ports asked for that somebody has */
	bool any;
};

/* Whether the kernel chose the port; nobody can say so of what is older than the module. */
static bool was_given(const struct port *port)
{
	return port->origin == EPHPORTS_ORIGIN_CONNECT || port->origin == EPHPORTS_ORIGIN_BIND ||
	       port->origin == EPHPORTS_ORIGIN_LISTEN || port->origin == EPHPORTS_ORIGIN_SEND;
}

/* Of either protocol: the range and the reserved ports are the same for all. */
static bool in_range(const struct report *report, uint16_t port)
{
	const struct protocol *range = &report->r.info.protocols[0];

	return report->r.info.n_protocols && port >= range->range_low && port <= range->range_high;
}

static void want_port(struct report *report, uint16_t port)
{
	report->any = true;
	if (in_range(report, port))
		portset_add(&report->wanted, port);
}

static void write_holder(struct text *row, const struct port *port)
{
	const struct who who = who_of_port(port);

	who_short(row, &who);
	if (was_given(port))
		text_str(row, " has it as its source port, by ");
	else
		text_str(row, " has it, by ");
	text_str(row, origin_name(port->origin));
	if (port->peer.len) {
		text_str(row, ", towards ");
		text_endpoint(row, &port->peer, 0, port->peer_port);
	}
	text_str(row, ", ");
	text_str(row, state_name(port->state));
	if (told(port, EPHPORTS_A_PORT_AGE)) {
		text_str(row, ", for ");
		text_duration(row, port->age_ns);
	}
}

static void write_port(struct text *row, const char *proto, uint16_t port)
{
	text_str(row, proto);
	text_char(row, ' ');
	text_u64(row, port);
	text_str(row, ": ");
}

static int text_conflict(struct report *report, const struct failure *failure)
{
	struct reading *r = &report->r;
	struct text *row = &r->row;

	write_port(row, proto_name(failure->proto), failure->port);
	who_short(row, &failure->who);
	text_str(row, " could not bind it, ");
	text_u64(row, failure->count);
	text_str(row, failure->count == 1 ? " time" : " times");
	text_str(row, ", last ");
	text_duration(row, time_since(r->info.time_ns, failure->last_ns));
	text_str(row, " ago; ");
	if (told(failure, EPHPORTS_A_FAILURE_HOLDER))
		write_holder(row, &failure->holder);
	else
		text_str(row, "who had it is not known");
	return reading_row(r);
}

static int json_conflict(struct report *report, const struct failure *failure)
{
	struct json_object *obj = failure_json(failure);

	json_put_u64(obj, "port", failure->port);
	json_put(obj, "reserved", json_object_new_boolean(portset_has(&report->reserved,
								       failure->port)));
	json_put(obj, "holder", told(failure, EPHPORTS_A_FAILURE_HOLDER) ?
				json_port(&failure->holder) : NULL);
	json_row(&report->r.doc, obj);
	return EXIT_OK;
}

static int conflict_message(const struct failure *failure, void *arg)
{
	struct report *report = arg;

	if (!failure_is_conflict(failure))
		return EXIT_OK;
	want_port(report, failure->port);
	return report->r.es->json ? json_conflict(report, failure) :
				    text_conflict(report, failure);
}

static void json_watched(struct report *report, uint16_t port, const struct port *holder)
{
	struct json_object *obj = json_object_new_object();

	json_put_u64(obj, "port", port);
	json_put(obj, "in_range", json_object_new_boolean(in_range(report, port)));
	json_put(obj, "reserved", json_object_new_boolean(portset_has(&report->reserved, port)));
	json_put(obj, "stolen", json_object_new_boolean(holder && was_given(holder)));
	json_put(obj, "holder", holder ? json_port(holder) : NULL);
	json_row(&report->r.doc, obj);
}

static int watched_message(const struct port *port, void *arg)
{
	struct report *report = arg;

	portset_add(&report->held, port->local_port);
	if (report->r.es->json) {
		json_watched(report, port->local_port, port);
		return EXIT_OK;
	}
	write_port(&report->r.row, proto_name(port->proto), port->local_port);
	write_holder(&report->r.row, port);
	return reading_row(&report->r);
}

/* What a service bound outside of the range is not recorded, nor can it be stolen. */
static int tell_free(struct report *report, uint16_t port)
{
	if (report->r.es->json) {
		json_watched(report, port, NULL);
		return EXIT_OK;
	}
	text_u64(&report->r.row, port);
	text_str(&report->r.row, in_range(report, port) ? ": nobody has it" :
			": outside of the range, so nobody is given it");
	return reading_row(&report->r);
}

static int watch_ports(struct report *report, const struct ports *ports)
{
	struct filter filter = report->r.es->filter;
	int port, ret;

	filter.port_low = ports->low;
	filter.port_high = ports->high;
	ret = nl_ports(report->r.nl, &filter, watched_message, report, &report->r.interrupted,
		       report->r.err);
	for (port = ports->low; !ret && port <= ports->high; port++) {
		want_port(report, port);
		if (!portset_has(&report->held, port))
			ret = tell_free(report, port);
	}
	return ret;
}

static int watch_all(struct report *report, int argc, char **argv)
{
	struct ports ports;
	int i, ret = EXIT_OK;

	for (i = 0; !ret && i < argc; i++) {
		ret = ports_parse(argv[i], &ports, report->r.err);
		if (!ret)
			ret = watch_ports(report, &ports);
	}
	return ret;
}

/* The reserved ports of now and those that are wanted. False if there is nothing to add. */
static bool merge_wanted(struct report *report)
{
	bool more = false;
	size_t i;

	for (i = 0; i < sizeof(report->wanted.bits); i++) {
		more |= report->wanted.bits[i] & ~report->reserved.bits[i];
		report->wanted.bits[i] |= report->reserved.bits[i];
	}
	return more;
}

/* "net.ipv4.ip_local_reserved_ports=8080,9000-9010". */
static void print_setting(const struct report *report, FILE *out)
{
	fputs("net.ipv4.ip_local_reserved_ports=", out);
	portset_print(&report->wanted, out);
}

static int text_advice(struct report *report)
{
	struct reading *r = &report->r;
	struct text *row = &r->row;

	if (!report->any) {
		text_str(row, "nobody was refused a port that was given away; to watch one: "
			      "ephstat thief PORT");
		return reading_row(r);
	}
	if (!merge_wanted(report)) {
		text_str(row, "they are reserved or outside of the range: they are given to "
			      "nobody from now on");
		return reading_row(r);
	}
	fputs("to keep them from being given away: sysctl -w ", r->es->out);
	print_setting(report, r->es->out);
	return reading_row(r);
}

/* As long as it may be. NULL: there is nothing to set, or no memory for it. */
static struct json_object *json_setting(struct report *report)
{
	struct json_object *setting = NULL;
	char *text = NULL;
	size_t len;
	FILE *out;

	if (!merge_wanted(report))
		return NULL;
	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	print_setting(report, out);
	if (!fclose(out))
		setting = json_object_new_string(text);
	free(text);
	return setting;
}

static int tell_conflicts(struct report *report)
{
	struct reading *r = &report->r;

	return nl_failures(r->nl, &r->es->filter, conflict_message, report, &r->interrupted,
			   r->err);
}

static int report_json(struct report *report, int argc, char **argv)
{
	struct json_doc *doc = &report->r.doc;
	int ret;

	json_array_open(doc, "conflicts");
	ret = tell_conflicts(report);
	json_array_close(doc);
	json_array_open(doc, "watched");
	if (!ret)
		ret = watch_all(report, argc, argv);
	json_array_close(doc);
	json_member(doc, "sysctl", json_setting(report));
	return ret;
}

static int report_text(struct report *report, int argc, char **argv)
{
	int ret = tell_conflicts(report);

	if (!ret)
		ret = watch_all(report, argc, argv);
	return ret ? ret : text_advice(report);
}

/* Words are looked at before anything is written. */
static int check_words(int argc, char **argv, struct error *err)
{
	struct ports ports;
	int i, ret = EXIT_OK;

	for (i = 0; !ret && i < argc; i++)
		ret = ports_parse(argv[i], &ports, err);
	return ret;
}

static int read_reserved(struct portset *reserved, struct error *err)
{
	int ret = portset_reserved(reserved, 0);

	return ret ? error_set(err, EXIT_RUNTIME, "cannot read net.ipv4.ip_local_reserved_ports: %s",
			       strerror(-ret)) : EXIT_OK;
}

int cmd_thief(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct report report = { 0 };
	int ret = check_words(argc, argv, err);

	if (!ret)
		ret = read_reserved(&report.reserved, err);
	if (!ret)
		ret = reading_begin(&report.r, es, err);
	if (ret)
		return ret;
	ret = es->json ? report_json(&report, argc, argv) : report_text(&report, argc, argv);
	return reading_end(&report.r, ret);
}
