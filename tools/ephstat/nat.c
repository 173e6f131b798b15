// SPDX-License-Identifier: GPL-2.0
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nat.h"
#include "nsfile.h"
#include "util.h"

/* A table of millions is not read to its end: what is asked is whether there is one. */
#define LINES_MAX	100000

/* Each expression or target of a rule counts as a use of its module. */
static const char *const translators[] = {
	"nft_masq", "nft_nat", "nft_redir", "xt_MASQUERADE", "xt_nat", "ipt_MASQUERADE",
	"nft_chain_nat", "iptable_nat", "ip6table_nat", "openvswitch",
};

const char *nat_name(enum nat_is is)
{
	static const char *const names[] = {
		[NAT_NO] = "no", [NAT_UNKNOWN] = "unknown", [NAT_LIKELY] = "likely",
		[NAT_YES] = "yes",
	};

	return names[is];
}

/* The value of the @nth @key, which starts with a space, up to the next one. */
static bool find_value(const char *line, const char *key, unsigned int nth, char *value,
		       size_t size)
{
	for (; (line = strstr(line, key)); line += strlen(key)) {
		if (nth--)
			continue;
		line += strlen(key);
		snprintf(value, size, "%.*s", (int)strcspn(line, " \n"), line);
		return true;
	}
	return false;
}

/* The source is translated if replies go to somebody else than who sent, or to another port. */
static bool is_translated(const char *line)
{
	char sender[64], to[64], port[8], to_port[8];

	if (!find_value(line, " src=", 0, sender, sizeof(sender)) ||
	    !find_value(line, " dst=", 1, to, sizeof(to)))
		return false;
	if (strcmp(sender, to) != 0)
		return true;
	return find_value(line, " sport=", 0, port, sizeof(port)) &&
	       find_value(line, " dport=", 1, to_port, sizeof(to_port)) &&
	       strcmp(port, to_port) != 0;
}

/* Returns whether conntrack's table can be read. */
static bool read_conntrack(struct nat *nat, uint32_t netns)
{
	int fd = nsfile_open(netns, "/proc/self/net/nf_conntrack");
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	unsigned int lines = 0;
	char line[512];

	if (!file)
		return false;
	while (lines++ < LINES_MAX && fgets(line, sizeof(line), file))
		nat->connections += is_translated(line);
	fclose(file);
	return true;
}

/* "nft_masq 16384 1 - Live 0x0": the third word counts the uses. */
static bool find_translator(struct nat *nat, FILE *modules)
{
	char line[1024], name[64];
	unsigned int uses;
	size_t i;

	while (fgets(line, sizeof(line), modules)) {
		if (sscanf(line, "%63s %*u %u", name, &uses) != 2 || !uses)
			continue;
		for (i = 0; i < ARRAY_SIZE(translators); i++) {
			if (strcmp(name, translators[i]) != 0)
				continue;
			nat->by = translators[i];
			return true;
		}
	}
	return false;
}

void nat_look(struct nat *nat, uint32_t netns)
{
	FILE *modules;
	bool told;

	*nat = (struct nat){ .is = NAT_UNKNOWN };
	told = read_conntrack(nat, netns);
	if (nat->connections) {
		nat->is = NAT_YES;
		return;
	}
	modules = fopen("/proc/modules", "r");
	if (modules) {
		if (find_translator(nat, modules))
			nat->is = NAT_LIKELY;
		else if (told || access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK) != 0)
			nat->is = NAT_NO;
		fclose(modules);
	}
}
