# SPDX-License-Identifier: GPL-2.0-only
"""What the cases share: a test is a function named after the promise that it checks.

Runs as root in a guest. Prints KTAP; a test passes if it returns, fails if it raises, and is
skipped, with the reason, if it raises Skip.
"""
import contextlib
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback

TOP = os.environ["EPHPORTS_TOP"]
MODULE = os.environ["EPHPORTS_MODULE"]
FAULTY_MODULE = os.environ.get("EPHPORTS_FAULTY_MODULE")
ORACLE = os.environ["EPHPORTS_ORACLE"]
# A copy that any user may run, whoever may enter the source tree.
EPHSTAT = shutil.copy(os.path.join(TOP, "tools/ephstat/ephstat"), "/tmp/ephstat")
STORM = os.path.join(TOP, "tools/testing/storm/storm")

# The debug kernel checks so much that all takes several times as long.
DEBUG_KERNEL = os.path.exists("/sys/kernel/debug/kmemleak")
SLOW = 10 if DEBUG_KERNEL else 1

# Without RCU tasks, a search for a port that lets others run may outlast a walk: the next confirms it.
WALKS_TWICE = os.uname().release.startswith("5.10.")

LONG = 10  # seconds: a test that takes so many says how many

LOW, HIGH = 32768, 60999
IP_BIND_ADDRESS_NO_PORT, SO_COOKIE = 24, 57
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000

_tests = []
_libc = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
    pass


def test(function):
    _tests.append(function)
    return function


def chosen(tests):
    """Those that EPHPORTS_TESTS names, or all."""
    names = os.environ.get("EPHPORTS_TESTS")
    return [t for t in tests if t.__name__ in names.split(",")] if names else tests


def main(before_each=lambda: None):
    tests = chosen(_tests) + (debug_tests() if DEBUG_KERNEL else [])
    print("KTAP version 1")
    print(f"# booted {os.uname().release}")
    print(f"1..{len(tests)}")
    failed = 0
    for number, function in enumerate(tests, 1):
        name = function.__name__
        start = time.monotonic()
        try:
            before_each()
            function()
            print(f"ok {number} {name}", flush=True)
        except Skip as why:
            print(f"ok {number} {name} # SKIP {why}", flush=True)
        except BaseException:
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} {name}", flush=True)
        took = time.monotonic() - start
        if took >= LONG:
            print(f"# {name}: {took:.0f} s", flush=True)
    sys.exit(1 if failed else 0)


def run(*command, check=True, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if check and done.returncode:
        raise AssertionError(f"{command}: exit {done.returncode}: {done.stderr.strip()}")
    return done


# ---- the module ----------------------------------------------------------------------------

INIT_MODULE, DELETE_MODULE, FINIT_MODULE, GETTID = 175, 176, 313, 186


def syscall(number, *args):
    """What a system call returns, or the errno below 0, as the kernel has it."""
    ret = _libc.syscall(number, *args)
    return -ctypes.get_errno() if ret == -1 else ret


def param(name, value=None):
    """What a parameter of the loaded module is, or set it."""
    path = "/sys/module/ephports/parameters/" + name
    with open(path, "r" if value is None else "w", encoding="ascii") as f:
        return f.read().strip() if value is None else f.write(str(value))


def load(*params, check=True, module=MODULE):
    done = run("insmod", module, *params, check=check)
    # The records are not called complete before a second walk.
    end = time.monotonic() + 20
    while WALKS_TWICE and check and time.monotonic() < end:
        if summary()["complete"]:
            break
        time.sleep(0.1)
    return done


def keep_off_first_cpu():
    """For a child: its parent may hold up the first CPU, see on_first_cpu()."""
    os.sched_setaffinity(0, set(range(1, os.cpu_count())))


@contextlib.contextmanager
def on_first_cpu():
    """Where a handler is made to wait: perhaps with interrupts off, so that nothing else may need
    that CPU, be it for a timer that was moved there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})
    try:
        with sysctl_set("kernel.timer_migration", "0"):
            yield
    finally:
        os.sched_setaffinity(0, before)


def is_loaded():
    return os.path.isdir("/sys/module/ephports")


def unload():
    if is_loaded():
        run("rmmod", "ephports")


@contextlib.contextmanager
def loaded(*params, module=MODULE):
    load(*params, module=module)
    try:
        yield
    finally:
        unload()


@contextlib.contextmanager
def oracle():
    run("insmod", ORACLE)
    try:
        yield
    finally:
        run("rmmod", "ephports_oracle")


def log_of(function):
    """Lines that the module wrote to the kernel's log while function ran."""
    run("dmesg", "--clear")
    function()
    return [line for line in run("dmesg", "--notime").stdout.splitlines()
            if line.startswith("ephports:") and "module" not in line.split(":")[1]]


# ---- what the debug kernel found -------------------------------------------------------------

def debug_tests():
    """Last of all, in every case: a report would have ended the guest, but these make none."""
    return [kmemleak_finds_nothing_of_ours, lockdep_is_still_on]


def kmemleak(command):
    with open("/sys/kernel/debug/kmemleak", "w", encoding="utf-8") as file:
        file.write(command)


def is_ours(leak):
    """Unloaded, the module's functions have no names left, and their addresses stand alone."""
    return "ephports" in leak or re.search(r"\] 0xffffffffc[0-9a-f]{7}$", leak, re.MULTILINE)


def kmemleak_finds_nothing_of_ours():
    # An object must be five seconds old, and unchanged from one scan to the next.
    time.sleep(6)
    kmemleak("scan")
    time.sleep(6)
    kmemleak("scan")
    with open("/sys/kernel/debug/kmemleak", encoding="utf-8") as file:
        leaks = ["unreferenced" + text for text in file.read().split("unreferenced")[1:]]
    print(f"# kmemleak: {len(leaks)} objects in all")
    ours = [leak for leak in leaks if is_ours(leak)]
    assert not ours, f"{len(ours)} objects:\n" + "\n".join(ours[:5])


def lockdep_is_still_on():
    with open("/proc/lockdep_stats", encoding="utf-8") as file:
        stats = {name.strip(): value.strip() for name, _, value in
                 (line.partition(":") for line in file)}
    assert stats["debug_locks"] == "1", stats


# ---- what ephports says --------------------------------------------------------------------

def ephstat(*args, **options):
    return run(EPHSTAT, *args, **options)


def listing(*args, **options):
    return json.loads(ephstat("-j", "list", *args, **options).stdout)


def summary(*args):
    return json.loads(ephstat("-j", *args).stdout)


def assert_complete():
    assert summary()["complete"]


def ports(*args, **options):
    return listing(*args, **options)["ports"]


def protocol(name, *args):
    return next(p for p in summary(*args)["protocols"] if p["proto"] == name)


def record(port, *args, proto=None):
    """The one record with this local port."""
    found = [p for p in ports(*args) if p["local_port"] == port and proto in (None, p["proto"])]
    assert len(found) == 1, f"port {port}: {len(found)} records: {found}"
    return found[0]


def cookie_of(s):
    return struct.unpack("Q", s.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]


def record_of(s):
    """The one record of this socket: another may share the port, towards somebody else."""
    proto = "tcp" if s.type == socket.SOCK_STREAM else "udp"
    try:
        peer = s.getpeername()[1]
    except OSError:
        peer = None
    found = [p for p in ports() if (p["proto"], p["local_port"]) == (proto, port_of(s))
             and p["state"] != "time-wait" and peer in (None, p["peer_port"])]
    assert len(found) == 1, f"{s}: {len(found)} records: {found}"
    return found[0]


def absent(port, *args, proto=None):
    found = [p for p in ports(*args) if p["local_port"] == port and proto in (None, p["proto"])]
    assert not found, f"port {port} is still recorded: {found}"


PROC_COLUMNS = ("id proto family local_addr local_port peer_addr peer_port ifindex state origin "
                "age_ns uid pid owner_reason cgroup_id comm").split()


def parse_proc(text):
    lines = text.splitlines(keepends=True)
    assert lines[0] == "# ephports 1: " + " ".join(PROC_COLUMNS) + "\n", lines[0]
    rows = []
    for line in lines[1:]:
        assert line.endswith("\n"), f"a line is cut: {line!r}"
        fields = line.split()
        assert len(fields) == len(PROC_COLUMNS), line
        rows.append(dict(zip(PROC_COLUMNS, fields)))
    return rows


def proc():
    with open("/proc/ephports", encoding="utf-8") as file:
        return parse_proc(file.read())


def netns_of(pid="self"):
    return os.stat(f"/proc/{pid}/ns/net").st_ino


# Seconds for what the module rests from fifty times as long as it took: if the machine stood still
# meanwhile, that is long.
REST = 150


def eventually(check, seconds=20):
    """For what the kernel does in its own time; never for what must hold at once."""
    end = time.monotonic() + seconds * SLOW
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


# ---- what the kernel says ------------------------------------------------------------------

WITNESS = "/proc/ephports_oracle"


def holders():
    """Every holder of a port, from the kernel's tables, as the oracle reads them."""
    with open(WITNESS, encoding="utf-8") as file:
        return sorted(tuple(line.split()) for line in file)


def as_holder(p):
    peer = (p["peer_addr"], str(p["peer_port"])) if p["peer_port"] else ("-", "-")
    return (p["proto"], str(p["netns"]), p["family"], p["local_addr"], str(p["local_port"]),
            *peer, p["state"])


def port_range():
    return tuple(int(port) for port in sysctl("net.ipv4.ip_local_port_range").split())


def in_range(holder, low=LOW, high=HIGH):
    return low <= int(holder[4]) <= high


def assert_exact(low=None, high=None, netns=None):
    """0 missing, 0 stale, 0 wrong, against the kernel's tables. The storm must be over."""
    low = low or port_range()[0]
    high = high or port_range()[1]

    def kernels():
        return [h for h in holders() if in_range(h, low, high) and netns in (None, int(h[1]))]
    # A TIME_WAIT may end between the two readings: then both are taken again.
    for _ in range(5):
        truth, told = kernels(), listing("-A")
        if kernels() == truth:
            break
    ours = sorted(as_holder(p) for p in told["ports"]
                  if low <= p["local_port"] <= high and netns in (None, p["netns"]))
    missing, stale = multiset_minus(truth, ours), multiset_minus(ours, truth)
    assert not missing and not stale, \
        f"{len(missing)} missing, {len(stale)} stale of {len(truth)}: {missing[:5]} {stale[:5]}"
    assert told["complete"], "not complete"
    return len(truth)


def multiset_minus(a, b):
    rest = list(b)
    left = []
    counts = {}
    for item in rest:
        counts[item] = counts.get(item, 0) + 1
    for item in a:
        if counts.get(item, 0):
            counts[item] -= 1
        else:
            left.append(item)
    return left


def sysctl(name, value=None):
    path = "/proc/sys/" + name.replace(".", "/")
    if value is None:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    with open(path, "w", encoding="utf-8") as file:
        file.write(str(value))
    return None


@contextlib.contextmanager
def sysctl_set(name, value):
    old = sysctl(name)
    sysctl(name, value)
    try:
        yield
    finally:
        sysctl(name, old.replace("\t", " ") or "\n")


# ---- sockets -------------------------------------------------------------------------------

LOOP = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
FAMILY = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
FAMILIES = (socket.AF_INET, socket.AF_INET6)


def tcp(family=socket.AF_INET):
    return socket.socket(family, socket.SOCK_STREAM)


def udp(family=socket.AF_INET):
    return socket.socket(family, socket.SOCK_DGRAM)


def listener(family=socket.AF_INET, port=0, addr=None, backlog=128):
    """Listens outside the ephemeral range, unless a port is given."""
    s = tcp(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if port:
        s.bind((addr or LOOP[family], port))
    else:
        for port in range(20000, 20100):
            try:
                s.bind((addr or LOOP[family], port))
                break
            except OSError:
                continue
    s.listen(backlog)
    return s


def port_of(s):
    return s.getsockname()[1]


def connected(server, family=None):
    """A client and the accepted socket."""
    client = tcp(family or server.family)
    client.connect(server.getsockname()[:2])
    accepted, _ = server.accept()
    return client, accepted


def free_port():
    """A port inside the range that nobody has."""
    for port in range(41000, 42000):
        with tcp() as s, udp() as u, tcp(socket.AF_INET6) as s6:
            try:
                s6.bind(("::", port))
                u.bind(("", port))
                return port
            except OSError:
                continue
    raise AssertionError("no free port")


def disconnect(s):
    """connect(AF_UNSPEC)"""
    addr = struct.pack("=H14x", socket.AF_UNSPEC)
    if _libc.connect(s.fileno(), addr, len(addr)):
        raise OSError(ctypes.get_errno(), "connect AF_UNSPEC")


def reset_on_close(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def time_wait(server):
    """Makes a client-side TIME_WAIT, which is there on return, and returns its port."""
    client, accepted = connected(server)
    port = port_of(client)
    assert accepted.getpeername()[1] == port, "somebody else's connection was waiting"
    client.shutdown(socket.SHUT_WR)
    accepted.recv(1)
    accepted.close()
    # Until the other side's FIN has come, which may be after the call that sent it.
    client.recv(1)
    client.close()
    return port


def end_time_wait():
    """No TIME_WAIT is left, in no namespace. The oracle ends them: for ss -K, 5.10 does not."""
    def ended():
        with open(WITNESS, "w", encoding="ascii") as file:
            file.write("end")
        assert not run("ss", "-Htan", "state", "time-wait").stdout
    eventually(ended, 90)


def unshare(flags):
    if _libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")


# ---- processes -----------------------------------------------------------------------------

class Child:
    """A process that runs function(tell, wait): tell() sends a JSON value to the parent, wait()
    blocks until the parent calls go()."""

    def __init__(self, function, *args):
        up_r, up_w = os.pipe()
        down_r, down_w = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(up_r)
            os.close(down_w)
            code = 1
            try:
                function(lambda value=None: os.write(up_w, json.dumps(value).encode() + b"\n"),
                         lambda: os.read(down_r, 1), *args)
                code = 0
            except BaseException:
                traceback.print_exc(file=sys.stdout)
                sys.stdout.flush()
            finally:
                os._exit(code)
        os.close(up_w)
        os.close(down_r)
        self._up = os.fdopen(up_r, "r")
        self._down = down_w

    def hear(self):
        line = self._up.readline()
        assert line, "the child died"
        return json.loads(line)

    def go(self):
        os.write(self._down, b".")

    def end(self, kill=False):
        if kill:
            os.kill(self.pid, signal.SIGKILL)
        else:
            with contextlib.suppress(OSError):
                os.close(self._down)
        self._up.close()
        _, status = os.waitpid(self.pid, 0)
        assert kill or status == 0, f"child: wait status {status}"
        if kill:
            os.close(self._down)


@contextlib.contextmanager
def child(function, *args):
    c = Child(function, *args)
    try:
        yield c
    finally:
        c.end(kill=True)


def become_root_of_a_container():
    """In a user and a network namespace of this process's own, as any user can have them."""
    unshare(CLONE_NEWUSER | CLONE_NEWNET)
    with open("/proc/self/setgroups", "w", encoding="utf-8") as f:
        f.write("deny")
    with open("/proc/self/uid_map", "w", encoding="utf-8") as f:
        f.write("0 0 1")


def in_new_netns(function):
    """Runs function(tell, wait) in a network namespace of its own, lo up."""
    def inner(tell, wait, *args):
        unshare(CLONE_NEWNET)
        run("ip", "link", "set", "lo", "up")
        function(tell, wait, *args)
    return inner
