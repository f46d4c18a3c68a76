#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The ena device on an installed QEMU: identity, properties, plugging, refusals. TAP on stdout."""

import os
import re
import subprocess
import sys
import tempfile

from adapter import (FLR_CAPABLE, MSIX, MSIX_AT, PCIE, PCIE_AT, PM, PM_AT, VERSION,
                     point_response_at, readless)
from qtest import BAR, COMMAND, MASTER, RAM, ROOT_PORT
from tap import equal, main, test

DEVICES = (0x0EC2, 0x1EC2, 0xEC20, 0xEC21, 0x0051)


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
        equal(vm.capabilities(), {PM: PM_AT, PCIE: PCIE_AT, MSIX: MSIX_AT}, "capability list")
        equal(vm.config(PCIE_AT + 2, 2) >> 4 & 0xF in (0, 9), True, "PCIe endpoint type")
        equal(vm.config(PCIE_AT + 4) & FLR_CAPABLE, FLR_CAPABLE, "FLR in the device capabilities")
        equal(vm.config(MSIX_AT + 2, 2) & 0x7FF, 4, "MSI-X vectors less one")
        equal(vm.config(MSIX_AT + 4), 0x0001, "MSI-X table in BAR1 at 0")
        equal(vm.config(MSIX_AT + 8), 0x1001, "MSI-X pending bits in BAR1 at 0x1000")
        equal(vm.read(vm.enable_ecam() + 0x100, 2), 0x0001, "first extended capability: AER")


@test
def bar_sizes(setup):
    # BAR2 is prefetchable, with room for the queues that are offered.
    for device, llq in (("", 0xFFF00008), ("queues=32", 0xFFC00008), ("queues=3", 0xFFF80008),
                        ("queues=1,tx-depth=256", 0xFFFF8008), ("llq=off", 0),
                        ("llq-wide-depth=1024", 0xFFE00008), ("features=0x1c145c8e", 0)):
        with setup.run(device) as vm:
            for bar, mask in ((0, 0xFFFFC000), (1, 0xFFFFE000), (2, llq), (3, 0), (4, 0), (5, 0)):
                vm.set_config(BAR + 4 * bar, 0xFFFFFFFF)
                equal(vm.config(BAR + 4 * bar), mask, f"BAR{bar} after writing ones, {device}")


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
def unplug_and_plug(setup):
    with setup.run(bus="rp", extra=ROOT_PORT) as vm:
        slot_control = vm.open_root_port() + 0x18
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
def bad_properties_are_refused(setup):
    # (property, value, limit that the message must name)
    for name, value, limit in (
            ("queues", "0", "1"), ("queues", "33", "32"),
            ("tx-depth", "128", "256"), ("tx-depth", "300", None), ("tx-depth", "2048", "1024"),
            ("rx-depth", "128", "256"), ("rx-depth", "16384", "8192"),
            ("max-mtu", "127", "128"), ("max-mtu", "9217", "9216"),
            ("llq-entry-sizes", "0x2", "0x5"), ("llq-strides", "0x4", "0x3"),
            ("llq-descs-before-header", "0x10", "0xf"), ("llq-entry-recommended", "192", "256"),
            ("sriov-vfs", "65", "64"), ("sriov-vf-queues", "33", "32"),
            ("sriov-vfs=1,switch-mode", "hub", "veb or vepa"), ("switch-mode", "vepa", "sriov-vfs"),
            ("instance-type=t3.micro,sriov-vfs=1,sriov-vf-queues", "4", "at most 2"),
            ("llq-wide-depth", "128", "256"), ("llq-max-burst", "128", "5120"),
            ("instance-type", "t3.micr", "t3.micro"),
            ("instance-type", "t2.micro", "no enhanced networking"),
            ("instance-type=t3.micro,queues", "4", "at most 2"),
            ("instance-type=t3.micro,max-mtu", "9216", "9001"),
            ("instance-type=t3.nano,time-scale", "60", "at most 30"),
            ("instance-type=t3.nano,conntrack-allowance", "2000000", "1048576"),
            ("device-id", "0x1234", "0x0ec2"), ("mac", "01:00:00:00:00:01", "group")):
        said = setup.fails(f"ena,{name}={value}")
        assert value in said and (limit or "") in said, f"{name}={value} answered: {said}"


@test
def extreme_properties_are_taken(setup):
    for device in ("queues=1", "queues=32", "tx-depth=256,rx-depth=256",
                   "tx-depth=1024,rx-depth=8192", "max-mtu=128", "max-mtu=9216", "speed=0",
                   "keep-alive-ms=0", "llq=off", "llq-max-burst=65535", "llq-wide-depth=0",
                   "queues=32,llq-wide-depth=1024", "sriov-vfs=64", "sriov-vf-queues=32",
                   "queues=1,sriov-vfs=64,sriov-vf-queues=32",
                   "instance-type=t3.micro,instance=one,sriov-vfs=4"):
        with setup.run(device) as vm:
            vm.map()
            equal(vm.reg(VERSION), 0x0A, f"VERSION with {device}")


@test
def help_describes_every_property(setup):
    environment = dict(os.environ, LD_PRELOAD=setup.plugin) if setup.plugin else None
    text = subprocess.run([setup.qemu, "-device", "ena,help"], capture_output=True, text=True,
                          env=environment, check=True).stdout
    for name in ("device-id", "queues", "tx-depth", "rx-depth", "max-mtu", "speed", "features",
                 "tx-offloads", "rx-offloads", "keep-alive-ms", "moderation-us", "readless",
                 "hint-watchdog-ms", "hint-admin-ms", "hint-tx-completion-ms", "hint-mmio-read-ms",
                 "firmware-bus-master", "trace", "llq", "llq-meta-caching", "llq-entry-sizes",
                 "llq-entry-recommended", "llq-descs-before-header", "llq-strides",
                 "llq-wide-depth", "llq-max-burst", "sriov-vfs", "sriov-vf-queues"):
        assert re.search(rf"^  {name}=<\w+> +- \w.*\(default: ", text, re.M), f"no help for {name}"


@test
def another_qemu_release_is_refused(setup):
    setup.need_plugin()
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
    setup.need_plugin()
    text = subprocess.run(["readelf", "-dW", setup.plugin], capture_output=True, text=True,
                          check=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    assert not [lib for lib in needed if "stdc++" in lib or "gcc_s" in lib], f"needs {needed}"


if __name__ == "__main__":
    sys.exit(main(__doc__))
