# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4 --mem 2048
"""In the middle of traffic: what exists throughout is told once, what never was is not."""
import collections
import os
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


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    sysctl("net.ipv4.tcp_fastopen", 3)
    with oracle():
        main()
