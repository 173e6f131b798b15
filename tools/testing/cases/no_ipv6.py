# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 1 --append ipv6.disable=1
"""A kernel booted with ipv6.disable=1 is watched like any other."""
import socket

from ephtest import *


@test
def ports_are_recorded_and_given_back():
    with loaded(), listener() as server, udp() as u:
        client, accepted = connected(server)
        u.bind(("", 0))
        assert record_of(client)["state"] == "established"
        assert record_of(u)["origin"] == "bind"
        assert_exact()
        reset_on_close(client)
        client.close(), accepted.close()
        absent(port_of(u), proto="tcp")
        assert_exact()


@test
def older_sockets_are_taken_in():
    with listener() as server, udp() as u:
        client, accepted = connected(server)
        u.bind(("", 0))
        with loaded():
            assert record_of(client)["origin"] == "connect"
            assert_exact()
        client.close(), accepted.close()


@test
def there_is_no_ipv6():
    try:
        socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        raise AssertionError("there is")
    except OSError:
        pass


if __name__ == "__main__":
    with oracle():
        main()
