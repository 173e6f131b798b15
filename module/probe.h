/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the kernel gives and takes ports: the only place that hooks its functions. */
#ifndef EPHPORTS_PROBE_H
#define EPHPORTS_PROBE_H

#include <linux/types.h>

/* The return probes, by what they follow. */
enum ephports_probe {
	EPHPORTS_PROBE_CONNECT,
	EPHPORTS_PROBE_BIND,
	EPHPORTS_PROBE_UDP,
	EPHPORTS_PROBES
};

/**
 * struct ephports_missed - calls that a return probe should have followed and did not
 * @no_instance: as many calls as it can follow were under way
 * @nested: another probe's handler was running on the CPU
 */
struct ephports_missed {
	u64 no_instance;
	u64 nested;
};

struct ephports_missed ephports_probe_missed_by(enum ephports_probe probe);
u64 ephports_probe_missed(void);
u32 ephports_probe_blind(void);

int ephports_probe_init(void);
void ephports_probe_exit(void);

#endif /* EPHPORTS_PROBE_H */
