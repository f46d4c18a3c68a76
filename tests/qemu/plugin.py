#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The ena device on an installed QEMU: identity, registers, properties, refusals. TAP on stdout.

usage: tests/qemu/plugin.py [--qemu BINARY] [PLUGIN]
"""

import argparse
import os
import re
import struct
import subprocess
import sys
import tempfile
import time

from qtest import BAR, BAR0, BAR1, COMMAND, MASTER, MEMORY, RAM, Qemu

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VERSION, CONTROLLER, REG_CAPS, DEV_CTL, DEV_STS = 0x00, 0x04, 0x08, 0x54, 0x58
MMIO_READ, RESP_LO, RESP_HI = 0x5C, 0x60, 0x64
READY, RESET_IN_PROGRESS = 1, 8
PM, PCIE, MSIX = 0x01, 0x10, 0x11
FLR_CAPABLE, FLR = 1 << 28, 1 << 15
DEVICES = (0x0EC2, 0x1EC2, 0xEC20, 0xEC21, 0x0051)

tests = []


def test(function):
    tests.append(function)
    return function


def equal(got, wanted, what):
    if got != wanted:
        show = (lambda v: f"{v:#x}" if isinstance(v, int) else repr(v))
        raise AssertionError(f"{what}: {show(got)}, expected {show(wanted)}")


class Setup:
    def __init__(self, qemu, plugin):
        self.qemu, self.plugin = qemu, plugin

    def run(self, device="", **more):
        return Qemu(self.qemu, self.plugin, device, **more)

    def fails(self, device, plugin=None):
        """Start with @device; the message with which QEMU refuses."""
        command = [self.qemu, "-M", "q35", "-accel", "tcg", "-S", "-nodefaults", "-display", "none",
                   "-plugin", plugin or self.plugin, "-device", device]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=30, check=False)
        equal(done.returncode, 1, f"exit status with {device}: {done.stderr}")
        return done.stderr


def readless(vm, seq, offset, addr=RAM):
    """A register read by DMA: (req_id, reg_off, value) as the driver finds them."""
    vm.write_bytes(addr, struct.pack("<HHI", (seq + 0xDEAD) & 0xFFFF, 0, 0))
    vm.set_reg(MMIO_READ, offset << 16 | seq)
    for _ in range(20):
        answer = struct.unpack("<HHI", vm.read_bytes(addr, 8))
        if answer[0] == seq:
            break
        time.sleep(0.01)
    return answer


def point_response_at(vm, addr):
    vm.set_reg(RESP_LO, addr & 0xFFFFFFFF)
    vm.set_reg(RESP_HI, addr >> 32)


@test
def identity(setup):
    with setup.run("queues=4") as vm:
        equal(vm.config(0), 0x0EC2 << 16 | 0x1D0F, "vendor and device")
        equal(vm.config(8), 0x02000000, "class and revision")
        equal(vm.config(0x2C), 0xEC20 << 16 | 0x1D0F, "subsystem")
        equal(vm.config(0x3D, 1), 0, "interrupt pin")


@test
def every_device_id(setup):
    for device in DEVICES:
        with setup.run(f"device-id={device:#x}") as vm:
            equal(vm.config(2, 2), device, "device id")


@test
def readless_off_sets_the_revision_bit(setup):
    with setup.run("readless=off") as vm:
        equal(vm.config(8, 1), 1, "revision")
        vm.map()
        equal(vm.reg(VERSION), 0x0A, "VERSION")


@test
def capabilities(setup):
    with setup.run("queues=4") as vm:
        equal(vm.capabilities(), {PM: 0x40, PCIE: 0x70, MSIX: 0xB0}, "capability list")
        equal(vm.config(0x70 + 2, 2) >> 4 & 0xF in (0, 9), True, "PCIe endpoint type")
        equal(vm.config(0x70 + 4) & FLR_CAPABLE, FLR_CAPABLE, "FLR in the device capabilities")
        equal(vm.config(0xB0 + 2, 2) & 0x7FF, 4, "MSI-X vectors less one")
        equal(vm.config(0xB0 + 4), 0x0001, "MSI-X table in BAR1 at 0")
        equal(vm.config(0xB0 + 8), 0x1001, "MSI-X pending bits in BAR1 at 0x1000")
        equal(vm.read(vm.enable_ecam() + 0x100, 2), 0x0001, "first extended capability: AER")


@test
def bar_sizes(setup):
    with setup.run() as vm:
        for bar, mask in ((0, 0xFFFFC000), (1, 0xFFFFE000), (2, 0), (3, 0), (4, 0), (5, 0)):
            vm.set_config(BAR + 4 * bar, 0xFFFFFFFF)
            equal(vm.config(BAR + 4 * bar), mask, f"BAR{bar} after writing ones")


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
def reset_handshake(setup):
    with setup.run() as vm:
        vm.map()
        for reason in (0, 9):
            vm.set_reg(DEV_CTL, 1 | reason << 28)
            equal(vm.reg(DEV_STS) & RESET_IN_PROGRESS, RESET_IN_PROGRESS, "reset in progress")
            point_response_at(vm, RAM)
            equal(readless(vm, 7, DEV_STS)[2] & RESET_IN_PROGRESS, RESET_IN_PROGRESS,
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
def bus_master_off_is_told_once(setup):
    with setup.run() as vm:
        vm.map(master=False)
        point_response_at(vm, RAM)
        for seq in (1, 2):
            equal(readless(vm, seq, VERSION)[0], seq + 0xDEAD, "req_id without bus mastering")
        equal(vm.errors().count("firmware-bus-master=on"), 1, "warnings about bus mastering")
        vm.set_config(COMMAND, MEMORY | MASTER, 2)
        equal(readless(vm, 3, VERSION), (3, VERSION, 0x0A), "answer with bus mastering")


@test
def firmware_bus_master(setup):
    with setup.run("firmware-bus-master=on") as vm:
        equal(vm.config(COMMAND, 2) & MASTER, MASTER, "bus master bit after power-on")
        vm.set_config(COMMAND, 0, 2)
        vm.qmp("system_reset")
        equal(vm.config(COMMAND, 2) & MASTER, MASTER, "bus master bit after machine reset")
    with setup.run() as vm:
        equal(vm.config(COMMAND, 2), 0, "command register without the property")


@test
def dma_reaches_ram_only(setup):
    with setup.run() as vm:
        vm.map()
        # Were it to arrive, the answer would start a reset (own DEV_CTL), or show (MSI-X table).
        for addr in (BAR0 + DEV_CTL, BAR1, 0xFFFC0000, 1 << 40, (1 << 48) - 4, (1 << 64) - 4):
            point_response_at(vm, addr)
            vm.set_reg(MMIO_READ, VERSION << 16 | 0x0001)
            equal(vm.reg(DEV_STS) & (READY | RESET_IN_PROGRESS), READY, f"DEV_STS after {addr:#x}")
        equal(vm.read(BAR1), 0, "first word of the MSI-X table")
        point_response_at(vm, RAM)
        equal(readless(vm, 5, VERSION), (5, VERSION, 0x0A), "answer in RAM afterwards")


@test
def function_level_reset(setup):
    with setup.run() as vm:
        vm.map()
        point_response_at(vm, RAM)
        equal(readless(vm, 1, VERSION)[0], 1, "req_id before FLR")
        vm.set_reg(DEV_CTL, 1)
        vm.set_config(0x70 + 8, FLR, 2)
        equal(vm.config(0x70 + 8, 2) & FLR, 0, "FLR bit reads as 0")
        equal(vm.config(COMMAND, 2), 0, "command register after FLR")
        vm.map()
        equal(vm.reg(DEV_STS) & (READY | RESET_IN_PROGRESS), READY, "DEV_STS after FLR")
        equal(readless(vm, 2, VERSION)[0], 2 + 0xDEAD, "req_id: the response address is forgotten")


@test
def d3_and_back(setup):
    with setup.run() as vm:
        vm.map()
        point_response_at(vm, RAM)
        vm.set_config(0x44, 3, 2)
        equal(vm.config(0x44, 2) & 3, 3, "power state")
        vm.set_config(0x44, 0, 2)
        vm.map()
        equal(readless(vm, 1, VERSION), (1, VERSION, 0x0A), "state kept (no soft reset)")


@test
def unplug_and_plug(setup):
    extra = ["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
             "-device", "pcie-root-port,id=rp,bus=pcie.0,addr=4,slot=1"]
    with setup.run(bus="rp", extra=extra) as vm:
        vm.set_config(0x18, 0x010100, slot=4)  # the adapter is on bus 1
        vm.set_config(0x20, 0xFE00FE00, slot=4)
        vm.set_config(COMMAND, MEMORY | MASTER, 2, slot=4)
        slot_control = vm.capabilities(slot=4)[PCIE] + 0x18
        vm.bus = 1
        for seq in range(1, 6):
            vm.map()
            point_response_at(vm, RAM)
            equal(readless(vm, seq, VERSION), (seq, VERSION, 0x0A), f"answer of adapter {seq}")
            equal(vm.qmp("device_del", id="eth"), {"return": {}}, "device_del")
            # What the guest does after the attention button: indicator and power off.
            vm.set_config(slot_control, 0x07C0, 2, slot=4)
            equal(vm.config(0), 0xFFFFFFFF, "identity of the empty slot")
            equal(vm.qmp("device_add", driver="ena", id="eth", netdev="net0", bus="rp"),
                  {"return": {}}, "device_add")
            vm.set_config(slot_control, 0x01C0, 2, slot=4)


@test
def set_link(setup):
    with setup.run() as vm:
        vm.map()
        for up in (False, True, False):
            equal(vm.qmp("set_link", name="eth", up=up), {"return": {}}, "set_link")
        equal(vm.reg(VERSION), 0x0A, "VERSION afterwards")


@test
def not_migratable(setup):
    with setup.run() as vm:
        answer = vm.qmp("migrate", uri="exec:cat >/dev/null")
        assert "ena" in answer.get("error", {}).get("desc", ""), f"migrate answered {answer}"


@test
def bad_properties_are_refused(setup):
    # (property, value, limit that the message must name)
    for name, value, limit in (
            ("queues", "0", "1"), ("queues", "33", "32"),
            ("tx-depth", "128", "256"), ("tx-depth", "300", None), ("tx-depth", "2048", "1024"),
            ("rx-depth", "128", "256"), ("rx-depth", "16384", "8192"),
            ("max-mtu", "127", "128"), ("max-mtu", "9217", "9216"),
            ("device-id", "0x1234", "0x0ec2"), ("mac", "01:00:00:00:00:01", "group")):
        said = setup.fails(f"ena,{name}={value}")
        assert value in said and (limit or "") in said, f"{name}={value} answered: {said}"


@test
def extreme_properties_are_taken(setup):
    for device in ("queues=1", "queues=32", "tx-depth=256,rx-depth=256", "tx-depth=1024,rx-depth=8192",
                   "max-mtu=128", "max-mtu=9216", "speed=0", "keep-alive-ms=0"):
        with setup.run(device) as vm:
            vm.map()
            equal(vm.reg(VERSION), 0x0A, f"VERSION with {device}")


@test
def help_describes_every_property(setup):
    text = subprocess.run([setup.qemu, "-device", "ena,help"], capture_output=True, text=True,
                          env=dict(os.environ, LD_PRELOAD=setup.plugin), check=True).stdout
    for name in ("device-id", "queues", "tx-depth", "rx-depth", "max-mtu", "speed", "features",
                 "tx-offloads", "rx-offloads", "keep-alive-ms", "moderation-us", "readless",
                 "hint-watchdog-ms", "hint-admin-ms", "hint-tx-completion-ms", "hint-mmio-read-ms",
                 "firmware-bus-master", "trace"):
        assert re.search(rf"^  {name}=<\w+> +- \w.*\(default: ", text, re.M), f"no help for {name}"


@test
def another_qemu_release_is_refused(setup):
    version = setup.version
    other = version[:-1] + ("9" if version[-1] != "9" else "8")
    with open(setup.plugin, "rb") as file:
        image = file.read()
    assert version.encode() + b"\0" in image, "the plugin does not name its release"
    with tempfile.NamedTemporaryFile(suffix=".so") as file:
        file.write(image.replace(version.encode() + b"\0", other.encode() + b"\0"))
        file.flush()
        said = setup.fails("ena", plugin=file.name)
    assert version in said and other in said, f"answered: {said}"


@test
def no_cxx_library(setup):
    text = subprocess.run(["readelf", "-dW", setup.plugin], capture_output=True, text=True,
                          check=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    assert not [lib for lib in needed if "stdc++" in lib or "gcc_s" in lib], f"needs {needed}"


def main():
    parser = argparse.ArgumentParser(description="ena device on an installed QEMU")
    parser.add_argument("--qemu", default="qemu-system-x86_64")
    parser.add_argument("plugin", nargs="?")
    args = parser.parse_args()
    said = subprocess.run([args.qemu, "--version"], capture_output=True, text=True,
                          check=True).stdout
    version = re.match(r"QEMU emulator version ([\d.]+)", said).group(1)
    plugin = args.plugin or os.path.join(ROOT, "build/plugin", version, "openena-qemu.so")
    if not os.path.exists(plugin):
        sys.exit(f"{plugin} does not exist; make it with scripts/build-plugin")
    setup = Setup(args.qemu, os.path.abspath(plugin))
    setup.version = version

    print(f"TAP version 14\n1..{len(tests)}", flush=True)
    failed = 0
    for number, function in enumerate(tests, 1):
        name = function.__name__.replace("_", " ")
        try:
            function(setup)
            print(f"ok {number} - {name}", flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError) as error:
            failed += 1
            print(f"not ok {number} - {name}")
            print("".join(f"# {line}\n" for line in str(error).splitlines()), end="", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
