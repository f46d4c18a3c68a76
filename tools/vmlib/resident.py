# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine that goes on without its launcher: for "openena run". In its directory are

    pid, qmp, console    QEMU's process, and the sockets of its monitor and of the guest's console
    console.log          all that the guest has said there
    qemu.stderr          what QEMU itself had to say
"""

import hashlib
import ipaddress
import os
import re
import socket
import subprocess
import time

from . import UserError, machine

START_SECONDS = 60
SEGMENTS = 999
SEGMENT_PORT = 23000
# QEMU forwards to a command only from addresses of its own network: that of a guest with metadata has
# both 169.254.169.254 and EC2's default network. What else is in it the guest cannot reach.
CLOUD_NETWORK, CLOUD_GATEWAY, CLOUD_DNS = "168.0.0.0/5", "172.31.0.2", "172.31.0.3"
CLOUD_ADDRESS = "172.31.0.16"
METADATA = "169.254.169.254:80"


def network(text):
    """Checks "user", "tap:NAME", "bridge:NAME" or "private:N"; returns both parts."""
    kind, _, name = text.partition(":")
    if kind == "user" and not name:
        return kind, name
    if kind in ("tap", "bridge") and re.fullmatch(r"[A-Za-z0-9_.-]{1,15}", name):
        return kind, name
    if kind == "private" and name.isdigit() and 1 <= int(name) <= SEGMENTS:
        return kind, name
    raise UserError(f"--network {text}: must be user, tap:INTERFACE, bridge:INTERFACE or"
                    f" private:N with N from 1 to {SEGMENTS}.")


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


def cloud(command, guest):
    """QEMU's own network for a guest whose connections to the metadata a command answers."""
    return (f"user,id=h0,net={CLOUD_NETWORK},host={CLOUD_GATEWAY},dns={CLOUD_DNS},"
            f"dhcpstart={guest or CLOUD_ADDRESS},guestfwd=tcp:{METADATA}-cmd:{command.replace(',', ',,')}")


def smbios(directory, instance_type):
    """What a guest reads of the machine it is in: cloud-init knows EC2 by it."""
    digest = hashlib.sha256(directory.encode()).hexdigest()
    uuid = f"ec2{digest[:5]}-{digest[5:9]}-4{digest[9:12]}-8{digest[12:15]}-{digest[15:27]}"
    return ["-smbios", f"type=1,manufacturer=Amazon EC2,product={instance_type},serial={uuid},uuid={uuid}",
            "-smbios", f"type=2,manufacturer=Amazon EC2,asset={os.path.basename(directory)}"]


def netdev(kind, name):
    """QEMU's side of a network."""
    if kind == "private":
        return f"socket,id=h0,localaddr=127.0.0.1,mcast=230.77.0.1:{SEGMENT_PORT + int(name)}"
    return {"user": "user,id=h0",
            "tap": f"tap,id=h0,ifname={name},script=no,downscript=no",
            "bridge": f"bridge,id=h0,br={name}"}[kind]


def mac(directory):
    """An address that another machine of this host hardly has."""
    digest = hashlib.sha256(directory.encode()).digest()
    return "52:54:00:" + digest[:3].hex(":")


class Resident(machine.Machine):
    """Options are those of tools/openena-vm start; everything is in @logs, its directory."""

    def _path(self, name):
        return os.path.join(self.logs, name).replace(",", ",,")

    def _adapters(self):
        options = self.options
        device = f"ena,id=nic0,netdev=h0,bus=rp0,mac={options.mac or mac(self.logs)}"
        if options.instance_type:
            device += f",instance-type={options.instance_type}"
        else:
            device += f",queues={options.queues},max-mtu=9001"
        if options.device_options:
            device += "," + options.device_options
        network = cloud(options.metadata, options.address) if options.metadata else netdev(*options.network)
        ports = [word for port in range(options.spare_ports + 1)
                 for word in ("-device", f"pcie-root-port,id=rp{port},chassis={port + 1}")]
        cloud_words = smbios(self.logs, options.instance_type or "") if options.metadata else []
        return ["-netdev", network, *ports, "-device", device, *cloud_words]

    def _serial(self, channel):
        return ["-chardev", f"socket,id=console,path={self._path('console')},server=on,wait=off,"
                            f"logfile={self._path('console.log')}",
                "-serial", "chardev:console",
                "-chardev", f"file,id=report,path={self._path('report.tap')}",
                "-serial", "chardev:report",
                "-qmp", f"unix:{self._path('qmp')},server=on,wait=off",
                "-pidfile", os.path.join(self.logs, "pid")]

    def start(self):
        """Starts it; it is there when its monitor answers."""
        command = self.command(None)
        with open(os.path.join(self.logs, "command"), "w", encoding="utf-8") as out:
            out.write(" ".join(command) + "\n")
        with open(self.stderr_log, "wb") as errors:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors,
                                       stderr=errors, start_new_session=True)
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
                raise UserError(f"QEMU ended with status {process.returncode}: {self.stderr()}")
            try:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(os.path.join(self.logs, "qmp"))
                    return
            except OSError:
                time.sleep(0.05)
        raise UserError(f"QEMU's monitor did not come up within {START_SECONDS} s.")
