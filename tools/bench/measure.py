# SPDX-License-Identifier: GPL-2.0-only
"""What the bench measures inside of a guest: prints one line of JSON at the end.

usage: measure.py traffic|peers|readings|scale|load MODULE [ROOT]

In a guest that counts instructions as nanoseconds, times are instructions; waits take the time that
they would, which is most of "load".
"""
import contextlib
import ctypes
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TRAFFIC = shutil.copy(os.path.join(HERE, "traffic"), "/tmp/traffic")
EPHSTAT = shutil.copy(os.path.join(HERE, "../ephstat/ephstat"), "/tmp/ephstat")

# How many stretches of 40 ms; in TIME_WAIT, what is opened stays, and the range has an end.
STRETCHES = {"rst": 40, "tw": 10, "udp": 40, "server": 40}
NEEDS_TUN = "server"
FEW, SOME, MANY, MOST = 1000, 10_000, 100_000, 500_000
NAMESPACES = 4000
TIME_WAIT, OF_LATE = 61, 11  # seconds
LIBC = ctypes.CDLL(None, use_errno=True)
ROOM = 1 << 20
SLABS = 1 << 16

# Those that follow ports or connections by themselves; "held.bt" does what ephports does.
SETTLED = 20_000_000	# less in two seconds: it waits for what it is to see
PEERS = {  # and how many programs each attaches, at least
    "bpftrace": 13, "tcpconnect": 1, "tcplife": 1, "tcptracer": 1, "tcpstates": 1,
}
NFT_CONNTRACK = "add table ip t; add chain ip t c { type filter hook input priority 0; }; " \
                "add rule ip t c ct state invalid counter"


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def write(path, value):
    with open(path, "w", encoding="ascii") as file:
        file.write(str(value))


@contextlib.contextmanager
def loaded(module, *params):
    run("insmod", module, *params)
    try:
        yield
    finally:
        run("rmmod", "ephports")


# ---- traffic -------------------------------------------------------------------------------

def keep_empty_slabs():
    """The kernel frees what it frees after a grace period in batches, and in waves gives the pages of
    some of it back, only to take them anew and clear them: that counts as an instruction a byte."""
    for path in glob.glob("/sys/kernel/slab/*/min_partial"):
        write(path, SLABS)


def cycle(workload, **env):
    # The namespace of the one before goes, with its sockets in TIME_WAIT, when nobody waits for it.
    time.sleep(3)
    printed = run(TRAFFIC, workload, str(STRETCHES[workload]), env={**os.environ, **env})
    return float(printed.split()[0])


def traffic(module, _root):
    keep_empty_slabs()
    found = {}
    for workload in STRETCHES:
        # Not sooner: with tun loaded, a connect costs 600 more where a module follows it. Why is not known.
        if workload == NEEDS_TUN:
            run("modprobe", "tun")
        cycle(workload)
        before = cycle(workload)
        with loaded(module):
            cycle(workload)
            with_it = [cycle(workload), cycle(workload)]
        bare = [before, cycle(workload)]
        for pair in (bare, with_it):
            assert max(pair) < 1.01 * min(pair), f"{workload} does not repeat within 1 %: {pair}"
        found[workload] = {"bare": statistics.mean(bare), "loaded": statistics.mean(with_it)}
        say(workload, found[workload])
    return found


# ---- what others cost ----------------------------------------------------------------------

def mount_root(root):
    for name in ("proc", "sys", "dev", "tmp"):
        run("mount", "--rbind", f"/{name}", f"{root}/{name}")
    shutil.copy(os.path.join(HERE, "held.bt"), "/tmp/held.bt")


def cpu_time(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0])


def stays(process, name):
    """What ended early costs nothing, which is not what it costs."""
    if process.poll() is not None:
        raise ChildProcessError(f"{name} ended: {process.returncode}")


def attached(pid):
    """Programs that it has attached, as links or to events."""
    files = [os.readlink(file.path) for file in os.scandir(f"/proc/{pid}/fd")]
    return sum("bpf_link" in name or "bpf-link" in name or "perf_event" in name for name in files)


def settle(process, name):
    """It sees what it is to see, and waits. While it is being read from the host it seems to wait,
    too, because the guest's clock runs on."""
    with contextlib.suppress(FileNotFoundError):
        while process.poll() is None and attached(process.pid) < PEERS[name]:
            time.sleep(0.1)
    last = -SETTLED
    while process.poll() is None and cpu_time(process.pid) - last >= SETTLED:
        last = cpu_time(process.pid)
        time.sleep(2)


@contextlib.contextmanager
def peer(root, name):
    command = ["bpftrace", "/tmp/held.bt"] if name == "bpftrace" else [name]
    with subprocess.Popen(["chroot", root] + command, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        settle(process, name)
        try:
            stays(process, name)
            yield process
        finally:
            process.kill()


def measure_peers(root, workloads, found):
    found.setdefault("conntrack", {}).update(
        {w: cycle(w, SETUP=f"chroot {root} nft '{NFT_CONNTRACK}'") for w in workloads})
    for name in PEERS:
        try:
            with peer(root, name) as process:
                found.setdefault(name, {}).update({w: cycle(w) for w in workloads})
                stays(process, name)
        except ChildProcessError as why:
            found[name] = {"skipped": str(why)}
        say(name, found[name])


def peers(_module, root):
    mount_root(root)
    keep_empty_slabs()
    found = {}
    measure_peers(root, [w for w in STRETCHES if w != NEEDS_TUN], found)
    run("modprobe", "tun")
    measure_peers(root, [NEEDS_TUN], found)
    return found


# ---- readings ------------------------------------------------------------------------------

def once(*command):
    """Instructions, and peak memory in KiB."""
    instructions, memory = run(TRAFFIC, "cost", *command).split()
    return int(instructions), int(memory)


def cost(*command):
    """The second time, when all that it needs is cached."""
    once(*command)
    return once(*command)


def short_cost(*command):
    """Of what is over so soon that it shows whether the clock ticked once more; likewise."""
    once(*command)
    return statistics.median(once(*command)[0] for _ in range(9))


@contextlib.contextmanager
def held(kind, n):
    """As if nothing had been before: no TIME_WAIT, and nothing that was released of late."""
    time.sleep(TIME_WAIT)
    with subprocess.Popen([TRAFFIC, "hold", kind, str(n)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        time.sleep(OF_LATE)
        try:
            yield
        finally:
            process.stdin.close()


def per_row(rows, *command):
    return cost(*command)[0] / rows


def read_some():
    """Side by side with what others need for as many."""
    with held("tcp", SOME):
        return {
            "ss, per row": per_row(2 * SOME, "ss", "-Htan"),
            "ss -p, per row": per_row(2 * SOME, "ss", "-Htanp"),
            "/proc/net/tcp, per row": per_row(2 * SOME, "cat", "/proc/net/tcp"),
            "ss, awk, sort, uniq by destination, 10k": cost(
                "sh", "-c", "ss -Htan | awk '{print $5}' | sort | uniq -c | sort -rn | head")[0],
        }


def read_many():
    return {
        "top destinations, 100k": cost(EPHSTAT, "dest", "--top", "10")[0],
        "list, per row": per_row(MANY, EPHSTAT, "list"),
        "list -j, per row": per_row(MANY, EPHSTAT, "-j", "list"),
        "/proc/ephports, per row": per_row(MANY, "cat", "/proc/ephports"),
    }


def read_history():
    """A history that is full, once over."""
    run(TRAFFIC, "udp", "30")
    return {"who, full history": short_cost(EPHSTAT, "who", "-A", "40000")}


def memory_per_port(module):
    """What one more record takes; the history takes the same however many fit."""
    def total(records):
        with loaded(module, f"max_ports={records}", "history=1024"):
            return json.loads(run(EPHSTAT, "-j"))["memory_bytes"]
    return (total(ROOM) - total(ROOM // 2)) / (ROOM // 2)


def allow_many_files():
    for name in ("nr_open", "file-max"):
        write(f"/proc/sys/fs/{name}", 4 * ROOM)


def readings(module, _root):
    allow_many_files()
    found = {"memory per port, bytes": memory_per_port(module)}
    with loaded(module, f"max_ports={ROOM}"):
        found.update(read_history())
        with held("tcp", FEW):
            found["summary, 1k"] = short_cost(EPHSTAT)
        found["peers"] = read_some()
        say(found)
        with held("tcp", MANY):
            found.update(read_many())
            say(found)
            with held("udp", MOST - MANY):
                found["summary, 500k"] = cost(EPHSTAT)[0]
                found["list 500k, peak KiB"] = once(EPHSTAT, "list")[1]
                found["list -j 500k, peak KiB"] = once(EPHSTAT, "-j", "list")[1]
    return found


# ---- scale ---------------------------------------------------------------------------------

def beside(module, expected):
    """What a cycle costs beside so many that are held."""
    found = {}
    for workload in ("rst", "udp"):
        cycle(workload)
        bare = [cycle(workload), cycle(workload)]
        with loaded(module, f"max_ports={ROOM}"):
            held_now = json.loads(run(EPHSTAT, "-j"))["held"]
            assert expected <= held_now < expected + 100, f"{held_now} of {expected} are held"
            cycle(workload)
            with_it = [cycle(workload), cycle(workload)]
        found[workload] = {"bare": statistics.mean(bare), "loaded": statistics.mean(with_it)}
    say(found)
    return found


def scale(module, _root):
    """With many CPUs that there might be: of those, the guest is started."""
    allow_many_files()
    keep_empty_slabs()
    found = {"possible CPUs": os.sysconf("SC_NPROCESSORS_CONF")}
    with held("tcp", FEW):
        found["1k sockets"] = beside(module, FEW)
    with held("tcp", MANY), held("udp", MOST - MANY):
        found["500k sockets"] = beside(module, MOST)
    with held("netns", NAMESPACES):
        found["4,000 namespaces"] = beside(module, NAMESPACES)
    return found


INIT_MODULE, DELETE_MODULE = 175, 176


def syscall(*args):
    if LIBC.syscall(*args):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def load(module, _root):
    """By the system calls that insmod and rmmod make: programs are read from the host, and
    while that is waited for, the guest's clock runs on to its next timer."""
    with open(module, "rb") as file:
        image = file.read()
    took = []
    for _ in range(9):
        start = time.monotonic()
        syscall(INIT_MODULE, image, ctypes.c_ulong(len(image)), b"")
        took.append(time.monotonic() - start)
        syscall(DELETE_MODULE, b"ephports", 0)
    say("loading, ms:", *(f"{t * 1000:.0f}" for t in took))
    return {"loading at idle, ms": statistics.median(took) * 1000}


def main():
    what, module, root = (sys.argv + [""])[1:4]
    print(json.dumps({"release": os.uname().release,
                      what: {"traffic": traffic, "peers": peers, "readings": readings,
                             "scale": scale, "load": load}[what](module, root)}))


main()
