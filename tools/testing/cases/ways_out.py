# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 2
"""A port given back in any way is gone from the records at once, and not before."""
import errno
import os
import socket
import time

from ephtest import *


@test
def close_of_every_kind_of_socket_that_holds_a_port():
    def gone(s, proto):
        port = port_of(s)
        record(port, proto=proto)
        s.close()
        absent(port, proto=proto)
    for family in FAMILIES:
        s = tcp(family)
        s.bind((LOOP[family], 0))
        gone(s, "tcp")
        s = tcp(family)
        s.listen()
        gone(s, "tcp")
        s = udp(family)
        s.bind((LOOP[family], 0))
        gone(s, "udp")
        s = udp(family)
        s.connect((LOOP[family], 53))
        gone(s, "udp")


@test
def reset():
    with listener() as server:
        client, accepted = connected(server)
        port = port_of(client)
        record(port)
        reset_on_close(client)
        client.close()
        absent(port)
        accepted.close()


@test
def reset_by_the_peer_leaves_no_port_behind():
    with listener() as server:
        client, accepted = connected(server)
        port = port_of(client)
        reset_on_close(accepted)
        accepted.close()
        absent(port)
        client.close()


@test
def connect_that_is_refused():
    s = tcp()
    try:
        s.connect(("127.0.0.1", 1))
    except ConnectionRefusedError:
        pass
    assert not [p for p in ports() if p["pid"] == os.getpid()], ports()
    s.close()


@test
def refused_connect_of_a_socket_bound_by_number_keeps_the_port():
    port = free_port()
    with tcp() as s:
        s.bind(("127.0.0.1", port))
        try:
            s.connect(("127.0.0.1", 1))
        except ConnectionRefusedError:
            pass
        r = record(port)
        assert (r["state"], r["origin"], r["peer_port"]) == ("bound", "explicit", None), r
    absent(port)


@test
def connect_that_fails_for_want_of_an_address_is_no_failure_of_ports():
    before = {p["proto"]: p["failures"] for p in summary()["protocols"]}
    with tcp() as s:
        try:
            s.connect(("192.0.2.1", 80))
        except OSError as e:
            assert e.errno == errno.ENETUNREACH, e
    assert {p["proto"]: p["failures"] for p in summary()["protocols"]} == before


@test
def disconnect_and_connect_again():
    with listener() as server, tcp() as s:
        s.connect(server.getsockname())
        accepted, _ = server.accept()
        port = port_of(s)
        first = record(port)["id"]
        disconnect(s)
        accepted.close()
        absent(port)
        s.connect(server.getsockname())
        again = record_of(s)
        assert again["id"] != first and again["state"] == "established"


@test
def udp_disconnect_gives_back_a_port_that_the_kernel_chose():
    with udp() as s:
        s.connect(("127.0.0.1", 53))
        port = port_of(s)
        record(port)
        disconnect(s)
        absent(port)
    port = free_port()
    with udp() as s:
        s.bind(("127.0.0.1", port))
        s.connect(("127.0.0.1", 53))
        disconnect(s)
        assert record(port)["state"] == "unconnected"


@test
def time_wait_keeps_its_owner_and_age():
    with listener() as server:
        client, accepted = connected(server)
        port = port_of(client)
        time.sleep(0.3)
        before = record(port)
        client.close()
        accepted.recv(1)
        accepted.close()
        after = record(port)
        assert after["state"] == "time-wait", after
        for member in ("pid", "comm", "uid", "cgroup_id", "origin", "local_addr", "peer_addr",
                       "peer_port", "netns"):
            assert after[member] == before[member], (member, before, after)
        assert after["age_ns"] >= before["age_ns"] >= 0.3e9, (before, after)


@test
def time_wait_of_a_dead_process_keeps_its_owner():
    with listener() as server:
        def other(tell, wait):
            client = tcp()
            client.connect(server.getsockname())
            tell(port_of(client))
            wait()
            client.close()
        c = Child(other)
        port = c.hear()
        accepted, _ = server.accept()
        c.go()
        accepted.recv(1)
        accepted.close()
        c.end()
        r = record(port)
        assert (r["state"], r["pid"]) == ("time-wait", c.pid), r


@test
def time_wait_ends_by_its_timer():
    with sysctl_set("net.ipv4.tcp_fin_timeout", 5), listener() as server:
        client, accepted = connected(server)
        port = port_of(client)
        client.close()
        # The peer does not close: a timewait socket stands in for FIN_WAIT2, for five seconds.
        assert record(port)["state"] in ("fin-wait-1", "fin-wait-2", "time-wait")
        eventually(lambda: absent(port))
        accepted.close()


@test
def time_wait_is_reused_by_a_connect():
    with sysctl_set("net.ipv4.ip_local_port_range", "45000 45001"), listener() as server:
        # Not yet: a new second may begin in between.
        with sysctl_set("net.ipv4.tcp_tw_reuse", 0):
            ports_before = {time_wait(server) for _ in range(2)}
        assert ports_before == {45000, 45001}
        time.sleep(1.2)  # what tcp_tw_reuse waits for
        old = {p: record(p)["id"] for p in ports_before}
        client, accepted = connected(server)
        r = record_of(client)
        assert r["state"] == "established" and r["id"] != old[r["local_port"]], r
        assert_exact(45000, 45001)
        reset_on_close(client)
        client.close(), accepted.close()


@test
def sock_destroy_of_a_connection_and_of_a_time_wait():
    with listener() as server:
        client, accepted = connected(server)
        port = port_of(client)
        record(port)
        run("ss", "-K", "sport", "=", f":{port}")
        absent(port)
        port = time_wait(server)
        assert record(port)["state"] == "time-wait"
        run("ss", "-K", "state", "time-wait", "sport", "=", f":{port}")
        if not [h for h in holders() if h[4] == str(port)]:  # 5.10 keeps it
            absent(port)
        client.close(), accepted.close()


@test
def port_of_a_closed_listener_is_held_by_its_children():
    port = free_port()
    server = listener(port=port)
    client, accepted = connected(server)
    server.close()
    assert [(p["origin"], p["state"]) for p in ports() if p["local_port"] == port] == \
        [("accept", "established")]
    reset_on_close(accepted)
    accepted.close()
    absent(port)
    client.close()


@test
def death_of_a_namespace_takes_its_records():
    @in_new_netns
    def other(tell, wait):
        server = listener()
        kept = [connected(server) for _ in range(5)]
        waits = [time_wait(server) for _ in range(5)]
        u = udp()
        u.bind(("", 0))
        tell(netns_of())
        wait()
        del kept, waits, u
    with child(other) as c:
        inum = c.hear()
        there = ports("-N", str(inum))
        assert len(there) == 11, there
        assert {p["netns"] for p in there} == {inum}
    eventually(lambda: none_of(inum))
    assert not [h for h in holders() if h[1] == str(inum)]


def none_of(inum):
    left = [p for p in ports("-A") if p["netns"] == inum]
    assert not left, left


@test
def file_held_open_does_not_keep_a_namespace():
    @in_new_netns
    def other(tell, wait):
        with open("/proc/ephports", encoding="utf-8") as f:
            f.readline()
            tell(netns_of())
            unshare(CLONE_NEWNET)
            wait()
            assert f.read() == ""
            tell()
    with child(other) as c:
        inum = c.hear()

        def gone():
            r = ephstat("-j", "-N", str(inum), check=False)
            assert r.returncode == 1 and "no network namespace" in r.stderr, (r.returncode, r.stderr)
        eventually(gone)
        c.go()
        c.hear()


@test
def what_is_left_equals_the_kernels_tables():
    assert_exact()


if __name__ == "__main__":
    load()
    def end_what_is_left():
        """Or it shares a port with the next test's."""
        assert_exact()
        end_time_wait()
    with oracle():
        main(before_each=end_what_is_left)
