# SPDX-License-Identifier: GPL-2.0-or-later
"""The adapter's registers, and as much of a driver as the tests need."""

import struct
import time

from qtest import BAR1, RAM

VERSION, CONTROLLER, REG_CAPS = 0x00, 0x04, 0x08
AQ_BASE, AQ_CAPS, ACQ_BASE, ACQ_CAPS, AQ_DB = 0x10, 0x18, 0x20, 0x28, 0x2C
AENQ_CAPS, AENQ_BASE, AENQ_HEAD_DB = 0x34, 0x38, 0x40
INTR_MASK, DEV_CTL, DEV_STS = 0x4C, 0x54, 0x58
MMIO_READ, RESP_LO, RESP_HI = 0x5C, 0x60, 0x64
READY, RESET_IN_PROGRESS, STS_FATAL_ERROR = 1, 8, 0x20

# Capabilities: their ids, and where the adapter has them.
PM, PCIE, MSIX = 0x01, 0x10, 0x11
PM_AT, PCIE_AT, MSIX_AT = 0x40, 0x70, 0xB0
DEVICE_CONTROL, FLR_CAPABLE, FLR = PCIE_AT + 8, 1 << 28, 1 << 15

CREATE_SQ, CREATE_CQ, GET_FEATURE, SET_FEATURE = 1, 3, 8, 9
MTU, AENQ_CONFIG, HOST_ATTR = 14, 26, 28
LINK_CHANGE, FATAL_ERROR, WARNING, NOTIFICATION, KEEP_ALIVE = range(5)
REFRESH_CAPABILITIES, CONF_NOTIFICATIONS, DEVICE_REQUEST_RESET = range(5, 8)
UPDATE_HINTS = 2
SUCCESS, BAD_OPCODE, ILLEGAL_PARAMETER = 0, 2, 5


def wait_for(found, seconds):
    """What found() answers, as soon as that is not None."""
    end = time.monotonic() + seconds
    while True:
        result = found()
        if result is not None or time.monotonic() > end:
            return result
        time.sleep(0.01)


def point_response_at(vm, addr):
    vm.set_reg(RESP_LO, addr & 0xFFFFFFFF)
    vm.set_reg(RESP_HI, addr >> 32)


def readless(vm, seq, offset, addr=RAM, seconds=5):
    """A register read by DMA: (req_id, reg_off, value), or None if there was no answer."""
    vm.write_bytes(addr, struct.pack("<HHI", (seq + 0xDEAD) & 0xFFFF, 0, 0))
    vm.set_reg(MMIO_READ, offset << 16 | seq)

    def answer():
        words = struct.unpack("<HHI", vm.read_bytes(addr, 8))
        return words if words[0] == seq else None

    return wait_for(answer, seconds)


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

    def execute(self, opcode, body):
        """Ring in a command with @body after its header; the completion, None if none came."""
        slot, self.tail = self.tail % self.DEPTH, self.tail + 1
        phase = self.tail - 1 & self.DEPTH == 0
        command = struct.pack("<HBB60s", slot, opcode, phase, body)
        self.vm.write_bytes(self.SUBMISSIONS + 64 * slot, command)
        self.vm.set_reg(AQ_DB, self.tail)

        def completion():
            answer = self.vm.read_bytes(self.COMPLETIONS + 64 * slot, 64)
            return answer if answer[3] & 1 == phase else None

        return wait_for(completion, 5)

    def submit(self, opcode, feature=0, data=b""):
        """Ring in a command for a feature; its status, None if no completion came."""
        answer = self.execute(opcode, struct.pack("<12xxBxx44s", feature, data))
        return answer and answer[2]

    def create_queue(self, tx, depth, vector, ring=RAM + 0x20000):
        """A completion and a submission queue: (number, doorbell, unmask register)."""
        words, direction = (2, 1) if tx else (4, 2)
        answer = self.execute(CREATE_CQ, struct.pack("<BBHIQ", 0x20, words, depth, vector, ring))
        assert answer and answer[2] == SUCCESS, f"CREATE_CQ: {answer}"
        queue, unmask = struct.unpack_from("<HxxxxxxxxxxI", answer, 8)
        answer = self.execute(CREATE_SQ, struct.pack("<BxBBHHQ", direction << 5, 1, 1, queue,
                                                     depth, ring + 0x8000))
        assert answer and answer[2] == SUCCESS, f"CREATE_SQ: {answer}"
        return queue, struct.unpack_from("<I", answer, 12)[0], unmask


class EventQueue:
    """The event ring, depth 16, with @groups enabled."""
    DEPTH, RING = 16, RAM + 0x12000

    def __init__(self, vm, admin, groups):
        self.vm, self.head = vm, 0
        vm.write_bytes(self.RING, bytes(64 * self.DEPTH))
        vm.set_reg(AENQ_BASE, self.RING)
        vm.set_reg(AENQ_BASE + 4, 0)
        vm.set_reg(AENQ_CAPS, 64 << 16 | self.DEPTH)
        mask = sum(1 << group for group in groups)
        status = admin.submit(SET_FEATURE, AENQ_CONFIG, struct.pack("<II", 0, mask))
        assert status == SUCCESS, f"SET_FEATURE AENQ_CONFIG: status {status}"
        vm.set_reg(AENQ_HEAD_DB, self.DEPTH)

    def next(self, seconds=5):
        """(group, syndrome, data) of the next event, None if none comes."""
        def event():
            entry = self.vm.read_bytes(self.RING + 64 * self.head, 64)
            return entry if entry[4] & 1 else None

        entry = wait_for(event, seconds)
        if not entry:
            return None
        self.head += 1
        self.vm.set_reg(AENQ_HEAD_DB, self.DEPTH + self.head)
        return struct.unpack_from("<HH", entry) + (entry[16:],)


def aim_vector(vm, vector, addr, data):
    """Enable MSI-X, with @vector's message a write of @data to @addr."""
    entry = BAR1 + 16 * vector
    vm.write(entry, addr & 0xFFFFFFFF)
    vm.write(entry + 4, addr >> 32)
    vm.write(entry + 8, data)
    vm.write(entry + 12, 0)
    vm.set_config(MSIX_AT + 2, 0x8000, 2)
