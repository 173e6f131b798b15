/* SPDX-License-Identifier: GPL-2.0 */
/* Which attribute goes where: the sets of attributes of the contract as tables. */
#ifndef EPHSTAT_FIELDS_H
#define EPHSTAT_FIELDS_H

#include <stdint.h>

/* How the value of an attribute is read. */
enum kind {
	SKIP,
	NUMBER,		/* as long as the member: FIELD() makes it one of the next four */
	U8,
	U16,
	U32,
	U64,
	ADDRESS,	/* a struct address */
	STRING,		/* ended by a NUL or by the attribute, cut to what fits */
	COUNTS,		/* uint32_t each; those without a place go to the first */
	HISTOGRAM,	/* uint64_t each, as many as there are */
	COUNTERS,	/* a nest of uint64_t, by the number of the attribute */
	RECORD,		/* a nest with a struct of its own */
	ROW,		/* likewise, for the next one of an array; more than fit are passed over */
};

struct field {
	uint16_t offset;
	uint16_t size;		/* of a ROW: of one of them */
	uint8_t kind;
	uint8_t rows;
	uint16_t count;		/* offset of the unsigned int that counts rows or numbers */
	const struct set *set;	/* of a RECORD or ROW */
};

struct set {
	const struct field *fields;
	uint16_t max;
	uint16_t told;		/* offset of the uint64_t */
};

extern const struct set port_set;
extern const struct set info_set;
extern const struct set dest_set;
extern const struct set owner_set;
extern const struct set failure_set;
extern const struct set hist_set;
extern const struct set holder_set;
extern const struct set picture_set;
extern const struct set alert_set;
extern const struct set event_set;

#endif
