// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "logfile.h"

/* What follows the magic: the sum of the rest comes first. */
struct wire {
	char magic[LOG_MAGIC_SIZE];
	uint32_t crc;
	uint32_t size;
	uint32_t raw;
	uint32_t spare;
	uint64_t run;
	uint64_t number;
	uint64_t first_ns;
	uint64_t until_ns;
	uint64_t wall_ns;
	uint64_t loading;
	uint8_t boot_id[LOG_BOOT_ID];
	uint64_t spare2;
};

_Static_assert(sizeof(struct wire) == LOG_HEADER_SIZE, "a header has no holes");

/* CRC-32 as in zlib, a bit at a time: there are few headers. */
static uint32_t crc32(const uint8_t *from, size_t len)
{
	uint32_t crc = ~0u;
	int bit;

	while (len--) {
		crc ^= *from++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static uint32_t wire_crc(const struct wire *wire)
{
	return crc32((const uint8_t *)&wire->size,
		     sizeof(*wire) - offsetof(struct wire, size));
}

void log_header_write(const struct log_header *header, uint8_t *to)
{
	struct wire wire = {
		.size = htole32(header->size), .raw = htole32(header->raw),
		.run = htole64(header->run), .number = htole64(header->number),
		.first_ns = htole64(header->first_ns), .until_ns = htole64(header->until_ns),
		.wall_ns = htole64((uint64_t)header->wall_ns),
		.loading = htole64(header->loading),
	};

	memcpy(wire.magic, LOG_MAGIC, sizeof(wire.magic));
	memcpy(wire.boot_id, header->boot_id, sizeof(wire.boot_id));
	wire.crc = htole32(wire_crc(&wire));
	memcpy(to, &wire, sizeof(wire));
}

bool log_header_read(struct log_header *header, const uint8_t *from)
{
	struct wire wire;

	memcpy(&wire, from, sizeof(wire));
	if (memcmp(wire.magic, LOG_MAGIC, sizeof(wire.magic)) != 0 ||
	    le32toh(wire.crc) != wire_crc(&wire))
		return false;
	*header = (struct log_header){
		.size = le32toh(wire.size), .raw = le32toh(wire.raw), .run = le64toh(wire.run),
		.number = le64toh(wire.number), .first_ns = le64toh(wire.first_ns),
		.until_ns = le64toh(wire.until_ns), .wall_ns = (int64_t)le64toh(wire.wall_ns),
		.loading = le64toh(wire.loading),
	};
	memcpy(header->boot_id, wire.boot_id, sizeof(wire.boot_id));
	return header->raw <= LOG_RAW_MAX;
}

void log_boot_id(uint8_t id[LOG_BOOT_ID])
{
	char text[64] = "", *at = text;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	unsigned int i, byte;

	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) > 0) {
		for (i = 0; i < LOG_BOOT_ID && sscanf(at, "%2x", &byte) == 1; i++) {
			id[i] = byte;
			at += 2 + (at[2] == '-');
		}
	}
	close(fd);
}
