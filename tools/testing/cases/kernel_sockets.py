# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4 --mem 2048
"""Sockets that the kernel opened for itself are told as the kernel's, also in a storm."""
import contextlib
import ctypes
import socket
import struct
import threading

from ephstorm import *
from ephtest import *

NFS_PORT = 20450
# "noresvport": the port is one of the range. v4.0 has a listener of its own for what the server
# calls back, and asks the server, before anything else, whether it is there.
NFS_OPTIONS = (f"vers=4.0,noresvport,proto=tcp,soft,timeo=6000,retrans=9,port={NFS_PORT},"
               "addr=127.0.0.1,clientaddr=127.0.0.1")


class NfsServer:
    """Answers the NULL procedure, and nothing else: who mounts from it is kept waiting."""

    def __init__(self):
        self.listener = listener(port=NFS_PORT)
        self.clients, self.calls = [], 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.clients.append(client)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client.makefile("rb") as calls:
            while header := calls.read(4):
                call = calls.read(struct.unpack(">I", header)[0] & 0x7fffffff)
                self.calls += 1
                xid, procedure = call[:4], struct.unpack(">I", call[20:24])[0]
                if not procedure:
                    # A reply, accepted, no verifier, success.
                    client.sendall(struct.pack(">I", 0x80000018) + xid +
                                   struct.pack(">5I", 1, 0, 0, 0, 0))

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for client in self.clients:
            client.close()


def mount_nfs(tell, _wait):
    tell()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mount(b"127.0.0.1:/", b"/mnt", b"nfs4", 0, NFS_OPTIONS.encode())


def of_kernel():
    return [p for p in ports() if p["owner_reason"] == "kernel"]


def assert_nothing_of_a_process(found):
    assert all(p["pid"] is None and p["comm"] is None and p["cgroup"] is None for p in found), found


def nfs_sockets():
    """The connection to the server, and what listens for calls back."""
    found = [p for p in of_kernel() if p["proto"] == "tcp" and p["state"] != "time-wait"]
    connection = [p for p in found if p["peer_port"] == NFS_PORT]
    assert len(connection) == 1 and connection[0]["state"] == "established", found
    assert connection[0]["origin"] == "connect", connection
    listening = [p for p in found if p["state"] == "listen"]
    assert listening and all(p["origin"] in ("bind", "explicit") for p in listening), found
    assert len(found) == 1 + len(listening), found
    assert_nothing_of_a_process(found)
    return found


def connected_to(server):
    """The mount waits for an answer that does not come: all that it opens first is open."""
    assert server.calls > 1, server.calls


@contextlib.contextmanager
def nfs_mount():
    if run("modprobe", "nfsv4", check=False).returncode:
        raise Skip("no NFS in this kernel")
    with contextlib.closing(NfsServer()) as server, child(mount_nfs) as mounting:
        mounting.hear()
        eventually(lambda: connected_to(server))
        yield


def assert_the_same(sockets):
    now = nfs_sockets()
    assert {p["id"] for p in now} == {p["id"] for p in sockets}, (now, sockets)


@contextlib.contextmanager
def wireguard():
    if run("modprobe", "wireguard", check=False).returncode:
        raise Skip("no wireguard in this kernel")
    run("ip", "link", "add", "wg0", "type", "wireguard")
    run("ip", "link", "set", "wg0", "up")
    try:
        yield
    finally:
        run("ip", "link", "del", "wg0")


def wireguard_sockets():
    found = [p for p in of_kernel() if p["proto"] == "udp"]
    assert {p["family"] for p in found} == {"ipv4", "ipv6"} and len(found) == 2, found
    assert_nothing_of_a_process(found)
    return found


def assert_none_left():
    """But for a TIME_WAIT, which is still told as the kernel's."""
    left = [p for p in of_kernel() if p["state"] != "time-wait"]
    assert not left, left


@test
def nfs_mount_without_a_reserved_port():
    with loaded():
        with nfs_mount():
            nfs_sockets()
            assert_exact()
        eventually(assert_none_left)
        assert_exact()


@test
def nfs_mount_and_wireguard_older_than_the_module():
    with nfs_mount(), wireguard(), loaded():
        found = [p for p in of_kernel() if p["proto"] == "tcp"]
        assert [p["state"] for p in found if p["peer_port"] == NFS_PORT] == ["established"], found
        assert len([p for p in found if p["state"] == "listen"]) == len(found) - 1 > 0, found
        assert all(p["age_ns"] is None for p in found), found
        assert_nothing_of_a_process(found)
        wireguard_sockets()
        assert_exact()


@test
def they_live_through_a_storm_and_others_come_and_go_in_it():
    with loaded(), nfs_mount():
        nfs = nfs_sockets()
        with storm(*ENOUGH, procs=6, seed=SEED + 20) as p:
            for _ in range(3):
                with wireguard():
                    wireguard_sockets()
                    assert_the_same(nfs)
            with wireguard():
                totals = calm_down(p)
                exact()
                wireguard_sockets()
                assert_the_same(nfs)
                assert_counters_add_up()
                assert_failures_are_equal(totals)


if __name__ == "__main__":
    sysctl("net.ipv4.tcp_fastopen", 3)
    with oracle():
        main()
