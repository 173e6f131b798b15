# SPDX-License-Identifier: GPL-2.0-only
# guest: --timeout 600 --failing-allocations
"""When memory is short, loading is refused with nothing left behind, whatever the allocation that fails.

The kernel's fault injection counts the allocations of one task: the n-th fails, and the others
succeed. Only the debug kernel has it. The build is the faulty one, for the sake of a return probe
that allocates one instance, and tables are small: thousands of allocations that are all alike, a page
or an instance each, would be as many times loading.
"""
import contextlib
import ctypes
import errno
import os
import time

from ephtest import *

FAULTS = "/sys/kernel/debug"


def inject_everywhere():
    """By default an allocation that may wait never fails, nor one of a single page."""
    for name in ("failslab/ignore-gfp-wait", "fail_page_alloc/ignore-gfp-wait",
                 "fail_page_alloc/min-order", "failslab/verbose", "fail_page_alloc/verbose"):
        with open(f"{FAULTS}/{name}", "w", encoding="utf-8") as file:
            file.write("N" if name.endswith("wait") else "0")


def load_with_failure(n):
    """Loads the module while the n-th allocation fails. Returns the errno, or 0, and whether there
    was an n-th."""
    image = os.open(FAULTY_MODULE, os.O_RDONLY | os.O_CLOEXEC)
    fail = os.open(f"/proc/self/task/{syscall(GETTID)}/fail-nth", os.O_RDWR | os.O_CLOEXEC)
    params = ctypes.create_string_buffer(b"maxactive=1 max_ports=1024 history=1024")
    wanted = str(n).encode()
    try:
        os.write(fail, wanted)
        err = -syscall(FINIT_MODULE, image, params, 0)
        left = int(os.pread(fail, 32, 0))
        os.write(fail, b"0")
    finally:
        os.close(fail)
        os.close(image)
    return err, left == 0


KLOG_READ, KLOG_CLEAR = 3, 5


def kernel_log(what):
    text = ctypes.create_string_buffer(1 << 18)
    length = ctypes.CDLL(None).klogctl(what, text, len(text))
    return text.raw[:max(length, 0)].decode(errors="replace")


def is_of_tracing(name):
    """Without memory for what can be traced in a module, the kernel loads it all the same; tracing
    our own function is then refused as if it were none."""
    return name == "EINVAL" and \
        "failed to allocate entries for module 'ephports' functions" in kernel_log(KLOG_READ)


def nothing_is_left():
    assert not is_loaded()
    assert not os.path.exists("/proc/ephports")
    with open("/sys/kernel/debug/kprobes/list", encoding="utf-8") as file:
        assert not file.read()


@contextlib.contextmanager
def older_sockets():
    """What loading is to take in, and whose processes it is to find."""
    with listener() as server, udp() as u:
        u.connect(("127.0.0.1", 53))
        pairs = [connected(server) for _ in range(3)]
        yield
        for pair in pairs:
            for s in pair:
                s.close()


def assert_works():
    """Also what the module did without does not make it wrong."""
    with tcp() as s:
        s.bind(("127.0.0.1", 0))
        eventually(assert_exact)
        assert record_of(s)["pid"] == os.getpid()


def fail_each():
    errors, without, n = {}, 0, 0
    start = time.monotonic()
    while True:
        if n % 100 == 0:
            print(f"# {n} allocations, {time.monotonic() - start:.0f} s", flush=True)
        n += 1
        kernel_log(KLOG_CLEAR)
        err, injected = load_with_failure(n)
        if err:
            assert injected, f"allocation {n}: {errno.errorcode.get(err, err)} without a failure"
            name = errno.errorcode.get(err, err)
            assert name == "ENOMEM" or is_of_tracing(name), f"allocation {n}: {name}"
            errors[name] = errors.get(name, 0) + 1
            nothing_is_left()
            continue
        assert_works()
        unload()
        if not injected:
            break
        without += 1
    print(f"# {n - 1} allocations: {errors}, {without} done without")
    # The same allocation is not always the n-th: it may fail twice.
    assert errors.get("EINVAL", 0) < 5, errors
    assert errors["ENOMEM"] > 100, errors


@test
def each_allocation_of_loading_fails_once_and_is_refused_or_done_without():
    if not os.path.isdir(f"{FAULTS}/failslab"):
        raise Skip("this kernel injects no faults")
    inject_everywhere()
    with older_sockets():
        fail_each()
        with loaded():
            assert_works()
            assert all(p["pid"] == os.getpid() for p in ports()), ports()


if __name__ == "__main__":
    with oracle():
        main()
