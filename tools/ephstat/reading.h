/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One look at the module: what is told is held between two questions of how far it can be believed.
 * A loss in between shows in the second, so "lost" and "complete" follow what they are about; text
 * says it on stderr, as soon as it is known.
 */
#ifndef EPHSTAT_READING_H
#define EPHSTAT_READING_H

#include "ephstat.h"
#include "json.h"
#include "netlink.h"
#include "text.h"

struct reading {
	const struct ephstat *es;
	struct nl *nl;
	struct info info;	/* before; after reading_end(): after */
	bool was_bad;
	bool interrupted;	/* for the dumps to set */
	bool header_due;	/* until the first row, or the end: a refusal has none */
	struct json_doc doc;
	struct text row;
	struct error *err;
};

/* Opens the module and, for JSON, the document. If it fails, nothing is open or written. */
int reading_begin(struct reading *r, const struct ephstat *es, struct error *err);

/*
 * Takes the result of what was done since, closes everything, and returns the result of it all. A
 * document is complete JSON also if something failed, and says then that it is not complete.
 */
int reading_end(struct reading *r, int ret);

/* Whether everything so far can be believed; the whole truth only after the second question. */
bool reading_is_complete(const struct reading *r);

/* Columns of a table; rows of text that are too long push what follows to the right. */
struct column {
	size_t at;		/* where it starts or, if right, where it ends */
	const char *name;
	bool right;
};

/* Writes the header if it is due. */
void reading_header(struct reading *r, const struct column *columns, size_t n);

/* Ends a row, and returns an exit code for the dump: there is no use in filling a full disk. */
int reading_row(struct reading *r);

#endif
