#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The adapter's state in a file, and in another QEMU. TAP on stdout."""

import os
import sys

from adapter import (DEV_CTL, INTR_MASK, KEEP_ALIVE, LINK_CHANGE, RESP_HI, RESP_LO, VERSION,
                     AdminQueue, EventQueue, point_response_at, readless, wait_for)
from qtest import COMMAND, MASTER, MEMORY, RAM
from tap import equal, main, test

ADAPTER = "/machine/peripheral/eth"
LISTEN = ("-incoming", "defer")
SETTLED = ("completed", "failed", "cancelled")


def status(vm):
    """What became of the migration, as soon as it has ended."""
    answer = vm.qmp("query-migrate")["return"]
    return answer if answer.get("status") in SETTLED else None


def save(vm, path):
    equal(vm.qmp("migrate", uri=f"file:{path}"), {"return": {}}, "migrate")
    answer = wait_for(lambda: status(vm), 60)
    assert answer and answer["status"] == "completed", f"saving: {answer}"


def load(vm, path):
    """Whether the state was taken; QEMU ends when it is not, sometimes before it answers."""
    try:
        equal(vm.qmp("migrate-incoming", uri=f"file:{path}"), {"return": {}}, "migrate-incoming")
        answer = wait_for(lambda: status(vm), 60)
    except (AssertionError, ConnectionError):
        return False
    return bool(answer) and answer["status"] == "completed"


def state_file(vm):
    return os.path.join(vm.dir.name, "state")


@test
def state_moves_to_another_qemu(setup):
    with setup.run("queues=4") as source:
        source.map()
        point_response_at(source, RAM)
        admin = AdminQueue(source)
        events = EventQueue(source, admin, (LINK_CHANGE,))
        assert events.next(), "no event of the link"
        source.set_reg(INTR_MASK, 1)
        source.set_reg(DEV_CTL, 0)
        before = source.qmp("qom-get", path=ADAPTER, property="statistics")
        save(source, state_file(source))
        with setup.run("queues=4", extra=LISTEN) as target:
            assert load(target, state_file(source)), target.errors()
            equal(target.config(COMMAND, 2), MEMORY | MASTER, "command register")
            equal(target.reg(RESP_LO), RAM, "MMIO_RESP_LO")
            equal(target.reg(RESP_HI), 0, "MMIO_RESP_HI")
            equal(target.reg(INTR_MASK), 1, "INTR_MASK")
            equal(target.qmp("qom-get", path=ADAPTER, property="statistics"), before,
                  "statistics")
            equal(readless(target, 77, VERSION), (77, VERSION, 0x0A), "register read by DMA")
            # The rings go on where they were.
            admin.vm = events.vm = target
            equal(admin.submit(0xE0), 2, "status of an unknown opcode")
            equal(events.next(0.2), None, "event without a cause")
            target.qmp("set_link", name="eth", up=False)
            event = events.next()
            assert event and event[0] == LINK_CHANGE, f"event after set_link: {event}"


@test
def link_of_the_new_host_is_told(setup):
    with setup.run() as source:
        source.map()
        events = EventQueue(source, AdminQueue(source), (LINK_CHANGE,))
        equal(events.next()[2][0] & 1, 1, "link of the source")
        save(source, state_file(source))
        with setup.run(extra=LISTEN) as target:
            target.qmp("set_link", name="eth", up=False)
            assert load(target, state_file(source)), target.errors()
            events.vm = target
            event = events.next()
            assert event, "no event about the link of the new host"
            equal(event[2][0] & 1, 0, "link that it tells")


@test
def keep_alive_goes_on(setup):
    with setup.run("keep-alive-ms=50") as source:
        source.map()
        events = EventQueue(source, AdminQueue(source), (KEEP_ALIVE,))
        save(source, state_file(source))
        with setup.run("keep-alive-ms=50", extra=LISTEN) as target:
            assert load(target, state_file(source)), target.errors()
            events.vm = target
            equal(events.next(0.2), None, "event while the machine is stopped")
            target.qmp("cont")
            # The firmware that now runs takes the BARs and the bus: the ring is in memory.
            target.set_config(4, target.config(4, 2) | MASTER, 2)
            event = events.next()
            assert event, "no keep-alive in the new host"
            equal(event[0], KEEP_ALIVE, "event group")


@test
def nothing_is_done_for_a_guest_that_stands(setup):
    with setup.run() as vm:
        vm.map()
        admin = AdminQueue(vm)
        equal(admin.submit(0xE0), 2, "status before the start")
        save(vm, state_file(vm))
        slot = admin.tail
        vm.write_bytes(admin.SUBMISSIONS + 64 * slot, bytes((slot, 0, 0xE0, 1)) + bytes(60))
        vm.set_reg(0x2C, slot + 1)
        found = wait_for(lambda: vm.read_bytes(admin.COMPLETIONS + 64 * slot, 4)[3] & 1 or None,
                         0.3)
        equal(found, None, "completion written after the memory was saved")


@test
def other_configurations_are_refused(setup):
    with setup.run("queues=4") as source:
        save(source, state_file(source))
        for device, words in (("queues=4,max-mtu=1500", ("max-mtu", "9216", "1500")),
                              ("queues=4,speed=10000", ("speed", "25000", "10000")),
                              ("queues=4,mac=52:54:00:12:34:99", ("MAC address",))):
            with setup.run(device, extra=LISTEN) as target:
                assert not load(target, state_file(source)), f"{device} took the state"
                said = target.errors()
                for word in words:
                    assert word in said, f"{word} is not in '{said}'"


@test
def damaged_state_is_refused(setup):
    with setup.run("queues=2") as source:
        source.map()
        save(source, state_file(source))
        with open(state_file(source), "rb") as file:
            good = file.read()
    at = good.index(b"ENASTATE")
    damaged = os.path.join("/tmp", f"openena-state-{os.getpid()}")
    try:
        for offset, value in ((0, 0x58), (8, 9), (12, 0xFF), (16, 0x58), (26, 0xFF), (30, 0xFF),
                              (-4, 0xFF)):
            data = bytearray(good)
            data[at + offset] = value
            with open(damaged, "wb") as file:
                file.write(data)
            with setup.run("queues=2", extra=LISTEN) as target:
                assert not load(target, damaged), f"taken with byte {offset} damaged"
                assert "ena" in target.errors(), f"byte {offset}: {target.errors()}"
    finally:
        if os.path.exists(damaged):
            os.unlink(damaged)


if __name__ == "__main__":
    sys.exit(main(__doc__))
