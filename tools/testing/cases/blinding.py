# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 2
"""Whoever switches the kernel's probes off is refused, or it is noticed, told and made up for."""
import contextlib
import errno

from ephtest import *

KPROBES = "/sys/kernel/debug/kprobes/enabled"


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


@contextlib.contextmanager
def blinded():
    write(KPROBES, "0")
    try:
        yield
    finally:
        write(KPROBES, "1")


def assert_blind():
    """Told before anything else, by whatever is asked."""
    for text in (ephstat().stdout, ephstat("list").stderr, ephstat("resync").stdout):
        first = text.splitlines()[0]
        assert "blind: kprobes" in first, first
    for told in (summary(), listing(), json.loads(ephstat("-j", "resync").stdout)):
        assert told["complete"] is False, told
    assert summary()["blind"] == ["kprobes"]


@test
def kprobes_that_are_disarmed_are_noticed():
    with loaded():
        eventually(lambda: assert_exact())
        with blinded():
            assert_blind()
            unseen = [udp() for _ in range(20)]
            for s in unseen:
                s.bind(("", 0))
        # What went by unseen is looked for, and only then all is well again.
        told = listing()
        assert not told["complete"] or len(told["ports"]) == 20, told
        eventually(lambda: assert_exact())
        assert len(ports()) == 20
        for s in unseen:
            s.close()


def connect_all(server, n):
    return [connected(server) for _ in range(n)]


def close_all(pairs, reset=False):
    for client, accepted in pairs:
        if reset:
            reset_on_close(client)
        client.close()
        if not reset:
            accepted.recv(1)
        accepted.close()


@test
def what_is_connected_and_released_while_blind_is_exact_again_and_the_mended_are_counted():
    with loaded(), listener() as server:
        seen = connect_all(server, 30)
        ephstat("resync")
        before = summary()["counters"]
        with blinded():
            assert not summary()["complete"]
            close_all(seen[:10], reset=True)
            close_all(seen[10:20])
            unseen = connect_all(server, 30)
            close_all(unseen[:10], reset=True)
            close_all(unseen[10:20])
            bound = [udp() for _ in range(10)]
            for s in bound:
                s.bind(("", 0))
            for s in bound[:5]:
                s.close()
            assert_blind()
        eventually(lambda: assert_exact(), 30)
        s = summary()
        c = {name: s["counters"][name] - before[name] for name in before}
        print("#", {name: n for name, n in c.items() if n})
        # Seen: 30 of which 20 left, 10 to TIME_WAIT. Unseen: 10 connections and 5 sockets that
        # stayed, and 10 that went to TIME_WAIT; the 15 that left count if a walk met them.
        assert not c["assigned"] and not c["mended_out"], c
        assert 25 <= c["mended_in"] <= 40, c
        assert c["mended_in"] + c["cloned"] - c["released"] == s["held"] - 30, (c, s["held"])
        assert s["held"] == 10 + 10 + 10 + 10 + 5, s["held"]
        first = ephstat().stdout.splitlines()[0]
        assert first.startswith("ephports: complete, nothing lost"), first
        close_all(seen[20:], reset=True), close_all(unseen[20:], reset=True)
        for b in bound[5:]:
            b.close()
        end_time_wait()
        assert_exact()
        assert not ports()


@test
def blindness_that_nobody_looked_at_is_made_up_for_by_resync():
    with loaded():
        before = summary()["counters"]["mended_in"]
        with blinded():
            unseen = [udp() for _ in range(5)]
            for s in unseen:
                s.bind(("", 0))
        ephstat("resync")
        # Without RCU tasks, one walk is not enough to call all mended.
        eventually(lambda: assert_exact())
        assert summary()["counters"]["mended_in"] - before == 5
        assert len(ports()) == 5
        for s in unseen:
            s.close()


@test
def ftrace_cannot_be_switched_off_while_the_module_is_loaded():
    with loaded(), listener() as server:
        try:
            sysctl("kernel.ftrace_enabled", 0)
            raise AssertionError("it could")
        except OSError as e:
            assert e.errno == errno.EBUSY, e
        assert sysctl("kernel.ftrace_enabled") == "1"
        pairs = connect_all(server, 5)
        assert len(ports()) == 5
        close_all(pairs, reset=True)
        assert not ports()
        assert_exact()


if __name__ == "__main__":
    with oracle():
        main()
