# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4 --mem 2048
"""In the middle of traffic: what exists throughout is told once, what never was is not."""
import collections
import json
import os
import random
import resource
import socket
import time

from ephstorm import *
from ephtest import *

TAKEN = "/run/storm-taken"
READINGS = 6  # each by netlink and from /proc
ENOUGH_GONE = 300
INSIDE = 45000  # asked for by number
HALF_CLOSED = 20
SPECIFIC = {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "0.0.0.0"}
ADDRESSES = SPECIFIC | {"::ffff:" + addr for addr in SPECIFIC} | {"::", "::1"}


class Steady:
    """Sockets that nobody touches, of every kind that can stand still: TIME_WAIT cannot."""

    def __init__(self):
        self.sockets, self.others = [], []  # others: on ports outside the range
        for family in FAMILIES:
            server = self.outside(listener(family, port=20400 + family))
            inside = self.add(listener(family, port=INSIDE + family))
            for _ in range(60):
                self.add(tcp(family)).bind((LOOP[family], 0))
                self.add(udp(family)).bind((ANY[family], 0))
                self.add(udp(family)).connect((LOOP[family], 53))
                self.add(tcp(family)).listen()
                self.outside(self.client_of(server))
            for _ in range(HALF_CLOSED):
                self.add(self.client_of(inside))
                waits = self.outside(self.client_of(server))
                self.sockets[-1].shutdown(socket.SHUT_WR)  # FIN_WAIT2
                assert not waits.recv(1)
            self.share_a_port(family)
        server = self.outside(listener(port=20400))
        for _ in range(20):
            mapped = self.add(tcp(socket.AF_INET6))
            mapped.connect(("::ffff:127.0.0.1", 20400))
            self.outside(server.accept()[0])

    def add(self, s):
        self.sockets.append(s)
        return s

    def outside(self, s):
        self.others.append(s)
        return s

    def client_of(self, server):
        """Adds a client, and returns what the server accepted."""
        client, accepted = connected(server)
        self.add(client)
        return accepted

    def share_a_port(self, family):
        port = 0
        for _ in range(5):
            s = self.add(udp(family))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            s.bind((ANY[family], port))
            port = port_of(s)

    def assert_still(self):
        """Each half-closed one knows that the other side does: an ACK may be late."""
        states = [p["state"] for p in ports()]
        assert states.count("fin-wait-2") == HALF_CLOSED * len(FAMILIES), states

    def names(self):
        kinds = {socket.SOCK_STREAM: "tcp", socket.SOCK_DGRAM: "udp"}
        return collections.Counter(
            (kinds[s.type], FAMILY[s.family], s.getsockname()[0], port_of(s)) for s in self.sockets)

    def close(self):
        for s in self.sockets + self.others:
            s.close()


def name_of(p):
    return (p["proto"], p["family"], p["local_addr"], int(p["local_port"]))


class Readings:
    """All that was told, and that it does not contradict itself from one reading to the next."""

    def __init__(self, steady):
        mine = steady.names()
        found = [p for p in ports() if name_of(p) in mine]
        assert collections.Counter(map(name_of, found)) == mine, (len(found), mine.total())
        self.steady = {p["id"]: (*name_of(p), p["state"]) for p in found}
        self.known, self.gone, self.last = {}, set(), set()
        self.told, self.namespaces, self.number = [], set(), 0

    def add(self, records, whole):
        """records: (id, what never changes of it, record)"""
        ids = [r[0] for r in records]
        now = set(ids)
        assert len(ids) == len(now), f"told twice: {sorted(i for i in now if ids.count(i) > 1)[:5]}"
        self.number += 1
        assert whole, "a reading that was interrupted, or not complete"
        returned = now & self.gone
        assert not returned, f"gone, and back: {sorted(returned)[:5]}"
        self.gone |= self.last - now
        self.last = now
        for number, lasting, _ in records:
            assert self.known.setdefault(number, lasting) == lasting, (self.known[number], lasting)
        steady = {r["id"]: (*name_of(r), r["state"]) for _, _, r in records
                  if r["id"] in self.steady}
        assert steady == self.steady, set(self.steady.items()) ^ set(steady.items())
        self.told.extend(r for _, _, r in records)

    def take(self):
        """One by netlink, one from /proc."""
        told = listing("-A")
        here = netns_of()
        self.namespaces |= {p["netns"] for p in told["ports"]}
        self.add([(p["id"], self.lasting(p), p) for p in told["ports"] if p["netns"] == here],
                 told["complete"])
        rows = [{**row, "id": int(row["id"])} for row in proc()]
        self.add([(row["id"], self.lasting(row), row) for row in rows], True)

    @staticmethod
    def lasting(p):
        return (p["proto"], int(p["local_port"]), p["origin"], str(p["comm"]))


def taken():
    """Ports that the storm had at some time, and the namespaces that there were."""
    found = {"tcp": set(), "udp": set(), "netns": set()}
    with open(TAKEN, encoding="utf-8") as file:
        for line in file:
            what, number = line.split()
            found[what].add(int(number))
    return found


def kinds_that_vouch():
    """All but the one of whose ports the storm cannot know."""
    kinds = run(STORM, "--help").stdout.split("Kinds:")[1].split()
    kinds.remove("race")
    return ",".join(kinds)


@test
def every_reading_has_what_exists_throughout_once_and_nothing_that_never_was():
    steady = Steady()
    with loaded():
        eventually(steady.assert_still)
        readings = Readings(steady)
        with storm(*ENOUGH, "--netns", "3", "--kinds", kinds_that_vouch(),
                   "--taken", TAKEN, seed=SEED + 8) as p:
            # Else a reading takes as long as a small storm.
            os.setpriority(os.PRIO_PROCESS, 0, -15)
            for _ in range(READINGS):
                readings.take()
            # A slow storm takes longer to be one.
            end = time.monotonic() + 120 * SLOW
            while len(readings.gone) <= ENOUGH_GONE and time.monotonic() < end:
                readings.take()
            calm_down(p)
            readings.take()
            vouched = taken()
        assert len(readings.gone) > ENOUGH_GONE, \
            f"{len(readings.gone)} records went: that is no storm"
        mine = {(p[0], p[3]) for p in readings.steady.values()}
        for r in readings.told:
            port = int(r["local_port"])
            assert port in vouched[r["proto"]] or (r["proto"], port) in mine, r
            assert r["state"] != "unknown" and r["local_addr"] in ADDRESSES, r
            # The storm connects to listeners of ours, too: the children are ours.
            assert r["comm"] in (None, "-", "storm") or (r["proto"], port) in mine, r
        unheard = readings.namespaces - vouched["netns"] - {netns_of()}
        assert not unheard and len(readings.namespaces) > 3, (unheard, readings.namespaces)
        ever = sum(len(vouched[proto]) for proto in ("tcp", "udp"))
        assert 2 * ever < HIGH - LOW, "most ports were taken: the storm vouches for anything"
        print(f"# {readings.number} readings in mid-storm, {len(readings.steady)} sockets in each, "
              f"{len(readings.known)} records seen, {len(readings.gone)} gone for good, "
              f"{len(readings.namespaces)} namespaces, {ever} ports ever taken")
        assert_counters_add_up()
        exact()
    steady.close()


GOING = 2000 // SLOW  # connections that go to TIME_WAIT while they are told of
ALL_WAIT = 55  # seconds from the first that is closed: after a minute it is over


def close_at_random(sockets, seed):
    """In a process of its own, at once; how it is found again."""
    pid = os.fork()
    if pid:
        for s in sockets:
            s.close()
        return pid
    random.Random(seed).shuffle(sockets)
    for s in sockets:
        s.close()
        time.sleep(0.003 * SLOW)
    os._exit(0)


def connections(server):
    """Half of the clients ask for their port by number; and what was accepted."""
    clients = [tcp() for _ in range(GOING)]
    for port, client in enumerate(clients[::2], INSIDE):
        client.bind(("0.0.0.0", port))
    for client in clients:
        client.connect(("127.0.0.1", port_of(server)))
        yield client, server.accept()[0]


def told_of(server):
    """How often each port towards a server is told, by each that tells of all."""
    peer = port_of(server)
    dport = ("dport", f":{peer}")
    yield "list", collections.Counter(p["local_port"] for p in ports(*dport))
    yield "proc", collections.Counter(
        int(r["local_port"]) for r in proc() if r["peer_port"] == str(peer))
    holders = json.loads(ephstat("-j", "who", f"{LOW}-{HIGH}").stdout)["holders"]
    yield "who", collections.Counter(h["local_port"] for h in holders if h["peer_port"] == peer)
    for what, rows in (("dest", "dests"), ("owners", "owners")):
        told = json.loads(ephstat("-j", what, *dport).stdout)
        assert not told["other"], told
        yield what, sum(row["used"] for row in told[rows])
    yield "summary", protocol("tcp")["ports_in_use"]


@in_new_netns
def read_while_they_go(tell, wait):
    with listener(addr="0.0.0.0", backlog=4096) as server:
        pairs = list(connections(server))
        mine = dict.fromkeys((port_of(client) for client, _ in pairs), 1)
        pid, began = close_at_random([client for client, _ in pairs], SEED), time.monotonic()
        readings, going = 0, True
        while going:
            going = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
            for by, told in told_of(server):
                if time.monotonic() > began + ALL_WAIT:
                    going = False
                    break
                readings += 1
                assert told == (GOING if isinstance(told, int) else mine), \
                    (by, told if isinstance(told, int) else
                     {port: told[port] for port in mine | told if told[port] != 1})
        assert os.waitpid(pid, 0)[1] == 0
        print(f"# {readings} readings while {GOING} went to TIME_WAIT", flush=True)
        assert readings >= 12, readings
        for _, s in pairs:
            s.close()
        exact()


@test
def port_that_goes_to_time_wait_meanwhile_is_told_once_all_the_time():
    """In a namespace where no others are."""
    with loaded():
        Child(read_while_they_go).end()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    sysctl("net.ipv4.tcp_fastopen", 3)
    with oracle():
        main()
