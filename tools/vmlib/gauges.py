# SPDX-License-Identifier: GPL-2.0-or-later
"""What benchmarks read about QEMU from outside: its time, and the instructions of its guest."""

import array
import os
import subprocess
import time

from . import TOP, script


def build_counter(version, directory, name="instructions"):
    """Builds a plugin that counts, tests/bench/NAME.c; returns its path."""
    headers = script("qemu-headers", version)
    path = os.path.join(directory, f"{name}.so")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "glib-2.0"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.split()
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wno-unused-parameter", "-fPIC",
                    "-shared", "-fvisibility=hidden", "-isystem", f"{headers}/include/qemu", "-o", path,
                    os.path.join(TOP, "tests", "bench", f"{name}.c"), *flags], check=True)
    return path


class Gauges:
    """What can be read about QEMU from outside: its processor time, the guest's instructions."""

    def __init__(self, pid_file, count_file):
        self.pid_file, self.count_file = pid_file, count_file

    def read(self):
        """The present values, by name; instructions is a number for each processor of the guest."""
        with open(self.pid_file, encoding="ascii") as source:
            pid = int(source.read())
        with open(f"/proc/{pid}/stat", encoding="ascii") as source:
            fields = source.read().rpartition(")")[2].split()
        values = {"seconds": time.monotonic(),
                  "qemu_seconds": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")}
        if self.count_file:
            with open(self.count_file, "rb") as source:
                counts = array.array("Q", source.read())
            for processor in (0, 1):
                values[f"instructions{processor}"] = counts[processor]
                values[f"nested_instructions{processor}"] = counts[len(counts) // 2 + processor]
        return values
