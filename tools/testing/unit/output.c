// SPDX-License-Identifier: GPL-2.0
/* What is written until a signal says to stop: who reads gets whole lines, and nobody hangs. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"

#include "ktap.h"

#define LINES	40
#define LINE	20000		/* more than the pipe takes, and than that and a page */
#define PAGE	4096

/* Lines into the pipe, until something stops it. */
static void write_lines(int to)
{
	FILE *plain = fdopen(to, "w"), *out;
	sigset_t mask;
	char line[LINE];
	int i;

	line[LINE - 1] = '\n';
	alarm(60);
	signals_catch(&mask);
	out = signals_output(plain, &mask);
	for (i = 0; i < LINES && !signals_stop() && !ferror(out); i++) {
		memset(line, 'a' + i % 26, LINE - 1);
		fwrite(line, 1, LINE, out);
		fflush(out);
	}
	fclose(out);
	_exit(i == LINES);	/* else it was stopped, or could not write */
}

/* Ends the program if it fails: without a child, kill() would take -1 for all. */
static int start(pid_t *child)
{
	int fds[2];

	if (pipe(fds) || fcntl(fds[1], F_SETPIPE_SZ, PAGE) < 0 || (*child = fork()) < 0) {
		perror("output");
		exit(1);
	}
	if (*child == 0) {
		close(fds[0]);
		write_lines(fds[1]);
	}
	close(fds[1]);
	return fds[0];
}

/* Until the end of the file. */
static size_t read_rest(int fd, char *last)
{
	char bytes[512];
	size_t all = 0;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
		all += (size_t)n;
		*last = bytes[n - 1];
	}
	return all;
}

static bool stopped_early(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFEXITED(status) && !WEXITSTATUS(status);
}

static void test_whole_lines(void)
{
	char first, last = 0;
	pid_t child;
	size_t n;
	int fd = start(&child);

	EXPECT(read(fd, &first, 1) == 1);
	EXPECT(!kill(child, SIGTERM));
	n = read_rest(fd, &last) + 1;
	EXPECT(stopped_early(child));
	EXPECT(last == '\n' && n % LINE == 0);
	close(fd);
}

/* Who stops reading in the middle of the line's end: what fits is written, and no more. */
static void test_nobody_reads(void)
{
	const struct timespec soon = { .tv_nsec = 300000000 };
	char page[PAGE];
	pid_t child;
	int fd = start(&child);

	EXPECT(read(fd, page, 1) == 1);
	EXPECT(!kill(child, SIGTERM));
	nanosleep(&soon, NULL);
	EXPECT(read(fd, page, sizeof(page)) > 0);
	EXPECT(stopped_early(child));
	close(fd);
}

static void test_reader_gone(void)
{
	pid_t child;
	char first;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	fd = start(&child);
	EXPECT(read(fd, &first, 1) == 1);
	close(fd);
	EXPECT(stopped_early(child));
}

static const struct ktap_test tests[] = {
	{ "output: a line that has begun is ended", test_whole_lines },
	{ "output: but not for who does not read", test_nobody_reads },
	{ "output: nor for who is gone", test_reader_gone },
};

KTAP_MAIN(tests)
