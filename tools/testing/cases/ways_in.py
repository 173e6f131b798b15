# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 2
"""A port taken in any way is found, with state, owner and origin."""
import os
import socket
import threading

from ephtest import *

CGROUP = "/sys/fs/cgroup/ephports-test"


def assert_record(s, proto, family, origin, state, peer=None, **more):
    port = port_of(s)
    r = record_of(s)
    me = {"pid": os.getpid(), "uid": os.getuid(), "owner_reason": None,
          "comm": open("/proc/self/comm", encoding="utf-8").read().strip(),
          "netns": netns_of(), "cgroup": "/ephports-test",
          "cgroup_id": os.stat(CGROUP).st_ino}
    want = {"proto": proto, "family": FAMILY[family], "origin": origin, "state": state,
            "local_addr": s.getsockname()[0], "local_port": port,
            "peer_addr": peer and peer[0], "peer_port": peer and peer[1], **me, **more}
    wrong = {k: (r[k], v) for k, v in want.items() if r[k] != v}
    assert not wrong, f"port {port}: (told, true): {wrong}"
    assert 0 < r["age_ns"] < 60e9, r["age_ns"]
    return r


def each_family(function):
    for family in FAMILIES:
        function(family)


@test
def tcp_connect():
    def one(family):
        with listener(family) as server:
            client, accepted = connected(server)
            assert_record(client, "tcp", family, "connect", "established",
                          server.getsockname()[:2])
            client.close(), accepted.close()
    each_family(one)


@test
def tcp_connect_that_waits_for_an_answer():
    with listener(backlog=0) as server:
        fill = [tcp() for _ in range(4)]
        for s in fill:
            s.setblocking(False)
            s.connect_ex(server.getsockname())
        waiting = next(s for s in fill if record_of(s)["state"] == "syn-sent")
        assert_record(waiting, "tcp", socket.AF_INET, "connect", "syn-sent", server.getsockname())
        for s in fill:
            s.close()


@test
def tcp_bind_to_port_0():
    def one(family):
        with tcp(family) as s:
            s.bind((LOOP[family], 0))
            assert_record(s, "tcp", family, "bind", "bound")
    each_family(one)


@test
def tcp_bind_to_port_0_then_listen_then_connected():
    with tcp() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        assert_record(s, "tcp", socket.AF_INET, "bind", "listen")
    with listener() as server, tcp() as s:
        s.bind(("127.0.0.1", 0))
        s.connect(server.getsockname())
        assert_record(s, "tcp", socket.AF_INET, "bind", "established", server.getsockname())


@test
def tcp_listen_without_bind():
    def one(family):
        with tcp(family) as s:
            s.listen()
            assert_record(s, "tcp", family, "listen", "listen")
    each_family(one)


@test
def tcp_port_asked_for_by_number():
    def one(family):
        with tcp(family) as s:
            s.bind((LOOP[family], free_port()))
            assert_record(s, "tcp", family, "explicit", "bound")
            s.listen()
            assert_record(s, "tcp", family, "explicit", "listen")
    each_family(one)


@test
def tcp_port_outside_the_range_is_no_concern():
    with listener() as server:
        absent(port_of(server))


@test
def tcp_bind_address_no_port():
    with listener() as server, tcp() as s:
        s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        s.bind(("127.0.0.1", 0))
        assert port_of(s) == 0
        s.connect(server.getsockname())
        assert_record(s, "tcp", socket.AF_INET, "connect", "established", server.getsockname())


@test
def tcp_accepted_child_of_a_listener_in_the_range():
    port = free_port()
    with listener(port=port) as server:
        client, accepted = connected(server)
        found = [p for p in ports() if p["local_port"] == port]
        assert sorted((p["origin"], p["state"]) for p in found) == \
            [("accept", "established"), ("explicit", "listen")], found
        child_ = next(p for p in found if p["origin"] == "accept")
        assert child_["pid"] == os.getpid() and child_["peer_port"] == port_of(client), child_
        server.close()
        assert_record(accepted, "tcp", socket.AF_INET, "accept", "established",
                      client.getsockname())
        client.close(), accepted.close()


def assert_child_is_ours(server, accepted):
    r = next(p for p in ports() if p["origin"] == "accept"
             and p["peer_port"] == accepted.getpeername()[1])
    assert (r["local_port"], r["pid"], r["owner_reason"]) == \
        (port_of(server), os.getpid(), None), r


@test
def tcp_accepted_child_of_a_syn_cookie():
    with sysctl_set("net.ipv4.tcp_syncookies", 2), listener(port=free_port()) as server:
        client, accepted = connected(server)
        assert_child_is_ours(server, accepted)
        client.close(), accepted.close()


@test
def tcp_accepted_child_of_fast_open():
    with sysctl_set("net.ipv4.tcp_fastopen", 3), tcp() as server:
        server.bind(("127.0.0.1", free_port()))
        server.setsockopt(socket.IPPROTO_TCP, 23, 5)  # TCP_FASTOPEN
        server.listen()
        for _ in range(2):  # the first fetches the cookie
            client = tcp()
            client.sendto(b"x", 0x20000000, server.getsockname())  # MSG_FASTOPEN
            assert_record(client, "tcp", socket.AF_INET, "connect", "established",
                          server.getsockname())
            accepted, _ = server.accept()
            assert accepted.recv(1) == b"x"
            assert_child_is_ours(server, accepted)
            client.close(), accepted.close()


@test
def udp_bind_to_port_0():
    def one(family):
        with udp(family) as s:
            s.bind((ANY[family], 0))
            assert_record(s, "udp", family, "bind", "unconnected")
    each_family(one)


@test
def udp_connect():
    def one(family):
        with udp(family) as s:
            s.connect((LOOP[family], 53))
            assert_record(s, "udp", family, "connect", "established", (LOOP[family], 53))
    each_family(one)


@test
def udp_send_by_every_call():
    def one(family):
        to = (LOOP[family], 53)
        calls = [lambda s: s.sendto(b"x", to), lambda s: s.sendmsg([b"x"], [], 0, to)]
        for call in calls:
            with udp(family) as s:
                call(s)
                assert_record(s, "udp", family, "send", "unconnected")
    each_family(one)


@test
def udp_write_that_is_refused_took_a_port_all_the_same():
    with udp() as s:
        try:
            os.write(s.fileno(), b"x")
        except OSError:
            pass
        assert_record(s, "udp", socket.AF_INET, "send", "unconnected")


@test
def udp_port_asked_for_by_number():
    def one(family):
        with udp(family) as s:
            s.bind((ANY[family], free_port()))
            assert_record(s, "udp", family, "explicit", "unconnected")
    each_family(one)


@test
def udp_bound_then_connected():
    with udp() as s:
        s.bind(("127.0.0.1", 0))
        s.connect(("127.0.0.1", 53))
        assert_record(s, "udp", socket.AF_INET, "bind", "established", ("127.0.0.1", 53))


@test
def v4_mapped_address_is_told_as_such():
    with listener() as server, tcp(socket.AF_INET6) as s:
        to = ("::ffff:127.0.0.1", port_of(server))
        s.connect(to)
        assert_record(s, "tcp", socket.AF_INET6, "connect", "established", to)


@test
def scoped_address_has_its_interface():
    run("ip", "link", "add", "eph0", "type", "dummy")
    run("ip", "link", "set", "eph0", "up")
    run("ip", "addr", "add", "fe80::1/64", "dev", "eph0", "nodad")
    index = socket.if_nametoindex("eph0")
    with udp(socket.AF_INET6) as s:
        s.bind(("fe80::1", 0, 0, index))
        r = record_of(s)
        assert r["local_addr"] == "fe80::1" and r["ifindex"] == index, r
    with udp() as s:
        s.bind(("127.0.0.1", 0))
        assert "ifindex" not in record_of(s)
    run("ip", "link", "del", "eph0")


@test
def thread_is_told_as_its_process():
    with listener() as server:
        made = []
        t = threading.Thread(target=lambda: made.append(connected(server)))
        t.start(), t.join()
        assert record_of(made[0][0])["pid"] == os.getpid()


@test
def other_uid_is_told():
    def other(tell, wait):
        os.setgid(1234), os.setuid(1234)
        s = udp()
        s.bind(("", 0))
        tell(port_of(s))
        wait()
    with child(other) as c:
        r = record(c.hear(), proto="udp")
        assert (r["uid"], r["pid"]) == (1234, c.pid), r


@test
def command_with_blanks_and_controls_is_one_word_in_proc_and_valid_in_json():
    def other(tell, wait):
        with open("/proc/self/comm", "w", encoding="utf-8") as f:
            f.write('a b\t"\\\x1b[1m')
        s = udp()
        s.bind(("", 0))
        tell(port_of(s))
        wait()
    with child(other) as c:
        port = c.hear()
        assert record(port, proto="udp")["comm"] == 'a b\t"\\\x1b[1m'
        row = next(r for r in proc() if r["local_port"] == str(port))
        assert row["comm"] == 'a\\040b\\011"\\134\\033[1m', row["comm"]
        text = ephstat("list").stdout
        assert "\x1b" not in text


@test
def kernel_socket_is_told_as_the_kernels():
    if run("modprobe", "wireguard", check=False).returncode:
        raise Skip("no wireguard in this kernel")
    run("ip", "link", "add", "wg0", "type", "wireguard")
    run("ip", "link", "set", "wg0", "up")
    try:
        found = [p for p in ports() if p["owner_reason"] == "kernel"]
        assert len(found) == 2 and {p["family"] for p in found} == {"ipv4", "ipv6"}, found
        # The first takes what the kernel chose; the second asks for the same number.
        assert {p["origin"] for p in found} == {"bind", "explicit"}, found
        assert all(p["pid"] is None and p["comm"] is None and p["cgroup"] is None for p in found)
    finally:
        run("ip", "link", "del", "wg0")
    assert not [p for p in ports() if p["owner_reason"] == "kernel"]


@test
def mptcp_subflow_belongs_to_its_process():
    try:
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    except OSError as e:
        raise Skip(f"no MPTCP: {e}") from e
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", 20200))
    server.listen()
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    client.connect(server.getsockname())
    assert_record(client, "tcp", socket.AF_INET, "connect", "established", server.getsockname())
    port = port_of(client)
    client.close(), server.close()

    def ends():
        states = {p["state"] for p in ports() if p["local_port"] == port}
        assert states <= {"time-wait"}, states
    eventually(ends)


@test
def ids_are_unique_and_grow_on_a_cpu():
    with listener() as server, on_first_cpu():
        pairs = [connected(server) for _ in range(20)]
        ids = [record_of(c)["id"] for c, _ in pairs]
        assert ids == sorted(set(ids)), ids
        for c, a in pairs:
            c.close(), a.close()


@test
def proc_and_netlink_tell_the_same():
    with listener() as server, udp() as u:
        u.bind(("", 0))
        pairs = [connected(server) for _ in range(5)]
        waiting = {time_wait(server) for _ in range(2)}

        def both():
            """Unless the FIN of an earlier test is still under way."""
            by_id, rows = {str(p["id"]): p for p in ports()}, proc()
            assert len(rows) == len(by_id) == len(ports())
            return by_id, rows
        by_id, rows = eventually(both)
        assert waiting <= {p["local_port"] for p in by_id.values() if p["state"] == "time-wait"}
        for row in rows:
            p = by_id[row["id"]]
            for column in PROC_COLUMNS:
                if column not in ("age_ns", "ifindex"):
                    want = "-" if p[column] is None else str(p[column])
                    assert row[column] == want, (column, row[column], want)
        del pairs


if __name__ == "__main__":
    os.makedirs(CGROUP, exist_ok=True)
    with open(CGROUP + "/cgroup.procs", "w", encoding="utf-8") as procs:
        procs.write("0")
    load()
    # What one test left is not to share a port with the next one's.
    with oracle():
        main(before_each=end_time_wait)
