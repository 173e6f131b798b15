// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "logheld.h"
#include "logread.h"
#include "logspan.h"
#include "logwhere.h"
#include "logwho.h"
#include "match.h"

struct looking {
	struct log_held *held;
	struct log_spans spans;
	struct spans covered;
	struct filter filter;		/* its netns is that of the run */
	struct log_where where;
	uint8_t boot_id[LOG_BOOT_ID];	/* of the block */
	bool any;
	int64_t wall_ns;
	uint64_t last_ns;
	struct error *err;
};

static int see_block(const struct log_header *header, int64_t wall_ns, void *arg)
{
	struct looking *l = arg;

	if (header->number != l->spans.number)
		log_held_hole(l->held);
	log_where_block(&l->where, header);
	l->filter.netns = l->where.netns;
	if (l->any && memcmp(l->boot_id, header->boot_id, LOG_BOOT_ID) != 0)
		log_held_boot(l->held, l->last_ns);
	l->any = true;
	memcpy(l->boot_id, header->boot_id, LOG_BOOT_ID);
	l->wall_ns = wall_ns;
	l->last_ns = header->until_ns;
	return log_spans_block(&l->spans, header, wall_ns);
}

static int see_look(struct looking *l, const struct log_record *look)
{
	const struct filter *filter = &l->filter;
	const char *why = NULL;

	if (l->where.unknown)
		why = "from one boot to the next, namespaces have other numbers";
	else if (l->where.place != filter->netns)
		why = "the log does not say which ports were recorded there";
	else if (filter->port_low < look->port_low || filter->port_high > look->port_high)
		why = DOUBT_RANGE;
	return log_spans_look(&l->spans, look, why);
}

static int see_record(const struct log_record *record, void *arg)
{
	struct looking *l = arg;
	const struct port *port = &record->event.port;
	int ret;

	if (record->type == LOG_PLACE) {
		log_where_place(&l->where, &record->place);
		l->filter.netns = l->where.netns;
	}
	ret = record->type == LOG_LOOK ? see_look(l, record) : log_spans_record(&l->spans, record);
	if (ret)
		return ret;
	if (l->where.unknown)
		return EXIT_OK;
	if (told(port, EPHPORTS_A_PORT_CGROUP) && filter_passes(&l->filter, port))
		cgroup_learn(port->cgroup, record->cgroup);
	if (log_held_record(l->held, record, l->spans.gap_ns, l->wall_ns))
		return error_set(l->err, EXIT_RUNTIME, "out of memory for so many holders; "
				 "ask for one port, or for less time");
	return EXIT_OK;
}

static int tell(const struct looking *l, holder_fn fn, void *fn_arg)
{
	int ret = EXIT_OK;
	size_t i;

	for (i = 0; !ret && i < l->covered.n; i++) {
		const struct holder span = {
			.told = TOLD(EPHPORTS_A_WHO_COVERED_FROM) |
				TOLD(EPHPORTS_A_WHO_COVERED_TO),
			.covered_from_ns = l->covered.spans[i].from_ns,
			.covered_to_ns = l->covered.spans[i].to_ns,
		};

		ret = fn(&span, fn_arg);
	}
	return ret ? ret : log_held_tell(l->held, fn, fn_arg);
}

static int look(struct looking *l, const struct question *question, int dir)
{
	const struct log_sink sink = { .block = see_block, .record = see_record, .arg = l };
	struct log_index index;
	int end, ret = log_index_read(&index, dir, l->err);

	if (!ret)
		ret = log_read(&index, dir, log_index_find(&index, question->since_ns), &sink,
			       l->err);
	log_index_free(&index);
	end = log_spans_end(&l->spans);
	return ret ? ret : end;
}

int log_holders(struct question *question, holder_fn fn, void *fn_arg, void *arg,
		bool *interrupted, struct error *err)
{
	const uint64_t until_ns = question->until_ns ? question->until_ns : UINT64_MAX;
	struct looking l = { .filter = question->es->filter, .err = err };
	int dir, ret = log_dir_open(arg, &dir, err);

	(void)interrupted;
	if (ret)
		return ret;
	log_where_begin(&l.where, l.filter.all_netns ? 0 : question->netns, question->is_hosts);
	l.filter.netns = l.where.netns;
	l.spans = (struct log_spans){
		.filter = &l.filter,
		.asked = { question->since_ns, until_ns },
		.to = &l.covered,
		.err = err,
	};
	l.held = log_held_new(&l.filter, question->since_ns);
	if (l.held)
		ret = look(&l, question, dir);
	else
		ret = error_set(err, EXIT_RUNTIME, "out of memory");
	/* Without a beginning, the answer is about what is covered. */
	if (question->since_ns || !l.covered.n)
		question->doubt = l.spans.doubt;
	if (!question->doubt && l.held &&
	    log_held_may_pass(l.held, l.spans.asked.from_ns, l.spans.asked.to_ns))
		question->doubt = "who held a port may have been connected since: the log tells when "
				  "it is released";
	if (!ret)
		ret = tell(&l, fn, fn_arg);
	log_held_free(l.held);
	spans_free(&l.covered);
	close(dir);
	return ret;
}
