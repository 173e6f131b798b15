// SPDX-License-Identifier: GPL-2.0
/* The files of ephstat log: what goes in comes out, whatever happens to the file in between. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "logread.h"
#include "logwrite.h"

#include "ktap.h"

#define SECOND		1000000000ull
#define EVENT_TOLD	(TOLD(EPHPORTS_A_EVENT_SEQ) | TOLD(EPHPORTS_A_EVENT_KIND) | \
			 TOLD(EPHPORTS_A_EVENT_TIME) | TOLD(EPHPORTS_A_EVENT_BOOT))
#define MANY		20000

static char path[] = "/tmp/ephstat-logs-XXXXXX";
static struct error err;
static struct filter filter;
static const struct log_place place = { .netns = 4026531841u, .is_hosts = true };
static const struct log_limits limits = { .size = 1 << 30, .age_ns = 3600 * SECOND };
static struct log_done done;

static int sync_error;		/* what the disk says when it is to keep what it took */
static size_t bytes_read;

int fdatasync(int fd)
{
	(void)fd;
	errno = sync_error;
	return sync_error ? -1 : 0;
}

ssize_t pread(int fd, void *to, size_t len, off_t at)
{
	ssize_t n = syscall(SYS_pread64, fd, to, len, at);

	bytes_read += n > 0 ? n : 0;
	return n;
}

/* What was read. */
static struct {
	unsigned int blocks;
	unsigned int records;
	unsigned int events;
	unsigned int of_type[LOG_TYPES];
	uint64_t last_seq;
	bool out_of_order;
	int64_t wall_ns;
	struct log_record last;
	char cgroup[64];
} got;

static int see_block(const struct log_header *header, int64_t wall_ns, void *arg)
{
	(void)header;
	(void)arg;
	got.blocks++;
	got.wall_ns = wall_ns;
	return EXIT_OK;
}

static int see_record(const struct log_record *record, void *arg)
{
	(void)arg;
	got.records++;
	got.of_type[record->type]++;
	if (log_is_event(record)) {
		got.events++;
		got.out_of_order |= record->event.seq <= got.last_seq;
		got.last_seq = record->event.seq;
	}
	got.last = *record;
	snprintf(got.cgroup, sizeof(got.cgroup), "%s", record->cgroup ? record->cgroup : "");
	return EXIT_OK;
}

static void read_all(void)
{
	const struct log_sink sink = { .block = see_block, .record = see_record };
	struct log_index index;
	int dir;

	memset(&got, 0, sizeof(got));
	EXPECT(!log_dir_open(path, &dir, &err));
	EXPECT(!log_index_read(&index, dir, &err));
	EXPECT(!log_read(&index, dir, 0, &sink, &err));
	log_index_free(&index);
	close(dir);
}

static void empty_dir(void)
{
	struct log_names names;
	int dir;
	size_t i;

	EXPECT(!log_dir_open(path, &dir, &err));
	EXPECT(!log_dir_list(dir, &names, &err));
	for (i = 0; i < names.n; i++)
		unlinkat(dir, names.names[i].name, 0);
	log_names_free(&names);
	close(dir);
}

static struct log_writer *start(const struct log_limits *with)
{
	struct log_writer *writer;
	int dir;

	EXPECT(!log_dir_lock(path, &dir, &err));
	EXPECT(!log_writer_new(&writer, dir, with, &filter, &place, &err));
	EXPECT(!log_writer_watch(writer, 77, &err));
	return writer;
}

static struct log_record an_event(uint8_t kind, uint64_t seq)
{
	struct log_record record = {
		.type = kind, .boot_ns = 1000 * SECOND + seq * 1000000,
		.event = {
			.told = EVENT_TOLD | TOLD(EPHPORTS_A_EVENT_PORT), .seq = seq, .kind = kind,
			.port = {
				.told = TOLD(EPHPORTS_A_PORT_TIME_WAIT + 1) - 2 -
					TOLD(EPHPORTS_A_PORT_FILTER) - TOLD(EPHPORTS_A_PORT_PAD),
				.id = seq, .cgroup = 4242, .age_ns = 5 * SECOND + seq,
				.cookie = 100000 + seq, .nsid = 1, .time_wait_ns = 3,
				.ifindex = 2, .uid = 1000, .pid = 1234, .tid = 1235,
				.netns = 4026531840u, .local_port = 32768 + seq % 28232,
				.peer_port = 443, .proto = IPPROTO_TCP, .family = AF_INET,
				.state = EPHPORTS_STATE_ESTABLISHED,
				.origin = EPHPORTS_ORIGIN_CONNECT, .local = { 4, { 10, 0, 0, 1 } },
				.peer = { 16, { 0x20, 1, [15] = seq % 7 } }, .comm = "curl",
			},
		},
	};

	record.event.boot_ns = record.boot_ns;
	return record;
}

static void put(struct log_writer *writer, const struct log_record *record)
{
	EXPECT(!log_write(writer, record, &err));
}

static bool same_port(const struct port *a, const struct port *b)
{
	return a->told == b->told && a->id == b->id && a->cgroup == b->cgroup &&
	       a->age_ns == b->age_ns && a->cookie == b->cookie && a->nsid == b->nsid &&
	       a->time_wait_ns == b->time_wait_ns && a->ifindex == b->ifindex &&
	       a->uid == b->uid && a->pid == b->pid && a->tid == b->tid &&
	       a->netns == b->netns && a->local_port == b->local_port &&
	       a->peer_port == b->peer_port && a->proto == b->proto && a->family == b->family &&
	       a->state == b->state && a->origin == b->origin && a->reason == b->reason &&
	       !memcmp(&a->local, &b->local, sizeof(a->local)) &&
	       !memcmp(&a->peer, &b->peer, sizeof(a->peer)) && !strcmp(a->comm, b->comm);
}

/* The record comes back as the last but one: the end of the run is the last. */
static void round_trip(const struct log_record *record)
{
	struct log_writer *writer;

	empty_dir();
	writer = start(&limits);
	put(writer, record);
	log_writer_end(writer, LOG_STOP_ASKED, &done);
	read_all();
	EXPECT(got.records == 4 && got.of_type[LOG_RUN] == 1 && got.of_type[LOG_STOP] == 1);
}

static int see_port(const struct log_record *record, void *arg)
{
	if (record->type == ((struct log_record *)arg)->type)
		*(struct log_record *)arg = *record;
	return EXIT_OK;
}

/* The last record of @type. */
static struct log_record find(uint8_t type)
{
	struct log_record record = { .type = type };
	const struct log_sink sink = { .block = see_block, .record = see_port, .arg = &record };
	struct log_index index;
	int dir;

	EXPECT(!log_dir_open(path, &dir, &err));
	EXPECT(!log_index_read(&index, dir, &err));
	EXPECT(!log_read(&index, dir, 0, &sink, &err));
	log_index_free(&index);
	close(dir);
	record.cgroup = NULL;
	return record;
}

static void test_events(void)
{
	struct log_record in = an_event(EPHPORTS_EVENT_RELEASED, 9), out;

	round_trip(&in);
	out = find(EPHPORTS_EVENT_RELEASED);
	EXPECT(out.boot_ns == in.boot_ns && out.event.seq == 9);
	EXPECT(same_port(&in.event.port, &out.event.port));
	EXPECT(out.event.time_ns == in.boot_ns + (uint64_t)got.wall_ns);

	/* One of which next to nothing is told. */
	in.event.port = (struct port){ .told = TOLD(EPHPORTS_A_PORT_LOCAL_PORT), .local_port = 5 };
	in.type = in.event.kind = EPHPORTS_EVENT_FOUND;
	round_trip(&in);
	out = find(EPHPORTS_EVENT_FOUND);
	EXPECT(same_port(&in.event.port, &out.event.port));

	in = an_event(EPHPORTS_EVENT_LOST, 50);
	in.event.lost = 123;
	in.event.lost_span_ns = 456;
	in.event.lost_unsorted = 7;
	round_trip(&in);
	out = find(EPHPORTS_EVENT_LOST);
	EXPECT(out.event.lost == 123 && out.event.lost_span_ns == 456);
	EXPECT(out.event.lost_unsorted == 7 && out.event.seq == 50);
}

static void test_failures(void)
{
	struct log_record in = an_event(EPHPORTS_EVENT_FAILED, 3), out;
	struct failure failure = {
		.told = TOLD(EPHPORTS_A_FAILURE_PORT) | TOLD(EPHPORTS_A_FAILURE_PID), .count = 4,
		.who = { .told = TOLD(EPHPORTS_A_OWNER_PID) | TOLD(EPHPORTS_A_OWNER_CGROUP),
			 .pid = 9, .comm = "x", .cgroup = 4242 },
		.port = 40000, .proto = IPPROTO_UDP, .origin = EPHPORTS_ORIGIN_EXPLICIT,
		.peer = { 4, { 1, 2, 3, 4 } }, .peer_port = 53, .first_ns = 5, .last_ns = 6,
	};

	in.event.failure = failure;
	cgroup_learn(4242, "/system.slice/x.service");
	round_trip(&in);
	out = find(EPHPORTS_EVENT_FAILED);
	/* When it was is told by the clock of now, whatever it was set to then. */
	failure.first_ns = failure.last_ns = in.boot_ns + (uint64_t)got.wall_ns;
	EXPECT(!memcmp(&out.event.failure, &failure, sizeof(failure)));
	EXPECT(!told(&out.event, EPHPORTS_A_EVENT_PORT));
}

static void test_rare(void)
{
	struct log_record in = { .type = LOG_DISK, .boot_ns = 5, .code = 28, .count = 99,
				 .from_ns = 3, .until_ns = UINT64_MAX, .step_ns = -5 }, out;

	round_trip(&in);
	out = find(LOG_DISK);
	EXPECT(out.code == 28 && out.count == 99 && out.from_ns == 3);
	EXPECT(out.until_ns == UINT64_MAX && out.step_ns == -5);

	in = (struct log_record){ .type = LOG_UNUSUAL, .boot_ns = 9, .flag = {
		.rule = UNUSUAL_BY_PORTS, .window_ns = 1, .taken = 2, .distinct = 3, .habit = 4,
		.host = { 4, { 9, 8, 7, 6 } }, .who = { .pid = 5, .comm = "scan" } } };
	round_trip(&in);
	out = find(LOG_UNUSUAL);
	EXPECT(out.flag.rule == UNUSUAL_BY_PORTS && out.flag.distinct == 3);
	EXPECT(out.flag.host.bytes[3] == 6 && !strcmp(out.flag.who.comm, "scan"));

	in = (struct log_record){ .type = LOG_LOOK, .boot_ns = 10, .from_ns = 7, .until_ns = 8,
				  .port_low = 32768, .port_high = 60999 };
	round_trip(&in);
	out = find(LOG_LOOK);
	EXPECT(out.from_ns == 7 && out.until_ns == 8);
	EXPECT(out.port_low == 32768 && out.port_high == 60999);
}

static void test_run(void)
{
	const struct log_record in = an_event(EPHPORTS_EVENT_ASSIGNED, 1);
	struct log_record out;

	filter_init(&filter);
	filter.proto = IPPROTO_TCP;
	filter.port_low = 5;
	filter.peer.addr = (struct address){ 4, { 10, 0, 0, 0 } };
	filter.peer.bits = 8;
	filter.uid = 0;
	filter.has_uid = true;
	filter.netns = 4026531841u;
	round_trip(&in);
	out = find(LOG_RUN);
	EXPECT(out.run.from_ns == 77 && !memcmp(&out.run.filter, &filter, sizeof(filter)));
	out = find(LOG_PLACE);
	EXPECT(!memcmp(&out.place, &place, sizeof(place)));
	filter_init(&filter);
}

static void write_many(unsigned int n)
{
	struct log_writer *writer = start(&limits);
	unsigned int i;

	for (i = 1; i <= n; i++) {
		struct log_record record = an_event(EPHPORTS_EVENT_ASSIGNED, i);

		put(writer, &record);
	}
	log_writer_end(writer, LOG_STOP_ASKED, &done);
}

static void test_many(void)
{
	empty_dir();
	write_many(MANY);
	read_all();
	EXPECT(got.events == MANY && got.last_seq == MANY && !got.out_of_order);
	EXPECT(got.blocks > 3 && got.last.code == LOG_STOP_ASKED);
}

/* The only file, as its bytes. */
static uint8_t *slurp(size_t *len, char *name)
{
	struct log_names names;
	struct stat st;
	uint8_t *bytes;
	int dir, fd;

	EXPECT(!log_dir_open(path, &dir, &err));
	EXPECT(!log_dir_list(dir, &names, &err) && names.n == 1);
	snprintf(name, LOG_NAME_SIZE, "%s", names.names[0].name);
	fd = openat(dir, name, O_RDONLY);
	EXPECT(!fstat(fd, &st));
	*len = st.st_size;
	bytes = malloc(*len);
	EXPECT(read(fd, bytes, *len) == (ssize_t)*len);
	close(fd);
	close(dir);
	log_names_free(&names);
	return bytes;
}

static void put_back(const uint8_t *bytes, size_t len, const char *name)
{
	char file[128];
	int fd;

	snprintf(file, sizeof(file), "%s/%s", path, name);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	EXPECT(write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

/* How many blocks end at or before @len bytes. */
static unsigned int whole_blocks(const uint8_t *bytes, size_t len)
{
	struct log_header header;
	unsigned int n = 0;
	size_t at = 0;

	while (at + LOG_HEADER_SIZE <= len && log_header_read(&header, bytes + at)) {
		at += LOG_HEADER_SIZE + header.size;
		n += at <= len;
	}
	return n;
}

/* Three blocks with events, small enough to be cut at every byte. */
static uint8_t *small_file(size_t *len, char *name)
{
	struct log_writer *writer;
	unsigned int i;

	empty_dir();
	writer = start(&limits);
	for (i = 1; i <= 3; i++) {
		const struct timespec wait = { .tv_nsec = 520000000 };
		struct log_record record = an_event(EPHPORTS_EVENT_ASSIGNED, i);

		put(writer, &record);
		nanosleep(&wait, NULL);
		EXPECT(!log_tick(writer, 0, &err));
	}
	log_writer_end(writer, LOG_STOP_ASKED, &done);
	return slurp(len, name);
}

static void test_torn(void)
{
	char name[LOG_NAME_SIZE];
	size_t len, cut;
	uint8_t *bytes = small_file(&len, name);

	EXPECT(whole_blocks(bytes, len) == 5);
	for (cut = 0; cut <= len; cut++) {
		unsigned int whole = whole_blocks(bytes, cut);

		put_back(bytes, cut, name);
		read_all();
		if (got.blocks != whole) {
			printf("# cut at %zu: %u blocks of %u\n", cut, got.blocks, whole);
			EXPECT(got.blocks == whole);
		}
	}
	free(bytes);
}

static void test_damaged(void)
{
	char name[LOG_NAME_SIZE];
	size_t len, at;
	uint8_t *bytes = small_file(&len, name);

	for (at = 0; at < len; at++) {
		bytes[at] ^= 0x55;
		put_back(bytes, len, name);
		read_all();
		bytes[at] ^= 0x55;
		/* One block is gone, and no other; nothing wrong comes out. */
		if (got.blocks != 4 || got.out_of_order || got.events > 3) {
			printf("# byte %zu: %u blocks\n", at, got.blocks);
			EXPECT(got.blocks == 4);
		}
	}
	free(bytes);
}

/* A writer that was killed left half a block; the next run has its own file. */
static void test_torn_between_runs(void)
{
	char name[LOG_NAME_SIZE];
	size_t len;
	uint8_t *bytes = small_file(&len, name);

	put_back(bytes, len - 20, name);
	free(bytes);
	write_many(10);
	read_all();
	EXPECT(got.of_type[LOG_RUN] == 2 && got.events == 13 && got.of_type[LOG_STOP] == 1);
}

/* Bytes that never were a block are refused, not followed. */
static void test_fuzz(void)
{
	struct log_unpack *unpack = log_unpack_new();
	struct log_pack *pack = log_pack_new();
	struct log_record record, in;
	uint64_t seed = 1;
	uint8_t raw[20000];
	const uint8_t *whole;
	unsigned int i, n;
	size_t len;

	log_pack_start(pack, 0);
	for (i = 0; i < 50; i++) {
		in = an_event(i % EPHPORTS_EVENT_LOST, i);
		EXPECT(!log_pack_add(pack, &in));
	}
	whole = log_pack_end(pack, &len);
	EXPECT(len < sizeof(raw));
	for (i = 0; i < 20000; i++) {
		memcpy(raw, whole, len);
		for (n = 0; n < 1 + i % 8; n++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			raw[(seed >> 33) % len] = seed >> 25;
		}
		n = 0;
		if (!log_unpack_start(unpack, raw, len, 0, 0)) {
			while (log_unpack_next(unpack, &record) > 0)
				n++;
		}
		EXPECT(n <= len);
	}
	log_pack_free(pack);
	log_unpack_free(unpack);
}

static void test_rotation(void)
{
	const struct log_limits small = {
		.size = 1024, .age_ns = 3600 * SECOND, .keep = 3,
	};
	struct log_writer *writer;
	struct log_names names;
	unsigned int i;
	int dir;

	empty_dir();
	writer = start(&small);
	EXPECT(log_wants_snapshot(writer) && !log_wants_snapshot(writer));
	for (i = 1; i <= 5 * MANY; i++) {
		struct log_record record = an_event(EPHPORTS_EVENT_ASSIGNED, i);

		put(writer, &record);
	}
	EXPECT(log_wants_snapshot(writer));
	log_writer_end(writer, LOG_STOP_ASKED, &done);
	EXPECT(!log_dir_open(path, &dir, &err));
	EXPECT(!log_dir_list(dir, &names, &err));
	EXPECT(names.n == 3 && names.names[0].serial > 1);
	log_names_free(&names);
	log_dir_trim(dir, 0, 1);
	EXPECT(!log_dir_list(dir, &names, &err));
	EXPECT(names.n == 1);
	log_names_free(&names);
	close(dir);
	read_all();
	EXPECT(got.of_type[LOG_RUN] == 1 && got.events > 0 && got.last_seq == 5 * MANY);
}

static void test_one_writer(void)
{
	struct log_writer *writer;
	int dir;

	empty_dir();
	writer = start(&limits);
	EXPECT(log_dir_lock(path, &dir, &err) == EXIT_RUNTIME);
	EXPECT(strstr(err.text, "another ephstat log"));
	log_writer_end(writer, LOG_STOP_ASKED, &done);
	EXPECT(!log_dir_lock(path, &dir, &err));
	close(dir);
}

/* What an hour of a busy server's connections looks like: taken, TIME_WAIT, given back. */
static void test_compact(void)
{
	static const uint8_t kinds[] = {
		EPHPORTS_EVENT_ASSIGNED, EPHPORTS_EVENT_TIME_WAIT, EPHPORTS_EVENT_RELEASED,
	};
	struct log_writer *writer;
	uint64_t seed = 1;
	unsigned int i, kind;

	empty_dir();
	writer = start(&limits);
	for (i = 0; i < 30000; i++) {
		kind = i % 3;
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		struct log_record record = an_event(kinds[kind], i + 1);
		struct port *port = &record.event.port;
		const uint64_t connection = i / 3 - 2000 * kind;

		record.boot_ns = 1000 * SECOND + i * 300000 + (seed >> 20) % 200000;
		port->id = connection + 1;
		port->cookie = connection + 1;
		port->local_port = 32768 + connection * 2654435761u % 28232;
		port->peer = (struct address){ 4, { 10, 0, 0, connection % 20 } };
		port->pid = port->tid = 1000 + connection % 8;
		port->age_ns = kind ? (kind - 1) * 60 * SECOND + (seed >> 30) % SECOND : 0;
		port->time_wait_ns = kind == 2 ? 60 * SECOND + (seed >> 40) % 1000000 : 0;
		put(writer, &record);
	}
	log_writer_end(writer, LOG_STOP_ASKED, &done);
	printf("# %.1f bytes an event\n", (double)done.bytes / 30000);
	EXPECT(done.bytes < 30000 * 24);
}

/* Who may write into the directory makes no reader wait, nor tells it to read something else. */
static void test_no_files(void)
{
	static const char *const names[] = {
		"ephports-1-20261121T140301Z.ephlog", "ephports-2-\033]0;x\a.ephlog",
	};
	struct log_names listed;
	size_t i;
	int dir;

	empty_dir();
	write_many(10);
	EXPECT(!log_dir_open(path, &dir, &err));
	EXPECT(!mkfifoat(dir, names[0], 0600));
	EXPECT(!symlinkat("/etc/passwd", dir, "ephports-3-20261121T140301Z.ephlog"));
	EXPECT(!mkfifoat(dir, names[1], 0600));
	EXPECT(!log_dir_list(dir, &listed, &err));
	for (i = 0; i < listed.n; i++)
		EXPECT(strcmp(listed.names[i].name, names[1]));
	log_names_free(&listed);
	read_all();
	EXPECT(got.events == 10);
	EXPECT(!unlinkat(dir, names[1], 0));
	close(dir);
}

/* Nothing but beginnings: each is looked at, and all of it read but a few times. */
static void test_only_magic(void)
{
	static uint8_t bytes[1 << 20];
	size_t i;

	empty_dir();
	for (i = 0; i < sizeof(bytes); i += LOG_MAGIC_SIZE)
		memcpy(bytes + i, LOG_MAGIC, LOG_MAGIC_SIZE);
	put_back(bytes, sizeof(bytes), "ephports-1-20261121T140301Z.ephlog");
	bytes_read = 0;
	read_all();
	EXPECT(!got.blocks);
	printf("# %zu bytes read of %zu\n", bytes_read, sizeof(bytes));
	EXPECT(bytes_read < 32 * sizeof(bytes));
}

/* What the disk took and then could not keep is told as missing. */
static void test_sync(void)
{
	const struct log_limits small = { .size = 1024, .age_ns = 3600 * SECOND };
	struct log_writer *writer;
	unsigned int i;

	empty_dir();
	writer = start(&small);
	for (i = 1; i <= 5 * MANY; i++) {
		struct log_record record = an_event(EPHPORTS_EVENT_ASSIGNED, i);

		sync_error = i <= 3 * MANY ? ENOSPC : 0;
		put(writer, &record);
	}
	sync_error = EIO;
	log_writer_end(writer, LOG_STOP_ASKED, &done);
	sync_error = 0;
	EXPECT(done.trouble == EIO);
	read_all();
	EXPECT(got.of_type[LOG_DISK] > 0 && got.events == 5 * MANY);
}

static const struct ktap_test tests[] = {
	{ "log: events come back as they went in", test_events },
	{ "log: failures", test_failures },
	{ "log: what is rare", test_rare },
	{ "log: a run says what it covers", test_run },
	{ "log: many blocks", test_many },
	{ "log: cut at every byte", test_torn },
	{ "log: damaged at every byte", test_damaged },
	{ "log: a run after one that was killed", test_torn_between_runs },
	{ "log: nonsense is refused", test_fuzz },
	{ "log: rotation", test_rotation },
	{ "log: one writer", test_one_writer },
	{ "log: compact", test_compact },
	{ "log: what is no file of a log", test_no_files },
	{ "log: nothing but beginnings", test_only_magic },
	{ "log: a disk that keeps nothing", test_sync },
};

int main(void)
{
	int ret;

	if (!mkdtemp(path))
		return 1;
	filter_init(&filter);
	ret = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
	empty_dir();
	rmdir(path);
	cgroup_forget();
	return ret;
}
