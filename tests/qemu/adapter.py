# SPDX-License-Identifier: GPL-2.0-or-later
"""The adapter's registers, and as much of a driver as the tests need."""

import struct
import time

from qtest import BAR1, RAM

VERSION, CONTROLLER, REG_CAPS = 0x00, 0x04, 0x08
AQ_BASE, AQ_CAPS, ACQ_BASE, ACQ_CAPS, AQ_DB = 0x10, 0x18, 0x20, 0x28, 0x2C
INTR_MASK, DEV_CTL, DEV_STS = 0x4C, 0x54, 0x58
MMIO_READ, RESP_LO, RESP_HI = 0x5C, 0x60, 0x64
READY, RESET_IN_PROGRESS = 1, 8

# Capabilities: their ids, and where the adapter has them.
PM, PCIE, MSIX = 0x01, 0x10, 0x11
PM_AT, PCIE_AT, MSIX_AT = 0x40, 0x70, 0xB0
DEVICE_CONTROL, FLR_CAPABLE, FLR = PCIE_AT + 8, 1 << 28, 1 << 15

BAD_OPCODE = 2


def point_response_at(vm, addr):
    vm.set_reg(RESP_LO, addr & 0xFFFFFFFF)
    vm.set_reg(RESP_HI, addr >> 32)


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


class AdminQueue:
    """Admin submission and completion ring, depth 32."""
    DEPTH, SUBMISSIONS, COMPLETIONS = 32, RAM + 0x10000, RAM + 0x11000

    def __init__(self, vm):
        self.vm, self.tail = vm, 0
        vm.write_bytes(self.COMPLETIONS, bytes(64 * self.DEPTH))
        for base, caps, ring in ((AQ_BASE, AQ_CAPS, self.SUBMISSIONS),
                                 (ACQ_BASE, ACQ_CAPS, self.COMPLETIONS)):
            vm.set_reg(base, ring)
            vm.set_reg(base + 4, 0)
            vm.set_reg(caps, 64 << 16 | self.DEPTH)

    def submit(self, opcode):
        """Ring in one command; its status, None if no completion came."""
        slot, self.tail = self.tail, self.tail + 1
        command = struct.pack("<HBB60x", slot, opcode, 1)
        self.vm.write_bytes(self.SUBMISSIONS + 64 * slot, command)
        self.vm.set_reg(AQ_DB, self.tail)
        for _ in range(20):
            answer = self.vm.read_bytes(self.COMPLETIONS + 64 * slot, 4)
            if answer[3] & 1:
                return answer[2]
            time.sleep(0.01)
        return None


def aim_vector(vm, vector, addr, data):
    """Enable MSI-X, with @vector's message a write of @data to @addr."""
    entry = BAR1 + 16 * vector
    vm.write(entry, addr & 0xFFFFFFFF)
    vm.write(entry + 4, addr >> 32)
    vm.write(entry + 8, data)
    vm.write(entry + 12, 0)
    vm.set_config(MSIX_AT + 2, 0x8000, 2)
