#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""BAR2 and the transmit queues in it, as a driver meets them. TAP on stdout."""

import os
import struct
import sys

from adapter import (DEVICE_CONTROL, FLR, SET_FEATURE, SUCCESS, AdminQueue, wait_for)
from qtest import BAR, RAM
from tap import equal, main, test

BAR2 = 0xFD000000
LLQ, CREATE_SQ, CREATE_CQ = 4, 1, 3
PHASE, FIRST, LAST = 1 << 24, 1 << 26, 1 << 27
COMPLETIONS, PAYLOAD = RAM + 0x20000, RAM + 0x80000


def map_all(vm):
    vm.set_config(BAR + 8, BAR2)
    vm.map()


def choose(admin, size=1):
    """Inline header, two descriptors before it, many in each further entry."""
    return admin.submit(SET_FEATURE, LLQ, struct.pack("<8xHHHHHHHH", 0, 1, 0, size, 0, 2, 0, 2))


def create(admin, number, depth=256):
    """A transmit queue in the adapter: its status, and where doorbell and entries are."""
    cq = struct.pack("<BBHIQ", 0, 2, depth, 0xFFFFFFFF, COMPLETIONS + 0x4000 * number)
    index = struct.unpack_from("<H", admin.execute(CREATE_CQ, cq), 8)[0]
    answer = admin.execute(CREATE_SQ, struct.pack("<BxBBHHQ", 1 << 5, 3, 1, index, depth, 0))
    return answer[2], *struct.unpack_from("<II", answer, 12)


def entry(header, buffer=b"", size=128):
    """An entry of the first lap with one packet."""
    desc = struct.pack("<IIIHBB", len(buffer) | PHASE | FIRST | LAST, 0, PAYLOAD, 0, 0, len(header))
    return (desc + bytes(16) + header).ljust(size, b"\0")


def frames(path):
    """What the capture has, once it has something."""
    with open(path, "rb") as file:
        data, found = file.read()[24:], []
    while len(data) >= 16:
        length = struct.unpack_from("<I", data, 8)[0]
        found.append(data[16:16 + length])
        data = data[16 + length:]
    return found or None


@test
def bar2_is_memory(setup):
    with setup.run("queues=2") as vm:
        map_all(vm)
        for offset in (0, 8, 0x1FFF8, 0x20000, 0x3FFF8):
            value = 0x1122334455667788 + offset
            vm.write(BAR2 + offset, value, 8)
            equal(vm.read(BAR2 + offset, 8), value, f"BAR2 at {offset:#x}")
        for width in (1, 2, 4):
            vm.write(BAR2 + 0x101, 0x44332211 & (1 << 8 * width) - 1, width)
            equal(vm.read(BAR2 + 0x101, width), 0x44332211 & (1 << 8 * width) - 1, "odd address")


@test
def a_pushed_packet_is_sent(setup):
    with setup.run() as vm:
        capture = os.path.join(vm.dir.name, "pcap")
        equal(vm.qmp("object-add", **{"qom-type": "filter-dump", "id": "dump", "netdev": "net0",
                                      "file": capture}), {"return": {}}, "object-add")
        map_all(vm)
        admin = AdminQueue(vm)
        equal(choose(admin), SUCCESS, "SET_FEATURE 4")
        status, doorbell, offset = create(admin, 0)
        equal(status, SUCCESS, "CREATE_SQ")
        header, buffer = bytes(range(60)), bytes(range(100, 200))
        vm.write_bytes(PAYLOAD, buffer)
        vm.write_bytes(BAR2 + offset, entry(header, buffer))
        vm.set_reg(doorbell, 1)
        equal(wait_for(lambda: frames(capture), 5), [header + buffer], "frames on the wire")


@test
def function_level_reset_gives_the_memory_back(setup):
    with setup.run("queues=2") as vm:
        for how in ("start", "FLR", "machine reset"):
            map_all(vm)
            admin = AdminQueue(vm)
            equal(create(admin, 0)[0] != SUCCESS, True, f"layout forgotten after {how}")
            equal(choose(admin, size=4), SUCCESS, f"SET_FEATURE 4 after {how}")
            # The completion queue of the refused one is still there.
            equal(create(admin, 1), (SUCCESS, 0x1010, 0), f"first queue after {how}")
            if how == "start":
                vm.set_config(DEVICE_CONTROL, FLR, 2)
            else:
                vm.qmp("system_reset")


if __name__ == "__main__":
    sys.exit(main(__doc__))
