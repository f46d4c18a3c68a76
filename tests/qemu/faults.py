#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The adapter is broken on purpose, over QMP and on the command line. TAP on stdout."""

import sys

from adapter import AdminQueue, REG_CAPS, point_response_at, readless
from qtest import RAM
from tap import equal, main, test

ADAPTER = "/machine/peripheral/eth"
CREATE_CQ, BUSY, ILLEGAL_PARAMETER = 3, 7, 5


def faults(vm):
    return vm.qmp("qom-get", path=ADAPTER, property="faults")["return"]


def inject(vm, text):
    """The sentence with which it is refused; None if it was done."""
    answer = vm.qmp("qom-set", path=ADAPTER, property="inject", value=text)
    return answer["error"]["desc"] if "error" in answer else None


@test
def set_read_back_and_cleared(setup):
    with setup.run() as vm:
        vm.map()
        admin = AdminQueue(vm)
        equal(faults(vm), [], "faults at start")
        equal(inject(vm, "admin-refused,opcode=3,status=7,count=1;interrupt-lost"), None, "setting two")
        equal(admin.submit(CREATE_CQ), BUSY, "status of the refused command")
        equal(admin.submit(CREATE_CQ), ILLEGAL_PARAMETER, "status of the next")
        equal(faults(vm), ["admin-refused,opcode=3,status=7,count=1 hits=1 seen=1",
                           "interrupt-lost hits=2 seen=2"], "faults and their hits")
        equal(inject(vm, "none"), None, "clearing")
        equal(faults(vm), [], "faults after none")


@test
def a_wrong_text_is_refused(setup):
    with setup.run() as vm:
        said = inject(vm, "admin-lots")
        assert said and said.startswith('there is no fault "admin-lots"; the nearest is admin-lost.'), said
        assert said.endswith("reset-request"), f"not all faults are named: {said}"
        said = inject(vm, "slow,delay=5")
        assert said and "delay=5: must be a time" in said, said
        equal(faults(vm), [], "faults after what was refused")


@test
def a_register_that_does_not_answer(setup):
    with setup.run() as vm:
        vm.map()
        point_response_at(vm, RAM)
        inject(vm, "register-lost,count=1")
        equal(readless(vm, 1, REG_CAPS, seconds=0.2), None, "answer of the first read")
        assert readless(vm, 2, REG_CAPS), "no answer of the second read"


@test
def from_the_start(setup):
    with setup.run("inject=register-ones,,register=8,,count=1,fault-seed=3") as vm:
        vm.map()
        equal(vm.reg(REG_CAPS), 0xFFFFFFFF, "the first read")
        assert vm.reg(REG_CAPS) != 0xFFFFFFFF, "the second read"


@test
def a_wrong_text_at_the_start_ends_qemu(setup):
    said = setup.fails("ena,inject=slow,,delai=1s")
    assert 'slow has no option "delai"; it has count, every, per-million, delay' in said, said


if __name__ == "__main__":
    sys.exit(main(__doc__))
