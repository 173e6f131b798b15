# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 2
"""Sockets older than the module are taken in, with what can be known of them."""
import os
import socket

from ephtest import *

KEEP = []


def keep(*sockets):
    KEEP.extend(sockets)
    return sockets[0]


def owned(p, origin, state):
    assert (p["origin"], p["state"]) == (origin, state), p
    assert (p["pid"], p["uid"], p["owner_reason"], p["age_ns"]) == (os.getpid(), 0, None, None), p
    assert p["comm"] == open("/proc/self/comm", encoding="utf-8").read().strip(), p


@test
def connection():
    owned(record_of(client), "connect", "established")


@test
def bound_connection_may_have_taken_its_port_in_another_way():
    owned(record_of(bound_client), "unknown", "established")


@test
def bound_and_listening_sockets():
    owned(record_of(bound), "unknown", "bound")
    owned(record_of(listening), "unknown", "listen")


@test
def explicit_listener_and_its_child():
    found = {p["state"]: p for p in ports() if p["local_port"] == explicit_port}
    owned(found["listen"], "explicit", "listen")
    owned(found["established"], "unknown", "established")


@test
def udp_sockets():
    owned(record_of(udp_bound), "unknown", "unconnected")
    owned(record_of(udp_connected), "unknown", "established")
    owned(record_of(udp_explicit), "explicit", "unconnected")


@test
def time_wait_has_no_owner():
    p = record(waiting)
    assert (p["state"], p["origin"], p["owner_reason"]) == ("time-wait", "connect", "adopted"), p
    assert (p["pid"], p["comm"], p["uid"], p["age_ns"]) == (None,) * 4, p


@test
def oldest_process_that_holds_it_is_named():
    # The child holds every socket of this process too; it is younger.
    assert record_of(client)["pid"] == os.getpid()
    p = record(handed_over)
    assert p["pid"] == heir.pid, p


@test
def all_are_there_and_none_besides():
    assert assert_exact() >= 11


@test
def they_are_released_like_any_other():
    for s in KEEP:
        port = port_of(s)
        mine = len([p for p in ports() if p["local_port"] == port and p["state"] != "time-wait"])
        assert mine >= 1, port
    heir.end(kill=True)
    for s in KEEP:
        s.close()
    left = [p for p in ports() if p["state"] not in ("time-wait", "fin-wait-2")]
    assert not left, left
    assert_exact()


@test
def reload_finds_what_the_first_loading_left():
    with listener() as server:
        port = time_wait(server)
        unload()
        load()
        assert record(port)["state"] == "time-wait"
        assert_exact()


def hand_over(tell, wait):
    tell()
    wait()


if __name__ == "__main__":
    with listener() as server:
        client, accepted = connected(server)
        keep(client, accepted)
        KEEP.remove(accepted)  # its port is the server's
        bound_client = keep(tcp())
        bound_client.bind(("127.0.0.1", 0))
        bound_client.connect(server.getsockname())
        bound_peer, _ = server.accept()
        bound = keep(tcp(socket.AF_INET6))
        bound.bind(("::", 0))
        listening = keep(tcp())
        listening.listen()
        explicit_port = free_port()
        with listener(port=explicit_port) as explicit:
            explicit_client, explicit_child = connected(explicit)
            keep(explicit_client, explicit_child)
            udp_bound = keep(udp())
            udp_bound.bind(("", 0))
            udp_connected = keep(udp(socket.AF_INET6))
            udp_connected.connect(("::1", 53))
            udp_explicit = keep(udp())
            udp_explicit.bind(("", free_port()))
            waiting = time_wait(server)

            passed_on = udp()
            passed_on.bind(("", 0))
            handed_over = port_of(passed_on)
            heir = Child(hand_over)
            heir.hear()
            passed_on.close()
            with oracle():
                load()
                keep(explicit)
                main()
