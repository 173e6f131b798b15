# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 2 --mem 1024 --timeout 1800
"""What happens is shown, and logged for later, whatever happens to the log."""
import contextlib
import fcntl
import os
import random
import signal
import socket
import subprocess
import threading
import time

from ephtest import *

SEED = int(os.environ.get("EPHPORTS_SEED") or 1)
DIR = "/tmp/ephlog"
ROUNDS = 2 if DEBUG_KERNEL else 5
QUESTIONS = 300
CLOCKS_APART = 10**6  # ns: two clocks are read one after the other, and by two sides
EVENTS = int(os.environ.get("EPHPORTS_OPS") or 80000)


def boot_ns():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def wall_ns():
    return time.clock_gettime_ns(time.CLOCK_REALTIME)


NOTES = {"lost", "log-start", "log-stop", "log-disk", "log-clock", "log-doubt"}


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


class Running:
    """ephstat, running; what it says is collected."""

    def __init__(self, *args):
        self.process = subprocess.Popen((EPHSTAT, *args), text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.out, self.err = [], []
        self.threads = [threading.Thread(target=self._collect, args=pair) for pair in
                        ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def _collect(pipe, lines):
        for line in pipe:
            lines.append(line)

    def end(self, signum=signal.SIGTERM):
        """Returns the exit status."""
        if signum:
            self.process.send_signal(signum)
        status = self.process.wait(60 * SLOW)
        for thread in self.threads:
            thread.join()
        return status

    def events(self):
        return [json.loads(line) for line in self.out]


def take_and_give_back(port=0):
    with udp() as s:
        s.bind(("127.0.0.1", port))
        return port_of(s)


@contextlib.contextmanager
def watching(*args):
    """Until it is watching, nothing is worth doing."""
    running = Running("watch", "-j", *args)
    taken = set()

    def watches():
        taken.add(take_and_give_back())
        assert any(e.get("local_port") in taken for e in running.events())
    try:
        eventually(watches)
        yield running
    finally:
        if running.process.poll() is None:
            running.end()


def files():
    return sorted(os.listdir(DIR))


def logged(*args):
    return lines_of(ephstat("watch", "-j", "--log", DIR, *args).stdout)


def is_logged(port):
    def check():
        assert any(e.get("local_port") == port and e["event"] == "released" for e in logged())
    return check


@contextlib.contextmanager
def logging(*args, fresh=True):
    if fresh:
        shutil.rmtree(DIR, ignore_errors=True)
    running = Running("log", DIR, *args)
    try:
        # The file is made when all that happens is told.
        before = len(files()) if os.path.isdir(DIR) and not fresh else 0
        eventually(lambda: assert_more(before))
        yield running
    finally:
        if running.process.poll() is None:
            assert running.end() == 0, running.err


def assert_more(before):
    assert os.path.isdir(DIR) and len(files()) > before


class Generator(threading.Thread):
    """Takes ports and gives them back, and keeps its own record of when."""

    def __init__(self, rng):
        super().__init__(daemon=True)
        self.rng = rng
        self.held = []      # (port, not before, not after; given back not before, not after)
        self.stopped = False

    def run(self):
        open_ = []
        while not self.stopped:
            s = udp()
            before = wall_ns()
            s.bind(("127.0.0.1", 0))
            open_.append((s, port_of(s), before, wall_ns()))
            if len(open_) > self.rng.randrange(1, 40):
                self.give_back(open_.pop(self.rng.randrange(len(open_))))
            time.sleep(0.0005)
        for each in open_:
            self.give_back(each)

    def give_back(self, each):
        s, port, before, after = each
        closing = wall_ns()
        s.close()
        self.held.append((port, before, after, closing, wall_ns()))

    def has_given_back(self):
        assert self.held

    def end(self):
        self.stopped = True
        self.join()


def who(port, *args, log=True):
    """The answer; an exit status of 4 says that it is not whole."""
    args = (*args, "--log", DIR) if log else args
    done = ephstat("-j", "who", str(port), *args, check=False)
    assert done.returncode in (0, 4), done.stderr
    return json.loads(done.stdout)


def moment(ns):
    return f"@{ns // 10**9}.{ns % 10**9:09d}"


def at(ns):
    return ("--at", moment(ns))


def eventually_vouches(ns):
    """The module is asked every two seconds, and what is younger than one is left for the next."""
    def vouches():
        told = who(port_range()[0], *at(ns))
        assert told["whole"], told
    eventually(vouches, 30)


def eventually_begins_to_vouch():
    """A question asked between the log's start and its first look is perhaps never vouched for."""
    start = wall_ns()

    def begins():
        told = who(port_range()[0])
        assert any(span["to_ns"] > start for span in told["covered"]), told
    eventually(begins, 30)


# ---- watch ---------------------------------------------------------------------------------

@test
def each_event_of_a_connection_is_shown_when_it_happens():
    with loaded(), listener() as server, watching() as running:
        port = time_wait(server)
        end_time_wait()

        def seen():
            events = [e for e in running.events() if e.get("local_port") == port]
            assert [e["event"] for e in events] == ["assigned", "time-wait", "released"], events
            assert events[0]["pid"] == os.getpid() and events[2]["age_ns"] > 0
            assert [e["seq"] for e in events] == sorted(e["seq"] for e in events)
        eventually(seen)
        assert running.end(signal.SIGINT) == 0 and not running.err, running.err


@test
def watching_ends_when_the_module_goes():
    with loaded():
        running = Running("watch")
        eventually(lambda: assert_out(running))
        unload()
        assert running.end(0) == 3
        assert "unloaded" in running.err[-1], running.err


def assert_out(running):
    assert running.out


def scan(n):
    """Ports of one address, none of which listens."""
    for port in range(1000, 1000 + n):
        with tcp() as s:
            s.connect_ex(("127.0.0.7", port))


@test
def a_scan_is_flagged_and_an_ordinary_client_is_not():
    with loaded(), listener() as server, logging() as log:
        running = Running("watch", "-j", "--unusual")
        # Nothing shows that it watches but what it shows.
        scanned = []

        def flagged():
            pid = os.fork()
            if not pid:
                scan(200)
                os._exit(0)
            os.waitpid(pid, 0)
            scanned.append(pid)
            assert any(e["rule"] == "ports" and e["pid"] in scanned for e in running.events())
        eventually(flagged)
        for _ in range(300):
            client, accepted = connected(server)
            reset_on_close(client)
            client.close()
            accepted.close()
        port = take_and_give_back()
        eventually(is_logged(port))
        flags = running.events()
        assert running.end() == 0
        assert {e["pid"] for e in flags} <= set(scanned), flags
        first = flags[0]
        assert first["distinct"] > 50 and first["peer_addr"] == "127.0.0.7", first
        assert any("went to 51 ports of 127.0.0.7" in line for line in log.out), log.out
        assert any(e["event"] == "unusual" and e["pid"] == scanned[0]
                   for e in logged("--unusual"))
        assert {e["event"] for e in logged("--kinds", "failed")} <= {"failed"} | NOTES


@contextlib.contextmanager
def logging_into(pipe):
    """The log, with this as its standard output."""
    shutil.rmtree(DIR, ignore_errors=True)
    with subprocess.Popen((EPHSTAT, "log", DIR), stdout=pipe, stderr=subprocess.PIPE,
                          text=True) as log:
        try:
            os.close(pipe)
            eventually(lambda: assert_more(0))
            yield log
            log.send_signal(signal.SIGTERM)
            _, log.said = log.communicate(timeout=20 * SLOW)
        finally:
            log.kill()
    assert log.returncode == 0, (log.returncode, log.said)


def scan_by(processes):
    for _ in range(processes):
        pid = os.fork()
        if not pid:
            scan(52)
            os._exit(0)
        os.waitpid(pid, 0)
    eventually(is_logged(take_and_give_back()))


@test
def who_does_not_read_what_is_unusual_or_has_gone_does_not_keep_the_log_from_going_on():
    with loaded():
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        with logging_into(writer) as log:
            scan_by(80)
        assert "in the log alone" in log.said, log.said
        told = os.read(reader, 1 << 16).decode().splitlines()
        assert told and all("127.0.0.7" in line for line in told), told
        assert len(told) + int(re.search(r"(\d+) unusual", log.said)[1]) == 80, (told, log.said)
        assert [e["event"] for e in logged("--unusual")].count("unusual") == 80
        os.close(reader)

        reader, writer = os.pipe()
        with logging_into(writer):
            os.close(reader)
            scan_by(1)


@test
def log_of_all_namespaces_shows_ones_own_unless_asked_for_all():
    def container(tell, wait):
        become_root_of_a_container()
        wait()
        with udp() as s:
            s.bind(("", 0))
            port = port_of(s)
        tell((netns_of(), port))
    with loaded(), child(container) as c, logging("-A"):
        c.go()
        theirs, port = c.hear()
        ours = take_and_give_back()
        eventually(is_logged(ours))
        assert {e["netns"] for e in logged() if "netns" in e} == {netns_of()}
        there = logged("-A")
        assert {theirs, netns_of()} <= {e["netns"] for e in there if "netns" in e}
        assert [e["event"] for e in logged("-N", str(theirs)) if e.get("local_port") == port] == \
            ["assigned", "released"]
        assert str(theirs) in ephstat("watch", "--log", DIR, "-A").stdout


# ---- log -----------------------------------------------------------------------------------

@test
def a_log_killed_at_any_moment_has_all_but_its_last_moments():
    rng = random.Random(SEED)
    shutil.rmtree(DIR, ignore_errors=True)
    lost_ns = []
    with loaded():
        for _ in range(ROUNDS):
            with logging(fresh=False) as log:
                generator = Generator(rng)
                generator.start()
                try:
                    time.sleep(1 + rng.random())
                    eventually(generator.has_given_back)
                    settled = wall_ns()
                    time.sleep(5 * SLOW + rng.random())
                    log.end(signal.SIGKILL)
                    killed = wall_ns()
                finally:
                    generator.end()
            lost_ns.append(assert_all_there(generator, settled, killed))
        # The machine does not stand still each time.
        assert min(lost_ns) < 1.5e9 * SLOW, lost_ns
        assert sum(e["event"] == "log-start" for e in logged()) == ROUNDS
        assert not any(e["event"] == "log-stop" for e in logged())


def assert_all_there(generator, settled, killed):
    """All that was over by then; returns how much older than the kill the last is that is there."""
    there = [(e["local_port"], e["time_ns"]) for e in logged("-u", "--kinds", "released")
             if e["event"] == "released"]
    wanted = [h for h in generator.held if h[4] < settled]
    times = {}
    for port, when in there:
        times.setdefault(port, []).append(when)
    missing = [h for h in wanted if not any(h[3] - CLOCKS_APART <= when <= h[4] + CLOCKS_APART
                                            for when in times.get(h[0], ()))]
    assert wanted and not missing, f"{len(missing)} of {len(wanted)}: {missing[:3]}"
    last = max(when for _, when in there)
    print(f"# {len(wanted)} all there; the last that is there is "
          f"{(killed - last) / 1e6:.0f} ms older than the kill")
    return killed - last


@test
def a_full_disk_is_written_down_and_ends_nothing():
    os.makedirs(DIR, exist_ok=True)
    shutil.rmtree(DIR)
    os.makedirs(DIR)
    run("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", DIR)
    filler = os.path.join(DIR, "filler")
    try:
        with loaded(), logging(fresh=False) as log:
            eventually(is_logged(take_and_give_back()))
            eventually_vouches(wall_ns())
            with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(bytes(4096))

            def complained():
                for _ in range(500):
                    take_and_give_back()
                assert any("cannot write" in line for line in log.err), log.err
            eventually(complained)
            os.unlink(filler)

            def recovered():
                assert any("written again" in line for line in log.err), log.err
            eventually(recovered)
            port = take_and_give_back()
            eventually(is_logged(port))
            eventually_vouches(wall_ns())
            # More than one: a little may find room where the file ends, and the next does not.
            notes = [e for e in logged() if e["event"] == "log-disk"]
            covered = who(port)["covered"]
            assert notes and len(covered) >= 2, (notes, covered)
            for note in notes:
                assert note["records"] > 0 and note["from_ns"] < note["until_ns"], note
                assert not any(span["from_ns"] < note["until_ns"] - CLOCKS_APART and
                               span["to_ns"] > note["from_ns"] + CLOCKS_APART
                               for span in covered), (covered, note)
    finally:
        run("umount", DIR)


@test
def old_files_go_and_what_is_left_tells_who_holds_ports():
    with loaded(), udp() as s, logging("--size", "16k", "--keep", "3") as log:
        s.bind(("127.0.0.1", 0))

        def rotated():
            for _ in range(2000):
                take_and_give_back()
            assert len(files()) == 3 and not files()[0].startswith("ephports-00000001-"), files()
        eventually(rotated, 60)
        eventually(is_logged(take_and_give_back()))
        [holder] = who(port_of(s), "--since", "-1s")["holders"]
        assert holder["pid"] == os.getpid() and not holder["to_ns"], holder
        assert run(EPHSTAT, "log", DIR, check=False).returncode == 1


@test
def a_clock_that_is_set_makes_no_gap_and_moves_no_holder():
    with loaded(), logging():
        before = wall_ns()
        port = take_and_give_back()
        eventually(is_logged(port))
        try:
            time.clock_settime(time.CLOCK_REALTIME, time.time() + 3600)
            eventually(lambda: assert_noted("log-clock"))
            later = take_and_give_back()
            eventually(is_logged(later))
            eventually_vouches(wall_ns())
            [step] = [e for e in logged() if e["event"] == "log-clock"]
            assert 3599e9 < step["step_ns"] < 3601e9, step
            answer = who(port)
            [holder] = answer["holders"]
            assert 3599e9 < holder["from_ns"] - before < 3660e9 * SLOW, (before, holder)
            assert len(answer["covered"]) == 1, answer["covered"]
        finally:
            time.clock_settime(time.CLOCK_REALTIME, time.time() - 3600)


def assert_noted(kind):
    assert any(e["event"] == kind for e in logged())


def churn(n):
    for _ in range(n):
        take_and_give_back()


def peak_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(next(line for line in file if line.startswith("VmHWM:")).split()[1])


@test
def at_full_speed_events_and_losses_add_up():
    with loaded(), logging() as log:
        start = time.monotonic()
        children = [Child(lambda *_: churn(EVENTS // 8)) for _ in range(4)]
        for each in children:
            each.end()
        took = time.monotonic() - start
        eventually(is_logged(take_and_give_back()), 120)
        peak = peak_kib(log.process.pid)
        assert log.end() == 0
    seq, told, lost = 1, 0, 0
    for e in logged():
        if "seq" not in e:
            continue
        assert e["seq"] == seq, (seq, e)
        told += e["event"] != "lost"
        lost += e.get("lost", 0)
        seq += e.get("lost", 1)
    assert told + lost >= EVENTS, (told, lost)
    size = sum(os.path.getsize(os.path.join(DIR, name)) for name in files())
    print(f"# {told} events told, {lost} lost, {(told + lost) / took:.0f} a second, "
          f"{size / max(told, 1):.1f} bytes an event, {peak} KiB at most")


@test
def who_had_a_port_is_answered_right_from_the_log():
    rng = random.Random(SEED)
    with loaded(), logging() as log:
        generator = Generator(rng)
        generator.start()
        time.sleep(10)
        generator.end()
        eventually(is_logged(take_and_give_back()))
        # All but its last second is vouched for.
        time.sleep(1.1)
        assert log.end() == 0
    print(f"# {log.err[-1].strip()}")
    events = sum(e["event"] in ("assigned", "released") for e in logged())
    size = sum(os.path.getsize(os.path.join(DIR, name)) for name in files())
    print(f"# {size / events:.1f} bytes an event, {events} events")
    asked = 0
    for port, _, after, closing, _ in rng.choices(generator.held, k=QUESTIONS):
        if after >= closing:
            continue
        moment = rng.randrange(after, closing)
        told = who(port, "-u", *at(moment))
        assert told["whole"], told
        [holder] = told["holders"]
        assert holder["pid"] == os.getpid() and holder["from_ns"] <= moment <= holder["to_ns"]
        asked += 1
        # And nobody between two holders.
        free = rng.randrange(generator.held[0][2], generator.held[-1][3])
        holders_ = [h for h in generator.held if h[0] == port and h[1] <= free <= h[4]]
        told = who(port, "-u", *at(free))
        assert holders_ or (told["whole"] and not told["holders"]), (free, told)
    print(f"# {asked} questions")


@test
def what_the_module_takes_back_the_log_takes_back():
    with loaded(module=FAULTY_MODULE), logging():
        # The log's snapshot has been taken, which would come upon what is stale.
        eventually_begins_to_vouch()
        s = udp()
        s.bind(("127.0.0.1", 0))
        port = port_of(s)
        param("miss_udp_release", 1)
        s.close()
        gone = wall_ns()
        # Nobody has noticed.
        eventually_vouches(gone)
        ephstat("resync")

        def taken_back():
            told = who(port, *at(gone))
            assert not told["whole"] and told["holders"][0]["to_ns"] >= gone, told
        eventually(taken_back)
        eventually_vouches(wall_ns())
        taken_back()


@test
def the_log_vouches_for_more_than_the_module_remembers():
    with loaded("history=1024"), logging():
        eventually_begins_to_vouch()
        port = take_and_give_back()
        seen = wall_ns()
        churn(3000)
        assert not who(port, *at(seen), log=False)["whole"]
        eventually_vouches(seen)
        eventually_vouches(wall_ns())
        assert len(who(port)["covered"]) == 1


@test
def the_log_and_the_module_give_the_same_answers():
    rng = random.Random(SEED)
    with loaded(), logging():
        if ephstat("-j", "who", "40000", check=False).returncode not in (0, 4):
            raise Skip("the module does not answer who")
        eventually_begins_to_vouch()
        generator = Generator(rng)
        generator.start()
        time.sleep(3)
        generator.end()
        eventually_vouches(wall_ns())
        for port, _, after, *_ in rng.choices(generator.held, k=50):
            mine, theirs = who(port, *at(after)), who(port, *at(after), log=False)
            assert mine["whole"] and theirs["whole"], (mine, theirs)
            assert len(mine["holders"]) == len(theirs["holders"]), (mine, theirs)
            for a, b in zip(mine["holders"], theirs["holders"]):
                for name in ("proto", "local_port", "pid", "comm", "uid", "netns", "id"):
                    assert a[name] == b[name], (name, a, b)
                for name in ("from_ns", "to_ns"):
                    assert abs(a[name] - b[name]) < 10**7, (name, a, b)


if __name__ == "__main__":
    with oracle():
        main()
