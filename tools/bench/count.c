// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plugin of QEMU that counts how often each stretch of the guest's code runs, and writes at the
 * end "address instructions times" for each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "plugin.h"

/* A stretch as it was translated; one that is translated again is counted anew. */
struct stretch {
	struct stretch *next;
	uint64_t address;
	uint64_t instructions;
	uint64_t times;
};

static struct stretch *stretches;
static FILE *out;

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct stretch *s = calloc(1, sizeof(*s));

	(void)id;
	if (!s)
		return;
	s->address = qemu_plugin_tb_vaddr(tb);
	s->instructions = qemu_plugin_tb_n_insns(tb);
	s->next = stretches;
	stretches = s;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, PLUGIN_INLINE_ADD_U64, &s->times, 1);
}

static void write_out(qemu_plugin_id_t id, void *arg)
{
	const struct stretch *s;

	(void)id;
	(void)arg;
	for (s = stretches; s; s = s->next)
		if (s->times)
			fprintf(out, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", s->address,
				s->instructions, s->times);
	fclose(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	(void)info;
	out = open_out(argc, argv);
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, write_out, NULL);
	return 0;
}
