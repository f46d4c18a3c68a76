# SPDX-License-Identifier: GPL-2.0-or-later
"""An adapter with virtual functions, and each of its functions."""

import struct

from adapter import DEV_CTL, MSIX_AT, AdminQueue, wait_for
from qtest import BAR0, COMMAND, MASTER, MEMORY

SRIOV = 0x160
CONTROL, TOTAL, NUMBER, OFFSET, STRIDE, DEVICE, BARS = (SRIOV + at for at in (
    0x08, 0x0E, 0x10, 0x14, 0x16, 0x1A, 0x24))
VF_ENABLE, VF_MEMORY = 1, 8
VF_GET = 0xF0
VF_BAR0, VF_BAR1, VF_BAR2 = 0xFD000000, 0xFD800000, 0xC0000000
BAR0_SIZE, BAR1_SIZE = 0x4000, 0x2000
MSIX_ENABLE, UNMASK = 0x8000, 1 << 30
PF_ADDRESS = "52:54:00:12:34:56"
# Memory of its own for each function: 2 MiB, a large page of an IOMMU.
WINDOW = 2 << 20
PF_WINDOW = 2 * WINDOW


class Adapter:
    """The physical function behind ECAM, and its virtual functions."""

    def __init__(self, vm):
        self.vm = vm
        vm.map()
        self.config = vm.enable_ecam()

    def read(self, offset, size=2):
        return self.vm.read(self.config + offset, size)

    def write(self, offset, value, size=2):
        self.vm.write(self.config + offset, value, size)

    def enable(self, count):
        self.write(NUMBER, count)
        self.write(BARS, VF_BAR0, 4)
        self.write(BARS + 4, VF_BAR1, 4)
        self.write(CONTROL, VF_ENABLE | VF_MEMORY)
        # QEMU wants memory to be enabled in each as well, as drivers do.
        for number in range(count):
            self.vm.write(self.vf_config(number) + COMMAND, MEMORY | MASTER, 2)

    def vf_config(self, number):
        return self.config + ((self.read(OFFSET) + number * self.read(STRIDE)) << 12)

    def vf_reg(self, number, offset):
        return self.vm.read(VF_BAR0 + number * BAR0_SIZE + offset)

    def aim_vf_vector(self, number, vector, addr, data):
        """Enable MSI-X of a virtual function, with @vector's message a write of @data to @addr."""
        for at, word in ((0, addr & 0xFFFFFFFF), (4, addr >> 32), (8, data), (12, 0)):
            self.vm.write(VF_BAR1 + BAR1_SIZE * number + 16 * vector + at, word)
        self.vm.write(self.vf_config(number) + MSIX_AT + 2, MSIX_ENABLE, 2)

    def ports(self):
        answer = self.vm.qmp("qom-get", path="/machine/peripheral/eth", property="switch-ports")
        return {item["port"]: item for item in answer["return"]}


class Function:
    """What AdminQueue wants of a function, at @bar, with memory at @window."""

    def __init__(self, vm, bar, window):
        self.vm, self.bar, self.window = vm, bar, window
        self.read_bytes, self.write_bytes = vm.read_bytes, vm.write_bytes

    def reg(self, offset):
        return self.vm.read(self.bar + offset)

    def set_reg(self, offset, value):
        self.vm.write(self.bar + offset, value)

    def reset(self):
        self.set_reg(DEV_CTL, 1)
        self.set_reg(DEV_CTL, 0)

    def admin(self):
        queue = type("Queue", (AdminQueue,), {"SUBMISSIONS": self.window + 0x10000,
                                              "COMPLETIONS": self.window + 0x11000})
        return queue(self)

    def transmit_queue(self, vector=0xFFFFFFFF, admin=None):
        return Transmit(self, admin or self.admin(), vector)

    def receive_one(self, vector=0xFFFFFFFF):
        """A receive queue with one buffer, whose interrupt is armed."""
        ring = self.window + 0x60000
        _, doorbell, unmask = self.admin().create_queue(False, 256, vector, ring)
        first_last_wanted = 0x1D
        self.write_bytes(ring + 0x8000, struct.pack("<HBBHHIHH", 2048, 0, first_last_wanted, 0, 0,
                                                    self.window + 0x80000, 0, 0))
        self.set_reg(unmask, UNMASK)
        self.set_reg(doorbell, 1)


class Transmit:
    """A transmit queue: as many descriptors as it has entries."""

    def __init__(self, function, admin, vector):
        self.function, self.admin, self.tail = function, admin, 0
        self.completions, self.ring = function.window + 0x20000, function.window + 0x28000
        function.write_bytes(self.completions, bytes(8 * 256))
        _, self.doorbell, self.unmask = admin.create_queue(True, 256, vector, self.completions)
        self.frame = function.window + 0x40000

    def send(self, frame, times=1):
        self.function.write_bytes(self.frame, frame)
        for _ in range(times):
            desc = struct.pack("<IIII", len(frame) | 1 << 24 | 1 << 26 | 1 << 27, 0, self.frame, 0)
            self.function.write_bytes(self.ring + 16 * self.tail, desc)
            self.tail += 1
        self.function.set_reg(self.doorbell, self.tail)

    def completed(self, count):
        """Waits until so many descriptors of the first 256 are."""
        entry = self.completions + 8 * (count - 1)
        told = wait_for(lambda: self.function.read_bytes(entry, 8)[3] & 1 or None, 5)
        assert told, f"{count} packets were not completed"


def functions(vm, count=2):
    """The physical function and @count virtual ones, each with its window."""
    pf = Adapter(vm)
    pf.enable(count)
    return pf, [Function(vm, BAR0, PF_WINDOW),
                *(Function(vm, VF_BAR0 + n * BAR0_SIZE, PF_WINDOW + (n + 1) * WINDOW)
                  for n in range(count))]


def enabled(admin):
    """How many virtual functions are, as the extension tells the physical one's driver."""
    answer = admin.execute(VF_GET, struct.pack("<12xBBH44x", 0, 1, 0))
    assert answer and answer[2] == 0, f"VF_GET INFO: {answer}"
    return struct.unpack_from("<H", answer, 8 + 6)[0]


def vf_paths(vm):
    """Where the objects of virtual functions are, by number."""
    answer = vm.qmp("qom-list", path="/machine/unattached")["return"]
    return [f"/machine/unattached/{item['name']}"
            for item in sorted(answer, key=lambda i: int("0" + "".join(filter(str.isdigit, i["name"]))))
            if item["type"] == "child<ena-vf>"]


def address(text):
    return bytes(int(byte, 16) for byte in text.split(":"))


def frame(to, source):
    return address(to) + address(source) + b"\x88\xb5" + bytes(46)


def made_mac(number):
    """The address that the adapter makes for a virtual function."""
    return f"0a:{number + 1:02x}" + PF_ADDRESS[5:]
