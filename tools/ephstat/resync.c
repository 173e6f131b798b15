// SPDX-License-Identifier: GPL-2.0
/* ephstat resync: have the module walk the kernel's own tables, and say what that mended. */
#include "ephstat.h"
#include "health.h"
#include "json.h"
#include "netlink.h"
#include "text.h"

static void write_json(FILE *out, const struct info *info, uint64_t in, uint64_t gone)
{
	struct json_doc doc;

	json_open(&doc, out);
	json_member(&doc, "schema", json_object_new_int(JSON_SCHEMA));
	json_member(&doc, "time_ns", json_object_new_uint64(info->time_ns));
	json_member(&doc, "mended_in", json_object_new_uint64(in));
	json_member(&doc, "mended_out", json_object_new_uint64(gone));
	json_member(&doc, "lost", json_object_new_uint64(info->lost));
	json_member(&doc, "blind", json_blind(info->blind));
	json_member(&doc, "complete", json_object_new_boolean(!health_is_bad(info)));
	json_close(&doc);
}

static void write_text(FILE *out, const struct info *info, uint64_t in, uint64_t gone)
{
	struct text text = { 0 };

	text_str(&text, "resync: ");
	text_u64(&text, in);
	text_str(&text, " added, ");
	text_u64(&text, gone);
	text_str(&text, " removed; ");
	health_text(&text, info);
	text_line(&text, out);
}

int cmd_resync(struct ephstat *es, int argc, char **argv, struct error *err)
{
	const struct filter own = { 0 };
	struct info before, after;
	uint64_t in, gone;
	struct nl *nl = NULL;
	int ret;

	(void)argc;
	(void)argv;
	ret = nl_open(&nl, err);
	if (ret)
		return ret;
	ret = nl_info(nl, &own, &before, err);
	if (!ret)
		ret = nl_resync(nl, &after, err);
	nl_close(nl);
	if (ret)
		return ret;

	in = after.counters[EPHPORTS_A_COUNTER_MENDED_IN] -
	     before.counters[EPHPORTS_A_COUNTER_MENDED_IN];
	gone = after.counters[EPHPORTS_A_COUNTER_MENDED_OUT] -
	       before.counters[EPHPORTS_A_COUNTER_MENDED_OUT];
	if (es->json)
		write_json(es->out, &after, in, gone);
	else
		write_text(es->out, &after, in, gone);
	return EXIT_OK;
}
