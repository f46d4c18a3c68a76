#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a malicious or careless guest does to the adapter. TAP on stdout."""

import socket
import sys
import tempfile

from adapter import (BAD_OPCODE, DEV_CTL, DEV_STS, DEVICE_CONTROL, FLR, INTR_MASK, MMIO_READ,
                     READY, RESET_IN_PROGRESS, VERSION, AdminQueue, aim_vector,
                     point_response_at, readless, wait_for)
from functions import PF_ADDRESS, PF_WINDOW, VF_BAR0, Function, frame, functions, made_mac
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


def aim_at_unplug(vm, vector, slot_control):
    """@vector's message powers the adapter's slot off."""
    aim_vector(vm, vector, ECAM + (4 << 15) + slot_control, 0x07C0)


def gone(vm):
    equal(wait_for(lambda: vm.config(0) == 0xFFFFFFFF or None, 5), True, "identity of the empty slot")
    equal("error" in vm.qmp("qom-get", path="/machine/peripheral/eth", property="type"), True,
          "adapter gone")


@test
def interrupt_that_unplugs_the_adapter(setup):
    with setup.run(bus="rp", extra=ROOT_PORT) as vm:
        vm.enable_ecam()
        slot_control = vm.open_root_port() + 0x18
        vm.map()
        aim_at_unplug(vm, 0, slot_control)
        AdminQueue(vm).submit(0xFF)
        gone(vm)


@test
def interrupt_of_a_frame_that_unplugs_the_adapter(setup):
    """The frame comes from the wire, whose code is at work on it meanwhile."""
    with tempfile.TemporaryDirectory(prefix="openena-") as at:
        # The processor halts at once.
        with open(f"{at}/bios", "wb") as bios:
            bios.write(b"\xf4" * 65536)
        wire = ("-bios", f"{at}/bios", "-netdev", f"dgram,id=w,local.type=unix,local.path={at}/in,"
                f"remote.type=unix,remote.path={at}/out", "-netdev", "hubport,hubid=0,id=p,netdev=w")
        with setup.run("mac=" + PF_ADDRESS, bus="rp", extra=(*ROOT_PORT, *wire)) as vm, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
            peer.bind(f"{at}/out")
            vm.enable_ecam()
            slot_control = vm.open_root_port() + 0x18
            vm.map()
            Function(vm, BAR0, PF_WINDOW).receive_one(1)
            aim_at_unplug(vm, 1, slot_control)
            vm.qmp("cont")
            for _ in range(3):
                peer.sendto(frame(PF_ADDRESS, "02:00:00:00:00:99"), f"{at}/in")
            gone(vm)


@test
def interrupt_of_a_neighbours_frame_that_unplugs_the_adapter(setup):
    """The function that sends it goes, too, in the middle of that."""
    with setup.run("sriov-vfs=1,queues=2,llq=off,mac=" + PF_ADDRESS, bus="rp", extra=ROOT_PORT) as vm:
        slot_control = vm.open_root_port(window=VF_BAR0 & 0xFFF00000) + 0x18
        _, (pf, vf) = functions(vm, 1)
        pf.receive_one(1)
        sender = vf.transmit_queue()
        aim_at_unplug(vm, 1, slot_control)
        sender.send(frame(PF_ADDRESS, made_mac(0)), 3)
        gone(vm)


if __name__ == "__main__":
    sys.exit(main(__doc__))
