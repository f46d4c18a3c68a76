#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to a hardware clock (PTP), for phc_devlink.sh.

    compare DEVICE SECONDS   its time over some seconds: it goes forward, as fast as the
                             system's monotonic clock, and shows a time of this century
    burst DEVICE READINGS    as fast as it goes; prints how many had an answer, and how many
                             were refused as too many
"""

import errno
import os
import sys
import time

CLOCKFD = 3
APART = 0.1  # seconds between two readings, below the adapter's limit
TOLERANCE = 0.05


def reading(descriptor):
    """Nanoseconds."""
    return time.clock_gettime_ns(~descriptor << 3 | CLOCKFD)


def patient(descriptor):
    """A reading after at most a few that were refused."""
    for _ in range(20):
        try:
            return reading(descriptor)
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.EAGAIN):
                raise
            time.sleep(APART)
    raise SystemExit("20 readings in a row were refused")


def compare(descriptor, seconds):
    """A sentence on what is wrong, or None."""
    system = time.monotonic_ns()
    first = last = patient(descriptor)
    if not 1600000000 < first / 1e9 < 4000000000:
        return f"its time is {first / 1e9:.0f} s"
    while time.monotonic_ns() - system < seconds * 1e9:
        time.sleep(APART)
        now = patient(descriptor)
        if now <= last:
            return f"it went from {last} to {now}"
        last = now
    took = time.monotonic_ns() - system
    print(f"{last - first} ns of its time in {took} ns")
    return "too fast or too slow" if abs((last - first) / took - 1) > TOLERANCE else None


def burst(descriptor, count):
    """Prints answers and refusals; a sentence if something else came."""
    answers = refused = 0
    for _ in range(count):
        try:
            reading(descriptor)
            answers += 1
        except OSError as error:
            if error.errno not in (errno.EBUSY, errno.EAGAIN):
                return f"errno {error.errno} after {answers} answers"
            refused += 1
    print(f"{answers} {refused}")
    return None


def main(command, device, number):
    descriptor = os.open(device, os.O_RDONLY)
    fault = {"compare": compare, "burst": burst}[command](descriptor, int(number))
    if fault:
        print(fault)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
