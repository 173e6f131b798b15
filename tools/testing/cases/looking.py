# SPDX-License-Identifier: GPL-2.0-only
# guest: --mem 1024
"""map, top and why show what list tells, and top leaves the terminal as it was."""
import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import termios
import time

from ephtest import *

KINDS = ("explicit", "bind", "connected", "time_wait", "reserved", "free")


def kind_of(record):
    if record["origin"] in ("explicit", "listen", "accept"):
        return "explicit"
    if record["origin"] == "bind":
        return "bind"
    return "time_wait" if record["state"] == "time-wait" else "connected"


def picture(proto, *args):
    """The kinds of all ports of the range, summed up over the cells of ephstat map."""
    told = json.loads(ephstat("-j", "map", *args).stdout)
    assert told["complete"] and told["reserved_known"], told
    shown = next(p for p in told["protocols"] if p["proto"] == proto)
    cells = shown["cells"]
    assert cells[0]["low"] == shown["range_low"] and cells[-1]["high"] == shown["range_high"]
    for cell, after in zip(cells, cells[1:]):
        assert cell["high"] + 1 == after["low"], (cell, after)
    for cell in cells:
        assert sum(cell[k] for k in KINDS) == cell["high"] - cell["low"] + 1, cell
    return {kind: sum(cell[kind] for cell in cells) for kind in KINDS}


def expected(proto, reserved):
    """The same, made of the list of records."""
    low, high = port_range()
    kinds = {}
    for record in ports():
        port = record["local_port"]
        if record["proto"] == proto and low <= port <= high:
            kinds.setdefault(port, set()).add(kind_of(record))
    for port in reserved:
        kinds.setdefault(port, set()).add("reserved")
    counts = dict.fromkeys(KINDS, 0)
    for found in kinds.values():
        counts[next(kind for kind in KINDS if kind in found)] += 1
    counts["free"] = high - low + 1 - len(kinds)
    return counts


@test
def map_shows_every_port_as_the_list_has_it():
    with listener() as server, sysctl_set("net.ipv4.ip_local_reserved_ports", "50000-50099"):
        kept = [connected(server) for _ in range(30)]
        for _ in range(40):
            time_wait(server)
        for number in range(20):
            s = tcp()
            s.bind(("127.0.0.1", 0 if number % 2 else free_port()))
            kept.append((s,))
            u = udp()
            u.connect(("127.0.0.1", 53))
            kept.append((u,))
        for proto in ("tcp", "udp"):
            shown, wanted = picture(proto), expected(proto, range(50000, 50100))
            assert shown == wanted, (proto, shown, wanted)
        assert picture("tcp")["time_wait"] >= 40 and picture("tcp")["explicit"] >= 10
        for sockets in kept:
            for s in sockets:
                s.close()


@test
def map_of_another_namespace_knows_its_reserved_ports():
    @in_new_netns
    def other(tell, wait):
        sysctl("net.ipv4.ip_local_port_range", "40000 40099")
        sysctl("net.ipv4.ip_local_reserved_ports", "40010-40019")
        u = udp()
        u.bind(("", 0))
        tell(netns_of())
        wait()
    with child(other) as c:
        shown = picture("udp", "-N", str(c.hear()))
        assert (shown["reserved"], shown["bind"], shown["free"]) == (10, 1, 89), shown


class Terminal:
    """ephstat on a terminal of its own."""

    def __init__(self, *args, rows=24, columns=80, **env):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ.update({"TERM": "xterm", "LC_ALL": "C", "NO_COLOR": "1", **env})
            os.execv(EPHSTAT, [EPHSTAT, *args])
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.fd)
        self.text = ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.fd, keys.encode())

    def redraw(self):
        """What is there already is not drawn again, unless it is asked for, by Ctrl-L."""
        self.press("\f")

    def await_text(self, pattern, seconds=60):
        """Reads until pattern was drawn since the last call; returns all that was."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, f"no {pattern!r} in {self.text[-2000:]!r}"
            if select.select([self.fd], [], [], 1)[0]:
                self.text += os.read(self.fd, 65536).decode()
        drawn, self.text = self.text, ""
        return drawn

    def await_end(self):
        """Returns the wait status and whether the terminal's modes are what they were."""
        while True:
            try:
                if not os.read(self.fd, 65536):
                    break
            except OSError:
                break
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return status


def modes(fd):
    return termios.tcgetattr(fd)[:4]


def top_in_a_shell(end):
    """Runs top on a terminal that outlives it, ends it by end(terminal), and returns its status
    and whether the terminal's modes are what they were."""
    main, sub = os.openpty()
    fcntl.ioctl(main, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    before = modes(sub)
    pid = os.fork()
    if not pid:
        os.setsid()
        fcntl.ioctl(sub, termios.TIOCSCTTY, 0)
        for fd in (0, 1, 2):
            os.dup2(sub, fd)
        os.environ.update({"TERM": "xterm", "LC_ALL": "C"})
        os.execv(EPHSTAT, [EPHSTAT, "top", "-d", "0.5"])
    terminal = Terminal.__new__(Terminal)
    terminal.pid, terminal.fd, terminal.text = pid, main, ""
    terminal.await_text("Destination")
    assert modes(sub) != before, "top did not set the terminal's modes"
    end(terminal)
    deadline = time.monotonic() + 60
    done = 0
    while not done and time.monotonic() < deadline:
        if select.select([main], [], [], 0.1)[0]:
            terminal.text += os.read(main, 65536).decode()
        done, status = os.waitpid(pid, os.WNOHANG)
    if not done:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise AssertionError("top did not end")
    after = modes(sub)
    os.close(main)
    os.close(sub)
    return status, after == before


@test
def top_restores_the_terminal_after_q():
    assert top_in_a_shell(lambda t: t.press("q")) == (0, True)


@test
def top_restores_the_terminal_after_ctrl_c():
    status, restored = top_in_a_shell(lambda t: t.press("\x03"))
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT and restored, status


@test
def top_restores_the_terminal_after_sigterm():
    status, restored = top_in_a_shell(lambda t: os.kill(t.pid, signal.SIGTERM))
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGTERM and restored, status


@test
def top_says_that_the_module_is_gone_on_a_restored_terminal():
    def gone():
        # While top asks, it is in use.
        assert not run("rmmod", "ephports", check=False).returncode
    try:
        status, restored = top_in_a_shell(lambda t: eventually(gone))
        assert os.waitstatus_to_exitcode(status) == 3 and restored, status
    finally:
        load()


@test
def top_shows_views_filters_and_follows_the_size_of_the_terminal():
    with listener() as server:
        client, accepted = connected(server)
        port = server.getsockname()[1]
        terminal = Terminal("top", "-d", "0.5")
        terminal.await_text(rf"127\.0\.0\.1 -> 127\.0\.0\.1:{port}")
        terminal.press("2")
        terminal.redraw()
        terminal.await_text("owners by Used")
        terminal.press("3")
        terminal.redraw()
        terminal.await_text("failures by Count")
        terminal.press("1")
        terminal.redraw()
        terminal.await_text(rf"127\.0\.0\.1:{port}")
        terminal.press("/dport = :9\n")
        terminal.redraw()
        terminal.await_text("nothing to show")
        terminal.press("/" + "\b" * 20 + "frob\n")
        terminal.redraw()
        terminal.await_text("is not supported in a filter")
        terminal.press("?")
        terminal.redraw()
        terminal.await_text("reverse the order")
        terminal.press("x")
        terminal.resize(30, 130)
        terminal.redraw()
        terminal.await_text("Owner")
        terminal.resize(3, 20)
        time.sleep(1)
        terminal.press("q")
        assert terminal.await_end() == 0
        reset_on_close(client)
        client.close(), accepted.close()


@test
def top_refuses_a_terminal_that_is_dumb():
    terminal = Terminal("top", TERM="dumb")
    terminal.await_text("cannot show a full screen")
    assert os.waitstatus_to_exitcode(terminal.await_end()) == 1


@test
def top_in_batch_mode_tells_what_dest_tells():
    # What is in TIME_WAIT towards the same port would end between the two.
    end_time_wait()
    with listener() as server:
        kept = [connected(server) for _ in range(25)]
        port = server.getsockname()[1]
        text = ephstat("top", "-b", "-n", "2", "-d", "0.1").stdout
        rows = re.findall(rf"^tcp 127\.0\.0\.1 -> 127\.0\.0\.1:{port} +(\d+) +(\d+) ", text, re.M)
        dest = next(d for d in json.loads(ephstat("-j", "dest").stdout)["dests"]
                    if d["peer_port"] == port)
        assert rows == [(str(dest["used"]), str(dest["headroom"]))] * 2, (rows, dest)
        assert dest["used"] >= 25, dest
        for client, accepted in kept:
            reset_on_close(client)
            client.close(), accepted.close()


def failures_of_first_row(*args):
    header, row = re.findall(r"^(?:.*Fails|tcp  ?127).*$", ephstat("top", *args).stdout, re.M)[:2]
    return row[:header.index("Fails") + len("Fails")].split()[-1]


@test
def top_does_not_tell_zero_where_failures_are_not_known():
    with listener() as server:
        client, accepted = connected(server)
        batch = ("destinations", "-b", "-n", "1", "dport", f":{server.getsockname()[1]}")
        assert failures_of_first_row(*batch) == "0"
        assert failures_of_first_row(*batch, "state", "established") == "-"
        reset_on_close(client)
        client.close(), accepted.close()


if __name__ == "__main__":
    load()
    with oracle():
        main()
