# SPDX-License-Identifier: GPL-2.0-only
"""Storms, for the cases: to raise one, to see it calm, and what must be true of it then."""
import contextlib
import json
import os
import select
import signal
import subprocess
import time

from ephtest import *

SEED = int(os.environ.get("EPHPORTS_SEED", "1"))
OPS = int(os.environ.get("EPHPORTS_OPS", "20000"))


@contextlib.contextmanager
def storm(*args, procs=8, seed=SEED):
    """A storm under way; it ends when its input closes, and keeps its last sockets until then."""
    # Room for new ones: the kernel makes no TIME_WAIT beyond tcp_max_tw_buckets.
    end_time_wait()
    p = subprocess.Popen([STORM, "--seed", str(seed), "--procs", str(procs), "--linger", *args],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield p
    finally:
        p.stdin.close()
        p.stdout.read()
        assert p.wait() == 0, f"the storm ended with {p.returncode}"


class Totals:
    """What the storm says of itself: succeeded and done by kind, ports taken, calls refused."""

    def __init__(self):
        self.kinds, self.took, self.refused, self.counts = {}, {}, [], {}

    def add(self, line):
        print("# storm:", line.strip())
        words = [word.split("=") for word in line.split() if "=" in word]
        if line.startswith("refused "):
            self.refused.append({key: int(value) for key, value in words})
            return
        for key, value in words:
            if "/" in value:
                self.kinds[key] = tuple(map(int, value.split("/")))
            elif key.startswith("took:"):
                self.took[key[len("took:"):]] = int(value)
            elif ":" not in key:
                self.counts[key] = int(value)


ENOUGH = ("--seconds", str(1200 * SLOW))  # for a storm that goes on until it is told to calm down


def calm_down(p):
    """A storm that lasts as long as the test takes, whatever the machine's pace."""
    assert not is_over(p), "the storm was over before"
    p.send_signal(signal.SIGUSR1)
    return calm(p)


def calm(p):
    """Waits until the storm has no more to do, and the kernel nothing of it."""
    began = time.monotonic()
    totals = Totals()
    for line in p.stdout:
        if line.startswith("quiet"):
            break
        totals.add(line)
    print(f"# storm: quiet after {time.monotonic() - began:.0f} s")
    settle()
    return totals


def is_over(p):
    """Whether the storm has said its totals; to be asked before calm()."""
    return bool(select.select([p.stdout], [], [], 0)[0])


# TIME_WAIT ends after a minute, a retransmission later; a machine under load looks seldom.
PATIENCE = 300


def settle():
    """What moves by itself (retransmissions, TIME_WAIT timers) must not move between two looks."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        before = holders()
        time.sleep(0.5)
        if holders() == before:
            return
    raise AssertionError("the kernel's tables do not come to rest")


def at_one_instant(compare):
    """A comparison of two looks that cannot be had at one instant: a third look tells."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        before = holders()
        try:
            return compare()
        except AssertionError:
            if holders() == before:
                raise
    raise AssertionError("the kernel's tables do not stand still")


def exact():
    return at_one_instant(assert_exact)


def counters_that_add_up():
    s = summary()
    c, held = s["counters"], s["held"]
    assert c["assigned"] + c["adopted"] + c["cloned"] + c["mended_in"] == \
        c["released"] + c["mended_out"] + held, (c, held)
    return c


def assert_counters_add_up(late=False):
    """A TIME_WAIT may end while they are read, each for itself. That nothing is missing in the end is not
    enough: nothing was, that was mended since. late: what searched for a port while the module came may
    be found by its second walk."""
    c = at_one_instant(counters_that_add_up)
    assert not c["lost"] and not c["missed_assign"] and not c["unknown"], c
    assert (late or not c["mended_in"]) and not c["mended_out"], c
    return c


TCP_WAYS = ("tcp-connect", "tcp-bind0", "tcp-listen")
UDP_WAYS = ("udp-connect", "udp-send", "udp-bind0")


def assert_failures_are_equal(totals):
    """In each namespace that the storm still has: calls refused for want of a port.

    What dies as the storm ends has no successor: then its namespace is gone, and its counts.
    """
    shared, *alone = totals.refused
    for refused in [shared] + [r for r in alone if os.path.exists(f"/proc/{r['pid']}")]:
        told = json.loads(run("nsenter", "-t", str(refused["pid"]), "-n", EPHSTAT, "-j").stdout)
        assert told["netns"] == refused["netns"], (told, refused)
        failures = {p["proto"]: p["failures"] for p in told["protocols"]}
        for proto, ways in ("tcp", TCP_WAYS), ("udp", UDP_WAYS):
            true = sum(refused[way] for way in ways)
            assert failures[proto] == true, (proto, failures[proto], refused)


def can(kind):
    """Whether this kernel can do what it may do without: asked in other ways than the storm's."""
    if kind == "mptcp-connect":
        return os.path.exists("/proc/sys/net/mptcp/enabled")
    # 5.10 has no IP_LOCAL_PORT_RANGE, and its SOCK_DESTROY is not for timewait sockets.
    if kind in ("tcp-narrow-range", "destroy-time-wait"):
        return not os.uname().release.startswith("5.10.")
    return True


def assert_every_kind_succeeded(totals):
    kinds = run(STORM, "--help").stdout.split("Kinds:")[1].split()
    never = [kind for kind in kinds if can(kind) and not totals.kinds.get(kind, (0,))[0]]
    assert not never, never
    families = [name for name in totals.took if can("mptcp-connect") or "mptcp" not in name]
    never = [name for name in families if not totals.took[name]]
    assert len(families) >= 6 and not never, never
    assert totals.counts["received"], "no socket came from another process"
