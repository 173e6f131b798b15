// SPDX-License-Identifier: GPL-2.0
/* ephstat alone: what one wants to know first, on one screen of 80 x 24. */
#include <string.h>

#include "counts.h"
#include "ephstat.h"
#include "health.h"
#include "json.h"
#include "names.h"
#include "netlink.h"
#include "text.h"

#define WIDTH	79
#define TOP	5
#define ASKED	64	/* destinations: among them may be sockets without a peer */
#define MOST	1024	/* that can be asked for, and are if those were too few */

struct summary {
	const struct ephstat *es;
	struct info info;
	struct counts counts[PROTOS + 1];
	struct dest dests[TOP];
	unsigned int n_dests;
	struct share owners[TOP];
	unsigned int n_owners;
	bool has_more;			/* destinations than were told */
	bool interrupted;
	struct error *err;
};

/* All sockets, then the destinations and then the owners, most used first. */
static int add_row(const struct dest *dest, void *arg)
{
	struct summary *sum = arg;

	if (dest_is_new(dest))
		counts_add(&sum->counts[proto_index(dest->proto)], &dest->counts);
	else if (dest_is_owner(dest) && sum->n_owners < TOP && dest->owners[0].used)
		sum->owners[sum->n_owners++] = dest->owners[0];
	else if (dest_is_rest(dest))
		sum->has_more = dest->groups;
	else if (dest->used && dest->peer.len && sum->n_dests < TOP)
		sum->dests[sum->n_dests++] = *dest;
	return EXIT_OK;
}

static bool wanted(const struct summary *sum, const struct protocol *proto)
{
	return !sum->es->filter.proto || sum->es->filter.proto == proto->proto;
}

static void write_health(const struct summary *sum, struct text *text)
{
	const struct info *info = &sum->info;

	text_str(text, "ephports: ");
	if (sum->interrupted && !health_is_bad(info))
		text_str(text, health_interrupted);
	else
		health_text(text, info);
	if (told(info, EPHPORTS_A_INFO_CAPACITY) && told(info, EPHPORTS_A_INFO_HELD)) {
		text_str(text, "; ");
		text_u64(text, info->held);
		text_str(text, " of ");
		text_u64(text, info->capacity);
		text_str(text, " records");
	}
	text_str(text, "; netns ");
	text_u64(text, info->netns);
	text_line(text, sum->es->out);
}

static void write_protocol(const struct summary *sum, const struct protocol *proto,
			   struct text *text)
{
	text_str(text, proto_name(proto->proto));
	text_column(text, 7);
	text_u64(text, proto->range_low);
	text_char(text, '-');
	text_u64(text, proto->range_high);
	text_u64_right(text, protocol_ports(proto), 27);
	text_u64_right(text, proto->reserved, 38);
	text_u64_right(text, proto->in_use, 48);
	text_char(text, ' ');
	text_percent(text, proto->in_use, protocol_ports(proto));
	text_u64_right(text, proto->sockets, 66);
	text_u64_right(text, proto->failures, 77);
	text_line(text, sum->es->out);
}

static void write_protocols(const struct summary *sum, struct text *text)
{
	const struct info *info = &sum->info;
	unsigned int i;

	text_str(text, "Proto  Range          Ports   Reserved    In use          ");
	text_str(text, "Sockets   Failures");
	text_line(text, sum->es->out);
	for (i = 0; i < info->n_protocols; i++) {
		if (wanted(sum, &info->protocols[i]))
			write_protocol(sum, &info->protocols[i], text);
	}
}

/* "State   time-wait 13000, established 12", most first; what does not fit is "others". */
static void write_counts(const struct summary *sum, const char *title, const uint32_t *counts,
			 unsigned int n, name_fn name_of, struct text *text)
{
	text_str(text, title);
	text_column(text, 9);
	counts_text(text, counts, n, name_of, WIDTH);
	text_line(text, sum->es->out);
}

static void write_kinds(const struct summary *sum, struct text *text)
{
	struct counts all = { 0 };
	unsigned int i;

	for (i = 0; i < PROTOS; i++)
		counts_add(&all, &sum->counts[i]);
	write_counts(sum, "State", all.states, EPHPORTS_STATE_MAX + 1, state_name, text);
	write_counts(sum, "Origin", all.origins, EPHPORTS_ORIGIN_MAX + 1, origin_name, text);
}

static void write_dests(const struct summary *sum, struct text *text)
{
	unsigned int i;

	if (!sum->n_dests)
		return;
	text_line(text, sum->es->out);
	text_str(text, "Busiest destinations");
	text_column(text, 61);
	text_str(text, "Ports   Of range");
	text_line(text, sum->es->out);
	for (i = 0; i < sum->n_dests; i++) {
		const struct dest *dest = &sum->dests[i];

		text_str(text, proto_name(dest->proto));
		text_str(text, "  ");
		text_address(text, &dest->local);
		text_str(text, " -> ");
		text_endpoint(text, &dest->peer, 0, dest->peer_port);
		text_u64_right(text, dest->used, 66);
		text_column(text, 71);
		text_percent(text, dest->used, dest->range);
		text_line(text, sum->es->out);
	}
}

static void write_owner(const struct who *who, struct text *text)
{
	const char *reason = reason_name(who->reason);

	if (reason) {
		text_char(text, '(');
		text_str(text, reason);
		text_char(text, ')');
	} else {
		text_escaped(text, who->comm);
		text_str(text, "  pid ");
		text_u64(text, who->pid);
	}
	if (told(who, EPHPORTS_A_OWNER_UID)) {
		text_str(text, "  uid ");
		text_u64(text, who->uid);
	}
}

static void write_owners(const struct summary *sum, struct text *text)
{
	unsigned int i;

	if (!sum->n_owners)
		return;
	text_line(text, sum->es->out);
	text_str(text, "Busiest owners");
	text_column(text, 61);
	text_str(text, "Ports");
	text_line(text, sum->es->out);
	for (i = 0; i < sum->n_owners; i++) {
		write_owner(&sum->owners[i].who, text);
		text_u64_right(text, sum->owners[i].used, 66);
		text_line(text, sum->es->out);
	}
}

static void write_text(const struct summary *sum)
{
	struct text text = { 0 };

	write_health(sum, &text);
	write_protocols(sum, &text);
	text_line(&text, sum->es->out);
	write_kinds(sum, &text);
	write_dests(sum, &text);
	write_owners(sum, &text);
}

static struct json_object *json_protocol(const struct summary *sum, const struct protocol *proto)
{
	struct json_object *obj = json_object_new_object();

	json_put_str(obj, "proto", proto_name(proto->proto));
	json_put_u64(obj, "range_low", proto->range_low);
	json_put_u64(obj, "range_high", proto->range_high);
	json_put_u64(obj, "range_ports", protocol_ports(proto));
	json_put_u64(obj, "reserved_ports", proto->reserved);
	json_put_u64(obj, "ports_in_use", proto->in_use);
	json_put_u64(obj, "sockets", proto->sockets);
	json_put_u64(obj, "failures", proto->failures);
	counts_put(obj, &sum->counts[proto_index(proto->proto)]);
	return obj;
}

static void json_dests(const struct summary *sum, struct json_doc *doc)
{
	unsigned int i;

	json_array_open(doc, "destinations");
	for (i = 0; i < sum->n_dests; i++) {
		const struct dest *dest = &sum->dests[i];
		struct json_object *obj = json_object_new_object();

		json_put_str(obj, "proto", proto_name(dest->proto));
		json_put(obj, "local_addr", json_address(&dest->local));
		json_put(obj, "peer_addr", json_address(&dest->peer));
		json_put_u64(obj, "peer_port", dest->peer_port);
		json_put_u64(obj, "ports", dest->used);
		json_row(doc, obj);
	}
	json_array_close(doc);
}

static void json_owners(const struct summary *sum, struct json_doc *doc)
{
	unsigned int i;

	json_array_open(doc, "owners");
	for (i = 0; i < sum->n_owners; i++) {
		const struct who *who = &sum->owners[i].who;
		struct json_object *obj = json_object_new_object();

		json_put(obj, "pid", who->reason ? NULL : json_object_new_uint64(who->pid));
		json_put(obj, "comm", who->reason ? NULL : json_text(who->comm));
		json_put(obj, "uid", told(who, EPHPORTS_A_OWNER_UID) ?
				     json_object_new_uint64(who->uid) : NULL);
		json_put_str(obj, "owner_reason", reason_name(who->reason));
		json_put_u64(obj, "ports", sum->owners[i].used);
		json_row(doc, obj);
	}
	json_array_close(doc);
}

static struct json_object *json_counters(const struct info *info)
{
	static const char *const names[] = {
		[EPHPORTS_A_COUNTER_ASSIGNED]		= "assigned",
		[EPHPORTS_A_COUNTER_ADOPTED]		= "adopted",
		[EPHPORTS_A_COUNTER_CLONED]		= "cloned",
		[EPHPORTS_A_COUNTER_MENDED_IN]		= "mended_in",
		[EPHPORTS_A_COUNTER_RELEASED]		= "released",
		[EPHPORTS_A_COUNTER_MENDED_OUT]		= "mended_out",
		[EPHPORTS_A_COUNTER_LOST]		= "lost",
		[EPHPORTS_A_COUNTER_UNKNOWN]		= "unknown",
		[EPHPORTS_A_COUNTER_MISSED_ASSIGN]	= "missed_assign",
		[EPHPORTS_A_COUNTER_RESYNCS]		= "resyncs",
		[EPHPORTS_A_COUNTER_PAD]		= NULL,
		[EPHPORTS_A_COUNTER_CONNECT_NO_INSTANCE] = "missed_connect_no_instance",
		[EPHPORTS_A_COUNTER_CONNECT_NESTED]	= "missed_connect_nested",
		[EPHPORTS_A_COUNTER_BIND_NO_INSTANCE]	= "missed_bind_no_instance",
		[EPHPORTS_A_COUNTER_BIND_NESTED]	= "missed_bind_nested",
		[EPHPORTS_A_COUNTER_UDP_NO_INSTANCE]	= "missed_udp_no_instance",
		[EPHPORTS_A_COUNTER_UDP_NESTED]		= "missed_udp_nested",
	};
	struct json_object *obj = json_object_new_object();
	unsigned int i;

	for (i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i])
			json_put_u64(obj, names[i], info->counters[i]);
	}
	return obj;
}

/* Numbers of the whole machine, for those who may know them; else null. */
static void json_module(const struct info *info, struct json_doc *doc)
{
	json_member(doc, "version", json_text(info->version));
	json_member(doc, "blind", json_blind(info->blind));
	json_member(doc, "capacity", told(info, EPHPORTS_A_INFO_CAPACITY) ?
				     json_object_new_uint64(info->capacity) : NULL);
	json_member(doc, "held", told(info, EPHPORTS_A_INFO_HELD) ?
				 json_object_new_uint64(info->held) : NULL);
	json_member(doc, "counters", told(info, EPHPORTS_A_INFO_COUNTERS) ?
				     json_counters(info) : NULL);
	json_member(doc, "memory_bytes", told(info, EPHPORTS_A_INFO_MEMORY) ?
					 json_object_new_uint64(info->memory) : NULL);
}

static void write_json(const struct summary *sum)
{
	const struct info *info = &sum->info;
	struct json_doc doc;
	unsigned int i;

	json_open(&doc, sum->es->out);
	json_member(&doc, "schema", json_object_new_int(JSON_SCHEMA));
	json_member(&doc, "netns", json_object_new_uint64(info->netns));
	json_member(&doc, "time_ns", json_object_new_uint64(info->time_ns));
	json_member(&doc, "complete", json_object_new_boolean(!sum->interrupted &&
							      !health_is_bad(info)));
	json_member(&doc, "lost", json_object_new_uint64(info->lost));
	json_module(info, &doc);
	json_array_open(&doc, "protocols");
	for (i = 0; i < info->n_protocols; i++) {
		if (wanted(sum, &info->protocols[i]))
			json_row(&doc, json_protocol(sum, &info->protocols[i]));
	}
	json_array_close(&doc);
	json_dests(sum, &doc);
	json_owners(sum, &doc);
	json_close(&doc);
}

static int add_rows(struct summary *sum, struct nl *nl, uint32_t dests)
{
	memset(sum->counts, 0, sizeof(sum->counts));
	sum->n_dests = sum->n_owners = 0;
	sum->has_more = false;
	return nl_busiest(nl, &sum->es->filter, dests, TOP, add_row, sum, &sum->interrupted,
			  sum->err);
}

/* What was lost is known only after the records were counted. */
static int gather(struct summary *sum, struct nl *nl)
{
	const struct filter *filter = &sum->es->filter;
	struct info before;
	int ret = nl_info(nl, filter, &before, sum->err);

	if (!ret)
		ret = add_rows(sum, nl, ASKED);
	if (!ret && sum->n_dests < TOP && sum->has_more)
		ret = add_rows(sum, nl, MOST);
	if (!ret)
		ret = nl_usage(nl, filter, &sum->info, sum->err);
	if (!ret && health_is_bad(&before))
		sum->info.complete = false;
	return ret;
}

int cmd_summary(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct summary sum = { .es = es, .err = err };
	struct nl *nl = NULL;
	int ret;

	(void)argc;
	(void)argv;
	ret = nl_open(&nl, err);
	if (ret)
		return ret;
	ret = gather(&sum, nl);
	nl_close(nl);
	if (!ret) {
		if (es->json)
			write_json(&sum);
		else
			write_text(&sum);
	}
	return ret;
}
