# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine that goes on without its launcher: for "openena run". In its directory are

    pid, qmp, console    QEMU's process, and the sockets of its monitor and of the guest's console
    console.log          all that the guest has said there
    qemu.stderr          what QEMU itself had to say
    disk.qcow2, seed.iso of a cloud image: what the guest has changed, what cloud-init is told
"""

import contextlib
import hashlib
import ipaddress
import os
import re
import socket
import subprocess
import time

from . import UserError, cloud_image, machine, network, seed

START_SECONDS = 60


def address(text):
    """Checks an IPv4 address."""
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise UserError(f"--address {text}: must be an IPv4 address.") from None


def mac_address(text):
    """Checks a MAC address."""
    if not re.fullmatch(r"[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}", text):
        raise UserError(f"--mac {text}: must be the address of one interface, such as 02:00:00:12:34:56.")
    return text


def smbios(directory, instance_type):
    """What a guest reads of the machine it is in: cloud-init knows EC2 by it."""
    digest = hashlib.sha256(directory.encode()).hexdigest()
    uuid = f"ec2{digest[:5]}-{digest[5:9]}-4{digest[9:12]}-8{digest[12:15]}-{digest[15:27]}"
    return ["-smbios", f"type=1,manufacturer=Amazon EC2,product={instance_type},serial={uuid},uuid={uuid}",
            "-smbios", f"type=2,manufacturer=Amazon EC2,asset={os.path.basename(directory)}"]


def macs(directory, first, count):
    """Addresses that another machine of this host hardly has, if the first is not given."""
    digest = hashlib.sha256(directory.encode()).digest()
    return [first if first and not index else "52:54:00:" + bytes(
        [*digest[:2], (digest[2] + index) % 256]).hex(":") for index in range(count)]


class Resident(machine.Machine):
    """Options are those of tools/openena-vm start; everything is in @logs, its directory. It boots a
    kernel of ours, or a cloud image."""

    def __init__(self, options, accelerator, directory, kernel=None, initrd=None, disk=None):
        super().__init__(options, accelerator, kernel, initrd, directory)
        self.image = disk
        self.seed = None
        self.macs = macs(directory, options.mac, len(options.networks))
        self.inherited = []  # descriptors, by QEMU

    def _path(self, name):
        return os.path.join(self.logs, name).replace(",", ",,")

    def _boot(self):
        return self.image.arguments(self.seed) if self.image else super()._boot()

    def _netdev(self, index):
        options, (kind, name) = self.options, self.options.networks[index]
        ident = f"h{index}"
        if index == 0 and options.metadata:
            words = network.cloud(ident, options.metadata, options.address)
        else:
            words = network.netdev(ident, kind, name, self.inherited)
        if index == 0 and kind == "user" and self.image:
            if options.address and not options.metadata:
                words += f",dhcpstart={options.address}"
            words += f",hostfwd=tcp:127.0.0.1:{options.ssh_port}-:22" if options.ssh_port else ""
        return words

    def _adapters(self):
        options = self.options
        count = len(options.networks)
        properties = f"instance-type={options.instance_type}" if options.instance_type else \
            f"queues={options.queues},max-mtu=9001"
        if options.device_options:
            properties += "," + options.device_options
        words = []
        for port in range(count + options.spare_ports):
            words += ["-device", f"pcie-root-port,id=rp{port},chassis={port + 1}"]
        for index in range(count):
            words += ["-netdev", self._netdev(index),
                      "-device", f"ena,id=nic{index},netdev=h{index},bus=rp{index},mac={self.macs[index]},"
                      + properties]
        return words + (smbios(self.logs, options.instance_type or "") if options.metadata else [])

    def _serial(self, channel):
        return ["-chardev", f"socket,id=console,path={self._path('console')},server=on,wait=off,"
                            f"logfile={self._path('console.log')}",
                "-serial", "chardev:console",
                *([] if self.image else ["-chardev", f"file,id=report,path={self._path('report.tap')}",
                                         "-serial", "chardev:report"]),
                "-qmp", f"unix:{self._path('qmp')},server=on,wait=off",
                "-pidfile", os.path.join(self.logs, "pid")]

    def start(self):
        """Starts it; it is there when its monitor answers."""
        if self.image:
            self.image.prepare()
            # cloud-init takes a seed before it asks for metadata.
            if not self.options.metadata:
                self.seed = seed.write(self.logs, self.options, [kind for kind, _ in self.options.networks],
                                       self.macs)
        command = self.command(None)
        with open(os.path.join(self.logs, "command"), "w", encoding="utf-8") as out:
            out.write(" ".join(command) + "\n")
        with open(self.stderr_log, "wb") as errors:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                       start_new_session=True, pass_fds=self.inherited)
        for descriptor in self.inherited:
            os.close(descriptor)
        try:
            self._wait_for_monitor(process)
        except BaseException:
            process.terminate()
            machine.end(process)
            raise

    def _wait_for_monitor(self, process):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise UserError(f"QEMU ended with status {process.returncode}:"
                                f" {cloud_image.explained(self.stderr())}.")
            # It listens, and greets, before it has its devices; it obeys when it has them.
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(START_SECONDS)
                probe.connect(os.path.join(self.logs, "qmp"))
                probe.sendall(b'{"execute": "qmp_capabilities"}\n')
                with probe.makefile("rb") as answers:
                    if answers.readline() and answers.readline():
                        return
            time.sleep(0.05)
        raise UserError(f"QEMU's monitor did not come up within {START_SECONDS} s.")
