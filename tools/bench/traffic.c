// SPDX-License-Identifier: GPL-2.0
/*
 * Traffic for the bench, one thread of it, and what a cycle took. In a guest that counts
 * instructions as nanoseconds, that is instructions.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "traffic.h"

static const struct workload *const workloads[] = {
	&workload_rst, &workload_tw, &workload_udp, &workload_server,
};

#define CHUNK		40000000	/* ns */
#define WARM_UP		2		/* chunks before the first that counts */

void die(const char *what)
{
	fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
	exit(1);
}

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

int tcp_listener(uint32_t addr, uint16_t port, int backlog)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(addr), .sin_port = htons(port),
	};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, backlog))
		die("listen");
	return fd;
}

void reset_on_close(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		die("SO_LINGER");
}

/* Whatever was left by what ran before is in another namespace. */
static void enter_namespace(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd;

	if (!getenv("HERE") && unshare(CLONE_NEWNET))
		die("unshare");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &ifr))
		die("lo");
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		die("lo");
	close(fd);
	if (getenv("SETUP") && system(getenv("SETUP")))
		die("SETUP failed");
}

static unsigned int all_cycles;

/*
 * Ten ticks of the clock: each stretch of time has as many, whatever they cost. Returns the ns of
 * a cycle.
 */
static double run_chunk(const struct workload *workload)
{
	uint64_t start = now_ns(), took;
	unsigned int i, cycles = 0;

	do {
		for (i = 0; i < workload->batch; i++)
			workload->cycle();
		cycles += workload->batch;
		took = now_ns() - start;
	} while (took < CHUNK);
	all_cycles += cycles;
	return (double)took / cycles;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/*
 * The mean of the half of the chunks that lies in the middle: what comes now and then, such as
 * other threads' work, is in few.
 */
static double middle(double *chunks, unsigned int n)
{
	unsigned int i, from = n / 4, to = n - n / 4;
	double sum = 0;

	qsort(chunks, n, sizeof(*chunks), by_size);
	for (i = from; i < to; i++)
		sum += chunks[i];
	return sum / (to - from);
}

static int measure(const struct workload *workload, unsigned int n)
{
	double *chunks = calloc(n, sizeof(*chunks));
	unsigned int i;

	if (!chunks)
		die("calloc");
	enter_namespace();
	workload->start();
	for (i = 0; i < WARM_UP; i++)
		run_chunk(workload);
	for (i = 0; i < n; i++)
		chunks[i] = run_chunk(workload);
	if (workload->check)
		workload->check(all_cycles);
	printf("%.1f %u\n", middle(chunks, n), all_cycles);
	free(chunks);
	return 0;
}

/* The CPU time of a command in ns, waits apart, and the most memory that it had, in KiB. */
static int cost(char **argv)
{
	struct rusage used;
	int status;
	pid_t pid = vfork();

	if (!pid) {
		dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		die("wait");
	printf("%lld %ld\n",
	       (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000ll +
	       (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000ll, used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int usage(FILE *out)
{
	unsigned int i;

	fputs("usage: traffic WORKLOAD N         prints ns a cycle, from N stretches of 40 ms,\n"
	      "                                 and how many cycles there were\n"
	      "       traffic hold KIND N       holds ports until stdin ends; KIND is tcp or udp,\n"
	      "                                 or netns: one in each of N namespaces\n"
	      "       traffic cost COMMAND...   prints the command's CPU time in ns and memory in KiB\n"
	      "A workload is run in a network namespace of its own, unless there is $HERE; $SETUP, a\n"
	      "command, is run there first.\n",
	      out);
	for (i = 0; i < sizeof(workloads) / sizeof(*workloads); i++)
		fprintf(out, "  %-8s %s\n", workloads[i]->name, workloads[i]->what);
	return out == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return usage(stdout);
	if (argc == 4 && !strcmp(argv[1], "hold"))
		return hold(argv[2], strtoul(argv[3], NULL, 10));
	if (argc > 2 && !strcmp(argv[1], "cost"))
		return cost(argv + 2);
	for (i = 0; argc == 3 && i < sizeof(workloads) / sizeof(*workloads); i++) {
		if (!strcmp(argv[1], workloads[i]->name))
			return measure(workloads[i], strtoul(argv[2], NULL, 10));
	}
	return usage(stderr);
}
