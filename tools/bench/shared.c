// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plugin of QEMU that counts which CPUs write the cache lines of the kernel's memory, and how
 * often: where it allocates areas and has its modules, whoever does; elsewhere, as far as the code
 * does that is between the addresses of a line "begin end" of the file code=FILE. At the end it
 * writes "address writes others" for each, the last being writes by others than the CPU that wrote
 * this line most. What was counted is forgotten whenever the guest comes to the code at
 * start=ADDRESS. For CPUs that take turns in one thread: nothing here is locked.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin.h"

/* x86-64 with nokaslr and no5lvl. */
#define KERNEL_SPACE	0xffff800000000000ull
#define AREAS		0xffffc90000000000ull
#define AREAS_END	0xffffe90000000000ull
#define MODULES		0xffffffffa0000000ull

#define LINE_BITS	6
#define PAGE_BITS	12
#define LINES		(1 << (PAGE_BITS - LINE_BITS))
#define TABLE_BITS	20
#define CPUS		64
#define RANGES		256

struct line {
	uint32_t writes[CPUS];
};

struct page {
	uint64_t number;	/* address >> PAGE_BITS; 0: none */
	struct line lines[LINES];
};

static struct page *pages[1 << TABLE_BITS];
static struct {
	uint64_t begin;
	uint64_t end;
} code[RANGES];
static size_t ranges;
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

/* @counts: not NULL if by code of the file */
static void written(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t address, void *counts)
{
	struct page *page;

	/* QEMU 7.2 tells of loads, too, to who asks for stores. */
	if (address < KERNEL_SPACE || !qemu_plugin_mem_is_store(info))
		return;
	if (!counts && (address < AREAS || address >= AREAS_END) && address < MODULES)
		return;
	page = find_page(address >> PAGE_BITS);
	page->lines[address >> LINE_BITS & (LINES - 1)].writes[cpu % CPUS]++;
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

static bool counts_everywhere(uint64_t address)
{
	size_t i;

	for (i = 0; i < ranges; i++)
		if (address >= code[i].begin && address < code[i].end)
			return true;
	return false;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);
	struct qemu_plugin_insn *insn;

	(void)id;
	if (qemu_plugin_tb_vaddr(tb) < KERNEL_SPACE)
		return;
	if (qemu_plugin_tb_vaddr(tb) == start)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, forget, PLUGIN_CB_NO_REGS, NULL);
	for (i = 0; i < n; i++) {
		insn = qemu_plugin_tb_get_insn(tb, i);
		qemu_plugin_register_vcpu_mem_cb(insn, written, PLUGIN_CB_NO_REGS, PLUGIN_MEM_W,
						 counts_everywhere(qemu_plugin_insn_vaddr(insn)) ?
						 code : NULL);
	}
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

static void read_code(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file)
		return;
	while (fscanf(file, "%" SCNx64 " %" SCNx64, &code[ranges].begin, &code[ranges].end) == 2)
		if (++ranges == RANGES)
			abort();
	fclose(file);
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++)
		if (!strncmp(argv[i], "start=", 6))
			start = strtoull(argv[i] + 6, NULL, 16);
		else if (!strncmp(argv[i], "code=", 5))
			read_code(argv[i] + 5);
	out = open_out(argc, argv);
	if (!out || !ranges)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, write_out, NULL);
	return 0;
}
