# SPDX-License-Identifier: GPL-2.0-or-later
"""Selftests in a guest, as tasks of scripts/check."""

import os
import re
import shlex
import subprocess
import time

from check_tasks import LOGS, SUB_RESULT, TOP, Result, Task, command, parse_tap

# The first kernel of scripts/vm-kernel has all selftests. On the others: where their interfaces
# differ for our driver, what every foreign driver has to do, and what only that kernel can.
ELSEWHERE = {
    ("openena", "6.1"): ("guest/smoke.sh", "ena_probe.sh", "ping.sh", "queues.sh", "module.sh"),
    ("ena", "6.1"): ("guest/smoke.sh", "ena_probe.sh", "ping.sh", "link.sh", "queues.sh", "rings.sh",
                     "rss.sh", "iperf.sh", "reset.sh", "module.sh"),
    # Debian 13's newest kernel, whose driver for the adapter is the newest there is.
    ("openena", "newest"): ("guest/smoke.sh", "ena_probe.sh", "ping.sh", "queues.sh", "rss.sh", "phc.sh",
                            "module.sh"),
    ("ena", "newest"): ("guest/smoke.sh", "ena_probe.sh", "ping.sh", "queues.sh", "phc.sh", "reset.sh",
                        "module.sh"),
}
# A hundred reloads once is enough.
RELOADS_ELSEWHERE = 5
RELOADS_IN_SUITE = 20
# How long all that can be changed is changed at once there, times three on an emulated processor.
STRESS_S = 60
# What looks at the adapter alone is run once, too: with the driver nobody here wrote.
OF_THE_ADAPTER = ("allowance.sh",)
# Kernels that look after their memory, by the name that whole_suite() has for them, and how: that of
# scripts/debug-kernel, whose KASAN quarantines what is freed, so that it needs no poison but of pages, and
# goes on after a finding; and Debian's with those checks that it has and that are off by default. There freed
# memory is poisoned and looked at before it is used again, each block of it lies between red zones, no
# cache shares memory with another; KFENCE puts a block between pages that nobody may touch every 10 ms.
# The IOMMU forgets at once what is unmapped.
CHECKING = {
    "debug": ("page_poison=1", "iommu.strict=1", "kasan_multi_shot"),
    "stock": ("slab_debug=FZPU", "slab_nomerge", "page_poison=1", "kfence.sample_interval=10", "iommu.strict=1"),
}


def selftests(driver, some=None):
    """Some selftests for a driver, or all that TEST_PROGS of selftests/Makefile names."""
    return [f"selftests/{name}" for name in some or ["guest/smoke.sh", *listed("TEST_PROGS")]
            if not (driver == "openena" and name in OF_THE_ADAPTER)]


def listed(variable):
    """The words of a variable of selftests/Makefile."""
    with open(os.path.join(TOP, "selftests", "Makefile"), encoding="utf-8") as source:
        text = source.read().replace("\\\n", " ")
    return " ".join(re.findall(rf"^{variable}\s*[:+]?=\s*(.*)$", text, re.M)).split()


def machine_of(test):
    """The options of tools/openena-vm that a selftest needs, which its head says after "# machine:"."""
    with open(os.path.join(TOP, test), encoding="utf-8") as source:
        said = re.search(r"^# machine: (.*)$", source.read(), re.M)
    return shlex.split(said[1]) if said else []


class GuestReport:
    """Turns the lines of tools/openena-vm test into results."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.results = []
        self.inner = []
        self.start = time.monotonic()
        self.bailed = None

    def line(self, line):
        """Takes the next line."""
        if line.startswith("# "):
            self.inner.append(line[2:])
        elif line.startswith("Bail out!"):
            console = [said for said in self.inner if said.startswith("console: ")]
            self.bailed = "\n".join([line, *console])
        elif re.match(r"(not )?ok \d", line):
            self.test_ended(line)

    def test_ended(self, line):
        """Takes the line that ends a test."""
        verdict, test, directive = SUB_RESULT.match(line).groups()
        name = f"{self.prefix}: {test.removeprefix('selftests/')}"
        results = parse_tap(self.inner, name)
        if verdict == "not ok" and not any(result.status == "failed" for result in results):
            dmesg = [said for said in self.inner if re.match("dmesg|set-up|teardown", said)]
            results.append(Result(name, "failed", detail="\n".join(
                [*(dmesg or self.inner)[-25:], directive or "it failed"])))
        if not results:
            skipped = (directive or "").startswith("SKIP")
            results.append(Result(name, "skipped" if skipped else "passed"))
        now = time.monotonic()
        results[-1].seconds = now - self.start
        self.start = now
        self.inner = []
        self.results += results


def run_guest(title, name, *arguments):
    """Runs selftests in a guest; the arguments are those of tools/openena-vm test."""
    def run():
        report, status, said = boot(title, name, arguments)
        if status == os.EX_TEMPFAIL:
            print(f"note: {title} is begun again, once: {report.bailed}", flush=True)
            report, status, said = boot(title, name, arguments)
        failed = any(result.status == "failed" for result in report.results)
        if report.bailed or (status and not failed):
            report.results.append(Result(f"{report.prefix}: the run", "failed",
                                         detail=report.bailed or "\n".join(said[-25:])))
        return report.results
    return run


def boot(title, name, arguments):
    """One guest; its report, its exit status (EX_TEMPFAIL: the emulator went wrong), its lines."""
    report = GuestReport(title)
    with open(os.path.join(LOGS, f"{name}.log"), "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            ["tools/openena-vm", "test", "--name", f"check/{name}", "--timeout", "1500", *arguments],
            cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace")
        said = []
        for line in process.stdout:
            log.write(line)
            log.flush()
            said.append(line.rstrip())
            report.line(line.rstrip())
        return report, process.wait(), said


def run_vm(driver, series, some=None):
    """Runs the selftests, or some of them, on one driver and one kernel."""
    once = driver == "openena" and not some
    environment = [] if once else ["--test-env", f"RELOADS={RELOADS_ELSEWHERE}"]
    # One guest for all: the third adapter of xdp.sh is in nobody's way.
    machine = [] if some else machine_of("selftests/xdp.sh")
    return run_guest(f"vm {driver} {series}", f"vm-{driver}-{series}", "--driver", driver,
                     "--kver", series, *machine, *environment, *selftests(driver, some))


def build_module(series):
    """Builds the driver for one kernel."""
    def run():
        command(f"module-{series}.log", "bash", "-c",
                f"release=$(scripts/vm-kernel get {series}) && scripts/build-module $release")
        return []
    return run


def build_newest_module():
    """Builds the driver for the newest kernel, which this machine's compiler is too old for."""
    log = "module-newest.log"
    command(log, "scripts/build-module-newest")
    with open(os.path.join(LOGS, log), encoding="utf-8", errors="replace") as source:
        release = source.read().split()[-1]
    return [Result(f"vm: openena.ko builds for Linux {release}", "passed")]


def release_of(kernel):
    """The release of a kernel by whole_suite()'s name for it."""
    get = {"debug": ["scripts/debug-kernel"], "stock": ["scripts/vm-kernel", "get", "6.12"]}
    return subprocess.run(get.get(kernel, ["scripts/vm-kernel", "get", kernel]), check=True, cwd=TOP, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE).stdout.strip()


def build_for(kernel):
    """Builds the driver for a kernel, and the kernel if it is the one that is not Debian's: half an hour."""
    def run():
        if kernel == "debug":
            command("kernel-debug.log", "scripts/debug-kernel", timeout=7200)
        if kernel == "newest":
            return build_newest_module()
        command(f"module-{kernel}.log", "scripts/build-module", release_of(kernel))
        return []
    return run


def run_suite(title, kernel, machine, tests):
    """Runs selftests on a kernel in a guest with these options."""
    def run():
        checks = [f"--kernel-arg={check}" for check in CHECKING.get(kernel, ())]
        return run_guest(title, title.replace(" ", "-"), "--driver", "openena", "--kver", release_of(kernel),
                         "--memory", "2G", *(["--iommu"] if checks else []), *checks, "--timeout", "14400",
                         "--test-env", f"RELOADS={RELOADS_IN_SUITE}", "--test-env", f"DURATION={STRESS_S}",
                         *machine, *tests)()
    return run


def whole_suite(kernel, tests):
    """Tasks: all selftests of our driver, or those given, on one kernel; a guest for each kind of machine."""
    build = Task(f"build for {kernel}", build_for(kernel), ["build plugin"])
    tasks = [build]
    machines = {}
    for test in tests or [*selftests("openena"), *(f"selftests/{name}" for name in listed("TEST_PROGS_EXTENDED"))]:
        machines.setdefault(tuple(machine_of(test)), []).append(test)
    for machine, some in machines.items():
        title = f"guest {kernel}"
        if machine:
            title += " " + os.path.basename(some[0]).removesuffix(".sh")
        tasks.append(Task(title, run_suite(title, kernel, machine, some),
                          [build.name, "build tools", "root file system"]))
    return tasks
