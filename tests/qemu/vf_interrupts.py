#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Interrupts of virtual functions that live again and again: each arrives once. TAP on stdout."""

import sys
import time

from adapter import BAD_OPCODE, FLR, INTR_MASK, MSIX_AT, PCIE_AT
from functions import (BAR1_SIZE, CONTROL, MSIX_ENABLE, PF_ADDRESS, UNMASK, VF_BAR1, frame, functions,
                       made_mac, vf_paths)
from qtest import COMMAND, MASTER, MEMORY
from tap import equal, main, test

ENABLE, MASK_ALL = MSIX_ENABLE, 0x4000
LIVES = 60


class Vectors:
    """MSI-X of virtual function @number. Each message is a write of its own to @function's window."""

    def __init__(self, adapter, number, function):
        self.vm, self.function = adapter.vm, function
        self.control = adapter.vf_config(number) + MSIX_AT + 2
        self.table = VF_BAR1 + BAR1_SIZE * number
        self.path = vf_paths(self.vm)[number]

    def place(self, vector):
        return self.function.window + 0x800 + 8 * vector

    def aim(self, vector, data, masked=False):
        for at, word in ((0, self.place(vector)), (4, 0), (8, data), (12, int(masked))):
            self.vm.write(self.table + 16 * vector + at, word)
        self.forget(vector)

    def mask(self, vector, masked):
        self.vm.write(self.table + 16 * vector + 12, int(masked))

    def set(self, control):
        self.vm.write(self.control, control, 2)

    def forget(self, vector):
        self.vm.write(self.place(vector), 0)

    def message(self, vector, seconds=5):
        """The data of the message that has come, or 0."""
        end = time.monotonic() + seconds
        while True:
            data = self.vm.read(self.place(vector))
            if data or time.monotonic() > end:
                return data

    def told(self, vector):
        """What the adapter says of it."""
        return self.vm.qmp("qom-get", path=self.path, property="vectors")["return"][vector]


def off_then_on(vectors, _, complete):
    vectors.set(0)
    complete()
    return lambda: vectors.set(ENABLE)


def all_masked(vectors, _, complete):
    vectors.set(ENABLE | MASK_ALL)
    complete()
    return lambda: vectors.set(ENABLE)


def one_masked(vectors, vector, complete):
    vectors.set(ENABLE)
    vectors.mask(vector, True)
    complete()
    return lambda: vectors.mask(vector, False)


def both_masked(vectors, vector, complete):
    vectors.set(ENABLE | MASK_ALL)
    vectors.mask(vector, True)
    complete()
    vectors.set(ENABLE)
    return lambda: vectors.mask(vector, False)


def by_register(vectors, vector, complete):
    """The adapter's own mask, of the management vector alone."""
    vectors.set(ENABLE)
    if vector:
        return one_masked(vectors, vector, complete)
    vectors.function.set_reg(INTR_MASK, 1)
    complete()
    return lambda: vectors.function.set_reg(INTR_MASK, 0)


WAYS = (off_then_on, all_masked, one_masked, both_masked, by_register)


def flr(adapter, number):
    adapter.vm.write(adapter.vf_config(number) + PCIE_AT + 8, FLR, 2)
    adapter.vm.write(adapter.vf_config(number) + COMMAND, MEMORY | MASTER, 2)


def arrives_once(vectors, vector, way, data, complete):
    """Held back by @way, a completion's message comes when that ends, and comes once."""
    vectors.aim(vector, data)
    release = way(vectors, vector, complete)
    equal(vectors.message(vector, 0), 0, f"a message though {way.__name__}")
    release()
    equal(vectors.message(vector), data, f"the message after {way.__name__}: {vectors.told(vector)}")
    vectors.forget(vector)
    equal(vectors.message(vector, 0), 0, "a second message")
    assert not vectors.told(vector)["pending"], "its pending bit is still set"


def live(vectors, function, way, data):
    """A driver's life: commands, and a packet, each with its interrupt."""
    admin = function.admin()

    def command():
        equal(admin.submit(0xFF), BAD_OPCODE, "status of a command")

    arrives_once(vectors, 0, way, data, command)
    before = vectors.told(0)["messages"]
    command()
    equal(vectors.message(0), data, "the message of a command when nothing holds it back")
    equal(vectors.told(0)["messages"], before + 1, "messages that were due")
    sender = function.transmit_queue(1, admin)
    function.set_reg(sender.unmask, UNMASK)
    arrives_once(vectors, 1, way, data + 1,
                 lambda: sender.send(frame(PF_ADDRESS, made_mac(0))) or sender.completed(1))
    sender.send(frame(PF_ADDRESS, made_mac(0)))
    sender.completed(2)
    equal(vectors.message(1, 0), 0, "a message of a vector that is not armed")
    function.set_reg(sender.unmask, UNMASK)
    equal(vectors.message(1), data + 1, "the message of what was completed before it was armed")


@test
def each_interrupt_of_each_life_arrives(setup):
    with setup.run("sriov-vfs=2,queues=2,llq=off,mac=" + PF_ADDRESS) as vm:
        adapter, all_functions = functions(vm)
        for life in range(LIVES):
            number, way = life % 2, WAYS[life % len(WAYS)]
            function = all_functions[1 + number]
            vectors = Vectors(adapter, number, function)
            live(vectors, function, way, 0x100 + 2 * life)
            # It ends in the middle: something is pending that nobody will be told.
            vectors.set(ENABLE | MASK_ALL)
            function.reset()
            equal(function.admin().submit(0xFF), BAD_OPCODE, "status of the last command")
            assert vectors.told(0)["pending"], "nothing is pending"
            if life % 3:
                flr(adapter, number)
            else:
                adapter.write(CONTROL, 0)
                adapter.enable(2)
            assert not vectors.told(0)["pending"], "pending in the next life"
            vectors.aim(0, 0xBAD)
            vectors.set(ENABLE)
            equal(vectors.message(0, 0), 0, "a message of the life before")


@test
def a_neighbour_that_goes_takes_no_interrupt_along(setup):
    with setup.run("sriov-vfs=2,queues=2,llq=off,mac=" + PF_ADDRESS) as vm:
        adapter, (_, other, function) = functions(vm)
        vectors = Vectors(adapter, 1, function)
        vectors.aim(0, 0x77)
        vectors.set(ENABLE | MASK_ALL)
        admin = function.admin()
        equal(admin.submit(0xFF), BAD_OPCODE, "status of a command")
        other.reset()
        flr(adapter, 0)
        vectors.set(ENABLE)
        equal(vectors.message(0), 0x77, f"the message that was pending: {vectors.told(0)}")


if __name__ == "__main__":
    sys.exit(main(__doc__))
