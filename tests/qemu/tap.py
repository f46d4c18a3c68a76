# SPDX-License-Identifier: GPL-2.0-or-later
"""Collects the tests of a program and runs them on the plugin. TAP on stdout, 1 on failure."""

import argparse
import os
import re
import subprocess
import sys

from qtest import Qemu

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

tests = []


def test(function):
    tests.append(function)
    return function


class Skip(Exception):
    """The test does not apply."""


def equal(got, wanted, what):
    if got != wanted:
        show = (lambda v: f"{v:#x}" if isinstance(v, int) else repr(v))
        raise AssertionError(f"{what}: {show(got)}, expected {show(wanted)}")


class Setup:
    """The QEMU under test, and the plugin unless the adapter is built in; each test gets it."""

    def __init__(self, qemu, version, plugin):
        self.qemu, self.version, self.plugin = qemu, version, plugin

    def run(self, device="", **more):
        return Qemu(self.qemu, self.plugin, device, **more)

    def need_plugin(self):
        if not self.plugin:
            raise Skip("the adapter is built in")

    def fails(self, device, plugin=None):
        """Start with @device; the message with which QEMU refuses."""
        command = [self.qemu, "-M", "q35", "-accel", "tcg", "-S", "-nodefaults", "-display", "none",
                   "-device", device]
        if plugin or self.plugin:
            command += ["-plugin", plugin or self.plugin]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=30, check=False)
        equal(done.returncode, 1, f"exit status with {device}: {done.stderr}")
        return done.stderr


def find_setup(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--qemu", default="qemu-system-x86_64")
    parser.add_argument("--built-in", action="store_true",
                        help="BINARY has the adapter (scripts/qemu-overlay)")
    parser.add_argument("plugin", nargs="?", help="default: what scripts/build-plugin makes")
    args = parser.parse_args()
    said = subprocess.run([args.qemu, "--version"], capture_output=True, text=True,
                          check=True).stdout
    version = re.match(r"QEMU emulator version ([\d.]+)", said).group(1)
    if args.built_in:
        return Setup(args.qemu, version, None)
    plugin = args.plugin or os.path.join(ROOT, "build/plugin", version, "openena-qemu.so")
    if not os.path.exists(plugin):
        sys.exit(f"{plugin} does not exist; make it with scripts/build-plugin")
    return Setup(args.qemu, version, os.path.abspath(plugin))


def main(description):
    setup = find_setup(description)
    print(f"TAP version 14\n1..{len(tests)}", flush=True)
    failed = 0
    for number, function in enumerate(tests, 1):
        name = function.__name__.replace("_", " ")
        try:
            function(setup)
            print(f"ok {number} - {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except (AssertionError, subprocess.SubprocessError, OSError) as error:
            failed += 1
            print(f"not ok {number} - {name}")
            print("".join(f"# {line}\n" for line in str(error).splitlines()), end="", flush=True)
    return 1 if failed else 0
