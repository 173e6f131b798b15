/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events that go unseen on purpose, in a build for tests alone (EPHPORTS_FAULTS=y); in any
 * other build all this is nothing.
 */
#ifndef EPHPORTS_FAULT_H
#define EPHPORTS_FAULT_H

#include "compat.h"
#include "probe.h"

#ifdef EPHPORTS_FAULTS

void ephports_fault_wrap(enum ephports_probe probe, struct kretprobe *rp);
bool ephports_fault_drops(const char *symbol, struct ephports_ftrace_regs *regs);
void ephports_fault_walk_begins(void);
void ephports_fault_walk_met(void);
void ephports_fault_walk_sweeps(void);
void ephports_fault_drain(void);

#else

static inline void ephports_fault_wrap(enum ephports_probe probe, struct kretprobe *rp)
{
}

static inline bool ephports_fault_drops(const char *symbol, struct ephports_ftrace_regs *regs)
{
	return false;
}

static inline void ephports_fault_walk_begins(void)
{
}

static inline void ephports_fault_walk_met(void)
{
}

static inline void ephports_fault_walk_sweeps(void)
{
}

static inline void ephports_fault_drain(void)
{
}

#endif

#endif /* EPHPORTS_FAULT_H */
