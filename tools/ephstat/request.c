// SPDX-License-Identifier: GPL-2.0
/* The questions that the module answers, each with what becomes of the answer. */
#include <linux/genetlink.h>

#include "decode.h"
#include "netlink.h"
#include "netlink_msg.h"

static int read_info(const struct nlmsghdr *nlh, void *arg, struct error *err)
{
	return decode_info(nlh, arg) ? nl_malformed(err) : EXIT_OK;
}

/* One message of EPHPORTS_A_INFO_* answers @cmd. */
static int ask_info(struct nl *nl, uint8_t cmd, const struct filter *about, bool brief,
		    struct info *info, struct error *err)
{
	struct answer answer = { .message = read_info, .arg = info, .err = err };
	struct nlmsghdr *nlh = nl_request(nl, cmd, NLM_F_ACK);
	int ret;

	*info = (struct info){ 0 };
	if (about->netns)
		mnl_attr_put_u32(nlh, EPHPORTS_A_INFO_NETNS, about->netns);
	if (about->all_netns)
		mnl_attr_put(nlh, EPHPORTS_A_INFO_ALL_NETNS, 0, NULL);
	if (brief)
		mnl_attr_put(nlh, EPHPORTS_A_INFO_BRIEF, 0, NULL);
	ret = nl_converse(nl, nlh, &answer);
	if (!ret && !info->told)
		return nl_malformed(err);
	return ret;
}

int nl_info(struct nl *nl, const struct filter *about, struct info *info, struct error *err)
{
	return ask_info(nl, EPHPORTS_CMD_INFO_GET, about, true, info, err);
}

int nl_usage(struct nl *nl, const struct filter *about, struct info *info, struct error *err)
{
	return ask_info(nl, EPHPORTS_CMD_INFO_GET, about, false, info, err);
}

int nl_resync(struct nl *nl, struct info *info, struct error *err)
{
	const struct filter own = { 0 };

	return ask_info(nl, EPHPORTS_CMD_RESYNC, &own, false, info, err);
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

/* A dump: each message is decoded into @record and told. */
struct dump {
	uint8_t cmd;
	uint16_t filter_attr;
	const struct filter *filter;	/* NULL: nothing to be left out */
	uint16_t top_attr;
	uint32_t top;			/* 0: as many as the module tells */
	uint32_t owners;		/* of DEST_GET alone; 0: none; what went is told */
	uint32_t wanted;		/* of PORT_GET alone; 0: all */
	uint64_t since_ns;		/* of WHO_GET alone, as the next; 0: no bound */
	uint64_t until_ns;
	bool spans;
	message_fn message;
	void *reader;
};

static int run_dump(struct nl *nl, const struct dump *dump, bool *interrupted, struct error *err)
{
	struct answer answer = { .message = dump->message, .arg = dump->reader, .err = err };
	struct nlmsghdr *nlh = nl_request(nl, dump->cmd, NLM_F_DUMP);
	struct nlattr *nest;
	int ret;

	if (dump->filter) {
		nest = mnl_attr_nest_start(nlh, dump->filter_attr);
		put_filter(nlh, dump->filter);
		mnl_attr_nest_end(nlh, nest);
	}
	if (dump->top)
		mnl_attr_put_u32(nlh, dump->top_attr, dump->top);
	if (dump->owners) {
		mnl_attr_put_u32(nlh, EPHPORTS_A_DEST_OWNERS, dump->owners);
		mnl_attr_put(nlh, EPHPORTS_A_DEST_HELD, 0, NULL);
	}
	if (dump->wanted)
		mnl_attr_put_u32(nlh, EPHPORTS_A_PORT_WANTED, dump->wanted);
	if (dump->since_ns)
		mnl_attr_put_u64(nlh, EPHPORTS_A_WHO_SINCE, dump->since_ns);
	if (dump->until_ns)
		mnl_attr_put_u64(nlh, EPHPORTS_A_WHO_UNTIL, dump->until_ns);
	if (dump->spans)
		mnl_attr_put(nlh, EPHPORTS_A_WHO_SPANS, 0, NULL);
	ret = nl_converse(nl, nlh, &answer);
	if (answer.interrupted)
		*interrupted = true;
	return ret;
}

/* Of each kind of record: who is told of it, and the step from a message to that. */
#define READER(type) \
struct type##_reader { \
	type##_fn fn; \
	void *arg; \
}; \
\
static int read_##type(const struct nlmsghdr *nlh, void *arg, struct error *err) \
{ \
	const struct type##_reader *reader = arg; \
	struct type type; \
\
	if (decode_##type(nlh, &type)) \
		return nl_malformed(err); \
	return reader->fn(&type, reader->arg); \
}

READER(port)
READER(dest)
READER(owner)
READER(failure)
READER(hist)
READER(holder)
READER(box)

int nl_ports_with(struct nl *nl, const struct filter *filter, uint32_t wanted, port_fn fn,
		  void *arg, bool *interrupted, struct error *err)
{
	struct port_reader reader = { .fn = fn, .arg = arg };
	const struct dump dump = {
		.cmd = EPHPORTS_CMD_PORT_GET, .message = read_port, .reader = &reader,
		.filter_attr = EPHPORTS_A_PORT_FILTER, .filter = filter, .wanted = wanted,
	};

	return run_dump(nl, &dump, interrupted, err);
}

int nl_ports(struct nl *nl, const struct filter *filter, port_fn fn, void *arg,
	     bool *interrupted, struct error *err)
{
	return nl_ports_with(nl, filter, 0, fn, arg, interrupted, err);
}

int nl_busiest(struct nl *nl, const struct filter *filter, uint32_t dests, uint32_t owners,
	       dest_fn fn, void *arg, bool *interrupted, struct error *err)
{
	struct dest_reader reader = { .fn = fn, .arg = arg };
	const struct dump dump = {
		.cmd = EPHPORTS_CMD_DEST_GET, .message = read_dest, .reader = &reader,
		.filter_attr = EPHPORTS_A_DEST_FILTER, .filter = filter,
		.top_attr = EPHPORTS_A_DEST_TOP, .top = dests, .owners = owners,
	};

	return run_dump(nl, &dump, interrupted, err);
}

int nl_dests(struct nl *nl, const struct filter *filter, uint32_t top, dest_fn fn, void *arg,
	     bool *interrupted, struct error *err)
{
	return nl_busiest(nl, filter, top, 0, fn, arg, interrupted, err);
}

int nl_owners(struct nl *nl, const struct filter *filter, uint32_t top, owner_fn fn, void *arg,
	      bool *interrupted, struct error *err)
{
	struct owner_reader reader = { .fn = fn, .arg = arg };
	const struct dump dump = {
		.cmd = EPHPORTS_CMD_OWNER_GET, .message = read_owner, .reader = &reader,
		.filter_attr = EPHPORTS_A_OWNER_FILTER, .filter = filter,
		.top_attr = EPHPORTS_A_OWNER_TOP, .top = top,
	};

	return run_dump(nl, &dump, interrupted, err);
}

int nl_failures(struct nl *nl, const struct filter *filter, failure_fn fn, void *arg,
		bool *interrupted, struct error *err)
{
	struct failure_reader reader = { .fn = fn, .arg = arg };
	const struct dump dump = {
		.cmd = EPHPORTS_CMD_FAILURE_GET, .message = read_failure, .reader = &reader,
		.filter_attr = EPHPORTS_A_FAILURE_FILTER, .filter = filter,
	};

	return run_dump(nl, &dump, interrupted, err);
}

int nl_hists(struct nl *nl, uint32_t netns, hist_fn fn, void *arg, struct error *err)
{
	struct hist_reader reader = { .fn = fn, .arg = arg };
	struct answer answer = { .message = read_hist, .arg = &reader, .err = err };
	struct nlmsghdr *nlh = nl_request(nl, EPHPORTS_CMD_HIST_GET, NLM_F_DUMP);

	if (netns)
		mnl_attr_put_u32(nlh, EPHPORTS_A_HIST_NETNS, netns);
	return nl_converse(nl, nlh, &answer);
}

int nl_holders(struct nl *nl, const struct filter *filter, uint64_t since_ns, uint64_t until_ns,
	       holder_fn fn, void *arg, bool *interrupted, struct error *err)
{
	struct holder_reader reader = { .fn = fn, .arg = arg };
	const struct dump dump = {
		.cmd = EPHPORTS_CMD_WHO_GET, .message = read_holder, .reader = &reader,
		.filter_attr = EPHPORTS_A_WHO_FILTER, .filter = filter,
		.since_ns = since_ns, .until_ns = until_ns,
	};

	return run_dump(nl, &dump, interrupted, err);
}

int nl_spans(struct nl *nl, const struct filter *filter, holder_fn fn, void *arg,
	     bool *interrupted, struct error *err)
{
	struct holder_reader reader = { .fn = fn, .arg = arg };
	const struct dump dump = {
		.cmd = EPHPORTS_CMD_WHO_GET, .message = read_holder, .reader = &reader,
		.filter_attr = EPHPORTS_A_WHO_FILTER, .filter = filter, .spans = true,
	};

	return run_dump(nl, &dump, interrupted, err);
}

int nl_boxes(struct nl *nl, const struct filter *filter, box_fn fn, void *arg,
	     bool *interrupted, struct error *err)
{
	struct box_reader reader = { .fn = fn, .arg = arg };
	const struct dump dump = {
		.cmd = EPHPORTS_CMD_BOX_GET, .message = read_box, .reader = &reader,
		.filter_attr = EPHPORTS_A_BOX_FILTER, .filter = filter,
	};

	return run_dump(nl, &dump, interrupted, err);
}

static int read_thresholds(const struct nlmsghdr *nlh, void *arg, struct error *err)
{
	return decode_alert(nlh, arg) ? nl_malformed(err) : EXIT_OK;
}

int nl_alert_get(struct nl *nl, struct alert *alert, struct error *err)
{
	struct answer answer = { .message = read_thresholds, .arg = alert, .err = err };
	struct nlmsghdr *nlh = nl_request(nl, EPHPORTS_CMD_ALERT_GET, NLM_F_ACK);
	int ret;

	*alert = (struct alert){ 0 };
	ret = nl_converse(nl, nlh, &answer);
	if (!ret && !told(alert, EPHPORTS_A_ALERT_CRITICAL))
		return nl_malformed(err);
	return ret;
}

int nl_alert_set(struct nl *nl, const struct alert *alert, struct error *err)
{
	struct alert after;
	struct answer answer = { .message = read_thresholds, .arg = &after, .err = err };
	struct nlmsghdr *nlh = nl_request(nl, EPHPORTS_CMD_ALERT_SET, NLM_F_ACK);

	if (told(alert, EPHPORTS_A_ALERT_NOTICE))
		mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_NOTICE, alert->notice);
	if (told(alert, EPHPORTS_A_ALERT_WARNING))
		mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_WARNING, alert->warning);
	if (told(alert, EPHPORTS_A_ALERT_CRITICAL))
		mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_CRITICAL, alert->critical);
	if (told(alert, EPHPORTS_A_ALERT_CLEAR))
		mnl_attr_put_u8(nlh, EPHPORTS_A_ALERT_CLEAR, alert->clear);
	return nl_converse(nl, nlh, &answer);
}

struct alert_reader {
	alert_fn fn;
	void *arg;
};

/* Other notifications may come to the family some day. */
static int read_alert(const struct nlmsghdr *nlh, void *arg, struct error *err)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct alert_reader *reader = arg;
	struct alert alert;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl))
		return nl_malformed(err);
	if (genl->cmd != EPHPORTS_CMD_ALERT)
		return EXIT_OK;
	if (decode_alert(nlh, &alert))
		return nl_malformed(err);
	return reader->fn(&alert, reader->arg);
}

static int read_alert_loss(void *arg)
{
	const struct alert_reader *reader = arg;

	return reader->fn(NULL, reader->arg);
}

int nl_follow_alerts(struct nl *nl, alert_fn fn, void *arg, struct error *err)
{
	struct alert_reader reader = { .fn = fn, .arg = arg };
	int ret;

	if (!nl->alert_group)
		return error_set(err, EXIT_RUNTIME, "the module sends no alerts; "
				 "use the ephstat that was built with the module");
	ret = nl_join(nl, nl->alert_group, err);
	return ret ? ret : nl_listen(nl, read_alert, read_alert_loss, &reader, err);
}

/* Starts the request alone: what comes back is mixed with the first events. */
struct nlmsghdr *nl_watch_request(struct nl *nl, const struct filter *filter, uint32_t kinds)
{
	struct nlmsghdr *nlh = nl_request(nl, EPHPORTS_CMD_WATCH, 0);
	struct nlattr *nest = mnl_attr_nest_start(nlh, EPHPORTS_A_EVENT_FILTER);

	put_filter(nlh, filter);
	mnl_attr_nest_end(nlh, nest);
	if (kinds)
		mnl_attr_put_u32(nlh, EPHPORTS_A_EVENT_KINDS, kinds);
	return nlh;
}
