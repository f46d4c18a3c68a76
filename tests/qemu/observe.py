#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the adapter tells of itself and of its driver over qom-get. TAP on stdout."""

import json
import struct
import sys

from adapter import (BAD_OPCODE, DEV_CTL, HOST_ATTR, ILLEGAL_PARAMETER, KEEP_ALIVE, LINK_CHANGE,
                     MTU, RESP_LO, SET_FEATURE, SUCCESS, VERSION, WARNING, AdminQueue, EventQueue,
                     point_response_at, readless)
from qtest import COMMAND, MASTER, MEMORY, RAM
from tap import equal, main, test

ADAPTER = "/machine/peripheral/eth"
PAGE, DEBUG_AREA = RAM + 0x14000, RAM + 0x18000


def look(vm, name):
    answer = vm.qmp("qom-get", path=ADAPTER, property=name)
    assert "return" in answer, f"qom-get {name}: {answer}"
    return answer["return"]


def happened(vm, kind):
    return [entry for entry in look(vm, "history") if entry["kind"] == kind]


def give_host_info(admin, os_type, module, debug_size=0):
    """The page and the debug area of feature 28."""
    page = struct.pack("<I128sI32sIIIIHHHHI", os_type, b"Debian\xff \n12", 7, b"6.12.1", 0x60c01,
                       2 | 1 << 8 | 3 << 16 | ord(module) << 24, 0, 0, 0x0200, 0x28, 4, 0,
                       1 << 1 | 1 << 4 | 1 << 8 | 1 << 20)
    admin.vm.write_bytes(PAGE, page)
    status = admin.submit(SET_FEATURE, HOST_ATTR, struct.pack("<QQI", PAGE, DEBUG_AREA, debug_size))
    equal(status, SUCCESS, "SET_FEATURE 28")


@test
def refused_commands_are_told_apart(setup):
    with setup.run() as vm:
        vm.map()
        admin = AdminQueue(vm)
        equal(happened(vm, "command-refused"), [], "before any")
        for _ in range(3):
            equal(admin.submit(SET_FEATURE, MTU, struct.pack("<I", 10)), ILLEGAL_PARAMETER, "MTU")
        equal(admin.submit(0xEE), BAD_OPCODE, "unknown opcode")
        mtu, opcode = happened(vm, "command-refused")
        equal((mtu["count"], mtu["opcode"], mtu["feature"], mtu["status"]),
              (3, SET_FEATURE, MTU, ILLEGAL_PARAMETER), "the MTU")
        assert "10" in mtu["text"] and "9216" in mtu["text"], f"no value and limit: {mtu['text']}"
        equal((opcode["count"], opcode["opcode"], opcode["status"]), (1, 0xEE, BAD_OPCODE),
              "the opcode")
        assert "feature" not in opcode, f"a feature of no feature command: {opcode}"


@test
def dma_without_bus_mastering_and_interrupts_without_msix(setup):
    with setup.run() as vm:
        vm.map(master=False)
        point_response_at(vm, RAM)
        readless(vm, 1, VERSION, seconds=0.1)
        equal(happened(vm, "dma-failed")[0]["reason"], "bus mastering is off", "reason")
        vm.set_config(COMMAND, MEMORY | MASTER, 2)
        point_response_at(vm, 0xFFFF00000000)
        readless(vm, 2, VERSION, seconds=0.1)
        failure = happened(vm, "dma-failed")[-1]
        equal((failure["reason"], failure["address"], failure["length"]),
              ("there is no RAM", 0xFFFF00000000, 8), "DMA to nowhere")
        AdminQueue(vm).submit(0xEE)
        equal(happened(vm, "interrupt-lost")[0]["vector"], 0, "vector of the lost interrupt")


@test
def resets_with_their_reasons(setup):
    with setup.run() as vm:
        vm.map()
        for control in (1 | 3 << 28 | 1 << 24, 1 | 9 << 28, 1 | 9 << 28, 1):
            vm.set_reg(DEV_CTL, control)
            vm.set_reg(DEV_CTL, 0)
        told = look(vm, "resets")
        equal(told["count"], 4, "resets")
        equal([(r["reason"], r["count"]) for r in told["by-reason"]], [(0, 1), (9, 2), (19, 1)],
              "by reason")
        equal((told["last"]["control"], told["last"]["reason"], told["last"]["name"]),
              (1, 0, "normal"), "the last")
        equal((told["last-failure"]["reason"], told["last-failure"]["name"]), (9, "OS trigger"),
              "the last that was no start")
        begun = happened(vm, "reset-begun")
        equal([entry["reset-reason"] for entry in begun], [19, 9, 0], "in the history")
        equal(begun[0]["control"], 1 | 3 << 28 | 1 << 24, "DEV_CTL in the history")


@test
def reset_that_says_normal_and_is_not(setup):
    """Queues run, no driver has started: Linux's own driver sends reason 16 as 0."""
    for module, new_driver, likely in (("K", False, 16), ("g", False, None), ("K", True, None)):
        with setup.run() as vm:
            vm.map()
            admin = AdminQueue(vm)
            give_host_info(admin, 1, module)
            admin.create_queue(True, 256, 1)
            if new_driver:
                vm.set_reg(RESP_LO, RAM)
            vm.set_reg(DEV_CTL, 1)
            last = look(vm, "resets")["last"]
            equal(last["live-queues"], 1, "live queues")
            equal(last["reason"], 0, "reason as sent")
            equal(last.get("likely-reason"), likely, f"module {module}, new driver {new_driver}")
            assert last["remark"], "no remark"


@test
def host_information_and_debug_area(setup):
    with setup.run() as vm:
        vm.map()
        equal(look(vm, "driver"), {"given": False, "readable": False}, "before any")
        admin = AdminQueue(vm)
        text = b"tx_timeout 0\nqueue_0_tx_cnt 18446744073709551615\n"
        give_host_info(admin, 1, "K", 4096)
        vm.write_bytes(DEBUG_AREA, text + bytes(4096 - len(text)))
        told = look(vm, "driver")
        wanted = {"os": "Linux", "os-type": 1, "distribution": "Debian? ?12",
                  "distribution-code": 7, "kernel": "6.12.1", "kernel-code": 0x60c01,
                  "driver-version": "2.1.3", "driver-module": "K", "specification": "2.0",
                  "bdf": "00:05.0", "cpus": 4, "debug-area-size": 4096, "address": PAGE,
                  "features": ["rx-offset", "rss-configurable-function-key", "phc", "bit-20"]}
        equal({name: told[name] for name in wanted}, wanted, "the page")
        area = look(vm, "debug-area")
        equal((area["size"], area["bytes-read"], area["text"]), (4096, 4096, True), "the area")
        equal(area["lines"], text.decode().splitlines(), "its lines")
        vm.write_bytes(DEBUG_AREA, bytes(range(64)))
        area = look(vm, "debug-area")
        equal((area["text"], area["lines"][:2]),
              (False, [bytes(range(32)).hex(), bytes(range(32, 64)).hex()]), "the area, no text")


@test
def debug_area_is_bounded(setup):
    with setup.run() as vm:
        vm.map()
        admin = AdminQueue(vm)
        give_host_info(admin, 1, "K", 0xFFFFFFFF)
        area = look(vm, "debug-area")
        equal((area["size"], area["bytes-read"]), (0xFFFFFFFF, 65536), "size and bytes read")


@test
def queue_states(setup):
    with setup.run() as vm:
        vm.map()
        equal(look(vm, "queue-states"), [], "before any")
        admin = AdminQueue(vm)
        tx, doorbell, unmask = admin.create_queue(True, 256, 1)
        rx, rx_doorbell, _ = admin.create_queue(False, 512, 2, RAM + 0x40000)
        vm.write_bytes(RAM + 0x48000, struct.pack("<HBBHHIHH", 2048, 0, 0x0D, 0, 0, RAM, 0, 0))
        vm.set_reg(unmask, 1 << 30)
        vm.set_reg(rx_doorbell, 1)
        first, second = look(vm, "queue-states")
        wanted = {"queue": tx, "direction": "tx", "placement": "host", "depth": 256, "head": 0,
                  "tail": 0, "cq-tail": 0, "cq-depth": 256, "vector": 1, "armed": True,
                  "pending": False, "phase": 1, "cq-phase": 1, "stopped": False, "packets": 0,
                  "address": RAM + 0x28000, "cq-address": RAM + 0x20000}
        equal({name: first[name] for name in wanted}, wanted, "the TX queue")
        wanted = {"queue": rx, "direction": "rx", "depth": 512, "tail": 1, "vector": 2,
                  "armed": False, "buffers": 1, "starving": False, "entry-size": 16}
        equal({name: second[name] for name in wanted}, wanted, "the RX queue")
        vm.set_reg(doorbell, 300)
        first = look(vm, "queue-states")[0]
        equal((first["stopped"], first["why-stopped"]), (True, "its doorbell is out of range"),
              "after a doorbell too far")
        equal(happened(vm, "queue-stopped")[0]["queue"], tx, "queue in the history")
        equal([entry["queue"] for entry in happened(vm, "queue-created")], [tx, rx], "created")


@test
def control_state(setup):
    with setup.run() as vm:
        vm.map()
        admin = AdminQueue(vm)
        events = EventQueue(vm, admin, (LINK_CHANGE, WARNING))
        events.next()
        told = look(vm, "control-state")
        equal(told["dev-sts"], 1, "DEV_STS")
        equal((told["aq"]["depth"], told["aq"]["head"], told["aq"]["tail"], told["acq"]["tail"]),
              (32, 1, 1, 1), "admin queue")
        aenq = told["aenq"]
        equal((aenq["depth"], aenq["tail"], aenq["credits"]), (16, 1, 16), "event queue")
        equal(aenq["groups-enabled"], ["link-change", "warning"], "groups enabled")
        equal((aenq["posted"]["link-change"], aenq["posted"]["warning"]), (1, 0), "posted")
        equal(len(aenq["groups-offered"]), 8, "groups offered")
        vm.qmp("qom-set", path=ADAPTER, property="post-keep-alive", value=True)
        equal(look(vm, "control-state")["aenq"]["groups-waiting"], ["keep-alive"],
              "waiting for its group")
        equal(happened(vm, "event-posted")[0]["group"], LINK_CHANGE, "group in the history")
        assert KEEP_ALIVE not in [e["group"] for e in happened(vm, "event-posted")], "posted"


@test
def settings_of_the_driver(setup):
    with setup.run("max-mtu=4000") as vm:
        vm.map()
        admin = AdminQueue(vm)
        told = look(vm, "settings")
        equal((told["mtu"], told["link-up"], told["speed-mbps"]), (4000, True, 25000), "at first")
        equal(told["rss"]["key-set"], False, "RSS key set")
        equal(len(told["rss"]["fields"]["tcp4"]), 4, "fields of TCP over IPv4")
        equal(admin.submit(SET_FEATURE, MTU, struct.pack("<I", 1234)), SUCCESS, "set the MTU")
        vm.qmp("set_link", name="eth", up=False)
        told = look(vm, "settings")
        equal((told["mtu"], told["link-up"]), (1234, False), "afterwards")
        equal(set(told["rss"]["table"]), {-1}, "RSS table, not set")


@test
def every_property_before_a_driver_and_in_the_monitor(setup):
    with setup.run() as vm:
        names = [p["name"] for p in vm.qmp("qom-list", path=ADAPTER)["return"]]
        for name in ("history", "refusals", "drops", "resets", "queue-states", "control-state",
                     "settings", "driver", "debug-area", "vectors"):
            assert name in names, f"{name} is not listed"
            look(vm, name)
            text = vm.qmp("human-monitor-command",
                          **{"command-line": f"qom-get {ADAPTER} {name}"})["return"]
            equal(json.loads(text), look(vm, name), f"{name} in the monitor")


if __name__ == "__main__":
    sys.exit(main(__doc__))
