/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EPHSTAT_CGROUP_H
#define EPHSTAT_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The path of cgroup @id in the cgroup2 hierarchy, as /proc/PID/cgroup tells it; NULL if it has
 * gone or is out of sight. The hierarchy is walked at the first call, and again for an id that is
 * new, once a second at most. The path is good until the next call.
 */
const char *cgroup_path(uint64_t id);

/*
 * Has cgroup_path() tell @path of @id (NULL: nothing), as it was some time ago, perhaps before the
 * machine was started anew: of an id that has stood for two of them it tells nothing.
 */
void cgroup_learn(uint64_t id, const char *path);

void cgroup_forget(void);

/*
 * What people call the cgroup at @path: a unit of systemd ("nginx.service"), a container
 * ("docker:3f4e5a6b7c8d", "podman:...", "containerd:...", "crio:...", "lxc:web"), or one in a pod
 * of Kubernetes ("pod:UID/3f4e5a6b7c8d"). False if the path tells no name.
 */
bool cgroup_name(const char *path, char *name, size_t size);

#endif
