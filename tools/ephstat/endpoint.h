/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EPHSTAT_ENDPOINT_H
#define EPHSTAT_ENDPOINT_H

#include "filter.h"

struct ports {
	int low;
	int high;
};

/*
 * ":80", "80", ":http" or ":1000-2000". Returns an exit code. A word is looked up in
 * /etc/services; a range of ports is told by low != high.
 */
int ports_parse(const char *text, struct ports *ports, struct error *err);

/*
 * "ADDR[/BITS][:PORTS]", an IPv6 address in brackets if ports follow; "*" and "any" and nothing
 * stand for any address (@prefix has none then), as a missing port for any port (low is -1 then).
 */
int endpoint_parse(const char *text, struct prefix *prefix, struct ports *ports,
		   struct error *err);

#endif
