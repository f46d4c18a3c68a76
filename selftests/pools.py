#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Page pools that nobody uses any more and that wait for pages (netdev's page-pool-get, Linux 6.8).

pools.py    "pool ID: N pages, for S s" for each; exits with 1 if there is one
"""

import struct
import sys
import time

import qstats
from pushbuf import CONTROL, FAMILY_ID, FAMILY_NAME, GET_FAMILY, ask, attribute

PAGE_POOL_GET = 5
POOL_ID, INFLIGHT, DETACH_TIME = 1, 4, 6


def main():
    family = struct.unpack("<H", ask(CONTROL, GET_FAMILY,
                                     attribute(FAMILY_NAME, b"netdev\0"))[FAMILY_ID])[0]
    waiting = [pool for pool in qstats.dump(family, b"", PAGE_POOL_GET) if DETACH_TIME in pool]
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    for pool in waiting:
        print(f"pool {qstats.number(pool[POOL_ID])}: {qstats.number(pool[INFLIGHT])} pages,"
              f" for {now - qstats.number(pool[DETACH_TIME]):.0f} s")
    return bool(waiting)


if __name__ == "__main__":
    sys.exit(main())
