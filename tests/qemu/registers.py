#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""BAR0 and the resets, as a driver meets them. TAP on stdout."""

import sys

from adapter import (BAD_OPCODE, CONTROLLER, DEV_CTL, DEV_STS, DEVICE_CONTROL, FLR, PM_AT, READY,
                     REG_CAPS, RESET_IN_PROGRESS, VERSION, AdminQueue, point_response_at,
                     readless)
from qtest import BAR0, BAR1, COMMAND, RAM
from tap import equal, main, test


@test
def direct_register_reads(setup):
    with setup.run() as vm:
        vm.map()
        equal(vm.reg(VERSION), 0x0A, "VERSION")
        equal(vm.reg(CONTROLLER), 0x01000001, "CONTROLLER_VERSION")
        caps = vm.reg(REG_CAPS)
        assert caps >> 1 & 0x1F, f"CAPS {caps:#x} has no reset timeout"
        assert 32 <= caps >> 8 & 0xFF <= 48, f"CAPS {caps:#x}: DMA width outside 32 to 48"
        equal(vm.reg(DEV_STS) & READY, READY, "DEV_STS READY")


@test
def bar_edges_at_every_width(setup):
    with setup.run() as vm:
        vm.map()
        for base, size in ((BAR0, 0x4000), (BAR1, 0x2000)):
            for width in (1, 2, 4, 8):
                edges = {0, 1, 3, width, 0x58, 0x5A, 0xFFC, 0xFFD, 0x1000, 0x1004,
                         size - 8, size - width, size - 1}
                for offset in sorted(edges):
                    vm.read(base + offset, width)
                for offset in sorted(edges):
                    vm.write(base + offset, 0, width)
        equal(vm.reg(VERSION), 0x0A, "VERSION afterwards")
        equal(vm.reg(DEV_STS) & READY, READY, "READY afterwards")


@test
def reset_handshake(setup):
    with setup.run() as vm:
        vm.map()
        for reason in (0, 9):
            vm.set_reg(DEV_CTL, 1 | reason << 28)
            equal(vm.reg(DEV_STS) & RESET_IN_PROGRESS, RESET_IN_PROGRESS, "reset in progress")
            point_response_at(vm, RAM)
            equal(readless(vm, 7, DEV_STS), (7, DEV_STS, vm.reg(DEV_STS)),
                  "readless DEV_STS during the reset")
            vm.set_reg(DEV_CTL, 0)
            equal(vm.reg(DEV_STS) & (READY | RESET_IN_PROGRESS), READY, "DEV_STS after the reset")
            equal(readless(vm, 8, VERSION), (8, VERSION, 0x0A),
                  "readless answer at the address given during the reset")


@test
def readless_reads(setup):
    with setup.run() as vm:
        vm.map()
        for addr in (RAM, RAM + 0x1FFC):
            point_response_at(vm, addr)
            for seq, offset in enumerate((VERSION, CONTROLLER, REG_CAPS, DEV_STS), 0xFFFD):
                seq &= 0xFFFF
                equal(readless(vm, seq, offset, addr), (seq, offset, vm.reg(offset)),
                      f"answer for register {offset:#x}")


@test
def function_level_reset(setup):
    with setup.run() as vm:
        vm.map()
        point_response_at(vm, RAM)
        equal(readless(vm, 1, VERSION), (1, VERSION, 0x0A), "answer before FLR")
        vm.set_reg(DEV_CTL, 1)
        vm.set_config(DEVICE_CONTROL, FLR, 2)
        equal(vm.config(DEVICE_CONTROL, 2) & FLR, 0, "FLR bit reads as 0")
        equal(vm.config(COMMAND, 2), 0, "command register after FLR")
        vm.map()
        equal(vm.reg(DEV_STS) & (READY | RESET_IN_PROGRESS), READY, "DEV_STS after FLR")
        equal(readless(vm, 2, VERSION, seconds=0.2), None,
              "answer, the response address being forgotten")


@test
def d3_and_back(setup):
    with setup.run() as vm:
        vm.map()
        point_response_at(vm, RAM)
        vm.set_config(PM_AT + 4, 3, 2)
        equal(vm.config(PM_AT + 4, 2) & 3, 3, "power state")
        vm.set_config(PM_AT + 4, 0, 2)
        vm.map()
        equal(readless(vm, 1, VERSION), (1, VERSION, 0x0A), "state kept (no soft reset)")


@test
def admin_queue(setup):
    with setup.run() as vm:
        vm.map()
        queue = AdminQueue(vm)
        for _ in range(3):
            equal(queue.submit(0xFF), BAD_OPCODE, "status of opcode 0xff")


if __name__ == "__main__":
    sys.exit(main(__doc__))
