/* SPDX-License-Identifier: GPL-2.0 */
/* What the workloads of the bench share. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include <stdint.h>

/*
 * A kind of traffic: @start gets ready, then @cycle is called again and again; @check, if there is
 * one, dies unless that did what it is to do.
 */
struct workload {
	const char *name;
	const char *what;
	unsigned int batch;	/* cycles between two looks at the clock */
	void (*start)(void);
	void (*cycle)(void);
	void (*check)(unsigned int cycles);
};

extern const struct workload workload_rst, workload_tw, workload_udp, workload_server;

void die(const char *what);
uint64_t now_ns(void);
int tcp_listener(uint32_t addr, uint16_t port, int backlog);
void reset_on_close(int fd);

int hold(const char *kind, unsigned int n);

#endif /* TRAFFIC_H */
