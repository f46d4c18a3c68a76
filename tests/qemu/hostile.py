#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a malicious or careless guest does to the adapter. TAP on stdout."""

import sys

from adapter import (BAD_OPCODE, DEV_CTL, DEV_STS, DEVICE_CONTROL, FLR, INTR_MASK, MMIO_READ,
                     READY, RESET_IN_PROGRESS, VERSION, AdminQueue, aim_vector,
                     point_response_at, readless)
from qtest import BAR0, BAR1, COMMAND, ECAM, MASTER, MEMORY, RAM, ROOT_PORT
from tap import equal, main, test


@test
def every_register_offset_takes_any_value(setup):
    with setup.run() as vm:
        vm.map()
        for value in (0xFFFFFFFF, 0x80000001, 0):
            for offset in range(0, 0x110, 4):
                vm.set_reg(offset, value)
            for offset in range(0x1000, 0x4000, 0x1FC):
                vm.set_reg(offset, value)
        vm.set_reg(DEV_CTL, 0)
        equal(vm.reg(VERSION), 0x0A, "VERSION afterwards")


@test
def bus_master_off_is_told_once(setup):
    with setup.run() as vm:
        vm.map(master=False)
        point_response_at(vm, RAM)
        for seq in (1, 2):
            equal(readless(vm, seq, VERSION, seconds=0.2), None, "answer without bus mastering")
        equal(vm.errors().count("firmware-bus-master=on"), 1, "warnings about bus mastering")
        vm.set_config(COMMAND, MEMORY | MASTER, 2)
        equal(readless(vm, 3, VERSION), (3, VERSION, 0x0A), "answer with bus mastering")


@test
def dma_reaches_ram_only(setup):
    with setup.run() as vm:
        function = vm.enable_ecam()
        vm.map()
        # Were it to arrive, it would be a reset, an FLR, an entry of the MSI-X table.
        for addr, req_id in ((BAR0 + DEV_CTL, 1), (function + DEVICE_CONTROL, FLR), (BAR1, 1),
                             (0xFFFC0000, 1), (1 << 40, 1), ((1 << 48) - 4, 1), ((1 << 64) - 4, 1)):
            point_response_at(vm, addr)
            vm.set_reg(MMIO_READ, VERSION << 16 | req_id)
            equal(vm.config(COMMAND, 2), MEMORY | MASTER, f"command register after {addr:#x}")
            equal(vm.reg(DEV_STS) & (READY | RESET_IN_PROGRESS), READY, f"DEV_STS after {addr:#x}")
        equal(vm.read(BAR1), 0, "first word of the MSI-X table")
        point_response_at(vm, RAM)
        equal(readless(vm, 5, VERSION), (5, VERSION, 0x0A), "answer in RAM afterwards")


@test
def interrupt_into_own_registers(setup):
    with setup.run() as vm:
        vm.map()
        aim_vector(vm, 0, BAR0 + DEV_CTL, 1)
        queue = AdminQueue(vm)
        # Raised by the bottom half, then by a register write.
        equal(queue.submit(0xFF), BAD_OPCODE, "status of a command")
        vm.set_reg(INTR_MASK, 1)
        equal(queue.submit(0xFF), BAD_OPCODE, "status of a command, vector masked")
        vm.set_reg(INTR_MASK, 0)
        equal(vm.reg(DEV_STS) & (READY | RESET_IN_PROGRESS), READY, "DEV_STS: no reset")
        equal(queue.submit(0xFF), BAD_OPCODE, "status of a command afterwards")


@test
def interrupt_into_own_msix_table(setup):
    with setup.run() as vm:
        vm.map()
        aim_vector(vm, 0, BAR1 + 12, 1)
        queue = AdminQueue(vm)
        for _ in range(3):
            equal(queue.submit(0xFF), BAD_OPCODE, "status of a command")
        equal(vm.reg(VERSION), 0x0A, "VERSION afterwards")


@test
def interrupt_that_is_a_function_level_reset(setup):
    with setup.run() as vm:
        function = vm.enable_ecam()
        for _ in range(3):
            vm.map()
            aim_vector(vm, 0, function + DEVICE_CONTROL, FLR)
            queue = AdminQueue(vm)
            equal(queue.submit(0xFF), BAD_OPCODE, "status of the command")
            equal(vm.config(COMMAND, 2), 0, "command register after the FLR")
        vm.map()
        equal(vm.reg(DEV_STS) & (READY | RESET_IN_PROGRESS), READY, "DEV_STS")
        equal(AdminQueue(vm).submit(0xFF), BAD_OPCODE, "status of a command afterwards")


@test
def interrupt_that_unplugs_the_adapter(setup):
    with setup.run(bus="rp", extra=ROOT_PORT) as vm:
        vm.enable_ecam()
        slot_control = vm.open_root_port() + 0x18
        vm.map()
        aim_vector(vm, 0, ECAM + (4 << 15) + slot_control, 0x07C0)
        AdminQueue(vm).submit(0xFF)
        equal(vm.config(0), 0xFFFFFFFF, "identity of the empty slot")
        equal("error" in vm.qmp("qom-get", path="/machine/peripheral/eth", property="type"), True,
              "adapter gone")


if __name__ == "__main__":
    sys.exit(main(__doc__))
