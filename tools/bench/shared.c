// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plugin of QEMU that counts which CPUs write the cache lines of the kernel's vmalloc area, where
 * all that ephports shares between CPUs is, and how often; at the end it writes "address writes
 * others" for each, the last being writes by others than the CPU that wrote this line most. What
 * was counted is forgotten whenever the guest comes to the code at start=ADDRESS. For CPUs that
 * take turns in one thread: nothing here is locked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* x86-64 with nokaslr and no5lvl. */
#define KERNEL_SPACE	0xffff800000000000ull
#define AREA		0xffffc90000000000ull
#define AREA_END	0xffffe90000000000ull

#define LINE_BITS	6
#define PAGE_BITS	12
#define LINES		(1 << (PAGE_BITS - LINE_BITS))
#define TABLE_BITS	20
#define CPUS		64

struct line {
	uint32_t writes[CPUS];
};

struct page {
	uint64_t number;	/* address >> PAGE_BITS; 0: none */
	struct line lines[LINES];
};

static struct page *pages[1 << TABLE_BITS];
static uint64_t start;
static FILE *out;

static struct page *find_page(uint64_t number)
{
	size_t i = number * 0x9e3779b97f4a7c15ull >> (64 - TABLE_BITS);

	for (; pages[i]; i = (i + 1) % (1 << TABLE_BITS))
		if (pages[i]->number == number)
			return pages[i];
	pages[i] = calloc(1, sizeof(*pages[i]));
	if (!pages[i])
		abort();
	pages[i]->number = number;
	return pages[i];
}

static void written(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t address, void *arg)
{
	(void)info;
	(void)arg;
	if (address < AREA || address >= AREA_END)
		return;
	find_page(address >> PAGE_BITS)->lines[address >> LINE_BITS & (LINES - 1)].writes[cpu % CPUS]++;
}

static void forget(unsigned int cpu, void *arg)
{
	size_t i;

	(void)cpu;
	(void)arg;
	for (i = 0; i < 1 << TABLE_BITS; i++)
		if (pages[i])
			memset(pages[i]->lines, 0, sizeof(pages[i]->lines));
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	if (qemu_plugin_tb_vaddr(tb) < KERNEL_SPACE)
		return;
	if (qemu_plugin_tb_vaddr(tb) == start)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, forget, PLUGIN_CB_NO_REGS, NULL);
	for (i = 0; i < n; i++)
		qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i), written,
						 PLUGIN_CB_NO_REGS, PLUGIN_MEM_W, NULL);
}

static void write_line(uint64_t address, const struct line *line)
{
	uint64_t sum = 0, most = 0;
	unsigned int i;

	for (i = 0; i < CPUS; i++) {
		sum += line->writes[i];
		if (line->writes[i] > most)
			most = line->writes[i];
	}
	if (sum)
		fprintf(out, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", address, sum, sum - most);
}

static void write_out(qemu_plugin_id_t id, void *arg)
{
	size_t i, k;

	(void)id;
	(void)arg;
	for (i = 0; i < 1 << TABLE_BITS; i++)
		for (k = 0; pages[i] && k < LINES; k++)
			write_line(pages[i]->number << PAGE_BITS | k << LINE_BITS,
				   &pages[i]->lines[k]);
	fclose(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], "start=", 6))
			start = strtoull(argv[i] + 6, NULL, 16);
	out = open_out(argc, argv);
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, write_out, NULL);
	return 0;
}
