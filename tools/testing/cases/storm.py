# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4 --mem 2048 --timeout 600
"""After any storm, what ephports says equals the kernel's own tables."""
import contextlib
import os
import subprocess
import time

from ephtest import *

SEED = int(os.environ.get("EPHPORTS_SEED", "1"))
OPS = int(os.environ.get("EPHPORTS_OPS", "50000"))


@contextlib.contextmanager
def storm(*args, procs=8, seed=SEED):
    """A storm under way; it ends when its input closes, and keeps its last sockets until then."""
    # Room for new ones: the kernel makes no TIME_WAIT beyond tcp_max_tw_buckets.
    run("ss", "-K", "state", "time-wait")
    p = subprocess.Popen([STORM, "--seed", str(seed), "--procs", str(procs), "--linger", *args],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield p
    finally:
        p.stdin.close()
        totals = p.stdout.read()
        for line in totals.splitlines():
            print("# storm:", line)
        assert p.wait() == 0, f"the storm ended with {p.returncode}"


def calm(p):
    """Waits until the storm has no more to do, and the kernel nothing of it."""
    for line in p.stdout:
        print("# storm:", line.strip())
        if line.startswith("quiet"):
            break
    settle()


def settle():
    """What moves by itself (retransmissions, TIME_WAIT timers) must not move between two looks."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        before = holders()
        time.sleep(0.5)
        if holders() == before:
            return
    raise AssertionError("the kernel's tables do not come to rest")


def exact():
    """A comparison of two looks that cannot be had at one instant: a third look tells."""
    for _ in range(10):
        before = holders()
        try:
            return assert_exact()
        except AssertionError:
            if holders() == before:
                raise
    raise AssertionError("the kernel's tables do not stand still")


def assert_counters_add_up():
    s = summary()
    c, held = s["counters"], s["held"]
    assert c["assigned"] + c["adopted"] + c["cloned"] + c["mended_in"] == \
        c["released"] + c["mended_out"] + held, (c, held)
    assert not c["lost"] and not c["missed_assign"] and not c["unknown"], c
    return c


@test
def mixed_storm_ends_exact():
    with loaded():
        with storm("--ops", str(OPS)) as p:
            calm(p)
            held = exact()
            c = assert_counters_add_up()
            assert not c["mended_in"] and not c["mended_out"], c
            print(f"# {c['assigned']} assigned, {c['cloned']} handed over, {held} held")
            assert_equals_ss()
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
def storm_in_a_tiny_range_that_overflows_ends_exact():
    with sysctl_set("net.ipv4.ip_local_port_range", "40000 40199"), loaded():
        with storm("--ops", str(OPS // 5), seed=SEED + 1) as p:
            calm(p)
            exact()
            assert_counters_add_up()
        settle()
        exact()


@test
def storm_in_namespaces_that_are_born_and_die_ends_exact():
    with loaded():
        with storm("--ops", str(OPS // 5), "--netns", "4", seed=SEED + 2) as p:
            calm(p)
            eventually(exact)
            assert_counters_add_up()
        eventually(exact)


@test
def loading_in_the_middle_of_a_storm_ends_exact():
    for round_ in range(3):
        with storm("--ops", str(OPS // 4), seed=SEED + 3 + round_) as p:
            time.sleep(0.5 + round_)
            load()
            calm(p)
            exact()
            c = summary()["counters"]
            print("#", c)
            assert c["adopted"] > 100 and c["assigned"] > 100, "it was loaded before or after"
        settle()
        exact()
        unload()


@test
def walks_in_the_middle_of_a_storm_mend_nothing_that_is_right():
    with storm("--ops", str(OPS // 4), seed=SEED + 6) as p:
        load()  # so that many records are adopted ones, which go on to TIME_WAIT
        for _ in range(10):
            ephstat("resync")
        calm(p)
        exact()
        c = assert_counters_add_up()
        print("#", c)
        assert not c["mended_in"] and not c["mended_out"], c
    settle()
    exact()
    unload()


@test
def load_unload_and_load_again_under_a_storm():
    with storm("--seconds", "45", procs=3, seed=SEED + 7) as p:
        cycles = 0
        end = time.monotonic() + 25
        while time.monotonic() < end:
            load()
            proc(), ports()
            unload()
            cycles += 1
        print(f"# {cycles} cycles")
        load()
        calm(p)
        exact()
        assert summary()["counters"]["assigned"] > 100, "the storm was over before"
        assert cycles >= 3, cycles
    unload()


@test
def sockets_that_exist_throughout_are_always_there_once_and_in_the_middle_of_traffic():
    keep = [udp() for _ in range(200)]
    for s in keep:
        s.bind(("127.0.0.1", 0))
    mine = {port_of(s) for s in keep}
    with loaded():
        with storm("--ops", str(OPS // 3), seed=SEED + 8) as p:
            looks = 0
            while looks < 5 or p.poll() is not None:
                seen = [q["local_port"] for q in ports("pid", str(os.getpid()))]
                assert len(seen) == len(set(seen)) and set(seen) == mine, \
                    (mine - set(seen), multiset_minus(seen, sorted(mine)))
                looks += 1
            calm(p)
    for s in keep:
        s.close()


if __name__ == "__main__":
    sysctl("net.ipv4.tcp_fastopen", 3)
    with oracle():
        main()
