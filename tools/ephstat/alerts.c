// SPDX-License-Identifier: GPL-2.0
/* ephstat alerts: their thresholds, and alerts as they come. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ephstat.h"
#include "json.h"
#include "names.h"
#include "netlink.h"
#include "text.h"
#include "util.h"

static const struct threshold {
	const char *name;
	uint8_t attr;
	uint8_t min, max;
	size_t offset;
} thresholds[] = {
	{ "notice", EPHPORTS_A_ALERT_NOTICE, 1, 100, offsetof(struct alert, notice) },
	{ "warning", EPHPORTS_A_ALERT_WARNING, 1, 100, offsetof(struct alert, warning) },
	{ "critical", EPHPORTS_A_ALERT_CRITICAL, 1, 100, offsetof(struct alert, critical) },
	{ "clear", EPHPORTS_A_ALERT_CLEAR, 0, 50, offsetof(struct alert, clear) },
};

static uint8_t *threshold_of(struct alert *alert, const struct threshold *threshold)
{
	return (uint8_t *)alert + threshold->offset;
}

/* "notice=50" or "notice=50%". */
static int parse_threshold(const char *word, struct alert *alert, struct error *err)
{
	const char *equals = strchr(word, '=');
	const struct threshold *t = NULL;
	unsigned long n;
	char *end;
	size_t i;

	for (i = 0; equals && i < ARRAY_SIZE(thresholds); i++) {
		if (strlen(thresholds[i].name) == (size_t)(equals - word) &&
		    !strncmp(word, thresholds[i].name, equals - word))
			t = &thresholds[i];
	}
	if (!t)
		return error_set(err, EXIT_USAGE, "\"%s\" sets no threshold; write "
				 "notice=N,warning=N,critical=N,clear=N or some of them", word);
	n = strtoul(equals + 1, &end, 10);
	if (!isdigit((unsigned char)equals[1]) || (*end && strcmp(end, "%") != 0) ||
	    n < t->min || n > t->max)
		return error_set(err, EXIT_USAGE, "%s is a percentage from %u to %u", t->name,
				 t->min, t->max);
	*threshold_of(alert, t) = n;
	alert->told |= TOLD(t->attr);
	return EXIT_OK;
}

static int parse_thresholds(const char *list, struct alert *alert, struct error *err)
{
	char *copy = strdup(list), *rest = copy, *word;
	int ret = EXIT_OK;

	if (!copy)
		return error_set(err, EXIT_RUNTIME, "out of memory");
	*alert = (struct alert){ 0 };
	while (!ret && (word = strsep(&rest, ",")))
		ret = parse_threshold(word, alert, err);
	free(copy);
	return ret;
}

static void show_thresholds(const struct ephstat *es, struct alert *alert)
{
	struct text text = { 0 };
	struct json_doc doc;
	size_t i;

	if (!es->json) {
		for (i = 0; i < ARRAY_SIZE(thresholds); i++) {
			text_str(&text, thresholds[i].name);
			text_u64_right(&text, *threshold_of(alert, &thresholds[i]), 12);
			text_str(&text, i < 3 ? "%" : "% below a threshold its level is left");
			text_line(&text, es->out);
		}
		return;
	}
	json_open(&doc, es->out);
	json_member(&doc, "schema", json_object_new_int(JSON_SCHEMA));
	for (i = 0; i < ARRAY_SIZE(thresholds); i++)
		json_member(&doc, thresholds[i].name,
			    json_object_new_int(*threshold_of(alert, &thresholds[i])));
	json_close(&doc);
}

static bool is_failure(const struct alert *alert)
{
	return told(alert, EPHPORTS_A_ALERT_FAILURES);
}

static void write_subject(struct text *text, const struct alert *alert)
{
	text_str(text, proto_name(alert->proto));
	if (alert->local.len) {
		text_char(text, ' ');
		text_address(text, &alert->local);
	}
	if (alert->peer.len) {
		text_str(text, " -> ");
		text_endpoint(text, &alert->peer, 0, alert->peer_port);
	}
}

static void write_text(const struct alert *alert, FILE *out)
{
	struct text text = { 0 };

	text_time(&text, alert->time_ns);
	text_char(&text, ' ');
	text_str(&text, level_name(alert->level));
	text_str(&text, ": ");
	write_subject(&text, alert);
	if (is_failure(alert)) {
		text_char(&text, ' ');
		text_str(&text, op_name(alert->origin));
		text_str(&text, " found no free port, ");
		text_u64(&text, alert->failures);
		text_str(&text, alert->failures == 1 ? " failure" : " failures");
		text_str(&text, " since loading");
	} else {
		text_char(&text, ' ');
		text_percent(&text, alert->used, alert->capacity);
		text_str(&text, ", ");
		text_u64(&text, alert->used);
		text_str(&text, " of ");
		text_u64(&text, alert->capacity);
		text_str(&text, alert->peer.len ? " ports gone, was " : " ports in use, was ");
		text_str(&text, level_name(alert->was));
	}
	text_str(&text, ", netns ");
	text_u64(&text, alert->netns);
	text_line(&text, out);
}

static struct json_object *told_u64(const struct alert *alert, int attr, uint64_t n)
{
	return told(alert, attr) ? json_object_new_uint64(n) : NULL;
}

static struct json_object *alert_json(const struct alert *alert)
{
	struct json_object *obj = json_object_new_object();

	json_put(obj, "schema", json_object_new_int(JSON_SCHEMA));
	json_put_str(obj, "kind", is_failure(alert) ? "failure" : "threshold");
	json_put_u64(obj, "time_ns", alert->time_ns);
	json_put_u64(obj, "netns", alert->netns);
	json_put_str(obj, "level", level_name(alert->level));
	json_put_str(obj, "was", told(alert, EPHPORTS_A_ALERT_WAS) ?
				 level_name(alert->was) : NULL);
	json_put_str(obj, "proto", proto_name(alert->proto));
	json_put(obj, "local_addr", json_address(&alert->local));
	json_put(obj, "peer_addr", json_address(&alert->peer));
	json_put(obj, "peer_port", told_u64(alert, EPHPORTS_A_ALERT_PEER_PORT, alert->peer_port));
	json_put(obj, "used", told_u64(alert, EPHPORTS_A_ALERT_USED, alert->used));
	json_put(obj, "capacity", told_u64(alert, EPHPORTS_A_ALERT_CAPACITY, alert->capacity));
	json_put_str(obj, "op", is_failure(alert) ? op_name(alert->origin) : NULL);
	json_put(obj, "failures", told_u64(alert, EPHPORTS_A_ALERT_FAILURES, alert->failures));
	return obj;
}

/* Each line goes out at once: somebody waits for it. */
static int tell_alert(const struct alert *alert, void *arg)
{
	const struct ephstat *es = arg;

	if (alert && es->filter.proto && alert->proto != es->filter.proto)
		return EXIT_OK;
	if (!alert && !es->json) {
		fputs("ephstat: alerts were lost, they came faster than they were read; "
		      "ephstat shows how it stands\n", stderr);
		return EXIT_OK;
	}
	if (!es->json)
		write_text(alert, es->out);
	else if (alert)
		json_line(alert_json(alert), es->out);
	else
		fprintf(es->out, "{\"schema\":%d,\"kind\":\"lost\"}\n", JSON_SCHEMA);
	return fflush(es->out) || ferror(es->out) ? EXIT_RUNTIME : EXIT_OK;
}

int cmd_alerts(struct ephstat *es, int argc, char **argv, struct error *err)
{
	struct alert alert;
	struct nl *nl;
	int ret = EXIT_OK;

	(void)argc;
	(void)argv;
	if (es->set && es->follow)
		return error_set(err, EXIT_USAGE, "--set and --follow exclude each other");
	if (es->set)
		ret = parse_thresholds(es->set, &alert, err);
	if (!ret)
		ret = nl_open(&nl, err);
	if (ret)
		return ret;
	if (es->follow) {
		ret = nl_follow_alerts(nl, tell_alert, es, err);
	} else {
		if (es->set)
			ret = nl_alert_set(nl, &alert, err);
		if (!ret)
			ret = nl_alert_get(nl, &alert, err);
		if (!ret)
			show_thresholds(es, &alert);
	}
	nl_close(nl);
	return ret;
}
