# SPDX-License-Identifier: GPL-2.0-only
"""Generic netlink as the cases speak it: requests and answers of the contract, byte by byte."""
import os
import re
import socket
import struct

from ephtest import SLOW, TOP

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_INTR = 1, 4, 0x300, 0x10
NLMSG_ERROR, NLMSG_DONE, GENL_ID_CTRL = 2, 3, 16
NLA_F_NESTED = 0x8000
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11


def header_numbers():
    """The enums of the contract, as the compiler counts them."""
    with open(os.path.join(TOP, "uapi/linux/ephports.h"), encoding="utf-8") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    numbers = {}
    for body in re.findall(r"enum \w+ \{(.*?)\}", text, re.S):
        n = 0
        for name in re.findall(r"(\w+)(?:\s*=\s*[^,]+)?,", body):
            numbers[name] = n
            n += 1
    return numbers


N = {name.replace("EPHPORTS_", "", 1): n for name, n in header_numbers().items()}


def attr(kind, data):
    kind = N[kind] if isinstance(kind, str) else kind
    return struct.pack("HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def u8(kind, n):
    return attr(kind, struct.pack("B", n))


def u16(kind, n):
    return attr(kind, struct.pack("H", n))


def u32(kind, n):
    return attr(kind, struct.pack("I", n))


def u64(kind, n):
    return attr(kind, struct.pack("Q", n))


def nest(kind, *attrs):
    data = b"".join(attrs)
    return struct.pack("HH", 4 + len(data), N[kind] | NLA_F_NESTED) + data


def attrs_of(data):
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("HH", data)
        found[kind & 0x3fff] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


class Genl:
    def __init__(self):
        self.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.s.bind((0, 0))
        self.s.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.s.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.s.settimeout(20)
        self.seq = 0
        [answer] = self.ask(3, attr(2, b"ephports\0"), family=GENL_ID_CTRL)
        self.family = struct.unpack("H", answer[1])[0]

    def send(self, command, payload=b"", flags=NLM_F_ACK, family=None, version=1, reserved=0):
        self.seq += 1
        body = struct.pack("BBH", command, version, reserved) + payload
        self.s.send(struct.pack("IHHII", 16 + len(body), family or self.family,
                                NLM_F_REQUEST | flags, self.seq, 0) + body)

    def ask(self, command, payload=b"", **how):
        """The answers as attributes; raises OSError with the extack text."""
        self.send(command, payload, **how)
        return self.hear()

    def hear(self, meanwhile=lambda: None):
        """Likewise, of what was sent; meanwhile() is called once, after the first part."""
        answers = []
        self.interrupted = False
        while True:
            data = self.s.recv(1 << 16)
            meanwhile()
            meanwhile = lambda: None
            while data:
                length, kind, flags, _, _ = struct.unpack_from("IHHII", data)
                body, data = data[16:length], data[(length + 3) & ~3:]
                self.interrupted |= bool(flags & NLM_F_DUMP_INTR)
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    code = struct.unpack_from("i", body)[0] if body else 0
                    if code:
                        told = attrs_of(body[20 if kind == NLMSG_ERROR else 4:])
                        raise OSError(-code, told.get(1, b"\0")[:-1].decode())
                    return answers
                answers.append(attrs_of(body[4:]))


NETLINK_NO_ENOBUFS, SO_RCVBUFFORCE = 5, 33


def names(prefix):
    return {n: name[len(prefix):].lower() for name, n in N.items() if name.startswith(prefix)}


EVENTS, A_EVENT, A_PORT, A_FAILURE = (names(prefix) for prefix in
                                      ("EVENT_", "A_EVENT_", "A_PORT_", "A_FAILURE_"))


def decode(found, names_):
    """Attributes by name: numbers, but for addresses and commands."""
    told = {}
    for kind, data in found.items():
        name = names_[kind]
        if name == "comm":
            told[name] = data[:-1].decode()
        elif name.endswith("_addr"):
            told[name] = socket.inet_ntop(socket.AF_INET if len(data) == 4 else socket.AF_INET6,
                                          data)
        elif name != "pad":
            told[name] = int.from_bytes(data, "little")
    return told


def as_event(body):
    found = attrs_of(body)
    port = found.pop(N["A_EVENT_PORT"], None)
    failure = found.pop(N["A_EVENT_FAILURE"], None)
    event = decode(found, A_EVENT)
    event["kind"] = EVENTS[event["kind"]]
    if port:
        event["port"] = decode(attrs_of(port), A_PORT)
    if failure:
        event["failure"] = decode(attrs_of(failure), A_FAILURE)
    return event


class Watcher:
    """A reader of the stream of events."""

    def __init__(self, *filters, kinds=(), queue=64 << 20):
        self.genl = Genl()
        self.s = self.genl.s
        self.s.setsockopt(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)
        self.s.setsockopt(socket.SOL_SOCKET,
                          SO_RCVBUFFORCE if os.geteuid() == 0 else socket.SO_RCVBUF, queue)
        self.boot = self.ask(*filters, kinds=kinds)
        self.unread = []

    def ask(self, *filters, kinds=()):
        request = nest("A_EVENT_FILTER", *filters) if filters else b""
        if kinds:
            request += u32("A_EVENT_KINDS", sum(1 << N["EVENT_" + kind.upper()] for kind in kinds))
        self.genl.send(N["CMD_WATCH"], request, flags=0)
        data = self.s.recv(1 << 16)
        length, kind, _, _, _ = struct.unpack_from("IHHII", data)
        if kind == NLMSG_ERROR:
            told = attrs_of(data[36:length])
            raise OSError(-struct.unpack_from("i", data, 16)[0],
                          told.get(1, b"\0")[:-1].decode())
        return struct.unpack("Q", attrs_of(data[20:length])[N["A_EVENT_BOOT"]])[0]

    @staticmethod
    def split(data):
        """The events of one datagram."""
        while data:
            length = struct.unpack_from("I", data)[0]
            assert data[16] == N["CMD_EVENT"], data[:20]
            yield as_event(data[20:length])
            data = data[(length + 3) & ~3:]

    def waiting(self, seconds=0.3):
        """What comes within this time, and all that is there."""
        events, self.unread = self.unread, []
        self.s.settimeout(seconds)
        try:
            while True:
                events += self.split(self.s.recv(1 << 16))
        except (BlockingIOError, TimeoutError):
            return events

    def until(self, done):
        """Events up to the first for which done() is true; it must come."""
        events = []
        self.s.settimeout(60 * SLOW)
        while True:
            while self.unread:
                events.append(self.unread.pop(0))
                if done(events[-1]):
                    return events
            self.unread = list(self.split(self.s.recv(1 << 16)))

    def close(self):
        self.s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
