# SPDX-License-Identifier: GPL-2.0-or-later
"""Which functions of the first guest's kernel a packet costs that goes to a guest of the guest and back."""

import time

from . import profile

WORK, IDLE = "latency", ("idle", "idle_after")
# What runs because time passes: the idle loop, the clock's interrupt and what hangs on it.
TIME = ("default_idle", "do_idle", "cpuidle", "cpu_idle", "arch_cpu_idle", "acpi_idle", "acpi_safe_halt", "tick_",
        "hrtimer", "__hrtimer", "ktime_get", "clockevents", "lapic_next", "sysvec_apic_timer", "__sysvec_apic_timer",
        "update_process_times", "rcu_", "scheduler_tick", "sched_tick", "run_posix_cpu", "timekeeping",
        "update_wall_time", "run_timer", "__run_timer", "menu_", "haltpoll", "sched_idle", "get_next_timer", "get_nohz",
        "nohz_", "timer_", "read_tsc", "native_sched_clock", "sched_clock", "calc_", "perf_event_task_tick")


def of_time(name):
    """Whether a function is one that an idle machine runs for itself."""
    return name.startswith(TIME)


class NestedProfile:
    """What functions execute for a packet, by network."""

    SHOWN = 20

    def __init__(self, path):
        self.path, self.packed, self.failures = path, "", []
        self.begun = None
        self.spans = {}  # (network, measurement): blocks before and after, seconds
        self.packets = {}

    def symbols(self, part):
        """Takes a part of the guest's table of symbols."""
        self.packed += part

    def line(self, kind, network, _round, what, rest):
        """Takes a line of the guest."""
        if kind == "failed":
            self.failures.append(f"{network}, {what}: {rest}")
        elif kind == "mark" and rest == "begin":
            self.begun = time.monotonic(), profile.read_blocks(self.path)
        elif kind == "mark":
            self.spans[network, what] = (self.begun[1], profile.read_blocks(self.path),
                                         time.monotonic() - self.begun[0])
        elif what == WORK and rest.startswith("packets "):
            self.packets[network] = int(rest.split()[1])

    def rates(self, symbols, network, what):
        """Instructions of processor 0 in a second, by function and module."""
        begun, ended, seconds = self.spans[network, what]
        rows = profile.by_function(symbols, begun, ended, [1] * profile.PROCESSORS)[0]
        return {(name, module): count / seconds for name, module, count in rows}

    def functions(self):
        """By network [function, module, instructions for a packet], most first, without those of time and idleness."""
        symbols = profile.Symbols(self.packed)
        found = {}
        for network, packets in self.packets.items():
            seconds = self.spans[network, WORK][2]
            idle = [self.rates(symbols, network, what) for what in IDLE]
            rows = []
            for (name, module), rate in self.rates(symbols, network, WORK).items():
                waiting = sum(each.get((name, module), 0) for each in idle) / len(idle)
                count = (rate - waiting) * seconds / packets
                if not of_time(name):
                    rows.append([name, module, count])
            found[network] = {"packets": packets, "seconds": seconds,
                              "functions": sorted(rows, key=lambda row: -row[2])}
        return found


def by_module(rows):
    """Instructions for a packet by module, most first."""
    sums = {}
    for _name, module, count in rows:
        sums[module] = sums.get(module, 0) + count
    return sorted(sums.items(), key=lambda item: -item[1])


def report(found):
    """What modules and functions execute for a packet, as lines of text."""
    lines = []
    for network, result in found.items():
        rows = result["functions"]
        lines.append(f"{network}: {result['packets']} packets in {result['seconds']:.1f} s; instructions for each,"
                     " beyond those of an idle machine")
        lines += [f"{count:10.0f}  {module}" for module, count in by_module(rows) if abs(count) >= 1]
        lines += [f"{count:10.0f}  {name} [{module}]" for name, module, count in rows[:NestedProfile.SHOWN]]
    return lines
