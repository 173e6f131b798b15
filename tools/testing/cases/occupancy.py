# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4 --mem 2048 --timeout 900
"""Ports in use are those that the kernel skips for a plain dual-stack socket on "::".

Shown by carrying it out. After a storm, UDP's are not asked for by number: with more than
ten sockets in a slot of its table, the kernel looks at those on any address alone, and grants
"::" a port that somebody has on 127.0.0.1. bind(0) looks at all of them.
"""
import contextlib
import errno
import resource
import socket
import subprocess
import time

from ephtest import *

LOW, HIGH = 40000, 40999
# Not handed out, so that they can be asked for by number; two are not.
RESERVED = {40010, 40011, 40100, 40101, 40102, 40200, 40500}
TYPES = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


def plain(proto):
    s = socket.socket(socket.AF_INET6, TYPES[proto])
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    return s


def refused_by_number(proto):
    """Ports of the range that cannot be bound by number."""
    found = set()
    for port in range(LOW, HIGH + 1):
        with plain(proto) as s:
            try:
                s.bind(("::", port))
            except OSError as e:
                assert e.errno == errno.EADDRINUSE, (port, e)
                found.add(port)
    return found, True, None


def skipped_by_bind0(proto):
    """Ports of the range that are not handed out, however often one is asked for; then all are in
    use, but those that nobody holds and nobody gets."""
    got = set()
    with contextlib.ExitStack() as stack:
        while True:
            s = stack.enter_context(plain(proto))
            try:
                s.bind(("::", 0))
            except OSError as e:
                assert e.errno == errno.EADDRINUSE, e
                break
            assert port_of(s) not in got
            got.add(port_of(s))
        told, free = protocol(proto)["ports_in_use"], len(RESERVED - in_use(proto))
    return set(range(LOW, HIGH + 1)) - got, told == HIGH - LOW + 1 - free, (told, free)


def skipped_if_none_is_reserved(proto):
    with sysctl_set("net.ipv4.ip_local_reserved_ports", "\n"):
        return skipped_by_bind0(proto)


def in_use(proto):
    return {p["local_port"] for p in ports("-t" if proto == "tcp" else "-u")
            if LOW <= p["local_port"] <= HIGH}


def assert_skips_what_is_in_use(
        proto, ways=(skipped_by_bind0, skipped_if_none_is_reserved, refused_by_number)):
    """A TIME_WAIT that ends, or a retransmission that gives up, spoils a look; not the next."""
    for way in ways:
        end = time.monotonic() + 300
        while True:
            before = in_use(proto)
            told = protocol(proto)["ports_in_use"]
            skipped, right, why = way(proto)
            if in_use(proto) == before:
                break
            assert time.monotonic() < end, "the ports in use do not stand still"
        assert told == len(before), (told, len(before))
        assert right, why
        if way is skipped_by_bind0:
            skipped -= RESERVED - before
        assert skipped == before, \
            f"{proto}, {way.__name__}: not skipped, in use: {sorted(before - skipped)[:9]}, " \
            f"skipped, not in use: {sorted(skipped - before)[:9]}"
        print(f"# {proto}: {len(skipped)} ports in use, {way.__name__}")
    return before


@contextlib.contextmanager
def small_range():
    with sysctl_set("net.ipv4.ip_local_port_range", f"{LOW} {HIGH}"), \
            sysctl_set("net.ipv4.ip_local_reserved_ports", ",".join(map(str, RESERVED))):
        yield


def bound(proto, addr="127.0.0.1", port=0, *options):
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    s = socket.socket(family, TYPES[proto])
    for level, name, value in options:
        s.setsockopt(level, name, value)
    s.bind((addr, port))
    return s


V6ONLY = (socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
REUSEADDR = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
REUSEPORT = (socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
TO_LO = (socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")


def bound_in_every_way(proto):
    """Sockets that differ in all that the kernel looks at when it compares two holders."""
    return [
        bound(proto), bound(proto, "0.0.0.0"), bound(proto, "127.0.0.2"),
        bound(proto, "::1"), bound(proto, "::"), bound(proto, "::ffff:127.0.0.1"),
        bound(proto, "::", 0, V6ONLY), bound(proto, "::1", 0, V6ONLY),
        bound(proto, "127.0.0.1", 0, REUSEADDR), bound(proto, "::", 0, REUSEADDR),
        bound(proto, "127.0.0.1", 0, REUSEPORT), bound(proto, "::", 0, REUSEPORT),
        bound(proto, "127.0.0.1", 0, TO_LO), bound(proto, "::1", 0, TO_LO),
        bound(proto, "127.0.0.1", 40010),  # reserved, and held
        # Two holders of one port are one port.
        bound(proto, "127.0.0.1", 40100), bound(proto, "127.0.0.2", 40100),
        bound(proto, "127.0.0.1", 40101, REUSEPORT), bound(proto, "127.0.0.1", 40101, REUSEPORT),
        bound(proto, "0.0.0.0", 40102), bound(proto, "::", 40102, V6ONLY),
    ]


@test
def tcp_ports_of_every_kind_of_holder():
    with small_range(), loaded(), listener(port=20300) as server, \
            listener(socket.AF_INET6, port=20301) as server6, listener(port=20302) as other:
        keep = bound_in_every_way("tcp")
        # Ports that connections share.
        for s in (server, server6, other):
            for _ in range(40):
                keep += connected(s)
        listening = tcp()
        listening.listen()
        orphans = listener(port=40200)
        keep += connected(orphans)
        orphans.close()
        held = [p for p in ports() if p["local_port"] == 40200]
        assert [p["origin"] for p in held] == ["accept"], held
        waiting = [time_wait(server) for _ in range(20)]
        # They may be over when it has been looked often enough.
        assert set(waiting) <= in_use("tcp")
        used = assert_skips_what_is_in_use("tcp")
        assert {40010, 40100, 40101, 40102, 40200} <= used, used
        assert 40011 not in used
        sockets = protocol("tcp")["sockets"]
        assert sockets > len(used), "no port is shared"
        for s in keep + [listening]:
            s.close()


@test
def udp_ports_of_every_kind_of_holder():
    with small_range(), loaded():
        keep = bound_in_every_way("udp")
        for family in FAMILIES:
            for _ in range(40):
                s = udp(family)
                s.connect((LOOP[family], 53))
                keep.append(s)
                s = udp(family)
                s.sendto(b"x", (LOOP[family], 53))
                keep.append(s)
        used = assert_skips_what_is_in_use("udp")
        assert {40010, 40100, 40101, 40102} <= used and 40011 not in used, used
        for s in keep:
            s.close()


@in_new_netns
def look_in_a_namespace(tell, _wait):
    with small_range():
        assert not in_use("tcp") and not in_use("udp")
        keep = bound_in_every_way("tcp") + bound_in_every_way("udp")
        for proto in TYPES:
            assert_skips_what_is_in_use(proto)
        for s in keep:
            s.close()
    tell(True)


@test
def ports_of_another_namespace():
    with small_range(), loaded():
        keep = [bound(proto) for proto in TYPES for _ in range(30)]
        with child(look_in_a_namespace) as c:
            assert c.hear()
        for s in keep:
            s.close()


@test
def ports_after_a_storm():
    with small_range(), loaded(), \
            subprocess.Popen([STORM, "--seed", "20", "--ops", "6000", "--procs", "6", "--linger"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as storm:
        assert any(line.startswith("quiet") for line in storm.stdout)
        eventually(assert_exact, 60)
        assert len(assert_skips_what_is_in_use("tcp", (skipped_by_bind0,))) > 100
        assert len(assert_skips_what_is_in_use("udp", (skipped_by_bind0,))) > 20
        assert_skips_what_is_in_use("tcp", (refused_by_number,))
        storm.stdin.close()
        assert storm.wait() == 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    with oracle():
        main()
