# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4 --timeout 1200
"""What the probes miss is noticed where it can be, mended, and counted exactly.

The module is one that misses on purpose (module/fault.c).
"""
import contextlib
import fcntl
import itertools
import json
import os
import resource
import socket
import subprocess
import time

from ephnetlink import *
from ephtest import *

SLAB = "/sys/kernel/slab/"
F_SETPIPE_SZ = 1031


def faulty(*params):
    return loaded(*params, module=FAULTY_MODULE)


@contextlib.contextmanager
def missing(kind, n):
    """The next n events of this kind go unseen; no more, and no less."""
    param("miss_" + kind, n)
    yield
    left = param("miss_" + kind)
    param("miss_" + kind, 0)
    assert left == "0", f"{left} of {n} events were not missed"


def counters():
    return summary()["counters"]


def risen(before):
    now = counters()
    return {name: now[name] - before[name] for name in now if now[name] != before[name]}


def assert_adds_up():
    s = summary()
    c = s["counters"]
    assert c["assigned"] + c["adopted"] + c["cloned"] + c["mended_in"] == \
        c["released"] + c["mended_out"] + s["held"], s


def resync():
    told = json.loads(ephstat("-j", "resync").stdout)
    # Without RCU tasks, one walk is not enough to call all mended.
    return told["mended_in"], told["mended_out"]


def soon():
    start = time.monotonic()
    eventually(lambda: assert_exact(), REST)
    print(f"# mended after {time.monotonic() - start:.1f} s")
    assert_adds_up()


def make(kind, server):
    if kind == "connect":
        s = tcp()
        s.connect(server.getsockname())
    elif kind == "bind":
        s = tcp(socket.AF_INET6)
        s.bind(("::1", 0))
    else:
        s = udp()
        s.connect(("127.0.0.1", 53))
    return s


def misses_assignments(kind, why):
    """Three of five; the module finds the three within seconds, and names their owner."""
    with listener() as server:
        before = counters()
        # A walk that the first reading calls for is still under way at the second.
        param("slow_sweep", 3000 if DEBUG_KERNEL else 1000)
        param("nested", int(why == "nested"))
        with missing(kind, 3):
            held = [make(kind, server) for _ in range(5)]
        told, text = listing(), ephstat().stdout.splitlines()[0]
        param("slow_sweep", 0)
        seen = not told["complete"] and "incomplete" in text and "probes missed" in text
        # The module looks every 5 s by itself, perhaps just now.
        assert seen or risen(before).get("mended_in") == 3, (text, risen(before))
        soon()
        assert [p["age_ns"] is None for p in ports()].count(True) == 3
        assert all(p["pid"] == os.getpid() for p in ports()), ports()
        got = risen(before)
        assert got.pop("resyncs") >= 1
        assert got == {"assigned": 2, "mended_in": 3, "missed_assign": 3,
                       f"missed_{kind}_{why}": 3}, got
        for s in held:
            if kind == "connect":
                reset_on_close(s)
            s.close()
        assert not ports()
    return seen


@test
def assignment_that_a_probe_misses_is_counted_by_its_probe_told_and_mended_soon():
    for kind, why in itertools.product(("connect", "bind", "udp"), ("no_instance", "nested")):
        seen = False
        for _ in range(5):
            with faulty():
                seen = misses_assignments(kind, why)
            if seen:
                break
        assert seen, f"{kind}, {why}: never told to be incomplete"


def hold_ports(tell, wait, n, addr):
    held = [tcp() for _ in range(n)]
    tell()
    wait()
    for s in held:
        s.connect(addr)
    tell()
    wait()


@test
def more_searches_at_once_than_a_probe_can_follow_are_counted_and_mended():
    procs, each = 30, 33
    with sysctl_set("net.ipv4.ip_local_port_range", "40000 40999"), \
            listener(backlog=1024) as server, faulty("maxactive=1"):
        children = [Child(hold_ports, each, server.getsockname()) for _ in range(procs)]
        try:
            for c in children:
                c.hear()
            for c in children:
                c.go()
            for c in children:
                c.hear()
            soon()
            c = counters()
            print(f"# {c['missed_connect_no_instance']} of {procs * each} calls missed, "
                  f"{c['mended_in']} holders mended")
            assert c["missed_connect_no_instance"] > 0, c
            assert c["assigned"] + c["mended_in"] == procs * each, c
            # Calls that two CPUs miss at the same instant may be counted as one.
            assert c["mended_in"] >= c["missed_connect_no_instance"], c
            assert c["missed_assign"] == c["missed_connect_no_instance"] + \
                c["missed_connect_nested"], c
        finally:
            for c in children:
                c.end(kill=True)


def unknown_rows():
    """In /proc, and in netlink what is not mended since: to read one is to call for that. Told as
    what they are."""
    rows = [r for r in proc() if r["state"] == "unknown"]
    told = listing()
    unknown = [p for p in told["ports"] if p["state"] == "unknown"]
    assert {r["id"] for r in rows} >= {str(p["id"]) for p in unknown}, (rows, unknown)
    assert all(r["local_addr"] == r["peer_addr"] == "-" for r in rows), rows
    assert not any(p["local_addr"] or p["peer_addr"] for p in unknown), unknown
    assert not unknown or not told["complete"]
    return [int(r["local_port"]) for r in rows]


def misses_releases(kind, server):
    held = [make("bind" if kind == "tcp_release" else "udp", server) for _ in range(5)]
    stale = sorted(port_of(s) for s in held[:3])
    resync()  # the next walk is a second away
    before = counters()
    with missing(kind, 3):
        for s in held:
            s.close()
    assert sorted(unknown_rows()) == stale
    soon()
    got = risen(before)
    assert got.pop("resyncs") >= 1 and got.pop("unknown") >= 3, got
    assert got == {"released": 2, "mended_out": 3}, got


@test
def release_that_is_missed_is_noticed_by_a_reader_and_mended_soon():
    with listener() as server, faulty():
        misses_releases("tcp_release", server)
        misses_releases("udp_release", server)


@test
def release_that_is_missed_is_mended_by_the_next_holder_in_the_same_memory():
    if DEBUG_KERNEL:
        raise Skip("KASAN keeps freed memory from being used again")

    def mended_by_the_next():
        held = [make("udp", None) for _ in range(100)]
        with missing("udp_release", 100):
            for s in held:
                s.close()
        # The memory goes after a grace period of RCU, if the machine does not stand still.
        time.sleep(0.5)
        held = [make("udp", None) for _ in range(200)]
        # The first reading: of those that are left it would tell the module.
        got = risen(before)
        print(f"# {got.get('mended_out', 0)} of 100 in the same memory")
        return held, "mended_out" in got

    for _ in range(5):
        with faulty():
            before = counters()
            held, found = mended_by_the_next()
            resync()
            soon()
            assert risen(before)["mended_out"] == 100
            for s in held:
                s.close()
            assert not ports()
        if found:
            break
    assert found, "none was in the same memory"


@test
def release_that_is_missed_of_what_was_found_is_told_by_the_next_hold_of_its_port():
    with sysctl_set("net.ipv4.ip_local_port_range", "40000 40000"), udp() as s:
        s.connect(("127.0.0.1", 53))
        with faulty():
            eventually(assert_complete, 30)
            resync()
            before = counters()
            with missing("udp_release", 1):
                disconnect(s)
            s.connect(("127.0.0.1", 53))
            got = risen(before)
            got.pop("resyncs", None)
            got.pop("unknown", None)  # the look for alerts may have come by
            assert got == {"assigned": 1, "mended_out": 1}, got
            p = record(40000)
            assert p["origin"] == "connect" and p["age_ns"], p
            soon()


def slabs(name):
    with open(SLAB + name + "/slabs", encoding="utf-8") as f:
        return int(f.read().split()[0])


def free_slabs(name):
    before = slabs(name)
    time.sleep(1)  # a grace period of RCU
    with open(SLAB + name + "/shrink", "w", encoding="utf-8") as f:
        f.write("1")
    time.sleep(1)
    print(f"# {name}: {before} slabs, then {slabs(name)}")
    assert slabs(name) < before, "no page went back"


@contextlib.contextmanager
def memory_in_use():
    """Something else in the pages that were freed: pipes are filled on each CPU. (Memory of
    processes would be taken from elsewhere, where the kernel can move it.)"""
    cpus, size = os.sched_getaffinity(0), 1 << 20
    pipes = []
    for cpu in cpus:
        os.sched_setaffinity(0, {cpu})
        for _ in range(48):
            pipes.append(os.pipe())
            fcntl.fcntl(pipes[-1][1], F_SETPIPE_SZ, size)
            os.write(pipes[-1][1], b"\xa5" * size)
    os.sched_setaffinity(0, cpus)
    yield
    for fd in itertools.chain(*pipes):
        os.close(fd)


@test
def stale_record_is_read_without_harm_when_its_memory_is_freed_or_used_for_something_else():
    n = 400
    with listener() as server, faulty():
        for kind, name in (("udp", "UDP"), ("bind", "TCPv6")):
            held = [make(kind, server) for _ in range(n)]
            stale = sorted(port_of(s) for s in held)
            resync()
            before = counters()
            with missing("udp_release" if kind == "udp" else "tcp_release", n):
                for s in held:
                    s.close()
            free_slabs(name)
            with memory_in_use():
                # It may be mended before the last is read.
                unknown = unknown_rows()
                assert unknown and set(unknown) <= set(stale), unknown
            soon()
            got = risen(before)
            assert got["mended_out"] == n and "released" not in got, got
            assert not ports()


@test
def hand_over_that_is_missed_is_found_by_resync():
    with listener() as server, faulty():
        with missing("hand_over", 3):
            waits = sorted(time_wait(server) for _ in range(5))
        # The kernel does not count what an ftrace callback misses: nothing tells.
        assert len(ports()) == 2 and listing()["complete"]
        assert resync() == (3, 0)
        soon()
        assert sorted(p["local_port"] for p in ports()) == waits
        end_time_wait()
        assert not ports()


@test
def accepted_connection_that_is_missed_is_found_by_resync():
    port = free_port()
    with faulty(), listener(port=port) as server:
        with sysctl_set("net.ipv4.ip_local_port_range", "41000 60999"), \
                missing("accept", 3):
            pairs = [connected(server) for _ in range(5)]
        children = [p for p in ports() if p["origin"] == "accept"]
        assert len(children) == 2 and listing()["complete"], children
        assert resync() == (3, 0)
        soon()
        children = [p for p in ports() if p["local_port"] == port and p["state"] == "established"]
        assert len(children) == 5 and all(p["pid"] == os.getpid() for p in children), children
        for client, accepted in pairs:
            client.close(), accepted.close()
    end_time_wait()


@test
def end_of_time_wait_that_is_missed_is_found_by_resync():
    with listener() as server, faulty():
        for _ in range(5):
            time_wait(server)
        assert len(ports()) == 5
        with missing("timewait_release", 3):
            end_time_wait()
        # Its memory keeps what it said last, until it is used again.
        assert len(ports()) == 3, ports()
        assert resync() == (0, 3)
        soon()
        assert not ports()


@test
def stale_time_wait_is_read_without_harm_when_its_memory_is_freed():
    n = 300
    with listener() as server, faulty():
        for _ in range(n):
            time_wait(server)
        assert len(ports()) == n
        before = counters()
        with missing("timewait_release", n):
            end_time_wait()
        free_slabs("tw_sock_TCP")
        with memory_in_use():
            rows, told = proc(), ports()
        # How much of the memory says something else by now is not for us to choose; nor how much is
        # mended between two readings, the first of which calls for that.
        assert 0 < len(rows) <= n and len(told) <= n, (len(rows), len(told))
        unknown = [r for r in rows + told if r["state"] == "unknown"]
        print(f"# {len(unknown)} of {len(rows) + len(told)} no longer fit")
        resync()
        soon()
        got = risen(before)
        assert got["mended_out"] == n and "released" not in got, got


def walk_elsewhere():
    return subprocess.Popen([EPHSTAT, "-j", "resync"], stdout=subprocess.DEVNULL,
                            preexec_fn=keep_off_first_cpu)


def wait_for_walk():
    """Until a walk waits for what is to be held; it has waited for all tasks before."""
    end = time.monotonic() + 20
    while param("waiting") != "Y" and time.monotonic() < end:
        time.sleep(0.01)
    assert param("waiting") == "Y", "the walk does not wait"


def assert_met():
    assert param("gave_up") == "0", "no walk met the socket while its probe was held"


@test
def holder_that_a_walk_meets_before_its_probe_returns_is_counted_once_as_assigned():
    with listener() as server, faulty():
        for kind, origin in (("connect", "connect"), ("bind", "bind"), ("udp", "connect")):
            before = counters()
            param("hold_return", 1)
            with on_first_cpu(), walk_elsewhere() as walk:
                wait_for_walk()
                s = make(kind, server)
            assert walk.returncode == 0 and param("hold_return") == "0"
            assert_met()
            got = risen(before)
            assert got.pop("resyncs") >= 1
            assert got == {"assigned": 1}, (kind, got)
            p = record_of(s)
            assert (p["pid"], p["origin"], p["owner_reason"]) == (os.getpid(), origin, None), p
            assert p["age_ns"], p
            assert_exact()
            if kind == "connect":
                reset_on_close(s)
            s.close()
            assert_exact()
            assert risen(before)["released"] == 1


def overtaken_release(kind, server):
    """The port, what was told meanwhile and what was counted; None if a walk of the module's own,
    which it begins some seconds after the miss, came before: then there was nothing to overtake."""
    before = counters()
    with missing(kind, 1):
        s = make(kind, server)
    port = port_of(s)
    if kind == "connect":
        reset_on_close(s)
    param("hold_release", 1)
    param("slow_sweep", 3000)
    with on_first_cpu(), walk_elsewhere() as walk:
        wait_for_walk()
        s.close()
        was_held = param("hold_release") == "0"
        # Or the walk waits on for what will not come.
        param("hold_release", 0)
        told = proc() + ports() + json.loads(ephstat("-j", "dest").stdout)["dests"]
        early = walk.poll() is None
    assert walk.returncode == 0
    got = risen(before)
    if not was_held and "mended_in" in got:
        return None
    assert was_held
    assert_met()
    print(f"# {kind}: read {'before' if early else 'after'} the sweep")
    return port, told, got


@test
def release_that_a_walk_overtakes_is_neither_shown_nor_taken_for_a_missed_one():
    with listener() as server, faulty():
        for kind in ("connect", "udp"):
            for _ in range(10):
                found = overtaken_release(kind, server)
                soon()
                if found:
                    break
            assert found, "in none of ten did a walk meet the socket while its release was held"
            port, told, got = found
            assert not any(port in (r.get("local_port"), r.get("port")) for r in told), told
            assert not any(r.get("state") == "unknown" for r in told), told
            assert got.pop("resyncs") >= 1
            assert got == {"missed_assign": 1, f"missed_{kind}_no_instance": 1}, (kind, got)


@test
def release_that_is_missed_as_a_walk_meets_its_socket_is_mended_by_that_walk():
    with listener() as server, faulty():
        for kind, missed in (("connect", "tcp_release"), ("udp", "udp_release")):
            s = make(kind, server)
            port = port_of(s)
            if kind == "connect":
                reset_on_close(s)
            resync()
            before = counters()
            param("hold_release", 1)
            with missing(missed, 1), on_first_cpu(), walk_elsewhere() as walk:
                wait_for_walk()
                s.close()
            assert walk.returncode == 0 and param("hold_release") == "0"
            assert_met()
            assert not any(p["local_port"] == port for p in ports()), ports()
            assert_exact()
            got = risen(before)
            assert got.pop("resyncs") >= 1
            assert got == {"mended_out": 1}, (kind, got)


def accepted_unseen(server):
    """A pair of which nobody knows that the accepted one's record is missing."""
    with sysctl_set("net.ipv4.ip_local_port_range", "41000 60999"), missing("accept", 1):
        return connected(server)


def answer_is_whole(netns, ns):
    """Whether nobody is missing from what is said of then."""
    told = ephstat("-j", "who", "40000", "-N", str(netns), "--at",
                   f"@{ns // 10**9}.{ns % 10**9:09d}", check=False).stdout
    return json.loads(told)["whole"]


@test
def holder_that_a_moved_range_brings_and_that_goes_as_it_is_met_hides_no_other_that_was_missed():
    # In another namespace: what is found in one whose range was moved may be new to it.
    def miss(tell, wait):
        with listener(port=free_port()) as server:
            tell(netns_of())
            wait()
            pair = accepted_unseen(server)
            tell()
            wait()
            for s in pair:
                s.close()
    with faulty(), child(in_new_netns(miss)) as c, udp() as s:
        other = c.hear()
        s.bind(("127.0.0.1", 20311))
        eventually(assert_complete, 30)
        before, then = counters(), time.clock_gettime_ns(time.CLOCK_REALTIME)
        c.go()
        c.hear()
        assert answer_is_whole(other, then)
        with sysctl_set("net.ipv4.ip_local_port_range", "20305 60999"):
            param("hold_release", 1)
            with on_first_cpu(), walk_elsewhere() as walk:
                wait_for_walk()
                s.close()
            assert walk.returncode == 0 and param("hold_release") == "0"
            assert_met()
            assert risen(before).get("mended_in") == 1, risen(before)
            assert not answer_is_whole(other, then)
            soon()
        c.go()


def interrupted_by(what):
    """Whether a dump of many records, in the middle of which this happens, is flagged."""
    many = [udp() for _ in range(800)]
    for s in many:
        s.bind(("", 0))
    eventually(assert_complete, 30)
    genl = Genl()
    genl.send(N["CMD_PORT_GET"], flags=NLM_F_DUMP)
    genl.hear(what)
    for s in many:
        s.close()
    return genl.interrupted


@test
def dump_that_a_mending_runs_into_is_flagged():
    port = free_port()
    with faulty(), listener(port=port) as server:
        pairs = []

        # Of one that nobody knows to be missing.
        def miss_and_mend():
            pairs.append(accepted_unseen(server))
            assert listing()["complete"]
            assert resync() == (1, 0)
        assert interrupted_by(miss_and_mend)
        for s in pairs[0]:
            s.close()
    end_time_wait()


@test
def dump_is_not_flagged_for_a_walk_that_finds_nothing():
    with faulty():
        assert not interrupted_by(lambda: ephstat("resync"))


@test
def dump_of_the_host_is_not_flagged_for_what_a_container_does_with_its_range():
    def container(tell, wait):
        become_root_of_a_container()
        held = udp()
        held.bind(("", 20000))
        tell(summary()["netns"])
        wait()
        sysctl("net.ipv4.ip_local_port_range", "10000 60999")

        def taken_in():
            told = listing()
            assert told["complete"] and [p["local_port"] for p in told["ports"]] == [20000], told
        eventually(taken_in, REST)
        tell()

    def move(c):
        c.go()
        c.hear()
    with faulty(), child(container) as c:
        c.hear()
        assert not interrupted_by(lambda: move(c))


@test
def what_a_container_does_with_its_range_does_not_hide_what_was_missed():
    def container(tell, wait):
        become_root_of_a_container()
        held = udp()
        held.bind(("", 20000))
        tell()
        wait()
        sysctl("net.ipv4.ip_local_port_range", "10000 60999")
        tell()
        wait()
    port = free_port()
    with faulty(), listener(port=port) as server, child(container) as c:
        c.hear()
        pairs = []

        def miss_and_move_and_mend():
            pairs.append(accepted_unseen(server))
            c.go()
            c.hear()
            assert resync() == (2, 0)
        assert interrupted_by(miss_and_move_and_mend)
        for s in pairs[0]:
            s.close()
    end_time_wait()


@test
def dump_of_a_container_is_flagged_for_what_it_does_with_its_range():
    def container(tell, wait):
        become_root_of_a_container()
        held = udp()
        held.bind(("", 20000))

        def move():
            sysctl("net.ipv4.ip_local_port_range", "10000 60999")

            def taken_in():
                assert [p["local_port"] for p in ports() if p["local_port"] == 20000]
                assert listing()["complete"]
            eventually(taken_in, REST)
        tell(interrupted_by(move))
    with faulty(), child(container) as c:
        assert c.hear() is True


@test
def walks_that_users_can_bring_about_take_little_of_a_cpu():
    def container(tell, wait):
        become_root_of_a_container()
        for low in range(10000, 20000):
            sysctl("net.ipv4.ip_local_port_range", f"{low} 60999")
            listing()
            time.sleep(0.1)

    def low():
        return int(run("nsenter", "-t", str(c.pid), "-n", "cat",
                       "/proc/sys/net/ipv4/ip_local_port_range").stdout.split()[0])

    def assert_walked(at_least, at_most):
        assert at_least <= counters()["resyncs"] - walks <= at_most, counters()
    with faulty():
        # 5.10 takes some walks after loading.
        eventually(assert_complete, 30)
        # Each is worth a rest of 20 s.
        param("busy_walk", 400)
        walks = counters()["resyncs"]
        with child(container) as c:
            eventually(lambda: assert_walked(1, 2), REST)
            before = low()
            time.sleep(15)
            assert low() > before + 5, (before, low())
            assert_walked(1, 2)
            assert_complete()


@test
def walks_for_what_is_missed_again_and_again_leave_nine_tenths_of_a_cpu():
    with faulty():
        eventually(assert_complete, 30)
        param("busy_walk", 400)

        def miss():
            with missing("udp", 1), make("udp", None):
                time.sleep(0.1)
            return counters()["resyncs"]

        def walked():
            assert miss() > walks
        walks = counters()["resyncs"]
        eventually(walked, REST)
        walks, start = miss(), time.monotonic()
        while time.monotonic() < start + 15:
            miss()
        took = time.monotonic() - start
        walks = counters()["resyncs"] - walks
        print(f"# {walks} walks in {took:.1f} s")
        # Each is worth a rest of 4 s, and one may have begun at once.
        assert 1 <= walks <= took / 4 + 1, (walks, took)
        param("busy_walk", 0)
        soon()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
    # A search for a port must not take over a TIME_WAIT that a test counts.
    with sysctl_set("net.ipv4.tcp_tw_reuse", 0), oracle():
        main()
