/* SPDX-License-Identifier: GPL-2.0 */
/* What the module does with a filter, for records that come from elsewhere. */
#ifndef EPHSTAT_MATCH_H
#define EPHSTAT_MATCH_H

#include "filter.h"
#include "usage.h"

/* Whether @port passes @filter; network namespaces are not looked at. */
bool filter_passes(const struct filter *filter, const struct port *port);

/*
 * Whether it does not, and may once it is connected, or UDP's anew: both ends change then, and no
 * event tells.
 */
bool filter_may_pass(const struct filter *filter, const struct port *port);

/*
 * Likewise a refusal. What its socket was doing is not told: with a filter on states, none
 * passes.
 */
bool filter_passes_failure(const struct filter *filter, const struct failure *failure);

/* Whether all that passes @narrow passes @wide; if in doubt, not. Of network namespaces, too. */
bool filter_contains(const struct filter *wide, const struct filter *narrow);

#endif
