# SPDX-License-Identifier: GPL-2.0-only
# guest: --mem 1024 --timeout 900
"""What ephstat says is left for a destination is what connect() then gets, with nothing else changed."""
import errno
import time

from ephtest import *

# An even number of ports: of an odd one, each search leaves one out.
LOW, HIGH = 40000, 40063
RANGE = HIGH - LOW + 1
TARGET, OTHER = 20001, 20002
IP_LOCAL_PORT_RANGE = 51
SO_BINDTODEVICE = 25

kept = []


def keep(s):
    kept.append(s)
    return s


def drop_all():
    """Nothing of one setting is left for the next, TIME_WAIT included."""
    while kept:
        s = kept.pop()
        if s.fileno() < 0:
            continue
        if s.type == socket.SOCK_STREAM:
            reset_on_close(s)
        s.close()
    end_time_wait()
    eventually(lambda: _assert(not ports()))


def _assert(condition, *what):
    assert condition, what


def setting(function):
    """A test that starts with an empty range of an even size and a listener at TARGET and OTHER."""
    def inner():
        with sysctl_set("net.ipv4.ip_local_port_range", f"{LOW} {HIGH}"), loaded():
            servers = [listener(family, port, addr, 1024)
                       for family, addr in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1"))
                       for port in (TARGET, OTHER)]
            try:
                function()
            finally:
                drop_all()
                for s in servers:
                    s.close()
    inner.__name__ = function.__name__
    return test(inner)


def dests(*args):
    return json.loads(ephstat("-j", "dest", *args).stdout)


def dest(peer="127.0.0.1", port=TARGET, local="127.0.0.1", proto="tcp"):
    """The row of one destination, or None."""
    rows = [r for r in dests()["dests"] if r["proto"] == proto and r["peer_addr"] == peer and
            r["peer_port"] == port and r["local_addr"] == local]
    assert len(rows) <= 1, rows
    return rows[0] if rows else None


def room(proto="tcp"):
    return next(p for p in dests()["protocols"] if p["proto"] == proto)


def headroom(*args, **kwargs):
    row = dest(*args, **kwargs)
    return row["headroom"] if row else room(kwargs.get("proto", "tcp"))["capacity"]


def connect(peer="127.0.0.1", port=TARGET, local=None, family=socket.AF_INET, **options):
    """A client that is bound to no port; None if there is none for it."""
    s = tcp(family)
    if options.get("span"):
        low, high = options["span"]
        s.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, struct.pack("=I", high << 16 | low))
    if options.get("device"):
        s.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b"lo\0")
    if local:
        s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        s.bind((local, 0))
    try:
        s.connect((peer, port))
    except OSError as e:
        s.close()
        assert e.errno == errno.EADDRNOTAVAIL, e
        return None
    return keep(s)


def early(n, local="", peer="127.0.0.1", port=OTHER, reuse=False):
    """Clients that bind to port 0 before they connect."""
    for _ in range(n):
        s = keep(tcp())
        if reuse:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((local, 0))
        s.connect((peer, port))


def comes_true(**kwargs):
    """As many connects succeed as were promised, and no more; then none is promised."""
    where = {k: v for k, v in kwargs.items() if k in ("peer", "port", "local")}
    promised = headroom(**where)
    got = 0
    while connect(**kwargs):
        got += 1
        assert got <= RANGE
    assert got == promised, f"{promised} promised, {got} got"
    assert headroom(**where) == 0, headroom(**where)
    return promised


@setting
def of_a_destination_that_nothing_is_held_towards():
    assert comes_true() == RANGE
    # Ports are shared by destinations.
    assert comes_true(port=OTHER) == RANGE


@setting
def with_connections_to_it_and_to_others():
    for _ in range(10):
        connect()
    for _ in range(20):
        connect(port=OTHER)
    assert comes_true() == RANGE - 10


@setting
def with_early_binds_to_one_address():
    early(9, "127.0.0.1")
    connect()
    assert comes_true() == RANGE - 10


@setting
def with_early_binds_to_any_address():
    early(9)
    early(3, port=TARGET)
    assert comes_true() == RANGE - 12


@setting
def with_early_binds_to_another_address_than_its_own():
    early(9, "127.0.0.9")
    assert comes_true() == RANGE - 9


@setting
def with_ports_that_were_asked_for_by_number():
    for port in (LOW, LOW + 1, LOW + 7, HIGH):
        keep(tcp()).bind(("127.0.0.3", port))
    s = keep(tcp())
    s.bind(("127.0.0.1", LOW + 9))
    s.connect(("127.0.0.1", TARGET))
    assert comes_true() == RANGE - 5


def in_reserved(port):
    return port <= LOW + 5 or port == HIGH


@setting
def with_reserved_ports():
    s = keep(tcp())
    s.bind(("", LOW + 2))
    first = connect()
    with sysctl_set("net.ipv4.ip_local_reserved_ports", f"{LOW}-{LOW + 5},{HIGH},50000"):
        assert room()["reserved"] == 7
        outside = not in_reserved(port_of(first))
        assert comes_true() == RANGE - 7 - outside


@setting
def with_timewait_that_may_not_be_taken_over():
    with sysctl_set("net.ipv4.tcp_tw_reuse", "0"):
        server = listener(port=TARGET + 10)
        for _ in range(12):
            time_wait(server)
        time.sleep(2.1)
        assert comes_true(port=TARGET + 10) == RANGE - 12
        server.close()


def waits(n, port=TARGET + 10):
    server = keep(listener(port=port, backlog=1024))
    for _ in range(n):
        time_wait(server)


def young(n):
    """The headroom behind n TIME_WAIT sockets that the kernel takes for too young to be taken over:
    it counts in whole seconds since boot, so all has to fall into one of them."""
    for port in range(TARGET + 20, TARGET + 80):
        begun = int(time.clock_gettime(time.CLOCK_MONOTONIC))
        waits(n, port)
        left = headroom(port=port)
        if int(time.clock_gettime(time.CLOCK_MONOTONIC)) == begun:
            return left
        drop_all()
    raise AssertionError("no second was long enough")


@setting
def with_timewait_that_may_be_taken_over():
    with sysctl_set("net.ipv4.tcp_tw_reuse", "1"):
        assert young(3) == RANGE - 3
        drop_all()
        waits(12)
        time.sleep(2.1)
        assert comes_true(port=TARGET + 10) == RANGE


@setting
def with_timewait_that_may_be_taken_over_on_loopback_only():
    with sysctl_set("net.ipv4.tcp_tw_reuse", "2"):
        waits(12)
        time.sleep(2.1)
        assert comes_true(port=TARGET + 10) == RANGE


@setting
def timewait_on_ports_that_bind_took_promises_nothing():
    with sysctl_set("net.ipv4.tcp_tw_reuse", "0"):
        server = keep(listener(port=TARGET + 10, backlog=1024))
        for _ in range(6):
            client = tcp()
            client.bind(("127.0.0.1", 0))
            client.connect(server.getsockname())
            accepted, _ = server.accept()
            client.close()
            accepted.recv(1)
            accepted.close()
        time.sleep(2.1)
        row = dest(port=TARGET + 10)
        assert row["by_state"]["time-wait"] == 6 and row["reusable"] == 0, row
        assert comes_true(port=TARGET + 10) == RANGE - 6


@setting
def with_timewait_and_no_timestamps():
    with sysctl_set("net.ipv4.tcp_tw_reuse", "1"), sysctl_set("net.ipv4.tcp_timestamps", "0"):
        waits(12)
        time.sleep(2.1)
        assert comes_true(port=TARGET + 10) == RANGE - 12


@setting
def with_timewait_that_stands_in_for_fin_wait_2():
    with sysctl_set("net.ipv4.tcp_tw_reuse", "1"):
        server = keep(listener(port=TARGET + 10, backlog=1024))
        for _ in range(5):
            client, accepted = connected(server)
            keep(accepted)
            client.close()
        time.sleep(2.1)
        assert comes_true(port=TARGET + 10) == RANGE - 5


@setting
def with_several_source_addresses():
    for local in ("127.0.0.2", "127.0.0.3"):
        for _ in range(5):
            connect(local=local)
    assert comes_true(local="127.0.0.2") == RANGE - 5
    assert comes_true(local="127.0.0.4") == RANGE
    assert headroom(local="127.0.0.3") == RANGE - 5


@setting
def with_sockets_that_narrow_their_range():
    narrow = {"span": (LOW + 10, LOW + 13)}
    try:
        connect(**narrow)
    except OSError as e:
        if e.errno != errno.ENOPROTOOPT:
            raise
        raise Skip("this kernel has no IP_LOCAL_PORT_RANGE") from None
    for _ in range(3):
        connect(**narrow)
    assert connect(**narrow) is None
    assert comes_true() == RANGE - 4


@setting
def over_ipv6():
    for _ in range(6):
        connect("::1", family=socket.AF_INET6)
    for _ in range(7):
        connect()
    s = keep(tcp(socket.AF_INET6))
    s.bind(("::1", 0))
    assert comes_true(peer="::1", local="::1", family=socket.AF_INET6) == RANGE - 7


@setting
def v4_mapped_and_v4_sockets_share_a_destination():
    for _ in range(6):
        connect("::ffff:127.0.0.1", family=socket.AF_INET6)
    row = dest()
    assert row["used"] == 6 and row["family"] == "ipv4", row
    assert comes_true() == RANGE - 6


@setting
def with_listeners_in_the_range():
    s = keep(tcp())
    s.bind(("127.0.0.1", LOW + 20))
    s.listen()
    for _ in range(3):
        keep(tcp()).listen()
    assert comes_true() == RANGE - 4


@setting
def with_ports_that_listeners_left_to_their_children():
    server = listener(port=LOW + 20)
    client, accepted = connected(server)
    keep(client), keep(accepted)
    server.close()
    # The child holds its listener's port, the client one of its own towards another destination.
    assert comes_true() == RANGE - 1


@setting
def with_so_reuseaddr():
    early(8, "127.0.0.1", reuse=True)
    assert comes_true() == RANGE - 8


@setting
def with_sockets_that_are_bound_to_an_interface():
    for _ in range(5):
        connect(device=True)
    row = dest()
    assert row["used"] == 5, row
    assert comes_true() == RANGE


@setting
def of_udp_sockets():
    for _ in range(5):
        keep(udp()).connect(("127.0.0.1", 53))
    keep(udp()).bind(("127.0.0.1", 0))
    v6only = keep(udp(socket.AF_INET6))
    v6only.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    v6only.bind(("::", LOW + 40))
    keep(udp(socket.AF_INET6)).connect(("::1", 53))
    v4 = headroom(port=53, proto="udp")
    v6 = headroom("::1", 53, "::1", proto="udp")
    # Neither does an address make a port free, nor a connection; only v6only does, for IPv4.
    taken = {port_of(s) for s in kept}
    assert v6 == RANGE - len(taken), v6
    assert v4 == RANGE - len({port_of(s) for s in kept if s is not v6only}), v4
    assert fill_udp(socket.AF_INET6, "::1") == v6
    drop_last(v6)
    assert fill_udp(socket.AF_INET, "127.0.0.1") == v4
    assert headroom(port=53, proto="udp") == 0
    assert headroom("::1", 53, "::1", proto="udp") == 0


def drop_last(n):
    for _ in range(n):
        kept.pop().close()


def fill_udp(family, peer):
    """How many sockets that are bound to nothing get a port."""
    got = 0
    while True:
        s = udp(family)
        try:
            s.connect((peer, 53))
        except OSError as e:
            assert e.errno == errno.EAGAIN, e
            s.close()
            return got
        keep(s)
        got += 1


# ---- the gain that is promised for a remedy is what the remedy brings -----------------------------


@setting
def binding_late_gives_to_others_what_it_promises():
    keep(tcp()).bind(("", LOW + 30))
    connect()
    early(9, "127.0.0.1")
    early(4, port=TARGET)
    row, before = dest(), headroom()
    assert row["early"] == 9, row
    # The remedy, at the others: IP_BIND_ADDRESS_NO_PORT.
    for s in kept[2:11]:
        reset_on_close(s)
        s.close()
    eventually(lambda: _assert(room()["early"] == 4))
    for _ in range(9):
        connect(port=OTHER, local="127.0.0.1")
    assert headroom() == before + row["early"], (headroom(), before, row)
    comes_true()


@setting
def taking_over_timewait_gives_what_it_promises():
    with sysctl_set("net.ipv4.tcp_tw_reuse", "0"):
        waits(12)
        time.sleep(2.1)
        row = dest(port=TARGET + 10)
        assert row["reusable"] == 12 and row["headroom"] == RANGE - 12, row
        sysctl("net.ipv4.tcp_tw_reuse", "1")
        assert headroom(port=TARGET + 10) == row["headroom"] + row["reusable"]
        comes_true(port=TARGET + 10)


@setting
def another_source_address_gives_what_it_promises():
    while connect():
        pass
    row = dest()
    assert row["headroom"] == 0, row
    assert comes_true(local="127.0.0.2") == row["capacity"]


@setting
def a_wider_range_gives_what_it_promises():
    while connect():
        pass
    sysctl("net.ipv4.ip_local_port_range", f"{LOW} {HIGH + 64}")
    assert headroom() == 64
    comes_true()


if __name__ == "__main__":
    with oracle():
        main()
