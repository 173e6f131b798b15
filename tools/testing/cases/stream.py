# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4 --mem 2048 --timeout 900
"""Who watches is told each event once, in order; and how many it lost, exactly."""
import contextlib
import errno
import os
import resource
import select
import socket
import struct
import subprocess
import threading
import time

from ephnetlink import *
from ephtest import *

EVENTS_MADE = int(os.environ.get("EPHPORTS_OPS") or 100000)
CPUS = os.cpu_count()


def marker():
    """An event that comes after all that happened before."""
    s = udp()
    s.bind(("127.0.0.1", 0))
    cookie = cookie_of(s)
    s.close()
    return lambda e: e["kind"] == "released" and e["port"]["cookie"] == cookie


def up_to_now(watcher):
    """Everything so far, but for the two events of the marker itself."""
    events = watcher.until(marker())
    return events[:-2]


def assert_in_order(events, seq=1):
    """Numbers without a gap, losses included; times that do not go back."""
    time_ = 0
    for e in events:
        assert e["seq"] == seq, (seq, e)
        assert e["boot"] >= time_, (time_, e)
        time_ = e["boot"]
        seq += e["lost"] if e["kind"] == "lost" else 1
    return seq


def kinds(events):
    return [e["kind"] for e in events]


def counters():
    return summary()["counters"]


def delivered(events):
    return sum(e["kind"] != "lost" for e in events)


def lost(events):
    return sum(e["lost"] for e in events if e["kind"] == "lost")


def gather(watcher, n):
    """All events, which are n, delivered or lost; no more come."""
    so_far = 0

    def is_last(e):
        nonlocal so_far
        so_far += e.get("lost", 1)
        return so_far >= n
    return watcher.until(is_last) + watcher.waiting()


# ---- what is told --------------------------------------------------------------------------

def story(watcher, act):
    """What was told of ports while act() ran, by record: {id: [event]}."""
    up_to_now(watcher)
    act()
    stories = {}
    for e in up_to_now(watcher):
        stories.setdefault(e["port"]["id"], []).append(e)
    return list(stories.values())


def one_life(watcher, act, origin, proto):
    lives = story(watcher, act)
    assert [kinds(life) for life in lives] == [["assigned", "released"]], lives
    for e in lives[0]:
        p = e["port"]
        assert (p["origin"], p["proto"]) == (N["ORIGIN_" + origin], proto), p
        assert (p["pid"], p["comm"], p["uid"], p["reason"]) == (os.getpid(), own_name(), 0, 0), p
        assert p["netns"] == netns_of() and p["nsid"] >= 1, p
        assert 0 <= p["age"] < 60e9, p
    first, last = (e["port"] for e in lives[0])
    assert last["age"] >= first["age"] and first["cookie"] == last["cookie"], lives
    assert lives[0][1]["boot"] - lives[0][0]["boot"] == last["age"] - first["age"], lives
    return first, last


def own_name():
    with open("/proc/self/comm", encoding="utf-8") as f:
        return f.read().strip()


def closing(make):
    def act():
        with make() as s:
            assert s
    return act


@test
def udp_ways_in_and_out_are_told_once_and_in_order():
    def bound():
        s = udp()
        s.bind(("127.0.0.1", 0))
        return s

    def by_connect():
        s = udp(socket.AF_INET6)
        s.connect(("::1", 53))
        return s

    def sent():
        s = udp()
        s.sendto(b"x", ("127.0.0.1", 9))
        return s

    def by_number():
        s = udp()
        s.bind(("127.0.0.1", PORT))
        return s
    with Watcher() as w:
        one_life(w, closing(bound), "BIND", socket.IPPROTO_UDP)
        _, last = one_life(w, closing(by_connect), "CONNECT", socket.IPPROTO_UDP)
        assert (last["peer_addr"], last["peer_port"]) == ("::1", 53), last
        one_life(w, closing(sent), "SEND", socket.IPPROTO_UDP)
        first, _ = one_life(w, closing(by_number), "EXPLICIT", socket.IPPROTO_UDP)
        assert first["local_port"] == PORT, first

        def twice():
            s = udp()
            s.connect(("127.0.0.1", 53))
            disconnect(s)
            s.connect(("127.0.0.1", 53))
            s.close()
        lives = story(w, twice)
        assert [kinds(life) for life in lives] == [["assigned", "released"]] * 2, lives


@test
def tcp_ways_in_and_out_are_told_once_and_in_order():
    server = listener()

    def by_connect():
        client, accepted = connected(server)
        accepted.close()
        reset_on_close(client)
        return client

    def refused():
        with tcp() as s:
            try:
                s.connect(("127.0.0.1", 1))
            except ConnectionRefusedError:
                pass

    def bound():
        s = tcp()
        s.bind(("127.0.0.1", 0))
        return s

    def listening():
        s = tcp()
        s.listen()
        return s

    def by_number():
        s = tcp(socket.AF_INET6)
        s.bind(("::1", PORT))
        return s
    with server, Watcher() as w:
        first, last = one_life(w, closing(by_connect), "CONNECT", socket.IPPROTO_TCP)
        assert first["peer_port"] == last["peer_port"] == port_of(server), (first, last)
        assert first["state"] == N["STATE_SYN_SENT"], first
        one_life(w, refused, "CONNECT", socket.IPPROTO_TCP)
        one_life(w, closing(bound), "BIND", socket.IPPROTO_TCP)
        one_life(w, closing(listening), "LISTEN", socket.IPPROTO_TCP)
        one_life(w, closing(by_number), "EXPLICIT", socket.IPPROTO_TCP)


@test
def accepted_child_of_an_ephemeral_listener_has_a_life_of_its_own():
    def act():
        with listener(port=PORT) as server:
            client, accepted = connected(server)
            reset_on_close(accepted)
            accepted.close()
            client.close()
    with Watcher(u16("A_FILTER_PORT_LOW", PORT), u16("A_FILTER_PORT_HIGH", PORT)) as w:
        act()
        events = gather(w, 4)
    assert_in_order(events)
    assert kinds(events) == ["assigned", "assigned", "released", "released"], events
    child_, = [e["port"] for e in events if e["kind"] == "assigned" and
               e["port"]["origin"] == N["ORIGIN_ACCEPT"]]
    assert events[2]["port"]["id"] == child_["id"], events


def life_in_a_dying_namespace(make):
    """What is told of the port that make(server) takes and returns, to the end of its namespace."""
    def made(tell, wait):
        wait()
        with listener() as server:
            tell([make(server), netns_of()])
        wait()
    c = Child(in_new_netns(made))
    with Watcher(attr("A_FILTER_ALL_NETNS", b"")) as w:
        c.go()
        port, netns = c.hear()
        c.go()
        c.end()

        def ours(e):
            return e["port"]["local_port"] == port and e["port"]["netns"] == netns
        events = w.until(lambda e: ours(e) and e["kind"] == "released" and
                         e["port"]["state"] == N["STATE_TIME_WAIT"])
    life = [e for e in events if ours(e)]
    assert all(e["port"]["pid"] == c.pid for e in life), life
    for what in "cookie", "nsid":
        assert len({e["port"][what] for e in life}) == 1, life
    return life


@test
def timewait_takes_over_once_and_ends_with_its_namespace():
    life = life_in_a_dying_namespace(time_wait)
    assert kinds(life) == ["assigned", "time_wait", "released"], life
    ports_ = [e["port"] for e in life]
    assert ports_[0]["id"] != ports_[1]["id"] == ports_[2]["id"], ports_
    assert ports_[1]["state"] == N["STATE_TIME_WAIT"], ports_
    assert ports_[0]["age"] <= ports_[1]["age"] <= ports_[2]["age"], ports_


@test
def socket_bound_by_number_is_told_to_let_go_beside_its_timewait():
    def make(server):
        with tcp() as client:
            client.bind(("127.0.0.1", PORT))
            client.connect(server.getsockname())
            accepted, _ = server.accept()
            client.shutdown(socket.SHUT_WR)
            accepted.recv(1)
            accepted.close()
            client.recv(1)
        return PORT
    life = life_in_a_dying_namespace(make)
    assert kinds(life) == ["assigned", "time_wait", "released", "released"], life
    ids = [e["port"]["id"] for e in life]
    assert ids[2] == ids[0] and ids[3] == ids[1] != ids[0], life


@test
def holder_that_a_walk_meets_first_is_told_to_be_assigned_under_the_same_id():
    with faulty(), Watcher() as w:
        param("hold_return", 1)
        with on_first_cpu(), \
                subprocess.Popen([EPHSTAT, "-j", "resync"], stdout=subprocess.DEVNULL,
                                 preexec_fn=keep_off_first_cpu) as walk:
            def waits():
                assert param("waiting") == "Y", "the walk does not wait"
            eventually(waits)
            with udp() as s:
                s.bind(("", 0))
        assert walk.returncode == 0
        events = gather(w, 3)
    assert_in_order(events)
    assert kinds(events) == ["found", "assigned", "released"], events
    assert len({e["port"]["id"] for e in events}) == 1, events
    assert "pid" in events[1]["port"] and "age" not in events[0]["port"], events


@test
def failures_are_told_with_who_was_refused_what():
    with sysctl_set("net.ipv4.ip_local_port_range", "40000 40003"), Watcher() as w, \
            Watcher(u8("A_FILTER_PROTO", socket.IPPROTO_TCP), kinds=["failed"]) as only_tcp, \
            Watcher(u16("A_FILTER_PORT_LOW", 40000)) as by_port:
        held = [udp() for _ in range(4)]
        for s in held:
            s.bind(("", 0))
        other = udp()
        for port in (0, 40001):
            try:
                other.bind(("", port))
                raise AssertionError("it got a port")
            except OSError as e:
                assert e.errno == errno.EADDRINUSE, e
        events = gather(w, 6)
        assert_in_order(events)
        assert kinds(events) == ["assigned"] * 4 + ["failed"] * 2, events
        search, number = (e["failure"] for e in events[4:])
        for f in (search, number):
            assert (f["proto"], f["pid"], f["comm"]) == (socket.IPPROTO_UDP, os.getpid(),
                                                         own_name()), f
            assert f["count"] == 1 and f["netns"] == netns_of(), f
        assert "port" not in search and search["origin"] == N["ORIGIN_BIND"], search
        assert number["port"] == 40001 and number["origin"] == N["ORIGIN_EXPLICIT"], number
        assert kinds(gather(by_port, 5)) == ["assigned"] * 4 + ["failed"]
        assert only_tcp.waiting() == []
        for s in [*held, other]:
            s.close()


@test
def answer_says_since_when_everything_is_told():
    with udp() as before:
        before.bind(("", 0))
        with Watcher() as w:
            now = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
            wall = time.clock_gettime_ns(time.CLOCK_REALTIME)
            assert 0 <= now - w.boot < 20e9, (now, w.boot)
            events = w.until(marker())
        assert_in_order(events)
        assert kinds(events) == ["assigned", "released"], events
        for e in events:
            assert e["boot"] >= w.boot, (w.boot, e)
            assert abs((e["time"] - wall) - (e["boot"] - now)) < 20e6, (e, now, wall)


@test
def what_a_walk_finds_and_drops_is_told():
    with faulty(), Watcher() as w:
        param("miss_udp", 1)
        unseen = udp()
        unseen.bind(("", 0))
        port = port_of(unseen)
        # The marker would be found, too.
        eventually(lambda: record(port))
        [found] = w.until(lambda e: e["kind"] == "found")
        assert found["port"]["local_port"] == port, found
        assert "age" not in found["port"], found
        param("miss_udp_release", 1)
        unseen.close()
        ephstat("resync")
        [dropped] = w.until(lambda e: e["kind"] == "dropped")
        assert dropped["port"]["id"] == found["port"]["id"], (found, dropped)
        assert dropped["port"]["cookie"] == found["port"]["cookie"], (found, dropped)
        assert_in_order([found, dropped])
        assert not w.waiting()


# ---- to whom -------------------------------------------------------------------------------

@test
def each_reader_gets_what_its_own_filter_asks_for():
    tcp_, udp_ = socket.IPPROTO_TCP, socket.IPPROTO_UDP
    with listener() as server, \
            Watcher(u8("A_FILTER_PROTO", tcp_)) as by_tcp, \
            Watcher(u8("A_FILTER_PROTO", udp_), queue=8192) as by_udp, \
            Watcher(kinds=["released"]) as by_kind, \
            Watcher(u32("A_FILTER_PID", 1)) as by_pid, \
            Watcher(u16("A_FILTER_PEER_PORT", port_of(server))) as by_peer, \
            Watcher(u32("A_FILTER_STATES", 1 << N["STATE_UNCONNECTED"])) as by_state:
        for _ in range(5):
            client, accepted = connected(server)
            reset_on_close(client)
            client.close()
            accepted.close()
            with udp() as s:
                s.bind(("", 0))
        told = [gather(w, 10) if w is not by_pid else w.waiting()
                for w in (by_tcp, by_udp, by_kind, by_pid, by_peer, by_state)]
        for events in told:
            assert_in_order(events)
        assert kinds(told[0]) == kinds(told[1]) == ["assigned", "released"] * 5, told[:2]
        assert {e["port"]["proto"] for e in told[0]} == {tcp_}
        assert {e["port"]["proto"] for e in told[1]} == {udp_}
        assert kinds(told[2]) == ["released"] * 10, told[2]
        assert told[3] == []
        assert kinds(told[4]) == ["assigned", "released"] * 5, told[4]
        assert kinds(told[5]) == ["assigned", "released"] * 5, told[5]


def as_user(uid):
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)


def bind_and_close(n=1):
    for _ in range(n):
        with udp() as s:
            s.bind(("", 0))


@test
def another_user_sees_the_ports_and_not_the_processes():
    def reader(tell, wait):
        as_user(1001)
        with Watcher() as w:
            bind_and_close()
            tell()
            wait()
            tell([(e["kind"], e["port"]["uid"], e["port"]["reason"], e["port"].get("pid"),
                   e["port"].get("comm"), e["port"].get("cgroup")) for e in gather(w, 4)])
    with child(reader) as c:
        c.hear()
        bind_and_close()
        c.go()
        told = c.hear()
    own, others = [e for e in told if e[1] == 1001], [e for e in told if e[1] != 1001]
    assert [e[0] for e in own] == [e[0] for e in others] == ["assigned", "released"], told
    assert all(e[2:4] == [0, c.pid] for e in own), own
    assert all(e[1:] == [0, N["REASON_HIDDEN"], None, None, None] for e in others), others


@test
def another_namespace_is_told_of_itself_alone():
    def reader(tell, wait):
        with Watcher() as w:
            bind_and_close()
            tell()
            wait()
            tell([(e["kind"], e["port"]["netns"]) for e in gather(w, 2)])
            tell(netns_of())
            wait()
    with Watcher() as outside, child(in_new_netns(reader)) as c:
        c.hear()
        bind_and_close()
        c.go()
        told, inside = c.hear(), c.hear()
        assert told == [["assigned", inside], ["released", inside]], told
        assert {e["port"]["netns"] for e in gather(outside, 2)} == {netns_of()}
        with Watcher(u32("A_FILTER_NETNS", inside)) as w:
            bind_and_close()
            assert w.waiting() == []
        c.go()


def refusal(*filters, **how):
    try:
        with Watcher(*filters, **how):
            return None
    except OSError as e:
        return e.errno, e.strerror


@test
def refusals_say_why():
    def unprivileged(tell, wait):
        as_user(1001)
        tell(refusal(attr("A_FILTER_ALL_NETNS", b"")))
    with child(unprivileged) as c:
        told = c.hear()
        assert told and told[0] == errno.EPERM and "CAP_NET_ADMIN" in told[1], told
    told = refusal(u8("A_FILTER_PROTO", 33))
    assert told and told[0] == errno.EINVAL and "neither TCP nor UDP" in told[1], told
    for mask in (0, 1 << 31):
        try:
            Genl().ask(N["CMD_WATCH"], u32("A_EVENT_KINDS", mask))
            raise AssertionError(mask)
        except OSError as e:
            assert e.errno == errno.EINVAL and "means nothing" in e.strerror, e


@test
def so_many_may_watch_and_a_closed_socket_is_forgotten():
    def user(tell, wait):
        as_user(1001)
        watchers = [Watcher() for _ in range(8)]
        tell(refusal())
        for w in watchers:
            w.close()
        tell(refusal())
    for _ in range(3):
        watchers = [Watcher() for _ in range(64)]
        told = refusal()
        assert told and told[0] == errno.EBUSY and "as many watch as can" in told[1], told
        for w in watchers:
            w.close()
    with child(user) as c:
        told = c.hear()
        assert told and told[0] == errno.EBUSY and "CAP_NET_ADMIN" in told[1], told
        assert c.hear() is None
    with Watcher() as w:
        try:
            w.ask()
            raise AssertionError("it watches twice")
        except OSError as e:
            assert e.errno == errno.EBUSY and "already" in e.strerror, e


@test
def watch_without_an_output_ends():
    """The first file that is opened must not become it."""
    with subprocess.Popen(f"exec {EPHSTAT} watch >&-", shell=True,
                          stderr=subprocess.PIPE, text=True) as p:
        def take_one():
            with udp() as s:
                s.bind(("", 0))
            assert p.poll() is not None
        try:
            eventually(take_one, 20)
        finally:
            p.kill()
        assert p.returncode == 1 and "cannot write" in p.stderr.read(), p.returncode


@test
def watch_that_nobody_reads_ends_when_it_is_told_to():
    with subprocess.Popen([EPHSTAT, "watch"], stdout=subprocess.PIPE) as p:
        assert b"assigned" not in p.stdout.readline()
        for _ in range(3000):
            with udp() as s:
                s.bind(("", 0))
        time.sleep(1)
        assert p.poll() is None
        p.terminate()
        try:
            assert p.wait(20 * SLOW) == 0, p.returncode
        finally:
            p.kill()


@test
def watch_that_is_ended_leaves_its_slow_reader_whole_lines():
    with watching_in_json() as p:
        for _ in range(3000):
            with udp() as s:
                s.bind(("", 0))
        time.sleep(1)
        p.terminate()
        told = p.stdout.read()
        assert len(told) > 30000 and told.endswith(b"\n"), (len(told), told[-100:])
        assert p.wait(20 * SLOW) == 0


@contextlib.contextmanager
def watching_in_json():
    """ephstat, from when it shows something: nothing else shows that it watches."""
    with subprocess.Popen([EPHSTAT, "watch", "-j"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as p:
        def take_one():
            with udp() as s:
                s.bind(("", 0))
            assert select.select([p.stdout], [], [], 0.2)[0]
        try:
            eventually(take_one)
            json.loads(p.stdout.readline())
            yield p
        finally:
            p.kill()


@test
def what_happens_last_before_unloading_is_shown():
    with watching_in_json() as p:
        with udp() as s:
            s.bind(("", 0))
            port = port_of(s)
        unload()
        try:
            events = [json.loads(line) for line in p.stdout]
            assert [e["event"] for e in events if e.get("local_port") == port][-2:] == \
                ["assigned", "released"], events[-3:]
            assert p.wait() == 3, p.stderr.read()
        finally:
            load()


@test
def unloading_ends_the_watch_and_says_so():
    with Watcher() as w, Watcher() as other:
        bind_and_close()
        unload()
        for watcher in (w, other):
            try:
                watcher.s.recv(1 << 16)
                raise AssertionError("it goes on")
            except OSError as e:
                assert e.errno == errno.ENODEV, e
            # What happened before is told.
            assert kinds(watcher.waiting()) == ["assigned", "released"]
        load()
        with Watcher() as again:
            bind_and_close()
            assert kinds(gather(again, 2)) == ["assigned", "released"]
        assert not w.waiting()


@test
def nothing_is_left_of_the_stream_once_nobody_watches():
    def areas():
        with open("/proc/vmallocinfo", encoding="utf-8") as f:
            return sum("ephports_stream" in line or "alloc_rings" in line for line in f)

    def gone():
        assert not areas(), areas()
    eventually(gone)
    with Watcher():
        assert areas() >= CPUS, areas()
    eventually(gone)


# ---- completeness --------------------------------------------------------------------------

class Reading:
    """Somebody who reads all the time, and looks at it later."""

    def __init__(self, watcher, pause=0):
        self.watcher, self.pause = watcher, pause
        self.data = []
        self.over = False
        watcher.s.settimeout(0.2)
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        while not self.over:
            with contextlib.suppress(BlockingIOError, TimeoutError):
                self.data.append(self.watcher.s.recv(1 << 16))
            if self.pause:
                time.sleep(self.pause)

    def end(self, n):
        """All events, which are n, delivered or lost."""
        self.pause = 0
        self.over = True
        self.thread.join()
        events = [e for data in self.data for e in self.watcher.split(data)]
        left = n - delivered(events) - lost(events)
        return events + (gather(self.watcher, left) if left > 0 else self.watcher.waiting())


def cycles(tell, wait, server, n):
    """Connects and closes, as fast as can be; each second one leaves a TIME_WAIT."""
    for i in range(n):
        client = tcp()
        client.connect(server.getsockname())
        accepted, _ = server.accept()
        if i % 2:
            reset_on_close(client)
        client.close()
        accepted.close()


UDP = u8("A_FILTER_PROTO", socket.IPPROTO_UDP)


def kinds_counted(events):
    found = {}
    for e in events:
        found[e["kind"]] = found.get(e["kind"], 0) + 1
    return found


def risen_since(before):
    now = counters()
    return {name: now[name] - before[name] for name in now}


def assert_equals(events, risen):
    told = kinds_counted(events)
    assert told.get("assigned", 0) == risen["assigned"], (told, risen)
    assert told.get("time_wait", 0) == risen["cloned"], (told, risen)
    # The socket that a timewait socket took over from is released, and not told to be.
    assert told.get("released", 0) + told.get("time_wait", 0) == risen["released"], (told, risen)
    return told


@test
def running_reader_gets_all_at_full_speed():
    n = min(20000, EVENTS_MADE) // CPUS
    with Watcher() as w:
        before = counters()
        reading = Reading(w)
        start = time.monotonic()
        servers = [listener(addr=f"127.0.0.{10 + i}", backlog=512) for i in range(CPUS)]
        for c in [Child(cycles, server, n) for server in servers]:
            c.end()
        took = time.monotonic() - start
        end_time_wait()
        risen = risen_since(before)
        events = reading.end(risen["assigned"] + risen["released"])
    assert_in_order(events)
    assert not lost(events), lost(events)
    told = assert_equals(events, risen)
    assert told["assigned"] == n * CPUS, told
    print(f"# {told} in {took:.1f} s")
    lives = {}
    for e in events:
        lives.setdefault(e["port"]["cookie"], []).append(e["kind"])
    whole = ["assigned", "released"], ["assigned", "time_wait", "released"]
    torn = [life for life in lives.values() if life not in whole]
    assert not torn, torn[:5]
    for server in servers:
        server.close()


def busy(tell, wait, n):
    bind_and_close(n)


def make_events(n):
    """As many, from all CPUs; each socket makes two."""
    each = n // 2 // CPUS
    for c in [Child(busy, each) for _ in range(CPUS)]:
        c.end()
    return each * 2 * CPUS


@test
def stopped_reader_is_told_how_many_it_lost_even_if_nothing_else_happens():
    with Watcher(UDP, queue=20000) as stopped, Watcher(UDP) as running, \
            Watcher(UDP, kinds=["assigned"], queue=20000) as other:
        reading = Reading(running)
        made = make_events(20000)
        whole = reading.end(made)
        assert delivered(whole) == made and not lost(whole), (made, delivered(whole), lost(whole))
        for w, of_it in ((stopped, made), (other, made // 2)):
            events = gather(w, of_it)
            assert_in_order(events)
            last = events[-1]
            assert last["kind"] == "lost", last
            assert delivered(events) + lost(events) == of_it, (delivered(events), lost(events))
            assert last["lost_span"] > 0 and "lost_unsorted" not in last, last
            assert last["boot"] + last["lost_span"] <= whole[-1]["boot"], (last, whole[-1])
            print(f"# {delivered(events)} delivered and {lost(events)} lost of {of_it}")
        # And from then on all is well.
        bind_and_close()
        assert kinds(gather(stopped, 2)) == ["assigned", "released"]
        assert kinds(gather(other, 1)) == ["assigned"]


@test
def slow_reader_of_many_events_knows_exactly_what_it_lost():
    with Watcher(UDP, queue=100000) as w:
        reading = Reading(w, pause=0.02)
        start = time.monotonic()
        made = make_events(EVENTS_MADE)
        took = time.monotonic() - start
        events = reading.end(made)
    assert_in_order(events)
    gaps = kinds(events).count("lost")
    print(f"# {delivered(events)} delivered and {lost(events)} lost in {gaps} gaps, of {made} in "
          f"{took:.1f} s")
    assert delivered(events) + lost(events) == made, (delivered(events), lost(events), made)
    assert gaps, "it was not slow"


@test
def full_buffers_are_told_to_those_whose_events_they_were():
    def elsewhere(tell, wait):
        with Watcher() as w:
            tell()
            wait()
            bind_and_close(50)
            tell()
            wait()
            tell([(e["kind"], e.get("lost", 0)) for e in gather(w, 100)])
    with faulty("events=1024"), child(in_new_netns(elsewhere)) as c, Watcher() as w, \
            Watcher(attr("A_FILTER_ALL_NETNS", b"")) as of_all:
        c.hear()
        # The tick under way may be the last quick one.
        param("slow_drain", 6000 * SLOW)
        w.until(marker())
        c.go()
        c.hear()
        made = make_events(20000)
        param("slow_drain", 0)
        events = gather(w, made)
        bind_and_close()
        events += gather(w, 2)
        assert_in_order([{**e, "seq": e["seq"] - 2} for e in events])
        assert delivered(events) + lost(events) == made + 2, \
            (delivered(events), lost(events), made)
        gaps = [e for e in events if e["kind"] == "lost"]
        assert all(e["lost_unsorted"] == e["lost"] for e in gaps), gaps
        print(f"# {delivered(events)} delivered, {lost(events)} lost in {len(gaps)} gaps")
        c.go()
        told = c.hear()
        assert kinds_of(told) == 100 and not sum(n for _, n in told), told
        all_ = gather(of_all, made + 2 + 2 + 100)
        assert_in_order(all_)
        assert delivered(all_) + lost(all_) == made + 2 + 2 + 100, (delivered(all_), lost(all_))


def kinds_of(told):
    return sum(kind != "lost" for kind, _ in told)


@contextlib.contextmanager
def faulty(*params):
    """The module that can miss and be slow, in place of the usual one."""
    unload()
    try:
        with loaded(*params, module=FAULTY_MODULE):
            yield
    finally:
        load()


@test
def events_out_of_bounds_are_refused():
    unload()
    try:
        for n in (0, 1023, (1 << 23) + 1):
            [line] = log_of(lambda n=n: load(f"events={n}", check=False))
            assert "events=" in line and "1024 to 8388608" in line, line
            assert not is_loaded()
    finally:
        load()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
    load()
    PORT = free_port()
    with oracle():
        main()
