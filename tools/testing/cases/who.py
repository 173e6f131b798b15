# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4
"""Who held a port, and from when to when; and for which time the answer is whole."""
import random
import resource

from ephtest import *

S = 1_000_000_000
WHOLE, NOT_WHOLE = 0, 4


def now():
    return time.clock_gettime_ns(time.CLOCK_REALTIME)


def at(ns):
    return f"@{ns // S}.{ns % S:09d}"


def who(ports, *args, **options):
    done = ephstat("-j", "who", str(ports), *args, check=False, **options)
    assert done.returncode in (WHOLE, NOT_WHOLE), done.stderr
    told = json.loads(done.stdout)
    assert told["whole"] == (done.returncode == WHOLE), done
    return told


def everything(*args):
    return who(f"{port_range()[0]}-{port_range()[1]}", *args)


def was_there(holder, ns):
    return (holder["from_ns"] or 0) <= ns and (holder["to_ns"] is None or holder["to_ns"] >= ns)


def is_covered(told, ns):
    return any(span["from_ns"] <= ns <= span["to_ns"] for span in told["covered"])


def held_for(seconds):
    """A UDP port, taken and given back."""
    with udp() as s:
        s.bind(("127.0.0.1", 0))
        time.sleep(seconds)
        return port_of(s)


# ---- a generator that keeps its own record -------------------------------------------------

class Diary:
    """Of each holder: proto, port, and before and after which moments it took and gave it back.

    The kernel did so somewhere in between: what is asked about there has no answer."""

    def __init__(self):
        self.past, self.open = [], []

    def take(self, proto, take):
        before = now()
        sockets = take()
        self.open.append([proto, port_of(sockets[0]), before, now(), sockets])

    def give(self, index):
        proto, port, before, after, sockets = self.open.pop(index)
        begun = now()
        for s in sockets:
            s.close()
        self.past.append((proto, port, before, after, begun, now()))

    def all(self):
        return self.past + [(*entry[:4], None, None) for entry in self.open]


def take_udp():
    s = udp(random.choice(FAMILIES))
    s.bind((LOOP[s.family], 0))
    return [s]


def take_tcp(server):
    """Gives its port back at once when it is closed."""
    client, accepted = connected(server)
    reset_on_close(client)
    return [client, accepted]


def generate(server, turns):
    diary = Diary()
    for _ in range(turns):
        if len(diary.open) < 20 or random.random() < 0.5:
            if random.random() < 0.5:
                diary.take("udp", take_udp)
            else:
                diary.take("tcp", lambda: take_tcp(server))
        else:
            diary.give(random.randrange(len(diary.open)))
    return diary


def questions(diary, first, last, count):
    """Half of them of ports and times with a holder, half of any."""
    entries = diary.all()
    used = [(entry[0], entry[1]) for entry in entries]
    for i in range(count):
        proto, port, _, after, begun, _ = random.choice(entries)
        if i % 2:
            yield proto, port, random.randint(after, begun or last)
        else:
            yield (*random.choice(used), random.randint(first, last))


def expected(index, proto, port, ns):
    """How many held it, at least and at most."""
    sure = maybe = 0
    for before, after, begun, over in index.get((proto, port), []):
        sure += after <= ns and (begun is None or ns <= begun)
        maybe += before <= ns and (over is None or ns <= over)
    return sure, maybe


def index_of(diary):
    index = {}
    for proto, port, *times in diary.all():
        index.setdefault((proto, port), []).append(times)
    return index


@test
def ten_thousand_questions_are_answered_as_the_generator_knows():
    """One answer serves most questions: selecting by time is then the test's. 130 ask one by one."""
    seed = int(os.environ.get("EPHPORTS_SEED", "1"))
    random.seed(seed)
    with loaded("history=65536"), listener() as server:
        first = now()
        diary = generate(server, 12000)
        last = now()
        index, told = index_of(diary), everything()
        assert told["whole"] and is_covered(told, first) and is_covered(told, last)
        answers = {}
        for holder in told["holders"]:
            answers.setdefault((holder["proto"], holder["local_port"]), []).append(holder)
        alone = 0
        for n, (proto, port, ns) in enumerate(questions(diary, first, last, 10000)):
            found = [h for h in answers.get((proto, port), []) if was_there(h, ns)]
            sure, maybe = expected(index, proto, port, ns)
            assert sure <= len(found) <= maybe, (seed, n, proto, port, ns, found, index[proto, port])
            if n % 77:
                continue
            one = who(port, "-t" if proto == "tcp" else "-u", "--at", at(ns))
            assert one["whole"], (n, one)
            assert [h["id"] for h in one["holders"]] == [h["id"] for h in found], (n, one, found)
            alone += 1
        for holder in told["holders"]:
            assert (holder["pid"], holder["uid"]) == (os.getpid(), 0), holder
        print(f"# {len(diary.past)} released, {len(diary.open)} held, 10000 questions, {alone} alone")
        for _ in range(len(diary.open)):
            diary.give(0)


@test
def a_socket_and_its_time_wait_are_one_holder():
    with loaded(), listener() as server:
        begun = now()
        port = time_wait(server)
        told = who(port)
        assert told["whole"] and len(told["holders"]) == 1, told
        one = told["holders"][0]
        assert one["to_ns"] is None and one["state"] == "time-wait", one
        assert begun <= one["from_ns"] <= now() and 0 < one["time_wait_ns"] <= one["held_ns"], one
        assert (one["peer_port"], one["comm"]) == (port_of(server), "python3"), one
        end_time_wait()
        one, = who(port)["holders"]
        assert one["from_ns"] < one["to_ns"] <= now() and one["state"] == "time-wait", one
        assert 0 < one["time_wait_ns"] < one["held_ns"] == one["to_ns"] - one["from_ns"], one
        assert not who(port, "--at", at(one["from_ns"] - 1))["holders"]
        assert not who(port, "--at", at(one["to_ns"] + 1))["holders"]
        for ns in (one["from_ns"], one["to_ns"]):
            assert who(port, "--at", at(ns))["holders"] == [one]


@test
def what_is_asked_for_alone_is_told():
    with loaded(), listener(port=20300) as a, listener(port=20301) as b:
        with sysctl_set("net.ipv4.ip_local_port_range", "45000 45001"):
            pairs = [connected(a), connected(b)]
            port = port_of(pairs[0][0])
            assert port_of(pairs[1][0]) == port
            assert len(who(port)["holders"]) == 2
            for server in (20300, 20301):
                one, = who(port, "--peer", f"127.0.0.1:{server}")["holders"]
                assert one["peer_port"] == server
            assert not who(port, "-u")["holders"]
            assert not who(port, "--peer", "127.0.0.2")["holders"]
            assert len(who(port, "--since", "-1m", "--until", "now")["holders"]) == 2
            assert not who(45001)["holders"] or port == 45001
        assert who(20300)["doubt"] and not who(20300)["whole"]
        for pair in pairs:
            reset_on_close(pair[0])
            for s in pair:
                s.close()


# ---- for which time ------------------------------------------------------------------------

@test
def nothing_is_known_of_the_time_before_loading():
    with udp() as s:
        s.bind(("127.0.0.1", 0))
        gone, before = held_for(0.01), now()
        time.sleep(0.01)
        with loaded():
            told = who(gone, "--at", at(before))
            assert not told["whole"] and not told["holders"] and not is_covered(told, before)
            one, = who(port_of(s), "--at", at(before))["holders"]
            assert one["from_ns"] is None and one["held_ns"] is None, one
            text = ephstat("who", str(gone), "--at", at(before), check=False)
            assert text.returncode == NOT_WHOLE
            assert text.stdout.startswith("nothing is known for certain of "), text.stdout
            assert "what is remembered begins at" in text.stdout.splitlines()[0]
            told = who(gone)
            assert told["whole"] and is_covered(told, told["time_ns"])


@test
def the_span_moves_with_what_is_forgotten():
    """1024 releases are remembered, by as many CPUs as there are: the span tells what is left."""
    with loaded("history=1024"):
        kept = udp()
        kept.bind(("127.0.0.1", 0))
        first, seen = held_for(0), now()
        assert who(first, "--at", at(seen - 1))["whole"]
        diary = Diary()
        for _ in range(3000):
            diary.take("udp", take_udp)
            diary.give(0)
        told = everything()
        assert not is_covered(told, seen) and told["whole"]
        assert len(told["holders"]) <= 1025, len(told["holders"])
        told = who(first, "--at", at(seen))
        assert not told["whole"]
        one, = [h for h in who(port_of(kept), "--since", at(seen))["holders"] if not h["to_ns"]]
        assert one["from_ns"] <= seen
        check_span(everything(), diary)
        kept.close()


def check_span(told, diary):
    """Inside the spans nobody is missing."""
    known = {}
    for holder in told["holders"]:
        known.setdefault((holder["proto"], holder["local_port"]), []).append(holder)
    checked = 0
    for proto, port, before, after, begun, over in diary.past:
        if is_covered(told, after) and is_covered(told, begun):
            assert any(before <= (h["from_ns"] or 0) <= after and begun <= h["to_ns"] <= over
                       for h in known.get((proto, port), [])), (proto, port, before, over)
            checked += 1
    assert checked, told["covered"]


@test
def a_gap_begins_with_what_is_lost_and_ends_with_its_mending():
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    with loaded("max_ports=1024"):
        # The gap begins with the last look that found all well, which is 5 s ago at most.
        time.sleep(7)
        before = now()
        assert everything("--at", at(before))["whole"]
        held = [take_udp()[0] for _ in range(1024 + 300)]
        during = now()
        told = everything()
        assert not told["whole"] and not is_covered(told, during), told["covered"]
        for s in held[:600]:
            s.close()
        ephstat("resync")
        eventually(assert_complete, 30)
        after = now()
        eventually(lambda: assert_whole(after))
        told = everything()
        print(f"# spans: {[round((s['to_ns'] - s['from_ns']) / S, 1) for s in told['covered']]} s")
        assert len(told["covered"]) == 2 and not told["whole"], told["covered"]
        assert is_covered(told, before - 3 * S) and not is_covered(told, during)
        taken_in = [h for h in told["holders"] if h["from_ns"] is None]
        assert len(taken_in) == summary()["counters"]["mended_in"] > 0
        # Those were not there while everything was known.
        assert not [h for h in everything("--at", at(before - 3 * S))["holders"]]
        for s in held[600:]:
            s.close()


def assert_whole(ns):
    assert everything("--since", at(ns))["whole"]


def assert_whole_from_now():
    assert_whole(now())


@test
def a_missed_release_makes_the_time_since_the_last_walk_doubtful():
    with loaded(module=FAULTY_MODULE):
        ephstat("resync")
        walked = now()
        s = udp()
        s.bind(("127.0.0.1", 0))
        port = port_of(s)
        seen = now()
        param("miss_udp_release", 1)
        s.close()
        gone = now()
        # Reading finds that it is gone; the walk that mends it may come before or after.
        told = who(port, "--at", at(seen))
        assert not told["whole"] and len(told["holders"]) == 1, told
        ephstat("resync")
        told = who(port, "--at", at(gone))
        assert not told["whole"] and len(told["holders"]) == 1, told
        assert not is_covered(told, walked) and not is_covered(told, gone), told
        assert told["holders"][0]["to_ns"] >= gone, told
        eventually(assert_whole_from_now)
        assert not who(port, "--at", "now")["holders"]


@test
def a_clock_that_is_set_changes_no_answer():
    with loaded():
        a = held_for(0.05)
        seen = who(a)["holders"][0]
        try:
            run("date", "-s", "2031-05-06 07:08:09")
            moved = who(a)["holders"][0]
            step = moved["from_ns"] - seen["from_ns"]
            assert step > 86400 * S and moved["to_ns"] - seen["to_ns"] == step, (seen, moved)
            assert moved["held_ns"] == seen["held_ns"]
            middle = (moved["from_ns"] + moved["to_ns"]) // 2
            told = who(a, "--at", at(middle))
            assert told["whole"] and told["holders"] == [moved], told
            b = held_for(0)
            told = who(b)
            assert told["whole"] and told["holders"][0]["from_ns"] > moved["to_ns"]
        finally:
            time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME) - step / S)
        assert abs(who(a)["holders"][0]["from_ns"] - seen["from_ns"]) < S


def stay_in_netns(tell, wait):
    tell(netns_of())
    wait()


@test
def a_range_that_is_moved_is_the_concern_of_its_namespace():
    with loaded(), udp() as s, child(in_new_netns(stay_in_netns)) as c:
        other = str(c.hear())
        # This one stays: the walk takes it in, and nothing had been missed.
        s.bind(("127.0.0.1", 20311))
        with udp() as u:
            u.bind(("127.0.0.1", 20310))
        before = now()
        assert who(40000, "--at", at(before))["whole"]
        with sysctl_set("net.ipv4.ip_local_port_range", "20305 60999"):
            told = who(20310, "--at", at(before))
            assert not told["whole"] and not told["doubt"] and not told["holders"], told
            one, = who(20311)["holders"]
            assert one["from_ns"] is None, one
            eventually(assert_whole_from_now)
        assert who(40000, "-N", other, "--at", at(before))["whole"]
        c.go()


def assert_walk_waits():
    assert param("waiting") == "Y"


@test
def nothing_is_vouched_for_while_a_moved_range_is_walked_or_waits_for_its_walk():
    with loaded(module=FAULTY_MODULE), udp() as s:
        s.bind(("127.0.0.1", 20311))
        with sysctl_set("net.ipv4.ip_local_port_range", "20305 60999"):
            # Who has no rights is not given a walk.
            told = who(20311, user=1001)
            assert not told["covered"] and not told["whole"], told
            eventually(assert_whole_from_now)
            param("hold_release", 1)
            with sysctl_set("net.ipv4.ip_local_port_range", "20300 60999"), \
                    subprocess.Popen([EPHSTAT, "resync"], stdout=subprocess.DEVNULL) as walk:
                eventually(assert_walk_waits)
                told = who(20311)
                assert param("waiting") == "Y", "the walk waits no more"
                assert not told["covered"] and not told["whole"], told
                waited = now()
                param("hold_release", 0)
                assert walk.wait() == 0
                walked = now()
                told = who(20311)
                assert waited <= told["covered"][0]["from_ns"] <= walked, (waited, walked, told)


# ---- how long -----------------------------------------------------------------------------

def histogram(kind, proto):
    found, = [h for h in json.loads(ephstat("-j", "hist").stdout)["histograms"]
              if (h["kind"], h["proto"]) == (kind, proto)]
    return found


def counted(histogram, low_ns, high_ns):
    """In buckets that touch what the test's own clock allows."""
    return sum(b["count"] for b in histogram["buckets"]
               if b["from_ns"] <= high_ns and (b["below_ns"] or high_ns + 1) > low_ns)


def filled(histogram):
    return [b for b in histogram["buckets"] if b["count"]]


@test
def lifetimes_are_those_that_the_sockets_had():
    port = free_port()
    with loaded(), listener() as server:
        opens, gaps = [], []
        for i in range(4):
            before = now()
            with udp() as s:
                s.bind(("127.0.0.1", port))
                after = now()
                time.sleep(0.05 * 2**i)
                begun = now()
            over = now()
            opens.append((begun - after, over - before))
            if i:
                gaps.append((after_last, after))
            after_last = begun
            time.sleep(0.03 * 2**i)
        told = histogram("open", "udp")
        assert told["count"] == 4 and counted(told, min(o[0] for o in opens),
                                              max(o[1] for o in opens)) == 4, (told, opens)
        for low, high in opens:
            assert counted(told, low, high), (told, low, high)
        told = histogram("gap", "udp")
        assert told["count"] == 3 and counted(told, 0.03 * S, max(b - a for a, b in gaps)) == 3, told
        before = now()
        for _ in range(3):
            time_wait(server)
        end_time_wait()
        took = now() - before
        for kind in "time-wait", "open":
            told = histogram(kind, "tcp")
            assert told["count"] == 3 and counted(told, 0, took) == 3, \
                (took, filled(told), everything(), run("ss", "-tan").stdout)
        assert 0 < told["since_ns"] < before, told


# ---- whose ---------------------------------------------------------------------------------

def take_one_in_netns(tell, wait, port):
    unshare(CLONE_NEWNET)
    run("ip", "link", "set", "lo", "up")
    with udp() as s:
        s.bind(("127.0.0.1", port))
        tell(netns_of())
        wait()


@test
def namespaces_are_apart_although_their_inode_numbers_return():
    with loaded():
        numbers, inode = {}, None
        for i in range(200):
            with child(take_one_in_netns, 45000 + i) as c:
                inode = c.hear()
                if inode in numbers:
                    here = who("45000-46000", "-N", str(inode))["holders"]
                    assert [h["local_port"] for h in here] == [45000 + i], here
                c.go()
            if inode in numbers:
                break
            numbers[inode] = i

            def is_gone():
                assert ephstat("-N", str(inode), check=False).returncode
            eventually(is_gone)
        else:
            raise Skip("no inode number of a namespace was used again")
        both = [h for h in who("45000-46000", "-A")["holders"] if h["netns"] == inode]
        assert [h["local_port"] for h in both] == [45000 + numbers[inode], 45000 + i], both
        assert len({h["nsid"] for h in both}) == 2, both
        assert not who("45000-46000")["holders"]


def as_nobody(tell, wait, port):
    os.setgid(65534)
    os.setuid(65534)
    with udp() as s:
        s.bind(("127.0.0.1", 0))
        own = port_of(s)
    tell([who(port), who(own), os.getpid(),
          ephstat("-j", "who", str(port), "-A", check=False).returncode])


@test
def another_user_sees_holders_and_not_whose_process():
    with loaded():
        port = held_for(0)
        with child(as_nobody, port) as c:
            roots, own, pid, all_netns = c.hear()
        one, = roots["holders"]
        assert roots["whole"] and one["uid"] == 0 and one["owner_reason"] == "hidden", one
        assert one["pid"] is None and one["comm"] is None and one["cgroup_id"] is None, one
        one, = own["holders"]
        assert (one["pid"], one["uid"]) == (pid, 65534), one
        assert all_netns == 1


@test
def timewait_of_a_range_that_was_moved_elsewhere_takes_no_answer_away():
    def elsewhere(tell, wait):
        unshare(CLONE_NEWNET)
        run("ip", "link", "set", "lo", "up")
        with listener(port=20300) as server:
            client = tcp()
            client.bind(("127.0.0.1", 20310))
            client.connect(server.getsockname())
            accepted, _ = server.accept()
            tell()
            wait()
            # As "ephstat why" advises; and before anybody looks who has the ports that are new to it.
            sysctl("net.ipv4.ip_local_port_range", "20305 60999")
            client.close(), accepted.close()
            tell()
            wait()
    with loaded(), udp() as s, child(elsewhere) as c:
        s.bind(("", 0))
        c.hear()
        eventually(assert_complete, 30)
        ephstat("resync")
        time.sleep(1)
        before = time.time()
        mended = summary()["counters"]["mended_in"]
        c.go()
        c.hear()
        assert summary()["counters"]["mended_in"] == mended + 1
        ephstat("resync")
        told = json.loads(ephstat("-j", "who", str(port_of(s)), "--at", f"@{before}").stdout)
        assert told["whole"] and len(told["holders"]) == 1, told


if __name__ == "__main__":
    with oracle():
        main()
