// SPDX-License-Identifier: GPL-2.0
/* What ephstat why found out, in words: sentences that each tell one thing and its number. */
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "counts.h"
#include "names.h"
#include "tty.h"
#include "util.h"
#include "who.h"
#include "why.h"

/* Searching is told of where it is felt: past half of the range. */
#define SLOW_NS	1000000

/* The sentences are put together in one struct text after the other. */
void why_say(FILE *out, struct text *text)
{
	fputs(text_get(text), out);
	text->len = 0;
}

static void text_number(struct text *text, double n)
{
	text_u64(text, (uint64_t)(n + 0.5));
}

/* "331", "0.4" a second. */
static void text_per_second(struct text *text, double rate)
{
	text_rate(text, (uint64_t)(rate * 1000 + 0.5), 1000ull * 1000000000);
	text_str(text, "/s");
}

static void text_seconds(struct text *text, double seconds)
{
	if (seconds > 1e9)
		text_str(text, "more than 30 years");
	else
		text_duration(text, (uint64_t)(seconds * 1e9));
}

/* "tcp 10.0.0.5 -> 10.0.0.9:5432"; without a destination the protocol. */
static void text_dest(struct text *text, const struct dest *dest)
{
	text_str(text, proto_name(dest->proto));
	if (!dest->peer.len)
		return;
	text_char(text, ' ');
	if (dest->local.len) {
		text_address(text, &dest->local);
		text_str(text, " -> ");
	}
	text_endpoint(text, &dest->peer, 0, dest->peer_port);
}

static void say_how_full(const struct why *why, struct text *text)
{
	const struct dest *dest = &why->dest;

	if (!why->is_short)
		text_str(text, why->is_about ? "Not short: " : "Nothing is short. The fullest is ");
	text_dest(text, dest);
	text_str(text, ": ");
	text_u64(text, dest->headroom);
	text_str(text, " of ");
	text_u64(text, dest_room(dest));
	text_str(text, dest->headroom == 1 ? " port is" : " ports are");
	text_str(text, dest->peer.len ? " left for it (" : " left (");
	text_percent(text, dest_gone(dest), dest_room(dest));
	text_str(text, " gone).");
}

static void say_held(const struct why *why, struct text *text)
{
	const struct dest *dest = &why->dest;

	if (!dest->used) {
		if (dest->peer.len)
			text_str(text, " Nothing is held towards it.");
		else if (!why_fresh(why, dest->proto)->bound)
			text_str(text, " Nothing is held.");
		return;
	}
	text_str(text, dest->peer.len ? " Held towards it: " : " Held: ");
	text_u64(text, dest->used);
	text_str(text, " (");
	counts_text(text, dest->counts.states, EPHPORTS_STATE_MAX + 1, state_name, TEXT_ROOM / 2);
	text_str(text, ").");
	if (why->cause != CAUSE_EARLY_BIND && dest->proto == IPPROTO_TCP &&
	    dest->counts.origins[EPHPORTS_ORIGIN_BIND] * 2ull >= dest->used)
		text_str(text, " They were bound before they connected, which takes their ports "
			 "from all other destinations, too.");
	if (why->pid_used) {
		text_str(text, " The process that you ask about holds ");
		text_u64(text, why->pid_used);
		text_str(text, " ports in all.");
	}
}

/* Ports that are lost to all destinations alike. */
static void say_lost(const struct why *why, struct text *text)
{
	const struct dest *fresh = why_fresh(why, why->dest.proto);

	if (fresh->bound) {
		text_str(text, " bind() took ");
		text_u64(text, fresh->bound);
		text_str(text, " from every destination, ");
		text_u64(text, fresh->early);
		text_str(text, " of them early, before a connect.");
	}
	if (why->bound_only) {
		text_char(text, ' ');
		text_u64(text, why->bound_only);
		text_str(text, why->bound_only == 1 ? " socket is" : " sockets are");
		text_str(text, " bound and not connected.");
	}
	if (fresh->reserved) {
		text_char(text, ' ');
		text_u64(text, fresh->reserved);
		text_str(text, " more are reserved.");
	}
}

static void say_cause(const struct why *why, struct text *text)
{
	if (why->cause == CAUSE_NONE || (!why->is_short && !why->is_about))
		return;
	text_char(text, ' ');
	text_str(text, cause_text(why->cause));
}

/* "curl[123] (uid 0, web.service)" */
static void text_owner(struct text *text, const struct who *who)
{
	const char *path = told(who, EPHPORTS_A_OWNER_CGROUP) ? cgroup_path(who->cgroup) : NULL;

	who_short(text, who);
	if (!told(who, EPHPORTS_A_OWNER_UID))
		return;
	text_str(text, " (uid ");
	text_u64(text, who->uid);
	if (path && strcmp(path, "/") != 0) {
		text_str(text, ", ");
		who_unit(text, who);
	}
	text_char(text, ')');
}

static void say_owner(const struct why *why, struct text *text)
{
	const struct owner *owner = &why->owner;

	if (!owner->used || !told(&owner->who, EPHPORTS_A_OWNER_REASON))
		return;
	text_str(text, " Most are held by ");
	text_owner(text, &owner->who);
	text_str(text, ": ");
	text_u64(text, owner->used);
	text_char(text, '.');
}

static void say_rate(const struct forecast *cast, struct text *text)
{
	text_str(text, " In the last ");
	text_seconds(text, cast->window_s);
	text_char(text, ' ');
	text_per_second(text, cast->taken_rate);
	text_str(text, " were taken, ");
	if (cast->given_rate > 0)
		text_per_second(text, cast->given_rate);
	else
		text_str(text, "none");
	text_str(text, " given back");
	if (cast->held_s > 0) {
		text_str(text, cast->given_rate > 0 ? ", held for " : ", to be held for ");
		text_seconds(text, cast->held_s);
		text_str(text, " each");
	}
}

static void say_clock(const struct why *why, struct text *text)
{
	const struct forecast *cast = &why->cast;
	uint32_t limit = why->dest.used + why->dest.headroom;

	if (!why->dest.used)
		return;
	if (cast->is == FORECAST_UNKNOWN) {
		text_str(text, " It is too early to tell how fast that changes.");
		return;
	}
	if (cast->is == FORECAST_IDLE) {
		text_str(text, " None was taken lately.");
		return;
	}
	say_rate(cast, text);
	switch (cast->is) {
	case FORECAST_FULL:
		text_str(text, ": it is full now.");
		break;
	case FORECAST_FALLS:
		text_str(text, ": it falls to about ");
		text_number(text, cast->level);
		text_char(text, '.');
		break;
	case FORECAST_FILLS:
		text_str(text, ": full in ");
		text_seconds(text, cast->seconds);
		if (cast->needed > 0) {
			text_str(text, ", because it would take ");
			text_number(text, cast->needed);
			text_str(text, " ports of ");
			text_u64(text, limit);
		}
		text_char(text, '.');
		break;
	default:
		text_str(text, cast->is == FORECAST_STEADY ? ": never full, it stays at about " :
							     ": never full, it levels off at ");
		text_number(text, cast->level);
		text_str(text, " of ");
		text_u64(text, limit);
		text_char(text, '.');
	}
}

static void say_since(const struct why *why, struct text *text)
{
	const struct dest *dest = &why->dest;

	if (dest->traffic.oldest_ns) {
		text_str(text, " The oldest was taken ");
		text_duration(text, dest->traffic.oldest_ns);
		text_str(text, " ago.");
	}
	if (dest->search_ns >= SLOW_NS && dest_gone(dest) * 2ull >= dest_room(dest)) {
		text_str(text, " More than half is gone, which makes each search for a port long: "
			 "the longest took ");
		text_duration(text, dest->search_ns);
		text_char(text, '.');
	}
}

static void say_refused(const struct why *why, struct text *text)
{
	if (!why->refused)
		return;
	text_char(text, ' ');
	text_u64(text, why->refused);
	text_str(text, why->refused == 1 ? " call was" : " calls were");
	text_str(text, " refused for want of a port, the last ");
	text_duration(text, why->refused_last_ns);
	text_str(text, " ago.");
}

static void say_nat(const struct why *why, struct text *text)
{
	switch (why->nat.is) {
	case NAT_YES:
		text_str(text, " Beside this, the host translates source addresses (");
		text_u64(text, why->nat.connections);
		text_str(text, " connections now): the ports taken for that are conntrack's, no "
			 "socket holds them, and they are not in these numbers; see "
			 "conntrack -L --src-nat.");
		break;
	case NAT_LIKELY:
		text_str(text, " The host seems to translate addresses (rules use ");
		text_str(text, why->nat.by);
		text_str(text, "): ports taken for that are conntrack's, no socket holds them, and "
			 "they are not in these numbers; see conntrack -L --src-nat.");
		break;
	default:
		break;
	}
}

/* ------------------------------------------------------------------------------------------- */

char *why_paragraph(const struct why *why)
{
	static void (*const sentences[])(const struct why *why, struct text *text) = {
		say_how_full, say_held, say_lost, say_cause, say_owner, say_clock, say_since,
		say_refused, say_nat,
	};
	struct text text = { 0 };
	char *paragraph;
	size_t size, i;
	FILE *out = open_memstream(&paragraph, &size);

	if (!out)
		return NULL;
	if (why->port) {
		why_say_port(why, out, &text);
		why_say(out, &text);
	}
	for (i = 0; !why->port && i < ARRAY_SIZE(sentences); i++) {
		sentences[i](why, &text);
		why_say(out, &text);
	}
	return fclose(out) ? NULL : paragraph;
}

/* ---- on the screen ------------------------------------------------------------------------- */

/* Writes @text in lines of @width, those after the first indented. */
static void wrap(FILE *out, const char *text, size_t width, size_t indent)
{
	size_t column = indent;
	bool first = true;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (!first && column + 1 + len > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)len, text);
		column += len;
		text += len + strspn(text + len, " ");
		first = false;
	}
	fputc('\n', out);
}

void why_write_text(const struct why *why)
{
	FILE *out = why->r.es->out;
	char *paragraph = why_paragraph(why);
	struct tty tty;
	size_t width;
	unsigned int i;

	if (!paragraph)
		return;
	tty_look(&tty, out);
	width = tty.columns > 100 ? 100 : tty.columns < 40 ? 40 : tty.columns;
	wrap(out, paragraph, width - 1, 0);
	free(paragraph);
	if (why->n_remedies)
		fprintf(out, "\nWhat helps, and how many more %s it brings as things are now:\n",
			why->port ? "ports" :
			why->dest.proto == IPPROTO_UDP ? "sockets" : "connects");
	for (i = 0; i < why->n_remedies; i++) {
		fprintf(out, "%+8d  ", (int)why->remedies[i].gain);
		wrap(out, why->remedies[i].text, width - 1, 10);
	}
}
