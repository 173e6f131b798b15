/* SPDX-License-Identifier: GPL-2.0 */
/* What the two sides of a block have in common. */
#ifndef EPHSTAT_LOGCOLUMNS_H
#define EPHSTAT_LOGCOLUMNS_H

/* Alike things lie together, so that they compress. Numbers only grow. */
enum log_column {
	COL_TYPE,
	COL_TIME,	/* since the record before, signed */
	COL_SEQ,	/* likewise, beyond the one that is expected */
	COL_SHAPE,	/* which attributes are told, and those with few values */
	COL_ID,		/* signed, from the record before */
	COL_COOKIE,	/* likewise */
	COL_PORT,	/* two bytes */
	COL_LOCAL,
	COL_PEER,
	COL_OWNER,
	COL_AGE,
	COL_TIME_WAIT,
	COL_REST,	/* of what is rare */
	COL_WORDS,	/* of the tables: length and bytes, in the order of their first use */

	COLUMNS,
};

/* What is told once and then by number; in the columns of their names. */
enum log_table {
	TABLE_SHAPES,
	TABLE_LOCALS,
	TABLE_PEERS,
	TABLE_OWNERS,

	TABLES,
};

#endif
