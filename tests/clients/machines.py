#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""openena run: a guest with Linux's ena and the adapter of an instance type. TAP on stdout."""

import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "qemu"))
from tap import equal, main, test  # noqa: E402

PROGRAM = os.path.join(ROOT, "build", "tools", "bin", "openena")
SECONDS = 120


def openena(state, *words, said=None):
    """What it prints."""
    done = subprocess.run([PROGRAM, *words], input=said or "", capture_output=True, text=True,
                          timeout=SECONDS, check=False, env={**os.environ, "XDG_STATE_HOME": state})
    equal(done.returncode, 0, f"exit status of {' '.join(words)}: {done.stderr}")
    return done.stdout


def wait_for_shell(state, name):
    deadline = time.monotonic() + SECONDS
    while "You are root in the guest" not in openena(state, "console", name, "--log"):
        assert time.monotonic() < deadline, openena(state, "console", name, "--log")
        time.sleep(0.5)


@test
def two_machines_on_a_private_segment(_):
    with tempfile.TemporaryDirectory(prefix="openena-") as state:
        try:
            common = ("--detach", "--driver", "ena", "--network", f"private:{os.getpid() % 999 + 1}",
                      "--memory", "512M")
            openena(state, "run", "one", "--instance-type", "c5n.large", *common)
            openena(state, "run", "two", "--address", "192.168.77.2", *common)
            equal([machine["running"] for machine in json.loads(openena(state, "list", "--json"))],
                  [True, True], "both run")
            for name in ("one", "two"):
                wait_for_shell(state, name)
            said = openena(state, "console", "one", "--quiet", "6000",
                           said="ethtool -i eth0; ethtool -l eth0; ping -c 2 192.168.77.2\n")
            assert "driver: ena" in said and " 2 received" in said, said
            told = json.loads(openena(state, "events", "counters", "driver", "--vm", "two", "--json"))
            equal(told["driver"]["os"], "Linux", "the guest's system")
            assert told["counters"]["rx-packets"] >= 2, told["counters"]
        finally:
            openena(state, "stop", "--all")
        equal(json.loads(openena(state, "list", "--json")), [], "machines left")


if __name__ == "__main__":
    sys.exit(main(__doc__))
