#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Questions to a hardware clock (PTP), for phc.sh.

    compare DEVICE SECONDS   its time over some seconds: it goes forward, as fast as the
                             system's monotonic clock, and is near the system's time
    burst DEVICE READINGS    as fast as it goes; prints how many had an answer, and how many
                             were refused as too many
    read DEVICE READINGS     prints so many readings, ns
    set DEVICE SECONDS       try to move it by so much; that is refused
"""

import errno
import os
import sys
import time

CLOCKFD = 3
APART = 0.1  # seconds between two readings, below the adapter's limit
TOLERANCE = 0.05
# Seconds that the clock of an emulated machine may be off its host's.
NEAR = 60


def clock_of(descriptor):
    """As clock_gettime() takes it."""
    return ~descriptor << 3 | CLOCKFD


def reading(descriptor):
    """Nanoseconds."""
    return time.clock_gettime_ns(clock_of(descriptor))


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
    off = first / 1e9 - time.time()
    if abs(off) > NEAR:
        return f"its time is {off:.3f} s from the system's"
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


def read(descriptor, count):
    """Prints them."""
    for _ in range(count):
        print(patient(descriptor))


def set_time(descriptor, seconds):
    """A sentence if it can be set."""
    try:
        time.clock_settime(clock_of(descriptor), time.time() + seconds)
    except OSError as error:
        print(error)
        return None if error.errno == errno.EOPNOTSUPP else "not the refusal that is due"
    return "it can be set"


def main(command, device, number):
    descriptor = os.open(device, os.O_RDWR)
    fault = {"compare": compare, "burst": burst, "read": read, "set": set_time}[command](descriptor, int(number))
    if fault:
        print(fault)
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
