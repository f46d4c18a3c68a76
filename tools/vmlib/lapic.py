# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether the emulator, not the guest, has lost an interrupt.

QEMU 10.0.2 was seen, rarely, to leave an emulated processor halted and idle with the local APIC's
timer interrupt still in service: its end was lost. That processor gets no interrupt of the timer's
priority or below any more, and Linux reports an RCU stall. No adapter was involved: it was seen in
a guest without one.
"""

import re
import time


def lost_timer(qmp, cpus):
    """A sentence that names the processor, or None. Looks twice, a second apart."""
    first = _stuck(qmp, cpus)
    if not first:
        return None
    time.sleep(1)
    still = first & _stuck(qmp, cpus)
    if not still:
        return None
    return f"the emulator lost the end of a timer interrupt: it is in service on idle CPU {min(still)}"


def _stuck(qmp, cpus):
    """The processors that are halted while their timer's interrupt is in service."""
    registers = _ask(qmp, "info registers -a")
    halted = dict(re.findall(r"CPU#(\d+).*?HLT=(\d)", registers, re.S))
    stuck = set()
    for cpu in range(cpus):
        text = _ask(qmp, f"info lapic {cpu}")
        timer = re.search(r"LVTT\s.*\(vec (\d+)\)", text)
        in_service = re.search(r"ISR\s+(.*)", text)
        if timer and in_service and halted.get(str(cpu)) == "1" and \
                timer[1] in re.findall(r"\d+", in_service[1]):
            stuck.add(cpu)
    return stuck


def _ask(qmp, line):
    """What QEMU's human monitor answers."""
    return qmp.execute("human-monitor-command", **{"command-line": line})
