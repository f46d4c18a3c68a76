#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The program "openena" on the monitor of a QEMU with an adapter. TAP on stdout."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request

from adapter import MTU, SET_FEATURE, AdminQueue
from tap import ROOT, equal, main, test

PROGRAM = os.path.join(ROOT, "build", "tools", "bin", "openena")


def openena(vm, *words, status=0):
    """What it prints: on standard output, or with a status of 2 on standard error."""
    done = subprocess.run([PROGRAM, *words, "--qmp", vm.qmp_path], capture_output=True, text=True,
                          timeout=30, check=False)
    equal(done.returncode, status, f"exit status of {' '.join(words)}: {done.stderr}")
    return done.stderr if status == 2 else done.stdout


@test
def history_and_state(setup):
    with setup.run() as vm:
        vm.map()
        admin = AdminQueue(vm)
        admin.submit(SET_FEATURE, MTU, (10).to_bytes(4, "little"))
        admin.create_queue(True, 256, 1)
        said = openena(vm, "events")
        assert "command-refused" in said and "MTU" in said, said
        told = json.loads(openena(vm, "events", "all", "--json"))
        equal(set(told), {"history", "refusals", "counters", "drops", "queues", "resets", "control",
                          "settings", "driver", "debug-area", "faults"}, "the sections")
        equal(told["queues"][0]["depth"], 256, "depth of the queue")
        assert "stopped" not in openena(vm, "events", "queues"), "a queue is stopped"
        openena(vm, "events", "all")


@test
def faults_set_struck_and_cleared(setup):
    with setup.run() as vm:
        vm.map()
        admin = AdminQueue(vm)
        said = openena(vm, "inject", "admin-refused,status=7,count=1", "--id", "eth")
        equal(said, "eth: admin-refused,status=7,count=1 hits=0 seen=0\n", "the fault that is set")
        equal(admin.submit(SET_FEATURE, MTU, (1500).to_bytes(4, "little")), 7, "status")
        equal(json.loads(openena(vm, "inject", "--json")),
              {"adapter": "eth", "faults": ["admin-refused,status=7,count=1 hits=1 seen=1"]},
              "after it struck")
        equal(openena(vm, "inject", "--clear"), "eth: no fault is set\n", "after clearing")


@test
def what_the_adapter_refuses(setup):
    with setup.run() as vm:
        said = openena(vm, "inject", "slow", "--id", "nic7", status=2)
        assert 'no adapter "nic7"; the nearest is eth' in said, said
        faults = [f"interrupt-lost,vector={vector}" for vector in range(16)]
        openena(vm, "inject", *faults)
        said = openena(vm, "inject", "slow", status=2)
        assert "16" in said, said


@test
def metrics_over_http(setup):
    with setup.run() as vm:
        vm.map()
        process = subprocess.Popen([PROGRAM, "export", "--port", "0", "--qmp", vm.qmp_path],
                                   stderr=subprocess.PIPE, text=True)
        try:
            address = process.stderr.readline().split()[-1]
            assert address.startswith("http://127.0.0.1:"), address
            with urllib.request.urlopen(address, timeout=20) as answer:
                kind, text = answer.headers["Content-Type"], answer.read().decode()
            assert kind.startswith("application/openmetrics-text; version=1.0.0"), kind
            assert f'openena_machine_up{{machine="{vm.qmp_path}"}} 1\n' in text, text
            assert 'adapter="eth",direction="tx"} 0\n' in text and text.endswith("# EOF\n"), text
            try:
                urllib.request.urlopen(address, b"x" * 5000, timeout=20)
                raise AssertionError("it was answered")
            except urllib.error.HTTPError as error:
                equal(error.code, 413, "status of a request that is too long")
            second = subprocess.run([PROGRAM, "export", "--port", address.split(":")[2].split("/")[0]],
                                    capture_output=True, text=True, timeout=20, check=False)
            equal(second.returncode, 2, "a second one at the same port")
            assert "Address already in use" in second.stderr, second.stderr
        finally:
            process.terminate()
        equal(process.wait(20), 0, "exit status after SIGTERM")
        process.stderr.close()


if __name__ == "__main__":
    sys.exit(main(__doc__))
