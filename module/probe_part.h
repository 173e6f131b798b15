/* SPDX-License-Identifier: GPL-2.0-only */
/* The two kinds of probes, for probe.c alone, which arms both or none. Process context, sleeps. */
#ifndef EPHPORTS_PROBE_PART_H
#define EPHPORTS_PROBE_PART_H

int ephports_probe_find_hooks(void);
void ephports_probe_forget_hooks(void);
int ephports_probe_arm_hooks(void);
void ephports_probe_disarm_hooks(void);
int ephports_probe_arm_returns(void);
void ephports_probe_disarm_returns(void);
int ephports_probe_try(void);

#endif /* EPHPORTS_PROBE_PART_H */
