// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "fake.h"

struct fake fake;

int nl_open(struct nl **nl, struct error *err)
{
	*nl = NULL;
	return fake.open_ret ? error_set(err, fake.open_ret, "not today") : EXIT_OK;
}

void nl_close(struct nl *nl)
{
	(void)nl;
}

int nl_info(struct nl *nl, uint32_t netns, struct info *info, struct error *err)
{
	(void)nl;
	(void)err;
	fake.asked_netns = netns;
	*info = fake.infos++ ? fake.after : fake.before;
	return EXIT_OK;
}

int nl_resync(struct nl *nl, struct info *info, struct error *err)
{
	return nl_info(nl, 0, info, err);
}

int nl_ports(struct nl *nl, const struct filter *filter, port_fn fn, void *arg,
	     bool *interrupted, struct error *err)
{
	unsigned long i;

	(void)nl;
	fake.asked = *filter;
	*interrupted = fake.interrupted;
	for (i = 0; i < fake.n_ports; i++) {
		int ret;

		if (fake.fail_at && i + 1 == fake.fail_at)
			return error_set(err, EXIT_RUNTIME, "the dump broke");
		ret = fn(&fake.ports[i % fake.distinct], arg);
		if (ret)
			return ret;
	}
	return EXIT_OK;
}
