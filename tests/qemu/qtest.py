# SPDX-License-Identifier: GPL-2.0-or-later
"""A stopped QEMU with one ena adapter, driven over the qtest protocol."""

import contextlib
import json
import os
import socket
import subprocess
import tempfile

BAR0, BAR1, ECAM, RAM = 0xFE000000, 0xFE010000, 0xB0000000, 0x100000
COMMAND, BAR, CAPS = 0x04, 0x10, 0x34
MEMORY, MASTER = 2, 4
SLOT = 3
# A root port whose slot the guest powers itself, without ACPI.
ROOT_PORT = ("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
             "-device", "pcie-root-port,id=rp,bus=pcie.0,addr=4,slot=1")


class Qemu:
    """Use as a context manager; @device are the adapter's properties."""

    def __init__(self, qemu, plugin, device="", extra=(), bus="pcie.0"):
        self.dir = tempfile.TemporaryDirectory(prefix="openena-")
        self.qmp_path = os.path.join(self.dir.name, "qmp")
        self.errors_path = os.path.join(self.dir.name, "stderr")
        self.bus = 0
        place = f",bus={bus},addr={SLOT if bus == 'pcie.0' else 0}"
        self.command = [qemu, "-M", "q35", "-accel", "tcg", "-m", "64", "-S", "-nodefaults",
                        "-display", "none", "-d", "guest_errors",
                        "-qtest", "stdio", "-qtest-log", "none",
                        "-qmp", f"unix:{self.qmp_path},server=on,wait=off",
                        "-netdev", "hubport,hubid=0,id=net0", *extra,
                        "-device", f"ena,id=eth,netdev=net0{place}" + (device and "," + device)]
        if plugin:
            self.command += ["-plugin", plugin]

    def __enter__(self):
        with open(self.errors_path, "wb") as errors:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=errors, text=True)
        self.qmp_file = None
        self.ask("endianness")
        return self

    def __exit__(self, *_):
        # What was written to a QEMU that had ended is written once more by close.
        with contextlib.suppress(BrokenPipeError):
            if self.qmp_file:
                self.qmp_file.close()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.dir.cleanup()

    def errors(self):
        with open(self.errors_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def ask(self, line):
        """One qtest command; the words after OK."""
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        while True:
            answer = self.process.stdout.readline()
            if not answer:
                raise AssertionError(f"QEMU is gone after '{line}': {self.errors().strip()}")
            words = answer.split()
            if words and words[0] == "OK":
                return words[1:]
            if words and words[0] != "IRQ":
                raise AssertionError(f"'{line}' answered '{answer.strip()}'")

    def qmp(self, command, **arguments):
        """One QMP command; its answer, 'return' or 'error' inside."""
        if not self.qmp_file:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(20)
            sock.connect(self.qmp_path)
            self.qmp_file = sock.makefile("rw")
            sock.close()
            self.qmp_file.readline()
            self.qmp("qmp_capabilities")
        json.dump({"execute": command, "arguments": arguments}, self.qmp_file)
        self.qmp_file.write("\n")
        self.qmp_file.flush()
        while True:
            line = self.qmp_file.readline()
            if not line:
                raise AssertionError(f"QEMU is gone after {command}: {self.errors().strip()}")
            answer = json.loads(line)
            if "event" not in answer:
                return answer

    # Memory and registers
    def read(self, addr, size=4):
        return int(self.ask(f"read{'_bw_l___q'[size]} {addr:#x}")[0], 0)

    def write(self, addr, value, size=4):
        self.ask(f"write{'_bw_l___q'[size]} {addr:#x} {value:#x}")

    def reg(self, offset):
        return self.read(BAR0 + offset)

    def set_reg(self, offset, value):
        self.write(BAR0 + offset, value)

    def read_bytes(self, addr, size):
        return bytes.fromhex(self.ask(f"read {addr:#x} {size:#x}")[0][2:])

    def write_bytes(self, addr, data):
        self.ask(f"write {addr:#x} {len(data):#x} 0x{data.hex()}")

    # Configuration space: of the adapter, or of another @slot on the root bus
    def _select(self, offset, slot):
        bus = self.bus if slot is None else 0
        if slot is None:
            slot = 0 if self.bus else SLOT
        self.ask(f"outl 0xcf8 {0x80000000 | bus << 16 | slot << 11 | offset & 0xfc:#x}")
        return 0xCFC + (offset & 3)

    def config(self, offset, size=4, slot=None):
        port = self._select(offset, slot)
        return int(self.ask(f"in{'_bw_l'[size]} {port:#x}")[0], 0)

    def set_config(self, offset, value, size=4, slot=None):
        port = self._select(offset, slot)
        self.ask(f"out{'_bw_l'[size]} {port:#x} {value:#x}")

    def map(self, master=True):
        """Give the BARs addresses, and memory and (with @master) DMA to the function."""
        self.set_config(BAR, BAR0)
        self.set_config(BAR + 4, BAR1)
        self.set_config(COMMAND, MEMORY | (MASTER if master else 0), 2)

    def enable_ecam(self):
        self.set_config(0x60, ECAM | 1, slot=0)
        return ECAM + (self.bus << 20 if self.bus else SLOT << 15)

    def capabilities(self, slot=None):
        """{capability id: offset}"""
        found, offset = {}, self.config(CAPS, 1, slot)
        while offset:
            number = self.config(offset, 1, slot)
            assert number not in found, f"capability {number:#x} twice"
            found[number] = offset
            offset = self.config(offset + 1, 1, slot)
        return found

    def open_root_port(self, window=BAR0):
        """Route bus 1 and memory from @window to the BARs through ROOT_PORT; where its PCIe capability is."""
        self.set_config(0x18, 0x010100, slot=4)
        self.set_config(0x20, (BAR0 & 0xFFF00000) | window >> 16, slot=4)
        self.set_config(COMMAND, MEMORY | MASTER, 2, slot=4)
        self.bus = 1
        return self.capabilities(slot=4)[0x10]
