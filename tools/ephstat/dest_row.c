// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>

#include "counts.h"
#include "dest.h"
#include "names.h"
#include "who.h"

/* Numbers end at their columns, other columns start there. */
enum {
	COL_LOCAL	= 6,
	COL_PEER	= 22,
	COL_USED	= 51,
	COL_GONE	= 58,
	COL_HEADROOM	= 68,
	COL_RATE	= 77,
	COL_HELD	= 79,
	COL_FAILED	= 92,
	COL_NETNS	= 94,
	NETNS_WIDTH	= 12,	/* only there for -A */
	COL_OWNERS	= 94,
	COL_STATES	= 144,
	STATES_WIDTH	= 60,
	OWNERS_WIDTH	= COL_STATES - COL_OWNERS - 2,
};

size_t dest_columns(struct column columns[DEST_COLUMNS], bool netns)
{
	const size_t shift = netns ? NETNS_WIDTH : 0;
	size_t n = 0;

	columns[n++] = (struct column){ 0, "Netid", false };
	columns[n++] = (struct column){ COL_LOCAL, "Local Address", false };
	columns[n++] = (struct column){ COL_PEER, "Peer Address:Port", false };
	columns[n++] = (struct column){ COL_USED, "Used", true };
	columns[n++] = (struct column){ COL_GONE, "Full", true };
	columns[n++] = (struct column){ COL_HEADROOM, "Headroom", true };
	columns[n++] = (struct column){ COL_RATE, "Rate/s", true };
	columns[n++] = (struct column){ COL_HELD, "Held", false };
	columns[n++] = (struct column){ COL_FAILED, "Failed", true };
	if (netns)
		columns[n++] = (struct column){ COL_NETNS, "Netns", false };
	columns[n++] = (struct column){ COL_OWNERS + shift, "Owners", false };
	columns[n++] = (struct column){ COL_STATES + shift, "States", false };
	return n;
}

static void write_name(struct text *row, const struct dest *dest)
{
	if (dest_is_rest(dest)) {
		text_str(row, "-");
		text_column(row, COL_LOCAL);
		text_u64(row, dest->groups);
		text_str(row, dest->groups == 1 ? " other destination" : " other destinations");
		return;
	}
	text_str(row, proto_name(dest->proto));
	text_column(row, COL_LOCAL);
	text_address(row, &dest->local);
	text_column(row, COL_PEER);
	if (dest->peer.len)
		text_endpoint(row, &dest->peer, 0, dest->peer_port);
	else
		text_char(row, '*');
}

/* "curl[1234] 28000, others 232", for as long as there is room. */
static void write_owners(struct text *row, const struct dest *dest)
{
	const size_t start = row->len;
	uint64_t others = dest->others;
	unsigned int i;

	for (i = 0; i < dest->n_owners; i++) {
		const struct share *share = &dest->owners[i];
		const size_t before = row->len;

		text_str(row, i ? ", " : "");
		who_short(row, &share->who);
		text_char(row, ' ');
		text_u64(row, share->used);
		if (i && row->len - start > OWNERS_WIDTH - 14) {
			row->len = before;
			break;
		}
	}
	for (; i < dest->n_owners; i++)
		others += dest->owners[i].used;
	if (others) {
		text_str(row, dest->n_owners ? ", others " : "others ");
		text_u64(row, others);
	} else if (!dest->n_owners) {
		text_char(row, '-');
	}
}

static void write_rate(struct text *row, const struct traffic *traffic)
{
	struct text rate;

	rate.len = 0;
	text_rate(&rate, traffic->born, traffic->window_ns);
	text_str_right(row, text_get(&rate), COL_RATE);
	text_column(row, COL_HELD);
	traffic_held_text(row, traffic);
}

static void write_room(struct text *row, const struct dest *dest)
{
	struct text share;

	if (!told(dest, EPHPORTS_A_DEST_CAPACITY) || !told(dest, EPHPORTS_A_DEST_HEADROOM)) {
		text_str_right(row, "-", COL_GONE);
		text_str_right(row, "-", COL_HEADROOM);
		return;
	}
	share.len = 0;
	text_percent(&share, dest_gone(dest), dest_room(dest));
	text_str_right(row, text_get(&share), COL_GONE);
	text_u64_right(row, dest->headroom, COL_HEADROOM);
}

void dest_row(struct text *row, const struct dest *dest, bool netns)
{
	const size_t shift = netns ? NETNS_WIDTH : 0;

	write_name(row, dest);
	text_u64_right(row, dest->used, COL_USED);
	write_room(row, dest);
	write_rate(row, &dest->traffic);
	text_known_right(row, told(dest, EPHPORTS_A_DEST_FAILURES), dest->failures, COL_FAILED);
	if (netns) {
		text_column(row, COL_NETNS);
		if (told(dest, EPHPORTS_A_DEST_NETNS))
			text_u64(row, dest->netns);
		else
			text_char(row, '-');
	}
	text_column(row, COL_OWNERS + shift);
	write_owners(row, dest);
	text_column(row, COL_STATES + shift);
	counts_text(row, dest->counts.states, EPHPORTS_STATE_MAX + 1, state_name,
		    row->len + STATES_WIDTH);
}

static void write_part(struct text *text, uint64_t n, const char *what)
{
	if (!n)
		return;
	text_str(text, ", ");
	text_u64(text, n);
	text_char(text, ' ');
	text_str(text, what);
}

void dest_new_text(struct text *text, const struct dest *dest, bool netns)
{
	text_str(text, proto_name(dest->proto));
	text_str(text, ": ");
	text_u64(text, dest->range);
	text_str(text, " ports in the range");
	write_part(text, dest->reserved, "reserved");
	write_part(text, dest->bound, "taken by bind()");
	text_str(text, "; ");
	text_u64(text, dest->headroom);
	text_str(text, dest->proto == IPPROTO_UDP ? " left for new sockets" :
						    " left for a new destination");
	if (netns && told(dest, EPHPORTS_A_DEST_NETNS)) {
		text_str(text, ", netns ");
		text_u64(text, dest->netns);
	}
}

/* A number that was told, or null. */
static void put_told(struct json_object *obj, const char *name, const struct dest *dest, int attr,
		     uint64_t n)
{
	json_put(obj, name, told(dest, attr) ? json_object_new_uint64(n) : NULL);
}

static void put_room(struct json_object *obj, const struct dest *dest)
{
	put_told(obj, "capacity", dest, EPHPORTS_A_DEST_CAPACITY, dest->capacity);
	put_told(obj, "headroom", dest, EPHPORTS_A_DEST_HEADROOM, dest->headroom);
	json_put(obj, "full", told(dest, EPHPORTS_A_DEST_HEADROOM) ?
			      json_ratio(dest_gone(dest), dest_room(dest)) : NULL);
	put_told(obj, "early", dest, EPHPORTS_A_DEST_EARLY, dest->early);
}

static struct json_object *owners_json(const struct dest *dest)
{
	struct json_object *array = json_object_new_array();
	unsigned int i;

	for (i = 0; i < dest->n_owners; i++) {
		struct json_object *obj = json_object_new_object();

		who_json(obj, &dest->owners[i].who);
		json_put_u64(obj, "used", dest->owners[i].used);
		json_object_array_add(array, obj);
	}
	return array;
}

struct json_object *dest_json(const struct dest *dest)
{
	struct json_object *obj = json_object_new_object();

	if (dest_is_rest(dest)) {
		json_put_u64(obj, "destinations", dest->groups);
	} else {
		json_put_str(obj, "proto", proto_name(dest->proto));
		json_put_str(obj, "family", told(dest, EPHPORTS_A_DEST_FAMILY) ?
					    family_name(dest->family) : NULL);
		json_put(obj, "local_addr", json_address(&dest->local));
		json_put(obj, "peer_addr", json_address(&dest->peer));
		put_told(obj, "peer_port", dest, EPHPORTS_A_DEST_PEER_PORT, dest->peer_port);
		put_told(obj, "netns", dest, EPHPORTS_A_DEST_NETNS, dest->netns);
	}
	json_put_u64(obj, "used", dest->used);
	if (!dest_is_rest(dest))
		put_room(obj, dest);
	put_told(obj, "reusable", dest, EPHPORTS_A_DEST_REUSABLE, dest->reusable);
	counts_put(obj, &dest->counts);
	traffic_put(obj, &dest->traffic);
	put_told(obj, "search_ns", dest, EPHPORTS_A_DEST_SEARCH, dest->search_ns);
	put_told(obj, "failures", dest, EPHPORTS_A_DEST_FAILURES, dest->failures);
	json_put(obj, "owners", owners_json(dest));
	json_put_u64(obj, "others", dest->others);
	return obj;
}

struct json_object *dest_new_json(const struct dest *dest)
{
	struct json_object *obj = json_object_new_object();

	json_put_str(obj, "proto", proto_name(dest->proto));
	put_told(obj, "netns", dest, EPHPORTS_A_DEST_NETNS, dest->netns);
	put_told(obj, "range_ports", dest, EPHPORTS_A_DEST_RANGE, dest->range);
	put_told(obj, "reserved", dest, EPHPORTS_A_DEST_RESERVED, dest->reserved);
	put_told(obj, "bound", dest, EPHPORTS_A_DEST_BOUND, dest->bound);
	put_room(obj, dest);
	put_told(obj, "tw_reuse", dest, EPHPORTS_A_DEST_TW_REUSE, dest->tw_reuse);
	return obj;
}
