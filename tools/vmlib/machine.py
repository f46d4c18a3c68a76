# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of the test VM: QEMU's command line, its processes, and the watch over its serial ports."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from . import BUILD, IN_TREE, UserError, lapic, migration, monitor, remedy, stall, tsc

# What a kernel prints when something is badly wrong, whoever is to blame.
COMPLAINT = re.compile(r"Kernel panic|Oops[: ]|BUG: |WARNING: |general protection fault|"
                       r"INFO: task .* blocked|rcu: INFO: .*stall|"
                       r"refcount_t: |list_(add|del) corruption|double fault|"
                       r"BUG [-\w:]+ \(|pagealloc: memory corruption|DMAR: .*fault|stalled pool shutdown|"
                       r"UBSAN: |kmemleak: \d+ new suspected|unregister_netdevice: waiting")
PANIC = re.compile(r"Kernel panic|Attempted to kill init")

QUIT_SECONDS = 10
# A guest that says nothing for so long, not even its heartbeat, hangs.
SILENCE_SECONDS = 180
# What a guest says, or no longer says, of which the emulator may be the cause.
STALL = re.compile(r"rcu: INFO: .*stall|soft lockup")
# How QEMU 10.0.2 was seen to end, once, before the guest's kernel had looked for PCI devices: its
# emulated processor's table of translations does not agree with the memory map.
EMULATOR_ABORT = re.compile(r"iotlb_to_section: Assertion")
# Of both drivers, when a command was carried out and nothing told them.
NO_INTERRUPT = re.compile(r"receive a MSI-X interrupt|without its interrupt")

# Of the console's lines, so many are shown from the first complaint on, and as many at the end.
LAST_WORDS = 40

# Of so many it is written down what could be seen.
STALLS_MAX = 8


class EmulatorFault(Exception):
    """The run proves nothing: the emulator went wrong."""


def qemu_binary():
    """The path of QEMU, which must be 10.0 or newer."""
    path = shutil.which("qemu-system-x86_64")
    if not path:
        raise UserError(f"qemu-system-x86_64 is missing: {remedy('setup qemu', 'openena-qemu')}.")
    return path


def qemu_version(qemu):
    """QEMU's version as a string, such as 10.0.2."""
    text = subprocess.run([qemu, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout
    version = re.search(r"version (\d+)\.(\d+)\.(\d+)", text)
    if not version or int(version[1]) < 10:
        raise UserError(f"{qemu} is {version[0] if version else text.strip()}; the adapter needs QEMU"
                        " 10.0 or newer (on Debian 12 from bookworm-backports):"
                        f" {remedy('setup qemu', 'openena-qemu')}.")
    return ".".join(version.groups())


def plugin(version):
    """The path of the adapter built for this QEMU."""
    path = os.path.join(BUILD, "plugin", version, "openena-qemu.so") if IN_TREE else \
        "/usr/lib/x86_64-linux-gnu/openena/openena-qemu.so"
    if not os.path.exists(path):
        raise UserError(f"{path} is missing: {remedy('build-plugin', 'openena-qemu')}.")
    return path


def end(process):
    """Waits for a process that has been told to end."""
    try:
        process.wait(QUIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Machine:
    """A prepared run. Options are those of tools/openena-vm; everything it writes is in logs."""

    def __init__(self, options, accel, kernel, initrd, logs):
        self.options = options
        self.accel = accel
        self.kernel = kernel
        self.initrd = initrd
        self.logs = logs
        self.processes = []  # the guest is in the last one; before it: where it was
        self.monitor = None  # of a machine under test
        self.stalls = 0
        self.console_log = os.path.join(logs, "console.log")
        self.report_log = os.path.join(logs, "report.tap")
        self.stderr_log = os.path.join(logs, "qemu.stderr")
        self.stall_log = os.path.join(logs, "stall.json")
        self.qemu_log = os.path.join(logs, "qemu.log")

    def _adapters(self):
        options, arguments = self.options, []
        for index in range(options.nics):
            device = f"{options.nic},id=nic{index},netdev=h{index},bus=rp{index}"
            device += f",mac=52:54:00:00:00:{index + 1:02x}"
            if options.nic == "ena":
                device += f",queues={options.queues},max-mtu=9001"
            if options.device_options:
                device += "," + options.device_options
            # A hub with one port never takes a frame: its adapter's transmitter would stand still.
            network = "hubport,hubid=0" if options.nics > 1 else "user,restrict=on"
            arguments += ["-netdev", f"{network},id=h{index}",
                          "-device", f"pcie-root-port,id=rp{index},chassis={index + 1}",
                          "-device", device]
        return arguments

    def command(self, channel):
        """QEMU's whole command line; without a channel it is for this terminal."""
        options = self.options
        qemu = options.qemu or qemu_binary()
        command = [qemu, "-nodefaults", "-display", "none", "-m", options.memory,
                   "-smp", str(options.cpus)]
        if self.accel == "kvm":
            command += ["-accel", "kvm", "-cpu", "host"]
        else:
            command += ["-accel", "tcg,thread=multi", "-cpu", "max"]
        command += ["-machine", "q35" + (",kernel-irqchip=split" if options.iommu else "")]
        if options.iommu:
            command += ["-device", "intel-iommu,intremap=on"]
        if options.nic == "ena" and not options.qemu:
            command += ["-plugin", plugin(qemu_version(qemu))]
        command += self._boot()
        command += self._serial(channel)
        command += ["-d", "guest_errors", "-D", self._qemu_log()]
        return command + self._adapters() + options.qemu_arg

    def _boot(self):
        """What it boots from."""
        return ["-no-reboot", "-kernel", self.kernel.image, "-initrd", self.initrd,
                "-append", self._kernel_arguments()]

    def _serial(self, channel):
        """The guest's ports: console, report, and with a channel its requests; and the monitor."""
        if channel is None:
            console = ["-chardev",
                       f"stdio,id=console,mux=on,signal=off,logfile={self.console_log}",
                       "-mon", "chardev=console"]
        else:
            console = ["-chardev", f"file,id=console,path={self.console_log},append=on"]
        return [*console, "-serial", "chardev:console",
                "-chardev", f"file,id=report,path={self.report_log},append=on",
                "-serial", "chardev:report", *(channel.arguments() if channel else [])]

    def _kernel_arguments(self):
        # Tests want every warning on the console; the tour only what is an error.
        words = ["console=ttyS0", "quiet", f"loglevel={5 if self.options.mode == 'test' else 4}",
                 "panic=-1", "oops=panic", "net.ifnames=0", "mitigations=off",
                 "random.trust_cpu=on", "log_buf_len=4M"]
        if self.accel == "tcg":
            rate = tsc.khz()
            words += [f"tsc_early_khz={rate}", "tsc=reliable"] if rate else ["tsc=unstable"]
            # On a busy host the timer's first interrupts come later than Linux waits for them.
            words.append("no_timer_check")
        if self.options.iommu:
            words.append("intel_iommu=on")
        return " ".join(words + self.options.kernel_arg)

    def _qemu_log(self):
        """Each QEMU that the guest is in has one: it begins it anew."""
        moved = len(self.processes)
        return os.path.join(self.logs, f"qemu-{moved}.log" if moved else "qemu.log")

    def _start(self, interactive):
        for path in (self.console_log, self.report_log, self.stderr_log):
            with open(path, "wb"):
                pass
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.stall_log)
        if interactive:
            self._launch(None)
        else:
            channel = monitor.Channel()
            self._launch(channel)
            self.monitor = monitor.Monitor(self.options.nic, channel, self._migrate)

    def _launch(self, channel, *arguments):
        """Starts a QEMU, with this terminal if it has no channel."""
        command = [*self.command(channel), *arguments]
        with open(os.path.join(self.logs, "command"), "w" if not self.processes else "a",
                  encoding="utf-8") as out:
            out.write(" ".join(command) + "\n")
        with open(self.stderr_log, "ab") as errors:
            self.processes.append(subprocess.Popen(
                command, stdin=subprocess.DEVNULL if channel else None,
                stdout=errors if channel else None, stderr=errors,
                pass_fds=channel.inherited() if channel else ()))
        if channel:
            channel.started()

    def _migrate(self, way):
        """Moves the guest to another QEMU; returns the channel to that one."""
        channel = monitor.Channel()

        def start():
            self._launch(channel, "-incoming", "defer")
            return channel.qmp

        old = self.process
        try:
            migration.move(way, self.monitor.qmp, start)
        except monitor.Refused:
            if self.process is not old and old.poll() is None:
                end(self.processes.pop())
            channel.close()
            raise
        end(old)
        self.monitor.channel.close()
        return channel

    @property
    def process(self):
        """The QEMU that the guest is in."""
        return self.processes[-1]

    def stderr(self):
        """What QEMU itself had to say, less that our private segment has no way out."""
        with open(self.stderr_log, encoding="utf-8", errors="replace") as source:
            return " ".join(line.strip() for line in source
                            if "is not connected to host network" not in line)

    def stop(self):
        """Ends QEMU if it still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
            end(process)

    def interact(self):
        """Runs with this terminal as the guest's console; returns the guest's exit status."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the guest's to interpret
        self._start(interactive=True)
        try:
            if self.options.shell:
                self.process.wait()
            else:
                self.process.wait(self.options.timeout)
        except subprocess.TimeoutExpired:
            print(f"\nopenena: the guest did not end within {self.options.timeout} s", file=sys.stderr)
        finally:
            self.stop()
        if self.process.returncode:
            raise UserError(f"QEMU ended with status {self.process.returncode}: {self.stderr()}")
        return self.exit_status()

    def exit_status(self):
        """What the guest reported at its end; None if it never got there."""
        with open(self.report_log, encoding="utf-8", errors="replace") as source:
            found = re.findall(r"^exit (\d+)\r?$", source.read(), re.M)
        return int(found[-1]) if found else None

    def last_words(self):
        """The console's lines that say how a run went wrong."""
        with open(self.console_log, encoding="utf-8", errors="replace") as source:
            lines = [line.rstrip() for line in source]
        first = next((number for number, line in enumerate(lines) if COMPLAINT.search(line)),
                     max(len(lines) - LAST_WORDS, 0))
        end = max(first + LAST_WORDS, len(lines) - LAST_WORDS)
        return lines[first:first + LAST_WORDS] + lines[end:]

    def watch(self, on_report):
        """Runs to the end, handing each line of the report to on_report.

        Returns None, or a sentence that says why the run as such failed. Raises EmulatorFault.
        """
        self._start(interactive=False)
        deadline = time.monotonic() + self.options.timeout
        last_news = time.monotonic()
        report = Tail(self.report_log)
        console = Tail(self.console_log)
        trouble = None
        try:
            while True:
                running = self.process.poll() is None
                lines = report.lines()
                for line in lines:
                    if line != "# alive":
                        on_report(line)
                if lines:
                    last_news = time.monotonic()
                for line in console.lines():
                    if COMPLAINT.search(line) and trouble is None:
                        trouble = f"the guest's kernel says \"{line.strip()}\""
                    if STALL.search(line) or NO_INTERRUPT.search(line):
                        self._suspect_emulator(line)
                if not running:
                    break
                now = time.monotonic()
                if now > deadline:
                    return f"the run did not end within {self.options.timeout} s"
                if now - last_news > SILENCE_SECONDS:
                    self._suspect_emulator("silence")
                    return f"the guest hangs: no sign of life for {SILENCE_SECONDS} s"
                self.monitor.serve(0.1)
        finally:
            self.stop()
            self.monitor.close()
        said = self.stderr()
        for process in self.processes:
            if process.returncode:
                trouble = f"QEMU ended with status {process.returncode}: {said}"
                if self.accel == "tcg" and EMULATOR_ABORT.search(said):
                    raise EmulatorFault(trouble)
                return trouble
        if self.exit_status() is None and trouble is None:
            trouble = "the guest ended before its tests did" + (f" ({said})" if said else "")
        return trouble

    def _suspect_emulator(self, why):
        """Raises EmulatorFault if the guest is not to blame for what it says."""
        self.stalls += 1
        if self.stalls <= STALLS_MAX:
            stall.record(self.monitor.qmp, self.options.cpus, why, self.stall_log)
        if self.accel != "tcg":
            return
        try:
            fault = lapic.lost_interrupt(self.monitor.qmp, self.options.cpus)
        except (monitor.Refused, OSError):
            return
        if fault:
            raise EmulatorFault(fault)


class Tail:
    """The lines that have been added to a file since the last look."""

    def __init__(self, path):
        self.source = open(path, "rb")  # pylint: disable=consider-using-with
        self.rest = b""

    def lines(self):
        """Complete new lines, without their ends."""
        *whole, self.rest = (self.rest + self.source.read()).split(b"\n")
        return [line.decode(errors="replace").rstrip("\r") for line in whole]
