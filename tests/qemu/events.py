#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Between the person at the monitor and the driver: link, hints, refusals. TAP on stdout."""

import struct
import sys

from adapter import (BAD_OPCODE, CONF_NOTIFICATIONS, DEV_CTL, DEV_STS, DEVICE_REQUEST_RESET,
                     FATAL_ERROR, KEEP_ALIVE, LINK_CHANGE, NOTIFICATION, REFRESH_CAPABILITIES,
                     STS_FATAL_ERROR, UPDATE_HINTS, WARNING, AdminQueue, EventQueue)
from qtest import MASTER
from tap import equal, main, test

ADAPTER = "/machine/peripheral/eth"


def start(vm, *groups):
    vm.map()
    return EventQueue(vm, AdminQueue(vm), groups)


def link(event):
    """The link state that a LINK_CHANGE event tells."""
    assert event, "no event came"
    equal(event[0], LINK_CHANGE, "event group")
    return struct.unpack_from("<I", event[2])[0] & 1


@test
def link_changes(setup):
    with setup.run() as vm:
        events = start(vm, LINK_CHANGE)
        equal(link(events.next()), 1, "link after the group was enabled")
        for up in (False, True):
            equal(vm.qmp("set_link", name="eth", up=up), {"return": {}}, "set_link")
            equal(link(events.next()), int(up), f"link after set_link {up}")
        equal(events.next(0.2), None, "event without a cause")


@test
def link_of_the_peer(setup):
    with setup.run() as vm:
        events = start(vm, LINK_CHANGE)
        events.next()
        vm.qmp("set_link", name="net0", up=False)
        equal(link(events.next()), 0, "link after the netdev went down")


@test
def hints_change_at_run_time(setup):
    with setup.run("hint-admin-ms=1111") as vm:
        events = start(vm, NOTIFICATION)
        equal(events.next(0.2), None, "event without a cause")
        names = ("hint-mmio-read-ms", "hint-watchdog-ms", "hint-tx-completion-ms", "hint-admin-ms")
        equal(vm.qmp("qom-get", path=ADAPTER, property="hint-admin-ms"), {"return": 1111},
              "hint given at start")
        for value, name in enumerate(names, 2000):
            equal(vm.qmp("qom-set", path=ADAPTER, property=name, value=value), {"return": {}},
                  f"setting {name}")
            event = events.next()
            assert event, f"no event after setting {name}"
            equal(event[:2], (NOTIFICATION, UPDATE_HINTS), "group and syndrome")
        words = struct.unpack_from("<12H", event[2])
        for value in (2000, 2001, 2002, 2003):
            assert value in words, f"hint {value} is not in the event: {words}"


@test
def events_on_request(setup):
    """Each group has a property that posts its event, and takes a value of its own."""
    requests = ((LINK_CHANGE, "link-change", True), (FATAL_ERROR, "fatal-error", 0x1234),
                (WARNING, "warning", 5), (NOTIFICATION, "notification", True),
                (KEEP_ALIVE, "keep-alive", True), (REFRESH_CAPABILITIES, "refresh-capabilities", True),
                (CONF_NOTIFICATIONS, "conf-notifications", 1 << 63 | 3),
                (DEVICE_REQUEST_RESET, "device-request-reset", True))
    with setup.run() as vm:
        events = start(vm, *range(8))
        events.next()
        for group, name, value in requests:
            equal(vm.qmp("qom-set", path=ADAPTER, property=f"post-{name}", value=value),
                  {"return": {}}, f"setting post-{name}")
            event = events.next()
            assert event, f"no event after post-{name}"
            equal(event[0], group, f"group after post-{name}")
            if group in (FATAL_ERROR, WARNING):
                equal(event[1], value, "syndrome")
            if group == CONF_NOTIFICATIONS:
                equal(struct.unpack_from("<Q", event[2])[0], value, "bitmap")
        equal(vm.reg(DEV_STS) & STS_FATAL_ERROR, STS_FATAL_ERROR, "DEV_STS")
        for name, value in (("warning", 0x10000), ("link-change", False)):
            told = vm.qmp("qom-set", path=ADAPTER, property=f"post-{name}", value=value)
            assert "error" in told, f"post-{name} took {value}"
        vm.set_reg(DEV_CTL, 1)
        told = vm.qmp("qom-set", path=ADAPTER, property="post-warning", value=1)
        assert "in reset" in told["error"]["desc"], f"during a reset: {told}"


@test
def nothing_is_posted_while_the_machine_is_stopped(setup):
    """Its memory may have been saved already."""
    with setup.run() as vm:
        events = start(vm, KEEP_ALIVE)
        vm.qmp("cont")
        vm.qmp("stop")
        for name, value in (("post-keep-alive", True), ("inject", "none")):
            told = vm.qmp("qom-set", path=ADAPTER, property=name, value=value)
            assert "the machine is stopped" in told.get("error", {}).get("desc", ""), f"{name}: {told}"
        equal(events.next(0.2), None, "an event")


@test
def refusals(setup):
    with setup.run() as vm:
        vm.map()
        admin = AdminQueue(vm)
        equal(vm.qmp("qom-get", path=ADAPTER, property="refusals"), {"return": []}, "none yet")
        for opcode in range(0xE0, 0xF8):
            equal(admin.submit(opcode), BAD_OPCODE, "status of an unknown opcode")
        told = vm.qmp("qom-get", path=ADAPTER, property="refusals")["return"]
        equal(len(told), 24, "refusals kept")
        for opcode, text in zip(range(0xE0, 0xF8), told):
            assert str(opcode) in text, f"opcode {opcode} is not named in '{text}'"


@test
def statistics(setup):
    with setup.run() as vm:
        vm.map()
        vm.set_reg(DEV_CTL, 1 | 9 << 28)
        vm.set_reg(DEV_CTL, 0)
        told = vm.qmp("qom-get", path=ADAPTER, property="statistics")["return"]
        equal(told["last-reset-reason"], 9, "reason of the last reset")
        equal((told["resets"], told["tx-packets"], told["rx-drops"]), (1, 0, 0), "totals")


@test
def keep_alive_follows_guest_time(setup):
    with setup.run("keep-alive-ms=50") as vm:
        vm.map()
        events = EventQueue(vm, AdminQueue(vm), (KEEP_ALIVE,))
        equal(events.next(0.2), None, "event while the machine is stopped")
        vm.qmp("cont")
        # The firmware that now runs takes the BARs and the bus: the ring is in memory.
        vm.set_config(4, vm.config(4, 2) | MASTER, 2)
        for _ in range(2):
            event = events.next()
            assert event, "no keep-alive while the machine runs"
            equal(event[0], KEEP_ALIVE, "event group")


if __name__ == "__main__":
    sys.exit(main(__doc__))
