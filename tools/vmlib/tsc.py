# SPDX-License-Identifier: GPL-2.0-or-later
"""How fast this processor's time stamp counter (TSC) runs.

An emulated guest sees the host's counter, but cannot tell how fast it is: on a busy host its
calibration was seen to be wrong by a factor of five, and every delay and timeout with it.
"""

import ctypes
import mmap
import platform
import time

# rdtsc; shl rdx, 32; or rax, rdx; ret
READ_COUNTER = bytes.fromhex("0f31 48c1e220 4809d0 c3")
SECONDS = 0.2


def khz():
    """The rate in kHz, or None where it cannot be measured."""
    if platform.machine() != "x86_64":
        return None
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:  # a host that allows no code of one's own
        return None
    page.write(READ_COUNTER)
    counter = ctypes.CFUNCTYPE(ctypes.c_uint64)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    start, first = _sample(counter)
    time.sleep(SECONDS)
    end, last = _sample(counter)
    return round((last - first) * 1e6 / (end - start))


def _sample(counter):
    """A moment in ns and the counter at that moment: the tightest of some pairs."""
    best = None
    for _ in range(50):
        before = time.monotonic_ns()
        ticks = counter()
        after = time.monotonic_ns()
        if best is None or after - before < best[0]:
            best = (after - before, (before + after) // 2, ticks)
    return best[1:]
