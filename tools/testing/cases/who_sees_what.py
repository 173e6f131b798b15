# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 2
"""One rule for every interface: the reader's rights decide, by /proc and by netlink alike."""
import errno
import os
import socket
import struct

from ephnetlink import *
from ephtest import *


def as_user(uid):
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)


def views(tell, wait):
    """What a reader is told, over both interfaces: {port: (pid, uid, reason)}."""
    by_netlink = {p["local_port"]: (p["pid"], p["uid"], p["owner_reason"]) for p in ports()}
    by_proc = {int(r["local_port"]): tuple(None if v == "-" else int(v) if v.isdigit() else v
                                           for v in (r["pid"], r["uid"], r["owner_reason"]))
               for r in proc()}
    assert by_netlink == by_proc, (by_netlink, by_proc)
    tell(by_netlink)
    wait()


def as_seen_by(prepare):
    def reader(tell, wait):
        prepare()
        views(tell, wait)
    with child(reader) as c:
        return {int(port): tuple(v) for port, v in c.hear().items()}


def holder_as(uid):
    def hold(tell, wait):
        as_user(uid)
        s = udp()
        s.bind(("", 0))
        tell(port_of(s))
        wait()
    return Child(hold)


@test
def root_sees_all_owners():
    told = as_seen_by(lambda: None)
    assert told[alice_port] == (alice.pid, 1001, None), told
    assert told[bob_port] == (bob.pid, 1002, None), told


@test
def user_sees_all_ports_and_uids_but_only_its_own_processes():
    told = as_seen_by(lambda: as_user(1001))
    assert told[alice_port] == (alice.pid, 1001, None), told
    assert told[bob_port] == (None, 1002, "hidden"), told


@test
def hidden_owner_has_no_command_and_no_cgroup():
    def reader(tell, wait):
        as_user(1001)
        tell([p for p in ports() if p["local_port"] == bob_port][0])
    with child(reader) as c:
        p = c.hear()
    assert (p["comm"], p["cgroup"], p["cgroup_id"]) == (None,) * 3, p


@test
def filter_on_a_hidden_process_matches_nothing():
    def reader(tell, wait):
        as_user(1001)
        tell([len(ports("pid", str(bob.pid))), len(ports("pid", str(alice.pid)))])
    with child(reader) as c:
        assert c.hear() == [0, 1]


@test
def root_of_a_user_namespace_is_nobody_here():
    def reader(tell, wait):
        as_user(1003)
        unshare(CLONE_NEWUSER)
        views(tell, wait)
    with child(reader) as c:
        told = {int(k): tuple(v) for k, v in c.hear().items()}
    # Uids that the reader's user namespace does not know are the overflow uid's.
    assert told[bob_port] == (None, 65534, "hidden"), told


@test
def namespaces_do_not_see_each_other():
    @in_new_netns
    def other(tell, wait):
        s = udp()
        s.bind(("", 0))
        tell({"port": port_of(s), "seen": [p["local_port"] for p in ports()],
              "proc": [int(r["local_port"]) for r in proc()], "inum": netns_of()})
        wait()
    with child(other) as c:
        there = c.hear()
        assert there["seen"] == there["proc"] == [there["port"]], there
        assert there["inum"] not in {p["netns"] for p in ports()}
        assert [p["local_port"] for p in ports("-N", str(there["inum"]))] == [there["port"]]
        assert {p["netns"] for p in ports("-A")} == {netns_of(), there["inum"]}
        assert summary("-N", str(there["inum"]))["netns"] == there["inum"]


@test
def other_namespaces_are_for_root_alone():
    def reader(tell, wait):
        as_user(1001)
        done = [ephstat(*args, check=False) for args in
                (("list", "-A"), ("-N", str(elsewhere), "list"), ("-N", str(elsewhere)), ("resync",))]
        tell([[d.returncode, d.stderr] for d in done])

    @in_new_netns
    def other(tell, wait):
        tell(netns_of())
        wait()
    with child(other) as o:
        elsewhere = o.hear()
        with child(reader) as c:
            for code, text in c.hear():
                assert code == 1 and "CAP_NET_ADMIN" in text, (code, text)


@test
def root_of_a_container_sees_its_own_namespace_whole_and_no_other():
    def container(tell, wait):
        become_root_of_a_container()
        s = udp()
        s.bind(("", 0))
        own = ports()
        others = ephstat("list", "-A", check=False)
        tell([own[0]["pid"], os.getpid(), others.returncode, others.stderr])
    with child(container) as c:
        pid, mine, code, text = c.hear()
    assert pid == mine and code == 1 and "CAP_NET_ADMIN" in text, (pid, mine, code, text)


def begun_by_the_readers_read(command, payload):
    """The first message of a dump that alice asks for as her queue is full: it begins when root reads
    from her socket. As bytes from the command on, or OSError."""
    here, there = socket.socketpair()

    def ask(tell, wait):
        as_user(1001)
        genl = Genl()
        genl.s.setsockopt(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
        genl.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        for _ in range(20):
            genl.send(3, attr(2, b"ephports\0"), flags=0, family=GENL_ID_CTRL)
        body = struct.pack("BBH", N[command], 1, 0) + payload
        # With an address, the kernel asks for no rights of the one that opened the socket.
        genl.s.sendto(struct.pack("IHHII", 16 + len(body), genl.family,
                                  NLM_F_REQUEST | NLM_F_DUMP, 1 << 20, 0) + body, (0, 0))
        socket.send_fds(there, [b"."], [genl.s.fileno()])
        wait()
    with here, there, child(ask):
        _, [fd], _, _ = socket.recv_fds(here, 1, 1)
        with socket.socket(fileno=fd) as s:
            s.settimeout(20)
            while True:
                try:
                    data = s.recv(1 << 16)
                except OSError as e:
                    # So he is told once of what found no room.
                    assert e.errno == errno.ENOBUFS, e
                    continue
                _, kind, _, seq, _ = struct.unpack_from("IHHII", data)
                if seq != 1 << 20:
                    continue
                code = struct.unpack_from("i", data, 16)[0]
                if kind in (NLMSG_ERROR, NLMSG_DONE) and code:
                    raise OSError(-code, os.strerror(-code))
                return data


@test
def dump_that_somebody_elses_read_begins_has_only_the_rights_of_who_asked():
    @in_new_netns
    def other(tell, wait):
        tell(netns_of())
        wait()
    with child(other) as o:
        elsewhere = u32("A_FILTER_NETNS", o.hear())
        everywhere = attr("A_FILTER_ALL_NETNS", b"")
        asked = {"CMD_PORT_GET": "A_PORT_FILTER", "CMD_DEST_GET": "A_DEST_FILTER",
                 "CMD_OWNER_GET": "A_OWNER_FILTER", "CMD_FAILURE_GET": "A_FAILURE_FILTER",
                 "CMD_BOX_GET": "A_BOX_FILTER", "CMD_WHO_GET": "A_WHO_FILTER"}
        requests = [(command, nest(filters, wanted)) for command, filters in asked.items()
                    for wanted in (elsewhere, everywhere)]
        requests.append(("CMD_HIST_GET", attr("A_HIST_NETNS", elsewhere[4:])))
        for command, payload in requests:
            try:
                told = begun_by_the_readers_read(command, payload)
            except PermissionError:
                continue
            raise AssertionError(f"{command} was answered: {told[:80]}")
    data = begun_by_the_readers_read("CMD_PORT_GET", nest(
        "A_PORT_FILTER", u16("A_FILTER_PORT_LOW", bob_port), u16("A_FILTER_PORT_HIGH", bob_port)))
    told = decode(attrs_of(data[20:struct.unpack_from("I", data)[0]]), A_PORT)
    assert told["local_port"] == bob_port and "pid" not in told and "comm" not in told, told


@test
def processes_are_numbered_as_the_reader_numbers_them():
    def outside(tell, wait):
        unshare(0x00020000)  # CLONE_NEWNS: the new /proc is this child's alone
        run("mount", "--make-rprivate", "/")
        unshare(CLONE_NEWPID)

        def inside(tell, wait):
            run("mount", "-t", "proc", "proc", "/proc")
            s = udp()
            s.bind(("", 0))
            mine = port_of(s)
            seen = {p["local_port"]: p for p in ports()}
            rows = {int(r["local_port"]): r for r in proc()}
            tell([mine, os.getpid(), seen[mine]["pid"], rows[mine]["pid"],
                  seen[alice_port]["pid"], seen[alice_port]["owner_reason"],
                  rows[alice_port]["owner_reason"]])
            wait()
        with child(inside) as c:
            tell(c.hear() + [c.pid])
            wait()
    with child(outside) as c:
        mine, pid, seen, row, alice_pid, reason, proc_reason, outer = c.hear()
        assert pid == 1 and seen == 1 and row == "1", (pid, seen, row)
        assert (alice_pid, reason, proc_reason) == (None, "hidden", "hidden")
        assert record(mine)["pid"] == outer, (record(mine), outer)


if __name__ == "__main__":
    load()
    alice, bob = holder_as(1001), holder_as(1002)
    alice_port, bob_port = alice.hear(), bob.hear()
    main()
