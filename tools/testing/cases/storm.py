# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4 --mem 2048 --timeout 1800
"""After any storm, what ephports says equals the kernel's own tables."""
import contextlib
import subprocess
import time

from ephstorm import *
from ephtest import *


@test
def mixed_storm_ends_exact():
    with loaded():
        with storm("--ops", str(OPS)) as p:
            totals = calm(p)
            held = exact()
            c = assert_counters_add_up()
            assert_every_kind_succeeded(totals)
            assert_failures_are_equal(totals)
            print(f"# {c['assigned']} assigned, {c['cloned']} handed over, {held} held")
            at_one_instant(assert_equals_ss)
        settle()
        exact()
        assert_counters_add_up()


def ss_ports(*args):
    """Local ports inside the range, as ss lists them: state first, local address fourth."""
    rows = [line.split() for line in run("ss", "-Hna", *args).stdout.splitlines()]
    found = [int(r[3].rsplit(":", 1)[1]) for r in rows if r[0] != "SYN-RECV"]
    return sorted(port for port in found if LOW <= port <= HIGH)


def assert_equals_ss():
    """ss knows the same, less what it does not show: TCP sockets that are bound and no more."""
    for proto in ("-t", "-u"):
        ours = sorted(p["local_port"] for p in ports(proto)
                      if p["state"] != "bound" and LOW <= p["local_port"] <= HIGH)
        theirs = ss_ports(proto)
        assert theirs == ours, \
            (proto, multiset_minus(theirs, ours)[:5], multiset_minus(ours, theirs)[:5])


@test
def storm_in_a_tiny_range_that_overflows_ends_exact_and_counts_each_refusal():
    with sysctl_set("net.ipv4.ip_local_port_range", "40000 40039"), loaded():
        with storm("--ops", str(max(OPS // 3, 4000)), "--netns", "2", procs=12, seed=SEED + 1) as p:
            totals = calm(p)
            exact()
            assert_counters_add_up()
            assert_failures_are_equal(totals)
            # Each way to be refused was met.
            shared = totals.refused[0]
            assert all(shared[way] for way in TCP_WAYS + UDP_WAYS), shared
        settle()
        exact()


def namespaces_refused(seconds):
    """A storm of some seconds in namespaces; in how many of them a port was refused."""
    with loaded(), storm("--seconds", str(seconds), "--netns", "4", procs=1, seed=SEED + 10) as p:
        totals = calm(p)
        assert_failures_are_equal(totals)
        exact()
    return sum(any(r[way] for way in TCP_WAYS + UDP_WAYS) for r in totals.refused)


@test
def failures_of_a_namespace_are_its_own():
    with sysctl_set("net.ipv4.ip_local_port_range", "40000 40009"):
        # How far a storm comes in its time is the machine's affair.
        assert any(namespaces_refused(seconds) >= 3 for seconds in (8, 16, 32, 64))


@test
def storm_in_namespaces_that_are_born_and_die_ends_exact():
    with loaded():
        # Few processes, so that each comes far enough to die.
        with storm("--ops", str(max(OPS // 4, 3500)), "--netns", "6", procs=2, seed=SEED + 2) as p:
            totals = calm(p)
            assert totals.counts["died"] >= 5, totals.counts
            eventually(exact)
            assert_counters_add_up()
            assert_failures_are_equal(totals)
        eventually(exact)


@contextlib.contextmanager
def reader():
    """Somebody who reads all the time, also while the module comes."""
    loop = f"while :; do {EPHSTAT} -j list -A; {EPHSTAT} -j; cat /proc/ephports; done"
    p = subprocess.Popen(["sh", "-c", loop], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        p.kill()
        p.wait()


@contextlib.contextmanager
def unloaded_after():
    try:
        yield
    finally:
        unload()


def enough_to_adopt():
    assert sum(in_range(h) for h in holders()) > 200, "the storm has not begun"


def enough_assigned():
    assert summary()["counters"]["assigned"] > 100, "the storm is over"


@test
def loading_in_the_middle_of_a_storm_ends_exact():
    for round_ in range(3):
        with unloaded_after():
            with storm(*ENOUGH, "--netns", "2", seed=SEED + 3 + round_) as p, \
                    reader():
                eventually(enough_to_adopt)
                time.sleep(round_)
                load()
                eventually(enough_assigned)
                calm_down(p)
                eventually(exact)
                c = assert_counters_add_up(late=WALKS_TWICE)
                print("#", c)
                assert c["adopted"] > 100, "it was loaded before"
            settle()
            exact()


@test
def walks_in_the_middle_of_a_storm_mend_nothing_that_is_right():
    with unloaded_after():
        with storm(*ENOUGH, seed=SEED + 6) as p:
            load()  # so that many records are adopted ones, which go on to TIME_WAIT
            for _ in range(10):
                ephstat("resync")
            calm_down(p)
            exact()
            c = assert_counters_add_up(late=WALKS_TWICE)
            print("#", c)
        settle()
        exact()


@test
def load_unload_and_load_again_under_a_storm():
    with unloaded_after(), storm(*ENOUGH, procs=3, seed=SEED + 7) as p:
        for _ in range(5):
            load()
            proc(), ports()
            unload()
        load()
        eventually(enough_assigned)
        calm_down(p)
        exact()


if __name__ == "__main__":
    sysctl("net.ipv4.tcp_fastopen", 3)
    with oracle():
        main()
