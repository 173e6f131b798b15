// SPDX-License-Identifier: GPL-2.0
/* What people call a cgroup, from the paths that systemd and the container engines make. */
#include "cgroup.h"

#include "ktap.h"

#define ID	"3f4e5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7081"
#define UID	"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
#define UID_	"0a1b2c3d_4e5f_6071_8293_a4b5c6d7e8f9"

static void expect_name(const char *path, const char *wanted)
{
	char name[128];

	EXPECT_STR(cgroup_name(path, name, sizeof(name)) ? name : "", wanted);
}

static void test_units(void)
{
	expect_name("/system.slice/nginx.service", "nginx.service");
	expect_name("/system.slice/system-postgresql.slice/postgresql@15-main.service",
		    "postgresql@15-main.service");
	expect_name("/user.slice/user-1000.slice/session-3.scope", "session-3.scope");
	expect_name("/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service",
		    "sync.service");
	expect_name("/user.slice/user-1000.slice/user@1000.service/init.scope", "init.scope");
	expect_name("/machine.slice/machine-web.scope", "machine-web.scope");
	expect_name("/system.slice/foo.service/child/grandchild", "foo.service");
}

static void test_containers(void)
{
	expect_name("/system.slice/docker-" ID ".scope", "docker:3f4e5a6b7c8d");
	expect_name("/docker/" ID, "docker:3f4e5a6b7c8d");
	expect_name("/docker/" ID "/system.slice/nginx.service", "docker:3f4e5a6b7c8d");
	expect_name("/machine.slice/libpod-" ID ".scope/container", "podman:3f4e5a6b7c8d");
	expect_name("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope",
		    "podman:3f4e5a6b7c8d");
	expect_name("/libpod_parent/libpod-" ID, "podman:3f4e5a6b7c8d");
	expect_name("/system.slice/nerdctl-" ID ".scope", "containerd:3f4e5a6b7c8d");
	expect_name("/somewhere/" ID, "container:3f4e5a6b7c8d");
	expect_name("/lxc/web", "lxc:web");
	expect_name("/lxc.payload.web/system.slice/nginx.service", "lxc:web");
	expect_name("/lxc.payload/web", "lxc:web");
}

static void test_pods(void)
{
	expect_name("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
		    ".slice/cri-containerd-" ID ".scope", "pod:" UID "/3f4e5a6b7c8d");
	expect_name("/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope/container",
		    "pod:" UID "/3f4e5a6b7c8d");
	expect_name("/kubepods/besteffort/pod" UID "/" ID, "pod:" UID "/3f4e5a6b7c8d");
	expect_name("/kubepods/besteffort/pod" UID, "pod:" UID);
	expect_name("/kubepods/pod0123456789abcdef0123456789abcdef/" ID,
		    "pod:0123456789abcdef0123456789abcdef/3f4e5a6b7c8d");
	expect_name("/docker/" ID "/kubelet/kubepods/pod" UID "/" ID,
		    "pod:" UID "/3f4e5a6b7c8d");
}

/* What only looks like one has no name, or that of the unit that it is in. */
static void test_others(void)
{
	expect_name("", "");
	expect_name("/", "");
	expect_name("/user.slice", "");
	expect_name("/system.slice/podman-1234.scope", "podman-1234.scope");
	expect_name("/system.slice/docker.service", "docker.service");
	expect_name("/docker/3f4e5a6b7c8d", "");
	expect_name("/docker/x" ID, "");
	expect_name("/kubepods.slice/kubepods-besteffort.slice", "");
	expect_name("/kubepods/podium", "");
	expect_name("/.service", "");
	expect_name("//", "");
}

static void test_room(void)
{
	char name[8];

	EXPECT(cgroup_name("/system.slice/nginx.service", name, sizeof(name)));
	EXPECT_STR(name, "nginx.s");
	EXPECT(cgroup_name("/kubepods/pod" UID_, name, sizeof(name)));
	EXPECT_STR(name, "pod:0a1");
}

static const struct ktap_test tests[] = {
	{ "units of systemd", test_units },
	{ "containers", test_containers },
	{ "pods of Kubernetes", test_pods },
	{ "what only looks like one", test_others },
	{ "little room", test_room },
};

KTAP_MAIN(tests)
