// SPDX-License-Identifier: GPL-2.0
/* ephstat -j why: the paragraph, and each of its numbers by itself. */
#include <stdlib.h>

#include "counts.h"
#include "names.h"
#include "util.h"
#include "who.h"
#include "why.h"

static uint64_t to_ns(double seconds)
{
	return seconds >= 1.8e10 ? UINT64_MAX : (uint64_t)(seconds * 1e9);
}

static struct json_object *json_per_second(double rate)
{
	return json_rate((uint64_t)(rate * 1000 + 0.5), 1000 * 1000000000ull);
}

static struct json_object *json_forecast(const struct forecast *cast)
{
	static const char *const words[] = {
		[FORECAST_UNKNOWN] = "unknown", [FORECAST_FULL] = "full",
		[FORECAST_IDLE] = "idle", [FORECAST_FALLS] = "falls",
		[FORECAST_STEADY] = "steady", [FORECAST_LEVELS_OFF] = "levels off",
		[FORECAST_FILLS] = "fills",
	};
	struct json_object *obj = json_object_new_object();

	json_put_str(obj, "verdict", words[cast->is]);
	json_put(obj, "taken_per_second", json_per_second(cast->taken_rate));
	json_put(obj, "released_per_second", json_per_second(cast->given_rate));
	json_put(obj, "held_ns", cast->held_s > 0 ?
				 json_object_new_uint64(to_ns(cast->held_s)) : NULL);
	json_put(obj, "level", cast->level > 0 ?
			       json_object_new_uint64(cast->level + 0.5) : NULL);
	json_put(obj, "needed", cast->needed > 0 ?
				json_object_new_uint64(cast->needed + 0.5) : NULL);
	json_put(obj, "full_in_ns", cast->is == FORECAST_FILLS ?
				    json_object_new_uint64(to_ns(cast->seconds)) : NULL);
	return obj;
}

static struct json_object *json_remedies(const struct why *why)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < why->n_remedies; i++) {
		struct json_object *obj = json_object_new_object();

		json_put_str(obj, "name", why->remedies[i].name);
		json_put_str(obj, "text", why->remedies[i].text);
		json_put_u64(obj, "gain", why->remedies[i].gain);
		json_put(obj, "cures", json_object_new_boolean(why->remedies[i].cures));
		json_object_array_add(array, obj);
	}
	return array;
}

static struct json_object *json_nat(const struct nat *nat)
{
	struct json_object *obj = json_object_new_object();

	json_put_str(obj, "translates", nat_name(nat->is));
	json_put_u64(obj, "connections", nat->connections);
	json_put_str(obj, "by", nat->by);
	return obj;
}

static struct json_object *json_owner(const struct owner *owner)
{
	struct json_object *obj;

	if (!owner->used || !told(&owner->who, EPHPORTS_A_OWNER_REASON))
		return NULL;
	obj = json_object_new_object();
	who_json(obj, &owner->who);
	json_put_u64(obj, "used", owner->used);
	return obj;
}

static void put_dest(struct why *why, struct json_doc *doc)
{
	const struct dest *dest = &why->dest, *fresh = why_fresh(why, dest->proto);
	struct json_object *obj = json_object_new_object();

	json_put_str(obj, "proto", proto_name(dest->proto));
	json_put(obj, "local_addr", json_address(&dest->local));
	json_put(obj, "peer_addr", json_address(&dest->peer));
	json_put(obj, "peer_port", dest->peer.len ? json_object_new_uint64(dest->peer_port) : NULL);
	json_put_u64(obj, "used", dest->used);
	json_put_u64(obj, "headroom", dest->headroom);
	json_put_u64(obj, "capacity", fresh->capacity);
	json_put_u64(obj, "range_ports", fresh->range);
	json_put_u64(obj, "reserved", fresh->reserved);
	json_put_u64(obj, "bound", fresh->bound);
	json_put_u64(obj, "early", dest->early);
	json_put_u64(obj, "bound_only", why->bound_only);
	json_put_u64(obj, "reusable", dest->reusable);
	counts_put(obj, &dest->counts);
	traffic_put(obj, &dest->traffic);
	json_put_u64(obj, "search_ns", dest->search_ns);
	json_put(obj, "owner", json_owner(&why->owner));
	json_put_u64(obj, "refused", why->refused);
	json_put(obj, "refused_last_ago_ns", why->refused ?
					     json_object_new_uint64(why->refused_last_ns) : NULL);
	json_member(doc, "short", json_object_new_boolean(why->is_short));
	json_member(doc, "cause", json_object_new_string(cause_name(why->cause)));
	json_member(doc, "dest", obj);
	json_member(doc, "forecast", json_forecast(&why->cast));
}

static struct json_object *json_theft(const struct failure *theft)
{
	struct json_object *obj;

	if (!theft->told)
		return NULL;
	obj = json_object_new_object();
	who_json(obj, &theft->who);
	json_put_u64(obj, "count", theft->count);
	json_put_u64(obj, "first_ns", theft->first_ns);
	json_put_u64(obj, "last_ns", theft->last_ns);
	return obj;
}

static void put_port(struct why *why, struct json_doc *doc)
{
	unsigned int i;

	json_member(doc, "port", json_object_new_uint64(why->port));
	json_member(doc, "stolen_from", json_theft(&why->theft));
	json_member(doc, "sockets", json_object_new_uint64(why->n_holders));
	json_array_open(doc, "holders");
	for (i = 0; i < why->n_holders && i < ARRAY_SIZE(why->holders); i++)
		json_row(doc, json_port(&why->holders[i]));
	json_array_close(doc);
}

void why_put_json(struct why *why)
{
	struct json_doc *doc = &why->r.doc;
	char *paragraph = why_paragraph(why);

	json_member(doc, "text", paragraph ? json_text(paragraph) : NULL);
	free(paragraph);
	if (why->port)
		put_port(why, doc);
	else
		put_dest(why, doc);
	json_member(doc, "remedies", json_remedies(why));
	json_member(doc, "nat", json_nat(&why->nat));
}
