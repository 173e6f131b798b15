# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4
"""What does not fit is counted, what is wrong is refused."""
import contextlib
import errno
import os
import re
import resource
import socket
import struct
import time

from ephtest import *

CAPACITY = 1024
TRACING = "/sys/kernel/debug/tracing/"
KPROBES = "/sys/kernel/debug/kprobes/enabled"


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


@test
def what_does_not_fit_is_counted_exactly_and_taken_in_when_there_is_room():
    with loaded(f"max_ports={CAPACITY}"):
        held = [udp() for _ in range(CAPACITY + 300)]
        with on_first_cpu():
            for s in held:
                s.bind(("", 0))
        told = listing()
        kept = len(told["ports"])
        # A CPU may hold up to 64 free records at hand that others cannot have.
        assert CAPACITY - 64 * os.cpu_count() <= kept <= CAPACITY, kept
        assert told["lost"] == len(held) - kept and not told["complete"], (told["lost"], kept)
        for s in held[:600]:
            s.close()
        eventually(lambda: assert_exact(), 30)
        assert listing()["lost"] == len(held) - kept
        for s in held[600:]:
            s.close()
        assert_exact()


@test
def sockets_that_do_not_fit_at_loading_are_counted():
    held = [udp() for _ in range(CAPACITY + 200)]
    for s in held:
        s.bind(("", 0))
    # Free records at hand stay with the CPU that has them.
    with on_first_cpu(), loaded(f"max_ports={CAPACITY}"):
        told = listing()
        assert told["lost"] == len(held) - len(told["ports"]) >= 200 and not told["complete"]
    for s in held:
        s.close()


def greedy_container(tell, wait):
    become_root_of_a_container()
    tell()
    wait()
    held = [udp() for _ in range(CAPACITY + 300)]
    for s in held:
        s.bind(("", 0))
    tell(len(held))
    wait()
    for s in held:
        s.close()
    tell()
    wait()


def assert_quarter_is_the_hosts(container, taken):
    """While a container has taken all that it can get."""
    theirs = len(ports("-A"))
    assert CAPACITY // 2 < theirs <= CAPACITY * 3 // 4, theirs
    # CPUs hold some free records at hand that others cannot have.
    held = [udp() for _ in range(CAPACITY // 4 - 32)]
    for s in held:
        s.bind(("", 0))
        record_of(s)
    assert len(ports("-A")) - len(held) == theirs
    everything = listing("-A")
    assert everything["lost"] == taken - theirs and not everything["complete"], everything["lost"]
    assert_host_is_complete()
    container.go()
    container.hear()
    for s in held:
        s.close()
    eventually(assert_everything_complete, REST)
    assert_exact()


def assert_host_is_complete():
    told = listing()
    assert told["complete"] and told["lost"] == 0, (told["complete"], told["lost"])


def assert_everything_complete():
    assert listing("-A")["complete"]


@test
def namespaces_that_users_made_leave_a_quarter_of_the_records_to_the_host():
    with loaded(f"max_ports={CAPACITY}"), child(greedy_container) as c:
        c.hear()
        c.go()
        assert_quarter_is_the_hosts(c, c.hear())


@test
def namespaces_that_users_made_before_loading_leave_it_to_the_host_too():
    with child(greedy_container) as c:
        c.hear()
        c.go()
        taken = c.hear()
        with loaded(f"max_ports={CAPACITY}"):
            assert_quarter_is_the_hosts(c, taken)


def crowding_container(tell, wait):
    """Takes more than it can get, and goes on taking for a while; then keeps little, of which
    some was lost."""
    become_root_of_a_container()
    held = [udp() for _ in range(4 * CAPACITY + 300)]
    for s in reversed(held):
        s.bind(("", 0))
    tell(netns_of())
    wait()
    end = time.monotonic() + 5 * SLOW
    while time.monotonic() < end:
        with udp() as s:
            s.bind(("", 0))
    tell()
    wait()
    for s in held[CAPACITY:]:
        s.close()
    tell()
    wait()


def assert_was_whole(port):
    told = json.loads(ephstat("-j", "who", str(port), "--at", "-1s").stdout)
    assert told["whole"] and len(told["holders"]) == 1, told


@test
def what_users_lose_makes_neither_the_host_incomplete_nor_its_answers_interrupted():
    with loaded(f"max_ports={4 * CAPACITY}"), child(crowding_container) as c:
        theirs = str(c.hear())
        # So many that they are told in several messages.
        held = [udp() for _ in range(CAPACITY - 64)]
        for s in held:
            s.bind(("", 0))
        port = port_of(held[0])
        lost = listing("-A")["lost"]
        assert lost > 0
        c.go()
        for _ in range(20):
            assert_host_is_complete()
            assert json.loads(ephstat("-j", "dest").stdout)["complete"]
        c.hear()
        walks = summary()["counters"]["resyncs"]
        # A walk that found no room was tried again after 10 s; now after a minute.
        time.sleep(25)
        assert_host_is_complete()
        assert_was_whole(port)
        assert summary()["counters"]["resyncs"] <= walks + 1
        everything = listing("-A")
        assert everything["lost"] > lost and not everything["complete"], (lost, everything["lost"])
        assert not listing("-N", theirs)["complete"]
        first = ephstat().stdout.splitlines()[0]
        assert first.startswith("ephports: complete, nothing lost, ") and \
            " lost in users' own namespaces;" in first, first
        c.go()
        c.hear()
        eventually(assert_everything_complete, REST)
        assert len(ports("-N", theirs)) == CAPACITY
        assert summary()["counters"]["mended_in"] > 0
        assert_host_is_complete()
        assert_was_whole(port)
        c.go()
        for s in held:
            s.close()
        eventually(assert_exact)


PRCTL, PR_SET_NAME = 157, 15
OTHERS, MOST = 66000, 300  # more than are told apart


def take_name(name):
    assert not syscall(PRCTL, PR_SET_NAME, name.encode(), 0, 0, 0)


def rows(what):
    return json.loads(ephstat("-j", what, "--top", "1").stdout)


@test
def destination_and_owner_with_most_are_told_exactly_however_many_others_there_are():
    held = []

    def take(local, peer, name):
        take_name(name)
        held.append(udp())
        held[-1].bind((local, 0))
        held[-1].connect((peer, 53))

    with loaded():
        for i in range(OTHERS):
            take(f"127.0.0.{1 + i % 4}", f"127.{1 + (i >> 16)}.{i >> 8 & 255}.{i & 255}", f"other{i}")
        for i in range(MOST):
            take("127.0.0.1", "127.9.9.9", "most")
        take_name("python3")
        told = rows("dest")
        assert [(d["local_addr"], d["peer_addr"], d["peer_port"], d["used"],
                 d["by_state"]["established"], [(o["comm"], o["used"]) for o in d["owners"]])
                for d in told["dests"]] == \
            [("127.0.0.1", "127.9.9.9", 53, MOST, MOST, [("most", MOST)])], told
        assert told["other"]["used"] == OTHERS and told["complete"], told["other"]
        assert told["other"]["destinations"] >= 65535, told["other"]
        told = rows("owners")
        assert [(o["comm"], o["used"], o["by_origin"]["bind"]) for o in told["owners"]] == \
            [("most", MOST, MOST)], told
        assert told["other"]["used"] == OTHERS and told["other"]["owners"] >= 65535, told["other"]
        for s in held:
            s.close()
        eventually(assert_exact)


@test
def range_that_is_widened_takes_in_what_was_outside():
    with loaded(), tcp() as s, udp() as u, listener(port=20300):
        s.bind(("127.0.0.1", 20310))
        u.bind(("127.0.0.1", 20311))
        absent(20310), absent(20311)
        with sysctl_set("net.ipv4.ip_local_port_range", "20305 60999"):
            assert record(20310)["origin"] == "explicit"
            assert record(20311)["owner_reason"] is None
            assert protocol("tcp")["range_low"] == 20305
            assert_exact(20305)
        # A record lives until its release, and is not in use of a range that it is not in.
        assert record(20310)["state"] == "bound"
        assert protocol("tcp")["ports_in_use"] == 0 and protocol("tcp")["sockets"] == 1


def wait_in_netns(tell, wait):
    tell(netns_of())
    wait()


@test
def what_a_widened_range_brings_and_does_not_fit_is_counted_and_puts_nothing_else_in_doubt():
    def assert_three_lost():
        assert listing()["lost"] == 3 and not listing()["complete"]

    def whole_elsewhere(ns):
        told = ephstat("-j", "who", "40000", "-N", other, "--at",
                       f"@{ns // 10**9}.{ns % 10**9:09d}", check=False).stdout
        return json.loads(told)["whole"]

    outside = [udp() for _ in range(3)]
    for i, s in enumerate(outside):
        s.bind(("127.0.0.1", 20310 + i))
    with loaded(f"max_ports={CAPACITY}"), child(in_new_netns(wait_in_netns)) as c:
        other = str(c.hear())
        held = [udp() for _ in range(CAPACITY)]
        # What another CPU has at hand, this one cannot have.
        with on_first_cpu():
            for s in held:
                s.bind(("127.0.0.1", 0))
        eventually(assert_everything_complete, REST)
        then = time.clock_gettime_ns(time.CLOCK_REALTIME)
        # What went wrong may have begun a little before it was noticed.
        time.sleep(3)
        assert whole_elsewhere(then)
        with sysctl_set("net.ipv4.ip_local_port_range", "20305 60999"):
            eventually(assert_three_lost, 30)
            for s in held[:256]:
                s.close()
            eventually(assert_everything_complete, 60)
            assert all(record(20310 + i) for i in range(3))
            assert whole_elsewhere(then)
        for s in held + outside:
            s.close()


@test
def ports_in_use_are_distinct_ports_of_the_range():
    with loaded(), listener(port=20300) as a, listener(port=20301) as b:
        with sysctl_set("net.ipv4.ip_local_port_range", "45000 45003"), \
                sysctl_set("net.ipv4.ip_local_reserved_ports", "45001,45003,50000"):
            pairs = [connected(a), connected(b), connected(a), connected(b)]
            assert {port_of(c) for c, _ in pairs} == {45000, 45002}
            p = protocol("tcp")
            assert (p["range_low"], p["range_high"], p["range_ports"], p["reserved_ports"],
                    p["ports_in_use"], p["sockets"]) == (45000, 45003, 4, 2, 2, 4), p
            for c, s in pairs:
                reset_on_close(c)
                c.close(), s.close()


@test
def failed_allocations_are_counted_and_nothing_else():
    with loaded(), listener(port=20300) as server:
        with sysctl_set("net.ipv4.ip_local_port_range", "45000 45003"):
            kept = []
            failures = 0
            for _ in range(10):
                s = tcp()
                try:
                    s.connect(server.getsockname())
                    kept.append(s)
                except OSError as e:
                    assert e.errno == errno.EADDRNOTAVAIL, e
                    failures += 1
            assert len(kept) == 4 and protocol("tcp")["failures"] == failures == 6
            with tcp() as s:
                try:
                    s.bind(("127.0.0.1", 0))
                except OSError as e:
                    assert e.errno == errno.EADDRINUSE, e
            assert protocol("tcp")["failures"] == 7
            held = [udp() for _ in range(4)]
            for s in held:
                s.bind(("", 0))
            with udp() as s:
                try:
                    s.connect(("127.0.0.1", 53))
                except OSError as e:
                    assert e.errno == errno.EAGAIN, e
            assert protocol("udp")["failures"] == 1
            for s in kept + held:
                s.close()


def refused(*params):
    lines = log_of(lambda: load(*params, check=False))
    assert not is_loaded()
    assert len(lines) == 1 and lines[0].startswith("ephports: not loaded: "), lines
    return lines[0]


@test
def loading_is_refused_in_one_line_and_the_next_one_works():
    assert "max_ports=5 " in refused("max_ports=5")
    assert "max_ports=99999999 " in refused("max_ports=99999999")
    write(KPROBES, "0")
    try:
        assert "kprobes/enabled" in refused()
    finally:
        write(KPROBES, "1")
    with sysctl_set("kernel.ftrace_enabled", 0):
        assert "kernel.ftrace_enabled" in refused()
    with loaded():
        eventually(lambda: assert_exact())


@test
def kernel_without_one_of_the_functions_is_refused_by_its_name():
    with open(MODULE, "rb") as f:
        image = f.read()
    names = [b"__inet_hash_connect", b"inet_csk_get_port", b"udp_lib_get_port", b"inet_put_port",
             b"__inet_inherit_port", b"inet_ehash_nolisten", b"inet_twsk_bind_unhash", b"udp_lib_unhash",
             b"inet_twsk_hashdance_schedule" if b"inet_twsk_hashdance_schedule\0" in image
             else b"inet_twsk_hashdance"]
    for name in names:
        assert image.count(b"\0" + name + b"\0") == 1, name
        other = name[:-1] + b"X"
        with open("/run/other.ko", "wb") as f:
            f.write(image.replace(b"\0" + name + b"\0", b"\0" + other + b"\0"))
        lines = log_of(lambda: run("insmod", "/run/other.ko", check=False))
        assert not is_loaded()
        assert_nothing_armed()
        assert len(lines) == 1 and other.decode() in lines[0] and "not loaded" in lines[0], lines
    with loaded():
        eventually(lambda: assert_exact())


def sections(image, prefix):
    """Where the sections of an ELF file lie whose names begin like this."""
    table, = struct.unpack_from("<Q", image, 0x28)
    size, count, names = struct.unpack_from("<HHH", image, 0x3a)
    rows = [struct.unpack_from("<IIQQQQ", image, table + size * i) for i in range(count)]
    return [slice(row[4], row[4] + row[5]) for row in rows
            if image.startswith(prefix, rows[names][4] + row[0])]


def patched(source, prefix, old, new):
    """A copy of a module in which a string of such a section is another."""
    with open(source, "rb") as f:
        image = f.read()
    at, = [at for at in sections(image, prefix) if old in image[at]]
    part = image[at].replace(old, new.ljust(len(old), b"\0"), 1)
    with open("/run/patched.ko", "wb") as f:
        f.write(image[:at.start] + part + image[at.stop:])
    return "/run/patched.ko"


def assert_nothing_armed():
    for path in ("kprobes/list", "tracing/enabled_functions"):
        with open("/sys/kernel/debug/" + path, encoding="utf-8") as f:
            assert not f.read(), path


def refused_by_the_kernel(path):
    """One line that says why, and nothing of the module stays."""
    lines = log_of(lambda: run("insmod", path, check=False))
    assert len(lines) == 1 and lines[0].startswith("ephports: not loaded: "), lines
    return lines[0]


@test
def second_copy_under_another_name_is_refused_and_the_first_goes_on():
    with open(MODULE, "rb") as f:
        assert b"name=ephports\0" in f.read()
    other = patched(MODULE, b".gnu.linkonce.this_module", b"ephports\0", b"ephportz\0")
    with loaded(), udp() as s:
        line = refused_by_the_kernel(other)
        assert "another module has created" in line and "lsmod" in line, line
        assert not os.path.exists("/sys/module/ephportz")
        s.bind(("", 0))
        record_of(s)
        eventually(lambda: assert_exact())
    assert_nothing_armed()


@contextlib.contextmanager
def probes_of_others(*symbols):
    """As perf and bpftrace have them."""
    write(TRACING + "kprobe_events", "".join(f"p:others/{s} {s}\n" for s in symbols))
    write(TRACING + "events/others/enable", "1")
    try:
        yield
    finally:
        write(TRACING + "events/others/enable", "0")
        write(TRACING + "kprobe_events", "")


@test
def probes_of_others_on_the_same_functions_come_and_go_and_both_see_all():
    symbols = ("inet_put_port", "udp_lib_unhash", "udp_lib_get_port", "inet_csk_get_port")

    def come_and_go():
        for s in (udp(), tcp()):
            s.bind(("", 0))
            record_of(s)
            s.close()
        assert_exact()

    def both_see():
        write(TRACING + "trace", "")
        come_and_go()
        with open(TRACING + "trace", encoding="utf-8") as f:
            trace = f.read()
        for symbol in symbols:
            assert f" {symbol}: " in trace, (symbol, trace[-2000:])

    with loaded():
        eventually(lambda: assert_exact())
        with probes_of_others(*symbols):
            both_see()
        come_and_go()
        counted = summary()["counters"]
        assert (counted["assigned"], counted["released"]) == (4, 4), counted
    assert_nothing_armed()
    with probes_of_others(*symbols):
        with loaded():
            eventually(lambda: assert_exact())
            both_see()
    assert_nothing_armed()


TRACE_OPTIONS = {"options/stacktrace": (1, 0), "options/sym-offset": (1, 0),
                 "buffer_size_kb": (1 << 15, 1408), "trace": ("", "")}


def read_stacks():
    """Of each event its name, and the functions, the innermost first; not those that an interrupt
    came upon."""
    found, event, interrupted = [], None, False
    with open(TRACING + "trace", encoding="utf-8", errors="replace") as f:
        for line in f:
            if "<stack trace>" in line:
                found.append((event, []))
                interrupted = False
            elif line.startswith(" => "):
                interrupted = interrupted or line.startswith(" => asm_")
                if found and not interrupted:
                    found[-1][1].append(line[4:].strip())
            elif named := re.search(r"\d: (\w+): ", line):
                event = named[1]
    return found


def overruns():
    for cpu in range(os.cpu_count()):
        with open(TRACING + f"per_cpu/cpu{cpu}/stats", encoding="utf-8") as f:
            yield int(re.search(r"^overrun: (\d+)", f.read(), re.MULTILINE)[1])


@contextlib.contextmanager
def stacks_of(events):
    """Yields a list that has them in the end."""
    found = []
    try:
        for name, (value, _) in TRACE_OPTIONS.items():
            write(TRACING + name, str(value))
        for event in events:
            write(TRACING + f"events/{event}/enable", "1")
        yield found
    finally:
        for event in events:
            write(TRACING + f"events/{event}/enable", "0")
        found.extend(read_stacks())
        assert not any(overruns()), list(overruns())
        for name, (_, value) in TRACE_OPTIONS.items():
            write(TRACING + name, str(value))


# What a return probe calls, and what ftrace does; and what these are called by, if that is a function.
PROBES = re.compile(r"((dispatch|enter_\w+|return_\w+|on_\w+)\+.*\[ephports\]|"
                    r"(arch_|pre_handler_)?(rethook|ftrace|kprobe|kretprobe)_)")


def assert_all_gone():
    """What a storm leaves behind: the next test is not to find it."""
    end_time_wait()
    assert not [h for h in holders() if in_range(h)]


def events_that_allocate():
    names = {f"kmem/{name}" for name in os.listdir(TRACING + "events/kmem")
             if re.fullmatch(r"\w*alloc\w*", name) and "free" not in name}
    assert {"kmem/kmalloc", "kmem/mm_page_alloc", "kmem/kmem_cache_alloc"} <= names, names
    return {name for name in names | {"percpu/percpu_alloc_percpu"}
            if os.path.exists(TRACING + f"events/{name}/enable")}


@test
def probes_neither_allocate_nor_print_also_where_ports_are_refused():
    """What adds up for a reader allocates, and a worker prints: that these are seen shows that the
    probes would be."""
    with loaded(), stacks_of(events_that_allocate() | {"printk/console"}) as stacks:
        for ports_ in ("32768 60999", "40000 40039"):
            with sysctl_set("net.ipv4.ip_local_port_range", ports_):
                run(STORM, "--ops", "300")
        run(EPHSTAT, "dest", "-A")
        time.sleep(3)
    eventually(assert_all_gone, 90)
    ours = [(event, stack) for event, stack in stacks if any("[ephports]" in f for f in stack)]
    seen = {(event, function.split("+")[0]) for event, stack in ours for function in stack
            if "[ephports]" in function}
    print(f"# {len(stacks)} stacks, {len(ours)} of ours: {sorted(seen)}")
    in_probes = [(event, stack) for event, stack in ours if any(map(PROBES.match, stack))]
    assert not in_probes, in_probes[0]
    assert any("tally" in name for event, name in seen if "alloc" in event), seen
    assert any(event == "console" for event, _ in seen), seen


@test
def module_that_finds_its_name_in_proc_taken_is_refused_without_a_warning():
    squatter = patched(ORACLE, b".rodata", b"ephports_oracle\0", b"ephports\0")
    run("rmmod", "ephports_oracle")
    run("insmod", squatter)
    try:
        line = refused_by_the_kernel(MODULE)
        assert "/proc/ephports" in line and "lsmod" in line, line
        assert not is_loaded()
        assert_nothing_armed()
    finally:
        run("rmmod", "ephports_oracle")
        run("insmod", ORACLE)
    with loaded():
        eventually(lambda: assert_exact())


@test
def module_that_is_not_loaded_is_told_with_the_next_step():
    r = ephstat(check=False)
    assert r.returncode == 3 and "insmod" in r.stderr and not r.stdout, (r.returncode, r.stderr)


@test
def range_changed_by_a_container_does_not_make_its_reader_wait_for_a_walk():
    def container(tell, wait):
        become_root_of_a_container()
        before = tcp()
        before.bind(("0.0.0.0", 20000))
        start = time.monotonic()
        for low in range(10000, 10030):
            sysctl("net.ipv4.ip_local_port_range", f"{low} 60999")
            listing()

        def taken_in():
            assert [p["local_port"] for p in ports()] == [20000] and listing()["complete"]
        eventually(taken_in, REST)
        tell(time.monotonic() - start)
    with loaded():
        resyncs = summary()["counters"]["resyncs"]
        with child(container) as c:
            took = c.hear()
        # One a second is the module's own.
        assert summary()["counters"]["resyncs"] - resyncs < took + 3, (took, summary()["counters"])


@test
def range_that_a_container_moves_again_and_again_does_not_make_others_incomplete():
    def container(tell, wait):
        unshare(CLONE_NEWUSER | CLONE_NEWNET)
        low, seen = 10000, []

        def move_and_ask():
            nonlocal low
            low += 1
            sysctl("net.ipv4.ip_local_port_range", f"{low} 60999")
            seen.append(summary()["complete"])
        while low < 10040:
            move_and_ask()
        tell(seen)
        # It is always waiting for a walk when the host asks.
        while True:
            wait()
            move_and_ask()
            tell()
    with loaded():
        with child(container) as c:
            assert False in c.hear()
            # 5.10 takes some walks after loading.
            eventually(assert_complete, 30)
            for _ in range(20):
                c.go()
                c.hear()
                told = summary()
                assert told["complete"] is True, told


@test
def range_that_was_seen_elsewhere_and_is_back_is_complete_only_after_a_walk():
    def container(tell, wait):
        become_root_of_a_container()
        sysctl("net.ipv4.ip_local_port_range", "50000 60999")
        held = udp()
        held.bind(("127.0.0.1", 33000))
        listing()
        sysctl("net.ipv4.ip_local_port_range", "32768 60999")
        told = [listing()]

        def taken_in():
            now = listing()
            told.append(now)
            assert now["complete"]
        eventually(taken_in, REST)
        tell([(t["complete"], [p["local_port"] for p in t["ports"]]) for t in told])
    with loaded(), child(container) as c:
        seen = c.hear()
        assert all(ports == [33000] for complete, ports in seen if complete), seen


@test
def resync_by_hand_changes_nothing_that_is_right():
    with loaded(), listener() as server:
        pairs = [connected(server) for _ in range(50)]
        before = sorted(p["id"] for p in ports())
        ephstat("resync")
        assert sorted(p["id"] for p in ports()) == before
        assert all(p["owner_reason"] is None and p["age_ns"] for p in ports())
        del pairs


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (100000, 100000))
    with oracle():
        main()
