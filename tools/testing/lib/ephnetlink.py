# SPDX-License-Identifier: GPL-2.0-only
"""Generic netlink as the cases speak it: requests and answers of the contract, byte by byte."""
import os
import re
import socket
import struct

from ephtest import TOP

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
        answers = []
        self.interrupted = False
        while True:
            data = self.s.recv(1 << 16)
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
