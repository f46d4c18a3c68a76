#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Accesses and transitions at the edges: widths, ends of BARs and RAM, PCI states. TAP on stdout."""

import struct
import sys

from adapter import (BAD_OPCODE, DEV_CTL, DEV_STS, DEVICE_CONTROL, FLR, INTR_MASK, LINK_CHANGE,
                     MMIO_READ, MSIX_AT, PM_AT, READY, RESET_IN_PROGRESS, VERSION, AdminQueue,
                     EventQueue, aim_vector, point_response_at, readless)
from qtest import BAR, BAR0, BAR1, COMMAND, MASTER, MEMORY, RAM
from tap import equal, main, test

RAM_END = 64 << 20
BAR0_SIZE, BAR1_SIZE = 0x4000, 0x2000


def alive(vm, what):
    """The registers answer, and a command is carried out after a reset."""
    vm.set_reg(DEV_CTL, 1)
    vm.set_reg(DEV_CTL, 0)
    equal(vm.reg(VERSION), 0x0A, f"VERSION after {what}")
    equal(vm.reg(DEV_STS) & (READY | RESET_IN_PROGRESS), READY, f"DEV_STS after {what}")
    equal(AdminQueue(vm).submit(0xFF), BAD_OPCODE, f"status of a command after {what}")


@test
def registers_in_every_width_and_alignment(setup):
    with setup.run() as vm:
        vm.map()
        for size in (1, 2, 4, 8):
            for start in (0, 0x10, DEV_STS - 4, 0x1000, BAR0_SIZE - 16):
                for addr in range(BAR0 + start, BAR0 + start + 16):
                    if addr + size <= BAR0 + BAR0_SIZE:
                        vm.read(addr, size)
                        vm.write(addr, (1 << 8 * size) - 1, size)
        alive(vm, "accesses of every width")


@test
def accesses_across_the_end_of_a_bar(setup):
    with setup.run() as vm:
        vm.map()
        for end in (BAR0 + BAR0_SIZE, BAR1 + BAR1_SIZE):
            for size in (2, 4, 8):
                for addr in range(end - size + 1, end + 1):
                    vm.read(addr, size)
                    vm.write(addr, (1 << 8 * size) - 1, size)
        vm.read_bytes(BAR0 + BAR0_SIZE - 64, 128)
        vm.write_bytes(BAR1 + BAR1_SIZE - 64, bytes(128))
        alive(vm, "accesses across the end")


@test
def msix_table_and_pending_bits_take_anything(setup):
    with setup.run() as vm:
        vm.map()
        vm.write_bytes(BAR1, b"\xff" * BAR1_SIZE)
        vm.set_config(MSIX_AT + 2, 0xFFFF, 2)
        vm.set_config(MSIX_AT + 4, 0xFFFFFFFF)
        queue = AdminQueue(vm)
        equal(queue.submit(0xFF), BAD_OPCODE, "status with a table of ones")
        # Unaligned addresses and vector control bits while a message is pending.
        vm.write_bytes(BAR1, struct.pack("<QII", RAM + 1, 0, 1) * 9)
        equal(queue.submit(0xFF), BAD_OPCODE, "status with all vectors masked")
        vm.write_bytes(BAR1, struct.pack("<QII", 0xFFFFFFFFFFFFFFFF, 0, 0) * 9)
        equal(queue.submit(0xFF), BAD_OPCODE, "status with messages to nowhere")
        for size in (1, 2, 4, 8):
            vm.read(BAR1 + 0x1000, size)
            vm.write(BAR1 + 0x1000, (1 << 8 * size) - 1, size)
        vm.set_config(MSIX_AT + 2, 0x4000, 2)
        alive(vm, "a table of anything")


@test
def a_masked_message_waits(setup):
    with setup.run() as vm:
        vm.map()
        aim_vector(vm, 0, RAM + 0x800, 0x55)
        vm.write(BAR1 + 12, 1)
        queue = AdminQueue(vm)
        equal(queue.submit(0xFF), BAD_OPCODE, "status of a command")
        equal(vm.read(RAM + 0x800), 0, "message while the vector is masked")
        vm.write(BAR1 + 12, 0)
        equal(vm.read(RAM + 0x800), 0x55, "message when it is unmasked")


@test
def bus_mastering_goes_in_the_middle_of_work(setup):
    with setup.run() as vm:
        vm.map()
        queue = AdminQueue(vm)
        equal(queue.submit(0xFF), BAD_OPCODE, "status before")
        vm.set_config(COMMAND, MEMORY, 2)
        equal(queue.submit(0xFF), None, "status without bus mastering")
        equal(vm.reg(VERSION), 0x0A, "VERSION without bus mastering")
        vm.set_config(COMMAND, MEMORY | MASTER, 2)
        alive(vm, "bus mastering came back")


@test
def a_bar_moves_while_the_adapter_runs(setup):
    with setup.run() as vm:
        vm.map()
        queue = AdminQueue(vm)
        equal(queue.submit(0xFF), BAD_OPCODE, "status before")
        moved = BAR0 + 0x100000
        vm.set_config(BAR, moved)
        equal(vm.read(moved + VERSION), 0x0A, "VERSION at the new place")
        # On top of RAM, of the other BAR, at the end of the address space, and nowhere.
        for place in (RAM, BAR1, 0xFFFFC000, 0, 0xFFFFFFFF):
            vm.set_config(BAR, place)
            vm.config(BAR)
            vm.set_config(BAR + 4, place)
        vm.map()
        equal(queue.submit(0xFF), BAD_OPCODE, "status when it is back")


@test
def memory_space_goes_in_the_middle_of_work(setup):
    with setup.run() as vm:
        vm.map()
        vm.set_config(COMMAND, MASTER, 2)
        vm.read(BAR0 + VERSION)
        vm.set_reg(DEV_CTL, 1)
        vm.set_config(COMMAND, MEMORY | MASTER, 2)
        equal(vm.reg(DEV_STS) & RESET_IN_PROGRESS, 0, "a reset that was written to nothing")
        alive(vm, "memory space came back")


@test
def d3_and_back(setup):
    with setup.run() as vm:
        vm.map()
        for state in (3, 1, 2, 3):
            vm.set_config(PM_AT + 4, state, 2)
            vm.read(BAR0 + VERSION)
            vm.set_reg(DEV_CTL, 1)
            vm.set_reg(DEV_CTL, 0)
        vm.set_config(PM_AT + 4, 0, 2)
        vm.map()
        alive(vm, "D3")


@test
def nothing_leaves_the_adapter_in_d3(setup):
    with setup.run() as vm:
        vm.map()
        events = EventQueue(vm, AdminQueue(vm), [LINK_CHANGE])
        events.next()
        aim_vector(vm, 0, RAM + 0x800, 0x55)
        vm.write(RAM + 0x800, 0)
        vm.set_config(PM_AT + 4, 3, 2)
        vm.qmp("set_link", name="eth", up=False)
        equal(events.next(0.2), None, "an event")
        equal(vm.read(RAM + 0x800), 0, "a message")
        vm.set_config(PM_AT + 4, 0, 2)
        vm.map()
        assert events.next(), "the event does not come when the adapter is awake"
        equal(vm.read(RAM + 0x800), 0x55, "the message")


@test
def a_function_level_reset_wakes_it_and_silences_its_errors(setup):
    with setup.run() as vm:
        vm.map()
        vm.set_config(DEVICE_CONTROL, 0xF, 2)
        vm.set_config(PM_AT + 4, 3, 2)
        vm.set_config(DEVICE_CONTROL, vm.config(DEVICE_CONTROL, 2) | FLR, 2)
        equal(vm.config(DEVICE_CONTROL, 2) & 0xF, 0, "error reporting after the FLR")
        equal(vm.config(PM_AT + 4, 2) & 3, 0, "power state after the FLR")
        vm.map()
        alive(vm, "an FLR in D3")


@test
def every_byte_of_configuration_space_takes_ones(setup):
    with setup.run() as vm:
        function = vm.enable_ecam()
        vm.map()
        for offset in range(0, 0x1000, 4):
            # Not the function level reset, which has a test of its own.
            if offset != 0x78:
                vm.write(function + offset, 0xFFFFFFFF)
                vm.read(function + offset)
        vm.write(function + PM_AT + 4, 0)
        vm.map()
        vm.set_config(MSIX_AT + 2, 0, 2)
        alive(vm, "writes to all of configuration space")


@test
def system_reset_in_every_state(setup):
    for state in range(5):
        with setup.run() as vm:
            vm.map()
            if state == 1:
                vm.set_reg(DEV_CTL, 1)
            if state >= 2:
                aim_vector(vm, 0, RAM + 0x800, 1)
                queue = AdminQueue(vm)
                equal(queue.submit(0xFF), BAD_OPCODE, "status of a command")
            if state == 3:
                vm.set_reg(0x2C, queue.tail + 1)
            if state == 4:
                vm.set_reg(INTR_MASK, 1)
                queue.submit(0xFF)
            vm.qmp("system_reset")
            # The machine is stopped: it asks for the reset, and does it when it goes on. Then the
            # adapter rests as its guest does, but for its registers.
            vm.qmp("cont")
            vm.qmp("stop")
            vm.map()
            equal((vm.reg(VERSION), vm.reg(DEV_STS)), (0x0A, READY), f"registers, reset in state {state}")


@test
def answers_at_the_ends_of_memory(setup):
    with setup.run() as vm:
        vm.map()
        point_response_at(vm, RAM_END - 8)
        equal(readless(vm, 1, VERSION, RAM_END - 8), (1, VERSION, 0x0A), "answer in the last bytes")
        # Half in RAM, at holes, ROM, the VGA window, the local APIC, 4 GiB, and itself.
        for addr in (RAM_END - 4, 0xA0000 - 4, 0xC0000, 0xFFFFFFF8, 0xFFFFFFFC, 1 << 32, 0xFEE00000,
                     BAR0 + MMIO_READ, BAR0 + BAR0_SIZE - 4, BAR1 + BAR1_SIZE - 4, (1 << 64) - 8):
            point_response_at(vm, addr)
            vm.set_reg(MMIO_READ, VERSION << 16 | 2)
        point_response_at(vm, RAM)
        equal(readless(vm, 3, VERSION), (3, VERSION, 0x0A), "answer in RAM afterwards")


@test
def admin_rings_that_cross_the_end_of_ram(setup):
    with setup.run() as vm:
        vm.map()
        for base in (RAM_END - 64, RAM_END - 32, (1 << 32) - 64, 0xC0000, BAR0, BAR1, (1 << 64) - 64):
            vm.set_reg(DEV_CTL, 1)
            vm.set_reg(DEV_CTL, 0)
            for reg in (0x10, 0x20, 0x38):
                vm.set_reg(reg, base & 0xFFFFFFFF)
                vm.set_reg(reg + 4, base >> 32)
            for reg in (0x18, 0x28, 0x34):
                vm.set_reg(reg, 64 << 16 | 4)
            if base == RAM_END - 64:
                vm.write_bytes(base, struct.pack("<HBB60x", 0, 0xFF, 1))
            vm.set_reg(0x40, 4)
            vm.set_reg(0x2C, 4)
            vm.reg(DEV_STS)
        alive(vm, "rings at the ends of memory")


if __name__ == "__main__":
    sys.exit(main(__doc__))
