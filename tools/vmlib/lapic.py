# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the emulator, not the guest, has lost an interrupt.

QEMU 10.0.2 was seen, rarely, to leave an emulated processor halted and idle with an interrupt of its
local APIC still in service, the timer's: its end was lost. That processor gets no interrupt of that
priority or below any more, the adapter's included, and Linux reports an RCU stall. No adapter was
involved: it was seen in a guest without one.

Linux halts a processor when nothing is in service, and with interrupts enabled; one that is
requested then wakes it. So neither can last.
"""

import re
import time

ENABLED = 0x200  # interrupts, in EFLAGS


def lost_interrupt(qmp, cpus):
    """A sentence that names processor and interrupt, or None. Looks twice, a second apart."""
    first = _stuck(qmp, cpus)
    if not first:
        return None
    time.sleep(1)
    still = first & _stuck(qmp, cpus)
    if not still:
        return None
    cpu, state, vector = min(still)
    return f"the emulator lost an interrupt: {vector} is {state} on idle CPU {cpu}"


def _stuck(qmp, cpus):
    """(processor, state, interrupt) for each that is halted nevertheless."""
    idle = {int(cpu) for cpu, flags, halted in
            re.findall(r"CPU#(\d+).*?FL=([0-9a-f]+).*?HLT=(\d)", _ask(qmp, "info registers -a"), re.S)
            if halted == "1" and int(flags, 16) & ENABLED}
    stuck = set()
    for cpu in idle & set(range(cpus)):
        text = _ask(qmp, f"info lapic {cpu}")
        for register, state in (("ISR", "in service"), ("IRR", "requested")):
            found = re.search(rf"^{register}\s+(.*)", text, re.M)
            stuck |= {(cpu, state, vector) for vector in re.findall(r"\d+", found[1] if found else "")}
    return stuck


def _ask(qmp, line):
    """What QEMU's human monitor answers."""
    return qmp.execute("human-monitor-command", **{"command-line": line})
