#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A hostile virtual function and its neighbours, without a guest. TAP on stdout."""

import struct
import sys

from adapter import (BAD_OPCODE, DEV_CTL, DEV_STS, FLR, MMIO_READ, PCIE_AT, READY,
                     RESET_IN_PROGRESS, VERSION, point_response_at, readless, wait_for)
from functions import (BAR0_SIZE, BARS, CONTROL, OFFSET, PF_ADDRESS, PF_WINDOW, VF_BAR0, VF_BAR1,
                       VF_BAR2, WINDOW, Adapter, Function, frame, functions, made_mac, vf_paths)
from qtest import BAR, BAR0, COMMAND, MASTER, MEMORY, RAM
from tap import equal, main, test

DOORBELLS = 0x1000
TABLES = WINDOW


def look(vm, path, view):
    return vm.qmp("qom-get", path=path, property=view)["return"]


def answers(queue, what):
    equal(queue.submit(0xFF), BAD_OPCODE, f"status of a command of {what}")


@test
def registers_of_one_are_not_those_of_another(setup):
    with setup.run("sriov-vfs=2,queues=2,llq=off") as vm:
        _, (pf, hostile, victim) = functions(vm)
        queues = [(f, f.admin()) for f in (pf, victim)]
        for _, queue in queues:
            queue.create_queue(True, 256, 0xFFFFFFFF, queue.SUBMISSIONS + 0x10000)
        states = [look(vm, path, "queue-states") for path in ("/machine/peripheral/eth",
                                                             vf_paths(vm)[1])]
        assert all(states), f"no queues are seen: {states}"
        # Doorbells of queues that it has not made, then all else that it can reach.
        for value in (1, 0xFFFF, 0xFFFFFFFF, 0):
            for offset in range(DOORBELLS, BAR0_SIZE, 4):
                hostile.set_reg(offset, value)
            for offset in range(0, 0x110, 4):
                hostile.set_reg(offset, value)
        for offset in range(0, 0x2000, 4):
            vm.write(VF_BAR1 + offset, 0xFFFFFFFF)
        for n, path in enumerate(("/machine/peripheral/eth", vf_paths(vm)[1])):
            equal(look(vm, path, "queue-states"), states[n], f"queues of {path}")
        for function, queue in queues:
            equal(function.reg(DEV_STS) & (READY | RESET_IN_PROGRESS), READY, "DEV_STS")
            answers(queue, f"the function at {function.bar:#x}")
        for offset in range(0, 0x2000, 4):
            assert vm.read(VF_BAR1 + 0x2000 + offset) in (0, 1), \
                f"{offset:#x} of the neighbour's MSI-X table was written"
        refused = [e for e in look(vm, vf_paths(vm)[0], "history") if e["kind"] == "access-refused"]
        assert refused, "the function's history does not show it"
        hostile.reset()
        answers(hostile.admin(), "the hostile function, reset")


@test
def a_function_cannot_move_its_bars(setup):
    with setup.run("sriov-vfs=2") as vm:
        pf, (physical, hostile, victim) = functions(vm)
        config = pf.vf_config(0)
        for value in (BAR0, VF_BAR0 + BAR0_SIZE, RAM):
            for bar in range(6):
                vm.write(config + BAR + 4 * bar, value)
            vm.write(config + COMMAND, 0xFFFF, 2)
            vm.write(config + COMMAND, MEMORY | MASTER, 2)
            victim.set_reg(DEV_CTL, 1)
            equal(hostile.reg(DEV_STS) & RESET_IN_PROGRESS, 0, "a write that is not its own")
            victim.set_reg(DEV_CTL, 0)
            physical.set_reg(DEV_CTL, 1)
            equal(hostile.reg(DEV_STS) & RESET_IN_PROGRESS, 0, "a write that is not its own")
            physical.set_reg(DEV_CTL, 0)
            equal(hostile.reg(VERSION), 0x0A, "VERSION where it was")


@test
def resets_do_not_fill_the_wire(setup):
    """The machine stands, so the wire takes nothing, and QEMU holds what is sent."""
    with setup.run("sriov-vfs=2,queues=2,llq=off,mac=" + PF_ADDRESS) as vm:
        adapter, (pf, hostile, victim) = functions(vm)
        for _ in range(70):
            hostile.reset()
            hostile.transmit_queue().send(frame("02:00:00:00:00:99", made_mac(0)))
            vm.write(adapter.vf_config(0) + PCIE_AT + 8, FLR, 2)
            vm.write(adapter.vf_config(0) + COMMAND, MEMORY | MASTER, 2)
        for function, source in ((pf, PF_ADDRESS), (victim, made_mac(1))):
            function.transmit_queue().send(frame("02:00:00:00:00:99", source))
        for path in ("/machine/peripheral/eth", vf_paths(vm)[1]):
            told = wait_for(lambda path=path: look(vm, path, "statistics") if
                            look(vm, path, "statistics")["tx-packets"] else None, 5)
            assert told, f"{path} has sent nothing: {look(vm, path, 'drops')}"
            equal(told["tx-drops"], 0, f"frames that {path} lost")
        assert look(vm, vf_paths(vm)[0], "statistics")["tx-drops"] >= 60, \
            "the hostile function's frames were not dropped"


@test
def a_flood_is_counted_and_holds_nobody_up(setup):
    with setup.run("sriov-vfs=2,queues=2,llq=off,mac=" + PF_ADDRESS) as vm:
        adapter, (physical, hostile, victim) = functions(vm)
        physical.receive_one()
        queue = hostile.transmit_queue()
        queue.send(frame(PF_ADDRESS, made_mac(0)), 100)
        queue.send(frame(PF_ADDRESS, PF_ADDRESS), 50)
        ports = wait_for(lambda: adapter.ports() if adapter.ports()["vf0"]["received"] >= 150
                         else None, 5)
        assert ports, f"frames were not sent: {adapter.ports()}"
        equal(ports["vf0"]["spoofed"], 50, "frames with the physical function's address")
        equal(ports["pf"]["sent"], 100, "frames to the physical function")
        equal(ports["wire"]["sent"], 0, "frames on the wire")
        # Time stands still: the frame for which there is no buffer is not given up.
        equal(look(vm, "/machine/peripheral/eth", "statistics")["rx-packets"], 1,
              "frames that the physical function, with one buffer, got")
        equal(ports["pf"]["lost"], 99, "frames that it lost")
        victim.transmit_queue().send(frame(made_mac(0), made_mac(1)))
        assert wait_for(lambda: adapter.ports()["vf1"]["received"] or None, 5), "vf1 cannot send"
        equal(adapter.ports()["vf0"]["sent"], 1, "frames to the flooding function")


@test
def the_next_owner_finds_nothing(setup):
    with setup.run("sriov-vfs=1,queues=2,mac=" + PF_ADDRESS) as vm:
        pf = Adapter(vm)
        secret = bytes(range(1, 129))

        def give_away():
            pf.enable(1)
            pf.write(BARS + 8, VF_BAR2 | 8, 4)
            vm.write(pf.vf_config(0) + COMMAND, MEMORY | MASTER, 2)
            hostile = Function(vm, VF_BAR0, PF_WINDOW + WINDOW)
            point_response_at(hostile, hostile.window)
            for offset in (0, 0x10000):
                vm.write_bytes(VF_BAR2 + offset, secret)
            equal(vm.read_bytes(VF_BAR2, 128), secret, "BAR2 as it was written")
            answers(hostile.admin(), "the function")
            return hostile

        for how in ("FLR", "disabled", "FLR of the physical function", "machine reset"):
            give_away()
            if how == "FLR":
                vm.write(pf.vf_config(0) + PCIE_AT + 8, FLR, 2)
            elif how == "disabled":
                pf.write(CONTROL, 0)
            elif how == "machine reset":
                vm.qmp("system_reset")
            else:
                pf.write(PCIE_AT + 8, FLR)
            vm.map()
            vm.enable_ecam()
            pf.enable(1)
            pf.write(BARS + 8, VF_BAR2 | 8, 4)
            vm.write(pf.vf_config(0) + COMMAND, MEMORY | MASTER, 2)
            for offset in (0, 0x10000):
                equal(vm.read_bytes(VF_BAR2 + offset, 128), bytes(128), f"BAR2 after: {how}")
            fresh = Function(vm, VF_BAR0, PF_WINDOW + WINDOW)
            vm.write_bytes(fresh.window, bytes(8))
            fresh.set_reg(MMIO_READ, VERSION << 16 | 7)
            equal(vm.read_bytes(fresh.window, 8), bytes(8), f"old answer address after: {how}")


def turn_iommu_on(vm, windows):
    """Each function, by number on the bus, reaches its window and nothing else."""
    registers, root, context = 0xFED90000, TABLES, TABLES + 0x1000
    vm.write_bytes(root, struct.pack("<QQ", context | 1, 0))
    for domain, (devfn, window) in enumerate(windows.items(), 1):
        level3 = TABLES + 0x2000 * domain
        level2 = level3 + 0x1000
        vm.write_bytes(level3, struct.pack("<Q", level2 | 3))
        vm.write_bytes(level2 + 8 * (window // WINDOW), struct.pack("<Q", window | 0x83))
        # Present, second-level translation, 39 bits of address.
        vm.write_bytes(context + 16 * devfn, struct.pack("<QQ", level3 | 1, 1 | domain << 8))
    vm.write(registers + 0x20, root, 8)
    for command in (1 << 30, 1 << 31):
        vm.write(registers + 0x18, command)
        assert vm.read(registers + 0x1C) & command, f"GSTS after {command:#x}"


@test
def dma_stays_in_its_own_mapping(setup):
    with setup.run("sriov-vfs=1,queues=2,llq=off,mac=" + PF_ADDRESS,
                   extra=("-device", "intel-iommu")) as vm:
        adapter, (pf, hostile) = functions(vm, 1)
        number = 3 << 3
        vf_number = number + adapter.read(OFFSET)
        turn_iommu_on(vm, {number: pf.window, vf_number: hostile.window})
        queue = pf.admin()
        answers(queue, "the physical function, behind the IOMMU")
        point_response_at(hostile, hostile.window)
        equal(readless(hostile, 1, VERSION, hostile.window), (1, VERSION, 0x0A),
              "a register read within its mapping")
        for target in (pf.window, pf.window + 0x10000, RAM, TABLES, hostile.window - 4,
                       hostile.window + WINDOW, 1 << 40):
            before = vm.read_bytes(target, 16) if target < 1 << 26 else b""
            point_response_at(hostile, target)
            hostile.set_reg(MMIO_READ, VERSION << 16 | 0x55)
            if before:
                equal(vm.read_bytes(target, 16), before, f"memory at {target:#x}")
        # What it asks to be sent from there is not sent either.
        secret = frame(PF_ADDRESS, made_mac(0))
        vm.write_bytes(pf.window + 0x40000, secret)
        hostile.reset()
        sender = hostile.transmit_queue()
        sender.frame = pf.window + 0x40000
        sender.send(secret)
        history = wait_for(lambda: [e for e in look(vm, vf_paths(vm)[0], "history")
                                    if e["kind"] == "dma-failed"] or None, 5)
        assert history, "the function's history does not show it"
        equal(adapter.ports()["vf0"]["received"], 0, "frames that it sent from foreign memory")
        equal([e for e in look(vm, "/machine/peripheral/eth", "history")
               if e["kind"] == "dma-failed"], [], "failures of the physical function")
        answers(queue, "the physical function afterwards")


if __name__ == "__main__":
    sys.exit(main(__doc__))
