/* SPDX-License-Identifier: GPL-2.0 */
/* What the module does with a filter, for records that come from elsewhere. */
#ifndef EPHSTAT_MATCH_H
#define EPHSTAT_MATCH_H

#include "filter.h"

/* Whether @port passes @filter; network namespaces are not looked at. */
bool filter_passes(const struct filter *filter, const struct port *port);

/* Whether all that passes @narrow passes @wide; if in doubt, not. Of network namespaces, too. */
bool filter_contains(const struct filter *wide, const struct filter *narrow);

#endif
