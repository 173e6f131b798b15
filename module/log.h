/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's voice in the kernel log: one line, one sentence. Never in a probe handler. */
#ifndef EPHPORTS_LOG_H
#define EPHPORTS_LOG_H

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/printk.h>

#define EPHPORTS_VERSION	"0.1.0"

#define ephports_err(fmt, ...)	pr_err("ephports: " fmt "\n", ##__VA_ARGS__)
#define ephports_info(fmt, ...)	pr_info("ephports: " fmt "\n", ##__VA_ARGS__)

/* Why a probe cannot be armed; for want of memory, who loads the module is told in main.c. */
static inline void ephports_refuse(int err, const char *what, const char *name)
{
	if (err != -ENOMEM)
		ephports_err("not loaded: %s %s (%pe)", what, name, ERR_PTR(err));
}

#endif /* EPHPORTS_LOG_H */
