# SPDX-License-Identifier: GPL-2.0-only
# guest: --cpus 4
"""/proc/ephports is the same however it is read."""
import os
import random
import subprocess
import threading

from ephtest import *

HOLD = 3000


def no_ages(text):
    """Ages go on while one reads; everything else stands still."""
    rows = parse_proc(text)
    for row in rows:
        row["age_ns"] = row["age_ns"] != "-"
    return rows


def read_by(size):
    pieces = []
    fd = os.open("/proc/ephports", os.O_RDONLY)
    while piece := os.read(fd, size):
        pieces.append(piece)
    os.close(fd)
    return b"".join(pieces).decode()


def whole():
    return no_ages(read_by(1 << 20))


@test
def every_read_size_gives_the_same_rows_each_once():
    want = whole()
    assert len(want) == HOLD, len(want)
    assert len({row["id"] for row in want}) == HOLD
    for size in (7, 64, 511, 4096, 65536):
        assert no_ages(read_by(size)) == want, size


@test
def read_byte_by_byte():
    text = subprocess.run(["dd", "if=/proc/ephports", "bs=1", "count=200000"], check=True,
                          capture_output=True).stdout.decode()
    lines = text[:text.rindex("\n") + 1]
    assert no_ages(lines) == whole()[:lines.count("\n") - 1]


@test
def seek_forth_and_back():
    # Ages have a width of their own, so a place in the file is only good for what stands before it.
    fd = os.open("/proc/ephports", os.O_RDONLY)
    head = os.read(fd, 150)
    for place in (100, 5000, 0, 70000, 20, 10 ** 9):
        os.lseek(fd, place, os.SEEK_SET)
        piece = os.read(fd, 4096)
        assert bool(piece) == (place < 10 ** 9), place
    os.lseek(fd, 0, os.SEEK_SET)
    assert os.read(fd, 150) == head
    os.lseek(fd, 0, os.SEEK_SET)
    text = b""
    while piece := os.read(fd, 5000):
        text += piece
    assert no_ages(text.decode()) == whole()
    os.close(fd)


@test
def sixty_four_readers_at_once():
    want = whole()
    wrong = []

    def reader(seed):
        size = random.Random(seed).choice((100, 1000, 4096, 10000))
        if no_ages(read_by(size)) != want:
            wrong.append(size)
    threads = [threading.Thread(target=reader, args=(i,)) for i in range(64)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong, wrong


@test
def under_churn_no_id_twice_no_line_cut_and_what_stays_is_there_once():
    stays = {row["id"] for row in whole()}
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            batch = [udp() for _ in range(20)]
            for s in batch:
                s.bind(("", 0))
            for s in batch:
                s.close()
    threads = [threading.Thread(target=churn) for _ in range(3)]
    for t in threads:
        t.start()
    try:
        for size in (200, 4096, 100000):
            ids = [row["id"] for row in parse_proc(read_by(size))]
            assert len(ids) == len(set(ids)), "an id twice"
            assert stays <= set(ids), f"{len(stays - set(ids))} of those that stay are missing"
            told = listing()
            ids = [p["id"] for p in told["ports"]]
            assert len(ids) == len(set(ids)), "an id twice over netlink"
            assert stays <= set(map(str, ids))
    finally:
        stop.set()
        for t in threads:
            t.join()


@test
def no_kernel_address_is_told():
    assert "ffff8" not in read_by(1 << 20) and "ffff8" not in ephstat("-j", "list").stdout


@test
def file_open_while_the_module_goes():
    fd = os.open("/proc/ephports", os.O_RDONLY)
    assert os.read(fd, 1000)
    unload()
    try:
        assert not os.read(fd, 1000)
    except OSError:
        pass
    os.close(fd)


if __name__ == "__main__":
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
    load()
    held = [udp() for _ in range(HOLD)]
    for s in held:
        s.bind(("", 0))
    main()
