/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's voice in the kernel log: one line, one sentence. Never in a probe handler. */
#ifndef EPHPORTS_LOG_H
#define EPHPORTS_LOG_H

#include <linux/module.h>
#include <linux/printk.h>

#define EPHPORTS_VERSION	"0.1.0"

#define ephports_err(fmt, ...)	pr_err("ephports: " fmt "\n", ##__VA_ARGS__)
#define ephports_info(fmt, ...)	pr_info("ephports: " fmt "\n", ##__VA_ARGS__)

#endif /* EPHPORTS_LOG_H */
