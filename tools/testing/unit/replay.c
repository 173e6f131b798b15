// SPDX-License-Identifier: GPL-2.0
/* Events as a log has kept them: ephstat watch --log. */
#include <netinet/in.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "madelog.h"
#include "netns.h"

#define DAY	86400

static bool is_hosts;		/* whether who asks is in the host's namespace */

int netns_resolve(const char *name, uint32_t *inode, struct error *error)
{
	*inode = 0;
	return error_set(error, EXIT_RUNTIME, "nobody is to ask for \"%s\"", name);
}

bool netns_is_hosts(uint32_t inode)
{
	(void)inode;
	return is_hosts;
}

/* It is noon where we are: what is near now is of the same day. */
static void make_it_noon(void)
{
	char zone[16];

	snprintf(zone, sizeof(zone), "ZON%+ld", (long)(time(NULL) % DAY / 3600) - 12);
	setenv("TZ", zone, 1);
	tzset();
	EXPECT(localtime(&(time_t){ time(NULL) })->tm_hour == 12);
}

static void begin_log(void)
{
	make_it_noon();
	is_hosts = false;
	begin();
}

/* What --log has to tell of namespace @netns; 0: of all. */
static char *replay(uint32_t netns, bool json)
{
	runner_reset();
	cgroup_forget();
	es.log = log_path;
	es.json = json;
	es.no_header = true;
	es.filter.netns = netns;
	es.filter.all_netns = !netns;
	EXPECT(run(cmd_watch) == EXIT_OK);
	return output;
}

static unsigned int count(const char *text, const char *word)
{
	unsigned int n = 0;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		n++;
	}
	return n;
}

/* What has been said on the side since the last time. */
static const char *complaint(void)
{
	static char text[256];
	size_t n;

	fflush(stderr);
	rewind(stderr);
	n = fread(text, 1, sizeof(text) - 1, stderr);
	text[n] = '\0';
	EXPECT(!ftruncate(fileno(stderr), 0));
	rewind(stderr);
	return text;
}

static void test_namespaces(void)
{
	begin_log();
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 10, 0);
	end_run();
	EXPECT(count(replay(NETNS, false), " assigned ") == 1);
	EXPECT(!count(replay(NETNS + 1, false), " assigned "));
	EXPECT(count(output, "the log stopped: asked to") == 1);
	EXPECT_STR(complaint(), "");
}

static void test_boots(void)
{
	begin_log();
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 10, 0);
	end_run();
	age_by_a_boot();
	EXPECT(!count(replay(NETNS, false), " assigned "));
	EXPECT(count(output, "the log stopped: asked to") == 1);
	EXPECT_STR(complaint(), "ephstat: 1 record is of another boot, in which namespaces have "
		   "other numbers: -A shows it\n");

	/* The host's namespace is the host's, whatever its number is today. */
	is_hosts = true;
	EXPECT(count(replay(NETNS + 7, false), " assigned ") == 1);
	EXPECT_STR(complaint(), "");

	EXPECT(count(replay(0, false), " assigned ") == 1);
	EXPECT_STR(complaint(), "");
}

/* The end of the run is of now, and so of the day before again. */
static void test_days(void)
{
	begin_log();
	put(EPHPORTS_EVENT_ASSIGNED, 1, 100, 10, 0);
	put(EPHPORTS_EVENT_RELEASED, 1, 100, DAY + 10, DAY);
	put(EPHPORTS_EVENT_ASSIGNED, 2, 101, DAY + 20, 0);
	end_run();
	EXPECT(count(replay(NETNS, false), "\n") == 5 + 3);
	EXPECT(count(replay(NETNS, true), "\n") == 5);
}

static void put_of(uint64_t cgroup, uint64_t s)
{
	const struct log_record record = {
		.type = EPHPORTS_EVENT_ASSIGNED, .boot_ns = start + s * SECOND,
		.event = { .kind = EPHPORTS_EVENT_ASSIGNED, .seq = s, .port = {
			.told = TOLD(EPHPORTS_A_PORT_LOCAL_PORT) | TOLD(EPHPORTS_A_PORT_CGROUP),
			.id = s, .cgroup = cgroup, .local_port = PORT, .proto = IPPROTO_TCP,
			.netns = NETNS } },
	};

	EXPECT(!log_write(writer, &record, &err));
}

/* What they are called now, and whether they are still there, is nothing to the log. */
static void test_cgroups(void)
{
	begin_log();
	cgroup_learn(4242, "/system.slice/a.service");
	put_of(4242, 1);
	put_of(4242, 2);
	end_run();
	cgroup_forget();
	cgroup_learn(4242, "/system.slice/b.service");
	begin_run();
	watch_from(3);
	put_of(4242, 3);
	end_run();
	EXPECT(count(replay(NETNS, true), "a.service\"") == 2);
	/* Of a number that has stood for two it is not known which is meant. */
	EXPECT(!count(output, "b.service\""));
}

static const struct ktap_test tests[] = {
	{ "replay: what happened in one's namespace, and to the log", test_namespaces },
	{ "replay: of another boot only what is known to be of one's namespace", test_boots },
	{ "replay: each day has a line", test_days },
	{ "replay: cgroups by their names of then", test_cgroups },
};

int main(void)
{
	stderr = tmpfile();	/* what is said on the side is looked at, too */
	return !stderr || madelog_run(tests, sizeof(tests) / sizeof(tests[0]));
}
