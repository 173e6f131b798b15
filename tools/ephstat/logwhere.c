// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "logwhere.h"

void log_where_begin(struct log_where *w, uint32_t asked, bool is_hosts)
{
	*w = (struct log_where){ .asked = asked, .netns = asked, .is_hosts = is_hosts };
	log_boot_id(w->this_boot);
}

void log_where_block(struct log_where *w, const struct log_header *header)
{
	if (header->run == w->run)
		return;
	w->run = header->run;
	w->place = 0;
	w->netns = w->asked;
	w->unknown = w->asked && memcmp(header->boot_id, w->this_boot, LOG_BOOT_ID) != 0;
}

void log_where_place(struct log_where *w, const struct log_place *place)
{
	w->place = place->netns;
	if (!w->unknown || !w->is_hosts || !place->is_hosts)
		return;
	w->netns = place->netns;
	w->unknown = false;
}
