#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual functions without a guest: the capability, their BARs, resets. TAP on stdout."""

import struct
import sys

from adapter import DEV_CTL, DEV_STS, READY, RESET_IN_PROGRESS, VERSION, wait_for
from functions import (CONTROL, DEVICE, NUMBER, PF_ADDRESS, SRIOV, TOTAL, VF_BAR0, VF_ENABLE,
                       VF_MEMORY, Adapter, address, enabled, frame, functions, made_mac,
                       vf_paths)
from qtest import COMMAND, MASTER, MEMORY
from tap import equal, main, test

@test
def the_capability_says_what_was_asked_for(setup):
    with setup.run("sriov-vfs=5") as vm:
        pf = Adapter(vm)
        equal(pf.read(SRIOV), 0x10, "id of the capability")
        equal(pf.read(TOTAL), 5, "TotalVFs")
        equal(pf.read(DEVICE), 0xEC20, "VF device id")
        equal(len(pf.ports()), 7, "ports of the switch")
    with setup.run() as vm:
        assert Adapter(vm).read(SRIOV) != 0x10, "the capability is there without sriov-vfs"


@test
def functions_answer_while_they_are_enabled(setup):
    with setup.run("sriov-vfs=3") as vm:
        pf = Adapter(vm)
        equal(pf.ports()["vf0"]["on"], False, "vf0 on before it is enabled")
        pf.enable(2)
        for number in (0, 1):
            equal(pf.vf_reg(number, VERSION), 0x0A, f"VERSION of function {number}")
            equal(pf.vf_reg(number, DEV_STS) & READY, READY, f"READY of function {number}")
        equal(pf.vf_reg(2, VERSION), 0, "a register of one that is not enabled")
        equal([pf.ports()[f"vf{n}"]["on"] for n in range(3)], [True, True, False], "ports")
        pf.write(CONTROL, 0)
        equal(pf.vf_reg(0, VERSION), 0, "a register after disabling")
        equal(pf.ports()["vf0"]["on"], False, "vf0 on after disabling")
        pf.enable(3)
        equal(pf.vf_reg(2, VERSION), 0x0A, "VERSION of the last when all are enabled")


@test
def a_function_resets_alone(setup):
    with setup.run("sriov-vfs=2") as vm:
        pf = Adapter(vm)
        pf.enable(2)
        vm.write(VF_BAR0 + DEV_CTL, 1)
        equal(pf.vf_reg(0, DEV_STS) & RESET_IN_PROGRESS, RESET_IN_PROGRESS, "its reset begins")
        equal(pf.vf_reg(1, DEV_STS) & RESET_IN_PROGRESS, 0, "reset of its neighbour")
        equal(vm.reg(DEV_STS) & RESET_IN_PROGRESS, 0, "reset of the physical function")
        # FLR: the device control register of the PCIe capability.
        vm.write(pf.vf_config(0) + 0x78, 0x8000, 2)
        equal(pf.vf_reg(0, DEV_STS) & RESET_IN_PROGRESS, 0, "its reset after FLR")
        vm.set_reg(DEV_CTL, 1)
        equal(pf.vf_reg(0, DEV_STS) & RESET_IN_PROGRESS, 0, "reset of a function by its PF")


@test
def a_bus_level_reset_disables_them(setup):
    with setup.run("sriov-vfs=2") as vm:
        pf = Adapter(vm)
        pf.enable(2)
        pf.write(0x78, 0x8000)
        equal(pf.read(CONTROL) & VF_ENABLE, 0, "VF Enable after FLR of the PF")
        equal(pf.ports()["vf0"]["on"], False, "vf0 on after FLR of the PF")
        vm.set_config(COMMAND, MEMORY | MASTER, 2)
        pf.enable(2)
        equal(pf.vf_reg(1, VERSION), 0x0A, "VERSION when enabled again")
        vm.qmp("system_reset")
        equal(pf.ports()["vf1"]["on"], False, "vf1 on after a machine reset")


@test
def numbers_beyond_the_limit(setup):
    with setup.run("sriov-vfs=2") as vm:
        pf = Adapter(vm)
        for count in (3, 64, 0xFFFF):
            pf.enable(count)
            pf.ports()
            pf.write(CONTROL, 0)
        pf.enable(2)
        pf.write(NUMBER, 1)
        pf.write(NUMBER, 0xFFFF)
        equal(pf.vf_reg(1, VERSION), 0x0A, "VERSION after NumVFs was written while enabled")


@test
def with_vepa_nothing_takes_a_short_way(setup):
    for mode, places in (("veb", (1, 0)), ("vepa", (0, 1))):
        with setup.run(f"sriov-vfs=2,queues=2,llq=off,mac={PF_ADDRESS},switch-mode={mode}") as vm:
            pf, (_, vf, _) = functions(vm)
            vf.transmit_queue().send(frame(PF_ADDRESS, made_mac(0)))
            assert wait_for(lambda pf=pf: pf.ports()["vf0"]["received"] or None, 5), "nothing sent"
            equal((pf.ports()["pf"]["sent"], pf.ports()["wire"]["sent"]), places,
                  f"frames to the physical function and to the wire with {mode}")


def send_large(queue, to, source):
    """A packet of TCP over IPv4 that is to be cut into three segments of 100 bytes of data."""
    packet = address(to) + address(source) + struct.pack(
        ">HBBHHHBBHII", 0x0800, 0x45, 0, 290, 0, 0, 64, 6, 0, 0x0A000001, 0x0A000002) + struct.pack(
        ">HHIIBBHHH", 7000, 7000, 1, 1, 0x50, 0x18, 1000, 0, 0) + bytes(250)
    wanted = 8 | 1 << 7 | 12 << 8 | 1 << 13 | 1 << 14
    queue.function.write_bytes(queue.frame, packet)
    queue.function.write_bytes(queue.ring, struct.pack(
        "<8I", 1 << 14 | 1 << 20 | 1 << 23 | 1 << 24 | 1 << 26, 0, 20 | 14 << 8 | 5 << 16 | 100 << 22, 0,
        len(packet) | 1 << 24 | 1 << 27, wanted, queue.frame, 0))
    queue.function.set_reg(queue.doorbell, 2)


@test
def segments_are_cut_where_they_arrive(setup):
    with setup.run(f"sriov-vfs=2,queues=2,llq=off,mac={PF_ADDRESS}") as vm:
        pf, (_, sender, receiver) = functions(vm)
        receiver.receive_one()
        send_large(sender.transmit_queue(), made_mac(1), made_mac(0))
        assert wait_for(lambda: pf.ports()["vf0"]["received"] or None, 5), "nothing sent"
        equal((pf.ports()["vf0"]["received"], pf.ports()["vf1"]["sent"]), (1, 1),
              "frames that the switch has carried")


@test
def they_can_be_disabled_while_the_physical_function_sends(setup):
    """By the interrupt of a function that gets its frame: the message is a write to VF Enable."""
    with setup.run(f"sriov-vfs=2,queues=2,llq=off,mac={PF_ADDRESS}") as vm:
        pf, (physical, vf, _) = functions(vm)
        sender = physical.transmit_queue()
        admin = sender.admin
        equal(enabled(admin), 2, "enabled functions, as the physical one's driver is told")
        vf.receive_one(vector=1)
        pf.aim_vf_vector(0, 1, pf.config + CONTROL, VF_MEMORY)
        sender.send(frame(made_mac(0), PF_ADDRESS))
        sender.completed(1)
        equal(pf.read(CONTROL), VF_MEMORY, "SR-IOV control")
        equal([pf.ports()[f"vf{n}"]["on"] for n in range(2)], [False, False], "ports")
        equal(enabled(admin), 0, "enabled functions afterwards")
        pf.enable(1)
        equal(enabled(admin), 1, "enabled functions, enabled again")
        equal(pf.vf_reg(0, VERSION), 0x0A, "VERSION when enabled again")


def packets(vm, path):
    return vm.qmp("qom-get", path=path, property="statistics")["return"]["tx-packets"]


@test
def an_allowance_is_for_all_functions_of_an_instance(setup):
    """Time stands still: what one has used up does not come back."""
    for greedy in (False, True):
        with setup.run("sriov-vfs=2,queues=2,llq=off,instance-type=m5.large,pps-allowance=1000,"
                       f"mac={PF_ADDRESS}") as vm:
            _, (physical, vf, other) = functions(vm)
            if greedy:
                vf.transmit_queue().send(frame(made_mac(1), made_mac(0)), 250)
                sent = wait_for(lambda: packets(vm, vf_paths(vm)[0]) or None, 5)
                assert sent and sent < 250, f"{sent} of 250 packets were sent at once"
            physical.transmit_queue().send(frame(made_mac(1), PF_ADDRESS))
            other.transmit_queue().send(frame(made_mac(0), made_mac(1)))
            for path in ("/machine/peripheral/eth", vf_paths(vm)[1]):
                sent = wait_for(lambda path=path: packets(vm, path) or None, 0.3 if greedy else 5)
                equal(sent or 0, int(not greedy), f"packets of {path}, greedy neighbour: {greedy}")


@test
def a_migration_ends_when_they_are_enabled(setup):
    """Under way at a crawl; the state is refused at its end, by either."""
    with setup.run("sriov-vfs=2") as vm:
        pf = Adapter(vm)
        answer = vm.qmp("migrate-set-parameters", **{"max-bandwidth": 1, "downtime-limit": 1})
        assert "return" in answer, answer
        vm.qmp("cont")
        answer = vm.qmp("migrate", uri="exec:cat >/dev/null")
        assert "return" in answer, answer
        pf.enable(1)
        equal(pf.ports()["vf0"]["on"], True, "vf0 is enabled")
        vm.qmp("migrate-set-parameters", **{"max-bandwidth": 1 << 40, "downtime-limit": 2000})

        def ended():
            status = vm.qmp("query-migrate")["return"].get("status")
            return status if status in ("completed", "failed", "cancelled") else None

        equal(wait_for(ended, 20), "failed", "end of the migration")
        assert "virtual functions are enabled" in vm.errors(), vm.errors()
        equal(pf.vf_reg(0, VERSION), 0x0A, "VERSION of the function afterwards")


@test
def migration_is_refused_while_they_are_enabled(setup):
    with setup.run("sriov-vfs=2") as vm:
        pf = Adapter(vm)
        pf.enable(1)
        answer = vm.qmp("migrate", uri="exec:cat >/dev/null")
        assert "virtual functions" in answer.get("error", {}).get("desc", ""), answer
        pf.write(CONTROL, 0)
        answer = vm.qmp("migrate", uri="exec:cat >/dev/null")
        assert "return" in answer, answer


if __name__ == "__main__":
    sys.exit(main(__doc__))
