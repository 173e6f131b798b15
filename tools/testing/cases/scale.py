# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4 --possible 64 --mem 8192 --timeout 2400
"""Half a million sockets, thousands of namespaces and 64 possible CPUs change nothing: exact.

With fewer operations than usual (EPHPORTS_OPS), a tenth of both; on the debug kernel, a fiftieth.
"""
import resource
import socket

from ephstorm import OPS
from ephtest import *

FULL = 20000
PART = 50 if DEBUG_KERNEL else 10 if OPS < FULL else 1
SOCKETS, NAMESPACES = 500_000 // PART, 4000 // PART
ROOM = f"max_ports={1 << 20}"
PER_ADDRESS = 10_000  # so that no search is long


def addr(i):
    return f"127.1.0.{1 + i // PER_ADDRESS}"


def hold_tcp(i):
    s = tcp()
    s.bind((addr(i), 0))
    return s


def hold_udp(i):
    s = udp()
    s.bind((addr(i), 0))
    if i % 2:
        s.connect(("127.0.0.1", 53))
    return s


def hold(start, end):
    return [make(i) for i in range(start, end) for make in (hold_tcp, hold_udp)]


# By programs that sort: what Python would need for so many is more than all the rest.
COMPARE = f"""
export LC_ALL=C
awk '!/^#/ {{ print $2, $3, $4, $5, $6, $7, $9 }}' /proc/ephports | sort >/run/ours
awk '$2 == {netns_of()} && $5 >= {LOW} && $5 <= {HIGH} {{ print $1, $3, $4, $5, $6, $7, $8 }}' \
    {WITNESS} | sort >/run/theirs
wc -l </run/theirs
diff /run/ours /run/theirs >/run/differ || {{ head -n 5 /run/differ >&2; exit 1; }}
"""


def assert_nothing_went_by(c):
    assert not any(c[name] for name in ("lost", "missed_assign", "mended_in", "mended_out",
                                        "unknown")), c


def assert_same(number):
    assert int(run("sh", "-c", COMPARE).stdout) == number
    s = summary()
    assert s["held"] == number and s["complete"], (s["held"], s["complete"])
    for proto in s["protocols"]:
        assert proto["sockets"] == number // 2, proto
    c = s["counters"]
    assert c["assigned"] + c["adopted"] == c["released"] + number, c
    assert_nothing_went_by(c)


@test
def sockets_by_the_hundred_thousand_are_exact_the_older_ones_and_those_that_come():
    quarter = SOCKETS // 4
    sockets = hold(0, quarter)
    with loaded(ROOM):
        eventually(assert_complete, REST)  # 5.10 has it after a second walk
        assert_same(2 * quarter)
        sockets += hold(quarter, 2 * quarter)
        assert_same(4 * quarter)
        # By pairs: of each protocol as many.
        for s in sockets[::4] + sockets[1::4]:
            s.close()
        sockets = sockets[2::4] + sockets[3::4]
        assert_same(2 * quarter)
        for s in sockets:
            s.close()
        assert_same(0)


def hold_in_new_netns(n):
    held = []
    for i in range(n):
        unshare(CLONE_NEWNET)
        held.append(udp() if i % 2 else tcp(socket.AF_INET6))
        held[-1].bind(("" if i % 2 else "::", 0))
    return held


def live_in_namespaces(tell, wait):
    held = hold_in_new_netns(NAMESPACES // 2)
    tell()
    wait()
    held += hold_in_new_netns(NAMESPACES // 2)
    tell()
    wait()
    for s in held[::4] + held[1::4]:
        s.close()
    tell()
    wait()


def assert_all_are_known(number):
    assert assert_exact() == number


@test
def namespaces_by_the_thousand_are_exact_those_that_die_too():
    container = Child(live_in_namespaces)
    container.hear()
    with loaded(ROOM):
        eventually(assert_complete, REST)
        assert_all_are_known(NAMESPACES // 2)
        container.go()
        container.hear()
        assert_all_are_known(NAMESPACES)
        container.go()
        container.hear()
        assert_all_are_known(NAMESPACES // 2)
        container.end()
        eventually(lambda: assert_all_are_known(0), 120)
        c = summary()["counters"]
        assert c["released"] == NAMESPACES, c
        assert_nothing_went_by(c)


if __name__ == "__main__":
    assert os.cpu_count() == 4 and os.sysconf("SC_NPROCESSORS_CONF") == 64
    for name in ("fs.nr_open", "fs.file-max"):
        sysctl(name, 1 << 22)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 20, 1 << 20))
    with oracle():
        main()
