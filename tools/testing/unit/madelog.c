// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "logread.h"
#include "madelog.h"

static const struct log_place here = { .netns = NETNS, .is_hosts = true };
static struct log_done done;

char log_path[] = "/tmp/ephstat-madelog-XXXXXX";
struct log_writer *writer;
struct filter logged;
struct question question;
struct holder held[16];
struct holder spans[16];
unsigned int n_held, n_spans;
uint64_t start;

static int remove_all(const char *how)
{
	char command[64];

	snprintf(command, sizeof(command), how, log_path);
	return system(command);
}

void begin_run(void)
{
	const struct log_limits limits = { .size = 1 << 20, .age_ns = 3600 * SECOND };
	int dir;

	EXPECT(!log_dir_lock(log_path, &dir, &err));
	EXPECT(!log_writer_new(&writer, dir, &limits, &logged, &here, &err));
}

void watch_from(uint64_t s)
{
	EXPECT(!log_writer_watch(writer, start + s * SECOND, &err));
}

void begin(void)
{
	reset();
	EXPECT(!remove_all("rm -f %s/*"));
	filter_init(&logged);
	logged.netns = NETNS;
	start = log_now();
	begin_run();
	watch_from(0);
	question = (struct question){ .es = &es, .netns = NETNS };
	filter_init(&es.filter);
	es.filter.port_low = es.filter.port_high = PORT;
}

void put(uint8_t type, uint64_t id, uint64_t cookie, uint64_t s, uint64_t age)
{
	struct log_record record = {
		.type = type, .boot_ns = start + s * SECOND,
		.event = { .kind = type, .seq = id, .port = {
			.told = TOLD(EPHPORTS_A_PORT_COOKIE) | TOLD(EPHPORTS_A_PORT_LOCAL_PORT) |
				(age == UINT64_MAX ? 0 : TOLD(EPHPORTS_A_PORT_AGE)),
			.id = id, .cookie = cookie, .age_ns = age * SECOND, .local_port = PORT,
			.proto = IPPROTO_TCP, .netns = NETNS, .pid = 7, .comm = "curl" } },
	};

	EXPECT(!log_write(writer, &record, &err));
}

void put_end(uint32_t code, uint64_t s)
{
	const struct log_record record = {
		.type = LOG_SNAPSHOT_END, .boot_ns = start + s * SECOND, .code = code,
	};

	EXPECT(!log_write(writer, &record, &err));
}

void put_snapshot(uint64_t s)
{
	put(LOG_SNAPSHOT, 0, 0, s, 0);
	put_end(0, s);
}

void put_look_at(uint16_t low, uint16_t high, uint64_t from, uint64_t until)
{
	const struct log_record record = {
		.type = LOG_LOOK, .boot_ns = start + until * SECOND,
		.from_ns = start + from * SECOND, .until_ns = start + until * SECOND,
		.port_low = low, .port_high = high,
	};

	EXPECT(!log_write(writer, &record, &err));
}

void put_look(uint64_t from, uint64_t until)
{
	put_look_at(32768, 60999, from, until);
}

void put_span(uint8_t type, uint64_t from, uint64_t until)
{
	const struct log_record record = {
		.type = type, .boot_ns = start + until * SECOND, .from_ns = start + from * SECOND,
		.until_ns = start + until * SECOND, .count = 5,
	};

	EXPECT(!log_write(writer, &record, &err));
}

void put_lost(uint64_t from, uint64_t until)
{
	const struct log_record record = {
		.type = EPHPORTS_EVENT_LOST, .boot_ns = start + from * SECOND,
		.event = { .kind = EPHPORTS_EVENT_LOST, .lost = 3,
			   .lost_span_ns = (until - from) * SECOND },
	};

	EXPECT(!log_write(writer, &record, &err));
}

void end_run(void)
{
	log_writer_end(writer, LOG_STOP_ASKED, &done);
}

void age_by_a_boot(void)
{
	struct log_names names;
	struct log_header header;
	uint8_t raw[LOG_HEADER_SIZE];
	int dir, fd;
	off_t at = 0;

	EXPECT(!log_dir_open(log_path, &dir, &err));
	EXPECT(!log_dir_list(dir, &names, &err) && names.n > 0);
	fd = openat(dir, names.names[names.n - 1].name, O_RDWR);
	while (pread(fd, raw, sizeof(raw), at) == sizeof(raw) && log_header_read(&header, raw)) {
		header.boot_id[0] ^= 1;
		log_header_write(&header, raw);
		EXPECT(pwrite(fd, raw, sizeof(raw), at) == sizeof(raw));
		at += LOG_HEADER_SIZE + header.size;
	}
	EXPECT(at > 0);
	close(fd);
	close(dir);
	log_names_free(&names);
}

static int see(const struct holder *holder, void *arg)
{
	(void)arg;
	if (holder_is_span(holder))
		spans[n_spans++] = *holder;
	else
		held[n_held++] = *holder;
	return EXIT_OK;
}

void ask(void)
{
	bool interrupted = false;

	n_held = n_spans = 0;
	EXPECT(!log_holders(&question, see, NULL, log_path, &interrupted, &err));
}

/* Clocks move a little while the test runs. */
bool is_at(uint64_t wall_ns, uint64_t s)
{
	struct timespec now;
	uint64_t wall;

	clock_gettime(CLOCK_REALTIME, &now);
	wall = (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec - log_now() + start +
	       s * SECOND;
	return wall_ns + SECOND / 10 > wall && wall_ns < wall + SECOND / 10;
}

bool is_span(unsigned int i, uint64_t from, uint64_t until)
{
	return i < n_spans && is_at(spans[i].covered_from_ns, from) &&
	       is_at(spans[i].covered_to_ns, until);
}

bool is_held(unsigned int i, uint64_t from, uint64_t until)
{
	return i < n_held && is_at(held[i].from_ns, from) && is_at(held[i].to_ns, until) &&
	       told(&held[i], EPHPORTS_A_WHO_FROM) && told(&held[i], EPHPORTS_A_WHO_TO);
}

int madelog_run(const struct ktap_test *tests, size_t n)
{
	int ret;

	if (!mkdtemp(log_path))
		return 1;
	ret = ktap_run(tests, n);
	runner_forget();
	return ret || remove_all("rm -r %s");
}
