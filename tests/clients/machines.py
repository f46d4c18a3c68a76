#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""openena run: a guest with Linux's ena and the adapter of an instance type. TAP on stdout."""

import json
import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "qemu"))
import program  # noqa: E402
from tap import equal, main, test  # noqa: E402

SECONDS = 120


class Place(program.Place):
    SECONDS = SECONDS


def wait_for_shell(there, name):
    deadline = time.monotonic() + SECONDS
    while "You are root in the guest" not in there.openena("console", name, "--log"):
        assert time.monotonic() < deadline, there.openena("console", name, "--log")
        time.sleep(0.5)


@test
def two_machines_on_a_private_segment(_):
    with program.place(Place) as there:
        common = ("--detach", "--driver", "ena", "--network", f"private:{os.getpid() % 999 + 1}",
                  "--memory", "512M")
        there.openena("run", "one", "--instance-type", "c5n.large", *common)
        there.openena("run", "two", "--address", "192.168.77.2", *common)
        equal([machine["running"] for machine in json.loads(there.openena("list", "--json"))],
              [True, True], "both run")
        for name in ("one", "two"):
            wait_for_shell(there, name)
        said = there.openena("console", "one", "--quiet", "6000",
                             said="ethtool -i eth0; ethtool -l eth0; ping -c 2 192.168.77.2\n")
        assert "driver: ena" in said and " 2 received" in said, said
        told = json.loads(there.openena("events", "counters", "driver", "--vm", "two", "--json"))
        equal(told["driver"]["os"], "Linux", "the guest's system")
        assert told["counters"]["rx-packets"] >= 2, told["counters"]
        there.openena("stop", "--all")
        equal(json.loads(there.openena("list", "--json")), [], "machines left")


if __name__ == "__main__":
    sys.exit(main(__doc__))
