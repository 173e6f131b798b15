# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 2 --mem 2048 --timeout 900
"""The cases that people are woken by: what is full, who filled it, who was refused, and why."""
import contextlib
import errno
import resource
import select
import time

from ephtest import *

IP_LOCAL_PORT_RANGE = 51


@contextlib.contextmanager
def small_range(low=40000, high=40063):
    with sysctl_set("net.ipv4.ip_local_port_range", f"{low} {high}"), loaded():
        yield


def told(command, *args):
    return json.loads(ephstat("-j", command, *args).stdout)


def dest(port, peer="127.0.0.1"):
    rows = [d for d in told("dest")["dests"] if d["peer_port"] == port and d["peer_addr"] == peer]
    assert len(rows) == 1, rows
    return rows[0]


def try_until_refused(make, refusals, codes):
    """Calls make() until it was refused so often; returns what succeeded."""
    kept, refused = [], 0
    while refused < refusals:
        try:
            kept.append(make())
        except OSError as e:
            assert e.errno in codes, e
            refused += 1
    return kept


def connector(server):
    def make():
        s = tcp(server.family)
        try:
            s.connect(server.getsockname()[:2])
        except OSError:
            s.close()
            raise
        return s
    return make


def binder():
    s = tcp()
    try:
        s.bind(("127.0.0.1", 0))
    except OSError:
        s.close()
        raise
    return s


def udp_connector():
    s = udp()
    try:
        s.connect(("127.0.0.1", 53))
    except OSError:
        s.close()
        raise
    return s


def udp_sender():
    s = udp()
    try:
        s.sendto(b"x", ("127.0.0.1", 53))
    except OSError:
        s.close()
        raise
    return s


def failures_of(pid, op, proto):
    rows = [f for f in told("failures")["failures"]
            if f["pid"] == pid and f["op"] == op and f["proto"] == proto]
    assert len(rows) == 1, rows
    return rows[0]


@test
def a_thousand_failures_of_each_kind_are_counted_with_culprit_and_destination():
    with small_range():
        server = listener(backlog=1024)
        kinds = [("tcp", "connect", connector(server), (errno.EADDRNOTAVAIL,)),
                 ("tcp", "bind", binder, (errno.EADDRINUSE,)),
                 ("udp", "connect", udp_connector, (errno.EAGAIN,)),
                 ("udp", "send", udp_sender, (errno.EAGAIN,))]

        def culprit(tell, wait):
            for proto, op, make, codes in kinds:
                kept = try_until_refused(make, 1000, codes)
                for s in kept:
                    if s.type == socket.SOCK_STREAM and op == "connect":
                        reset_on_close(s)
                    s.close()
            tell(os.getpid())
            wait()

        begun = time.time_ns()
        with child(culprit) as c:
            pid = c.hear()
            for proto, op, _, _ in kinds:
                row = failures_of(pid, op, proto)
                assert row["count"] == 1000 and row["comm"].startswith("python"), row
                assert begun < row["first_ns"] < row["last_ns"] < time.time_ns(), row
                if (proto, op) == ("tcp", "connect"):
                    assert (row["peer_addr"], row["peer_port"]) == server.getsockname(), row
            all_ = told("failures")
            assert all_["total"] == 4000, all_["total"]
            assert protocol("tcp")["failures"] == 2000 and protocol("udp")["failures"] == 2000
            owner = next(o for o in told("owners")["owners"] if o["pid"] == pid)
            assert owner["failures"] == 4000, owner
        server.close()


@test
def culprits_beyond_what_is_remembered_are_in_the_total_still():
    with small_range(40000, 40001):
        server = listener(backlog=1024)
        kept = [connector(server)(), connector(server)()]

        def culprit(tell, wait):
            try_until_refused(connector(server), 2, (errno.EADDRNOTAVAIL,))
            tell()

        for _ in range(300):
            c = Child(culprit)
            c.hear()
            c.end()
        all_ = told("failures")
        listed = sum(f["count"] for f in all_["failures"])
        assert all_["total"] == 600 and len(all_["failures"]) == 256, (all_["total"], listed)
        assert all_["other"] == 600 - listed, all_["other"]
        for s in [*kept, server]:
            s.close()


@test
def a_missing_address_a_refused_connection_and_a_taken_tuple_are_no_exhaustion():
    with loaded():
        for _ in range(5):
            with tcp() as s:
                try:
                    s.bind(("192.0.2.1", 0))
                except OSError as e:
                    assert e.errno == errno.EADDRNOTAVAIL, e
            with tcp() as s:
                try:
                    s.connect(("127.0.0.1", 1))
                except OSError as e:
                    assert e.errno == errno.ECONNREFUSED, e
        # The address that a socket was bound to is gone when it connects.
        run("ip", "addr", "add", "192.0.2.7/32", "dev", "lo")
        s = tcp()
        s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        s.bind(("192.0.2.7", 0))
        run("ip", "addr", "del", "192.0.2.7/32", "dev", "lo")
        try:
            s.connect(("192.0.2.8", 80))
        except OSError as e:
            print("#", e)
        s.close()
        # The same tuple twice, from a port that was asked for by number.
        server = listener()
        port = free_port()
        twins = [tcp(), tcp()]
        for s in twins:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", port))
        twins[0].connect(server.getsockname())
        try:
            twins[1].connect(server.getsockname())
            raise AssertionError("the same tuple twice")
        except OSError as e:
            assert e.errno == errno.EADDRNOTAVAIL, e
        all_ = told("failures")
        assert all_["total"] == 0 and not all_["failures"], all_
        for s in [*twins, server]:
            s.close()


def fill(server, n, wait_states):
    """Takes the lowest n ports of the range towards a server, one after the other; the first
    wait_states of them end in TIME_WAIT. The search is spared: each socket's range is one port."""
    kept = []
    for port in range(LOW, LOW + n):
        s = tcp()
        s.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("=I", port << 16 | port))
        s.connect(server.getsockname())
        accepted, _ = server.accept()
        if port - LOW < wait_states:
            s.close()
            accepted.recv(1)
            accepted.close()
        else:
            kept += [s, accepted]
    return kept


def has_port_range_option():
    with tcp() as s:
        try:
            s.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("=I", 0))
            return True
        except OSError:
            return False


@test
def a_tuple_filled_to_the_last_port_with_timewait_is_seen_whole():
    if not has_port_range_option():
        raise Skip("this kernel has no IP_LOCAL_PORT_RANGE")
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))
    size, waits = HIGH - LOW + 1, 21517
    with sysctl_set("net.ipv4.tcp_max_tw_buckets", 65536), \
            sysctl_set("net.ipv4.tcp_tw_reuse", "0"), loaded():
        server = listener()
        port = port_of(server)
        # What does not wait comes first, so that nothing that waits is over too soon.
        kept = []
        started = time.monotonic()
        for number in range(HIGH, LOW + waits - 1, -1):
            s = tcp()
            s.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE,
                         struct.pack("=I", number << 16 | number))
            s.connect(server.getsockname())
            kept += [s, server.accept()[0]]
        begun = time.monotonic()
        fill(server, waits, waits)
        print(f"# {begun - started:.0f} s to connect, {time.monotonic() - begun:.0f} s to fill")
        row = dest(port)
        server.close()
        for s in kept:
            reset_on_close(s)
            s.close()
        end_time_wait()
        if row["used"] < size:
            raise Skip("the guest is too slow: the first TIME_WAITs were over before the last began")
        assert row["used"] == size and row["headroom"] == 0 and row["full"] == 1, row
        assert row["by_state"]["time-wait"] == waits, row["by_state"]
        assert row["by_state"]["established"] == size - waits, row["by_state"]


@test
def early_binds_are_named_where_ten_destinations_share_one_pool():
    with small_range():
        servers = [listener(backlog=128) for _ in range(10)]
        kept = []
        for i in range(60):
            s = tcp()
            s.bind(("127.0.0.1", 0))
            s.connect(servers[i % 10].getsockname())
            kept.append(s)
        reply = told("dest")
        tcp_room = next(p for p in reply["protocols"] if p["proto"] == "tcp")
        assert (tcp_room["bound"], tcp_room["early"], tcp_room["capacity"]) == (60, 60, 4), tcp_room
        for server in servers:
            row = dest(port_of(server))
            assert row["used"] == 6 and row["by_origin"]["bind"] == 6, row
            assert row["headroom"] == 4 and row["early"] == 54, row
        for s in [*kept, *servers]:
            s.close()


@test
def a_close_wait_leak_in_a_namespace_is_told_with_its_process():
    def leak(tell, wait):
        server = listener()
        kept = []
        for _ in range(30):
            client, accepted = connected(server)
            accepted.close()
            kept.append(client)
        tell([os.getpid(), netns_of(), port_of(server)])
        wait()

    with loaded(), child(in_new_netns(leak)) as c:
        pid, netns, port = c.hear()
        owners = [o for o in told("owners", "-A")["owners"] if o["netns"] == netns]
        assert len(owners) == 1 and owners[0]["pid"] == pid, owners
        assert owners[0]["by_state"]["close-wait"] == 30, owners[0]
        row = next(d for d in told("dest", "-N", str(netns))["dests"] if d["peer_port"] == port)
        assert row["used"] == 30 and row["by_state"]["close-wait"] == 30, row
        assert row["ended"] == 0 and row["owners"][0]["pid"] == pid, row


@test
def a_udp_leak_is_told_on_equal_terms():
    with small_range():
        kept = try_until_refused(udp_connector, 1, (errno.EAGAIN,))
        row = dest(53)
        assert row["proto"] == "udp" and row["used"] == len(kept) == 64, row
        assert row["headroom"] == 0 and row["owners"][0]["pid"] == os.getpid(), row
        for s in kept:
            s.close()


@test
def the_thief_of_a_services_port_is_named_with_the_line_that_prevents_it():
    with loaded():
        server = listener()
        client, accepted = connected(server)
        port = port_of(client)
        service = tcp()
        try:
            service.bind(("", port))
            raise AssertionError("the port was not taken")
        except OSError as e:
            assert e.errno == errno.EADDRINUSE, e
        text = eventually_thief(port)
        assert f"net.ipv4.ip_local_reserved_ports={port}" in text, text
        assert f"[{os.getpid()}]" in text, text
        assert told("failures")["total"] == 0
        for s in (client, accepted, service, server):
            s.close()


def eventually_thief(port):
    def look():
        text = ephstat("thief").stdout
        assert str(port) in text, text
        return text
    return eventually(look)


@test
def the_picture_of_a_failure_can_be_looked_at_when_all_is_healthy_again():
    with small_range():
        server = listener(backlog=128)
        kept = try_until_refused(connector(server), 3, (errno.EADDRNOTAVAIL,))

        def pictures():
            boxes = told("blackbox")["pictures"]
            assert boxes
            return boxes
        eventually(pictures)
        for s in kept:
            reset_on_close(s)
            s.close()
        eventually(lambda: _no_ports())
        box = told("blackbox", str(pictures()[0]["id"]))["pictures"][0]
        assert box["failure"]["pid"] == os.getpid(), box
        row = next(d for d in box["dests"] if d["peer_port"] == port_of(server))
        assert row["used"] == 64 and row["headroom"] == 0, row
        assert box["owners"][0]["pid"] == os.getpid() and box["owners"][0]["used"] == 64, box
        server.close()


def _no_ports():
    assert not ports()


def no_port_for(n):
    """One port, held; and so many that are refused it, each another culprit for having another
    address of its own."""
    sysctl("net.ipv4.ip_local_port_range", "40000 40000")
    held = udp()
    held.bind(("", 0))
    for i in range(n):
        with udp() as s:
            try:
                s.bind((f"127.0.1.{i}", 0))
                raise AssertionError("bound")
            except OSError as e:
                assert e.errno == errno.EADDRINUSE, e
    return held


@test
def what_users_are_refused_takes_neither_the_hosts_culprits_nor_its_pictures():
    containers, each = 9, 64  # of both more than are remembered

    def container(tell, wait):
        become_root_of_a_container()
        run("ip", "link", "set", "lo", "up")
        with no_port_for(each):
            tell()
            # There is a pause between users' pictures.
            while wait():
                with udp() as s:
                    try:
                        s.bind(("127.0.1.0", 0))
                    except OSError:
                        tell()

    def latest_picture(atleast, again=lambda: None):
        def look():
            again()
            boxes = told("blackbox", "-A")["pictures"]
            assert boxes and boxes[0]["id"] >= atleast, boxes
            return boxes
        return eventually(look, REST)

    with sysctl_set("net.ipv4.ip_local_port_range", "40000 40000"), loaded():
        with no_port_for(1):
            [ours] = latest_picture(1)
        for i in range(containers):
            with child(container) as c:
                c.hear()

                def again():
                    time.sleep(1)
                    c.go()
                    c.hear()
                boxes = latest_picture(i + 2, again)
        assert len(boxes) == 8 and ours["id"] in [box["id"] for box in boxes], boxes
        assert [box["id"] for box in told("blackbox")["pictures"]] == [ours["id"]]
        rows = told("failures", "-A")
        assert len(rows["failures"]) == 256 and rows["total"] > containers * each, rows["total"]
        assert [f["count"] for f in told("failures")["failures"]] == [1], told("failures")


def groups_joined(pid):
    """Netlink's, of the generic family, of those numbered up to 32."""
    with open("/proc/net/netlink", encoding="ascii") as file:
        rows = [line.split() for line in file]
    return max((int(row[3], 16).bit_count() for row in rows if row[1:3] == ["16", str(pid)]),
               default=0)


@contextlib.contextmanager
def following():
    with subprocess.Popen([EPHSTAT, "-j", "alerts", "--follow"], bufsize=0,
                          stdout=subprocess.PIPE) as follower:
        def joined():
            """The module's end is told in one, alerts in the other."""
            assert groups_joined(follower.pid) == 2
        try:
            eventually(joined)
            yield follower
        finally:
            follower.terminate()


@test
def alerts_come_at_each_threshold_and_at_once_for_a_failure():
    with small_range(), following() as follower:
        server = listener(backlog=128)
        make, kept, levels = connector(server), [], []

        def says(seconds):
            return bool(select.select([follower.stdout], [], [], seconds)[0])

        def hear():
            assert says(REST * SLOW), "no alert comes"
            alert = json.loads(follower.stdout.readline())
            print("#", alert)
            return alert

        for share, level in ((52, "notice"), (82, "warning"), (95, "critical")):
            while len(kept) * 100 < 64 * share:
                kept.append(make())
            seen = [hear(), hear()]  # of the destination and of the namespace
            assert {a["level"] for a in seen} == {level}, seen
            assert {a["peer_port"] for a in seen} == {port_of(server), None}, seen
        kept += try_until_refused(make, 1, (errno.EADDRNOTAVAIL,))
        failed = hear()
        assert failed["level"] == "critical" and failed["failures"] == 1, failed
        # A little below the threshold is still what it was; well below is not.
        for s in kept:
            reset_on_close(s)
        while len(kept) > 54:
            kept.pop().close()
        time.sleep(2.5)
        assert not says(0)
        while len(kept) > 10:
            kept.pop().close()
        # A look may come in the middle of it.
        calm = set()
        while len(calm) < 2:
            alert = hear()
            if alert["level"] == "ok":
                assert alert["used"] * 100 < 64 * 50, alert
                calm.add(alert["peer_port"])
        for s in [*kept, server]:
            s.close()


@test
def alerts_of_the_host_are_not_crowded_out_by_those_of_a_users_namespace():
    """1,024 things above their threshold are remembered: a user can have as many."""
    def user(tell, wait):
        become_root_of_a_container()
        run("ip", "link", "set", "lo", "up")
        sysctl("net.ipv4.ip_local_port_range", "40000 40000")
        server = listener(addr="0.0.0.0", backlog=2048)
        kept = []
        for i in range(1200):
            s = tcp()
            s.connect((f"127.1.{i >> 8}.{i & 255}", port_of(server)))
            kept.append(s)
        tell()
        wait()
    with small_range(), child(user) as c, listener(backlog=128) as server:
        c.hear()
        time.sleep(2.5 * SLOW)
        with following() as follower:
            make = connector(server)
            kept = [make() for _ in range(60)]
            seen, wanted = set(), {port_of(server), None}  # of the destination, of the namespace
            while seen < wanted and select.select([follower.stdout], [], [], REST * SLOW)[0]:
                seen.add(json.loads(follower.stdout.readline())["peer_port"])
        assert seen == wanted, (seen, wanted)
        for s in kept:
            reset_on_close(s)
            s.close()


@test
def a_check_is_critical_while_full_and_says_why():
    with small_range():
        server = listener(backlog=128)
        assert ephstat("check", check=False).returncode == 0
        kept = try_until_refused(connector(server), 1, (errno.EADDRNOTAVAIL,))
        done = ephstat("check", check=False)
        assert done.returncode == 2 and done.stdout.startswith("EPHPORTS CRITICAL"), done
        for s in kept:
            reset_on_close(s)
            s.close()
        server.close()
    assert ephstat("check", check=False).returncode == 3


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (5000, 5000))
    with oracle():
        main()
