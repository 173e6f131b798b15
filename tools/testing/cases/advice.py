# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 2 --mem 1024 --timeout 1200
"""ephstat why names the cause, its clock is right, and what it promises of a remedy comes true."""
import errno
import time

from ephtest import *

LOW = 40000


@contextlib.contextmanager
def range_of(n):
    with sysctl_set("net.ipv4.ip_local_port_range", f"{LOW} {LOW + n - 1}"), \
            sysctl_set("net.ipv4.tcp_tw_reuse", "0"), loaded():
        yield
        end_time_wait()


def why(*args):
    return json.loads(ephstat("-j", "why", *args).stdout)


def gain(told, name):
    found = [r["gain"] for r in told["remedies"] if r["name"] == name]
    assert len(found) == 1, (name, told["remedies"])
    return found[0]


def more(server, local=None):
    """Connects until there is no port; returns the clients."""
    kept = []
    while True:
        s = tcp()
        if local:
            s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            s.bind((local, 0))
        try:
            s.connect(server.getsockname())
        except OSError as e:
            assert e.errno == errno.EADDRNOTAVAIL, e
            s.close()
            return kept
        kept.append(s)


def early(server, n):
    kept = []
    for _ in range(n):
        s = tcp()
        s.bind(("127.0.0.1", 0))
        s.connect(server.getsockname())
        kept.append(s)
    return kept


def close(sockets):
    for s in sockets:
        if s.type == socket.SOCK_STREAM:
            reset_on_close(s)
        s.close()


def churn(server, rate, until):
    """Connections at a steady rate, each ended by the client; returns when until() says so."""
    due = time.monotonic()
    n = 0
    while not until(n):
        time_wait(server)
        n += 1
        due += 1 / rate
        time.sleep(max(0, due - time.monotonic()))


@test
def forecast_of_when_it_will_be_full_comes_true():
    with range_of(200):
        server = listener(backlog=128)
        seen = {"n": 0}

        def look(n):
            seen["n"] = n
            if n == 120:
                seen["cast"] = why()["forecast"]
                seen["at"] = time.monotonic()
            return False

        try:
            churn(server, 8, look)
        except OSError as e:
            assert e.errno == errno.EADDRNOTAVAIL, e
        cast, after = seen["cast"], seen["n"] - 120
        print(f"# forecast {cast}; full after {time.monotonic() - seen['at']:.1f} s")
        assert cast["verdict"] == "fills", cast
        # At the rate that it was made for: the guest's own may change with the machine's load.
        promised = cast["full_in_ns"] / 1e9 * cast["taken_per_second"]
        assert abs(promised - after) < 0.05 * after, (promised, after)
        server.close()


@test
def forecast_of_what_never_fills_says_where_it_levels_off():
    with range_of(2000):
        server = listener(backlog=128)
        churn(server, 8, lambda n: n == 120)
        cast = why(f"127.0.0.1:{port_of(server)}")["forecast"]
        print("#", cast)
        assert cast["verdict"] == "levels off", cast
        # Arrivals times the minute of a TIME_WAIT.
        assert abs(cast["level"] - 60 * cast["taken_per_second"]) < 0.05 * cast["level"], cast
        server.close()


@test
def churn_is_told_from_leaks_and_from_early_binds():
    with range_of(100):
        server = listener(backlog=128)
        churn(server, 1000, lambda n: n == 70)
        assert why()["cause"] == "churn", why()
        end_time_wait()

        pairs = [connected(server) for _ in range(70)]
        for _, accepted in pairs:
            accepted.close()
        assert why()["cause"] == "close-wait leak", why()
        close([client for client, _ in pairs])

        others = [listener() for _ in range(7)]
        kept = [s for other in others for s in early(other, 10)]
        assert why()["cause"] == "early bind", why()
        close([*kept, *others])

        kept = [tcp() for _ in range(70)]
        for s in kept:
            s.bind(("127.0.0.1", 0))
        assert why()["cause"] == "explicit", why()
        close(kept)

        kept = [udp() for _ in range(70)]
        for s in kept:
            s.connect(("127.0.0.1", 53))
        assert why()["cause"].startswith("udp"), why()
        close([*kept, server])


@test
def each_remedy_brings_what_it_promises():
    with range_of(100):
        server, other = listener(backlog=256), listener(backlog=128)
        dest = f"127.0.0.1:{port_of(server)}"
        bound = early(other, 30)
        kept = more(server)
        assert len(kept) == 70
        told = why(dest)
        assert told["dest"]["headroom"] == 0, told

        promised = gain(told, "source_address")
        brought = more(server, "127.0.0.2")
        assert len(brought) == promised, (len(brought), promised)
        close(brought)

        # The others bind late, and hold what they held.
        promised = gain(told, "bind_no_port")
        close(bound)
        bound = []
        for _ in range(30):
            s = tcp()
            s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            s.bind(("127.0.0.1", 0))
            s.connect(other.getsockname())
            bound.append(s)
        brought = more(server)
        assert len(brought) == promised, (len(brought), promised)
        close(brought)

        # Half the port numbers that there are: too many to try, the headroom has to do.
        told = why(dest)
        with sysctl_set("net.ipv4.ip_local_port_range", "1024 65535"):
            assert why(dest)["dest"]["headroom"] == \
                told["dest"]["headroom"] + gain(told, "port_range")
        close([*kept, *bound, server, other])


@test
def unreserving_brings_what_it_promises():
    with range_of(100), sysctl_set("net.ipv4.ip_local_reserved_ports", f"{LOW}-{LOW + 59}"):
        server = listener(backlog=256)
        kept = more(server)
        told = why(f"127.0.0.1:{port_of(server)}")
        assert told["cause"] == "reserved", told
        sysctl("net.ipv4.ip_local_reserved_ports", "\n")
        brought = more(server)
        assert len(brought) == gain(told, "unreserve"), (len(brought), told["remedies"])
        close([*kept, *brought, server])


if __name__ == "__main__":
    with oracle():
        main()
