#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""iPXE, as Debian 13 ships it, boots Linux over the adapter: DHCP, TFTP, HTTP. TAP on stdout."""

import functools
import http.server
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "qemu"), os.path.join(ROOT, "tools")]
from tap import Skip, equal, main, test  # noqa: E402
from vmlib import cpio, image, script  # noqa: E402
from vmlib.monitor import Qmp  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.join(ROOT, "build", "debian13", "ipxe")
OVMF = "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"
MAC, ADDRESS = "52:54:00:0e:0a:01", "10.0.2.15"
SECONDS = 240

SCRIPT = """#!ipxe
set server http://10.0.2.2:{port}
kernel ${{server}}/vmlinuz console=ttyS0 quiet no_timer_check initrd=initrd {token} ip=${{net0/ip}} \
mac=${{net0/mac}} chip=${{net0/chip}}
initrd ${{server}}/initrd
boot
"""


def fnv1a(data):
    digest = 0xCBF29CE484222325
    for byte in data:
        digest = (digest ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return digest


class Server:
    """What is booted, behind QEMU's user network: the script over TFTP, the rest over HTTP."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        """As the library's, but quiet."""

        def log_message(self, *_):  # pylint: disable=arguments-differ
            pass

    def __enter__(self):
        self.work = tempfile.TemporaryDirectory(prefix="openena-")
        self.token, payload = os.urandom(8).hex(), os.urandom(1 << 20)
        self.digest = fnv1a(payload)
        marker = self.path("marker")
        subprocess.run(["gcc", "-static", "-O2", "-Wall", "-Werror", "-o", marker,
                        os.path.join(HERE, "marker.c")], check=True)
        with open(self.path("initrd"), "wb") as out, open(marker, "rb") as program:
            writer = cpio.Writer(out)
            writer.directory("proc")
            writer.device("dev/console", 0o020000, (5, 1))
            writer.file("init", program.read(), 0o755)
            writer.file("payload", payload)
            writer.close()
        os.symlink(image.Kernel("6.12").image, self.path("vmlinuz"))
        handler = functools.partial(self.Handler, directory=self.work.name)
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        with open(self.path("boot.ipxe"), "w", encoding="ascii") as out:
            out.write(SCRIPT.format(port=self.http.server_port, token=f"token={self.token}"))
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()
        self.work.cleanup()

    def path(self, name):
        return os.path.join(self.work.name, name)

    def size(self):
        """Bytes that the guest fetches."""
        return sum(os.path.getsize(self.path(name)) for name in ("vmlinuz", "initrd"))


def boot(setup, server, machine, program):
    """Boot @program, an iPXE; what the console said, the adapter's statistics and refusals."""
    if not os.path.isdir(PACKAGE):
        script("debian13", "unpack", PACKAGE, "ipxe")
    console, qmp = server.path("console"), server.path("qmp")
    command = [setup.qemu, "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "512", "-nodefaults",
               "-display", "none", "-no-reboot", "-no-shutdown", *machine,
               "-kernel", os.path.join(PACKAGE, "usr/lib/ipxe", program),
               "-chardev", f"file,id=console,path={console}", "-serial", "chardev:console",
               "-qmp", f"unix:{qmp},server=on,wait=off",
               "-netdev", f"user,id=net,tftp={server.work.name},bootfile=boot.ipxe",
               "-device", f"ena,id=eth,netdev=net,device-id=0xec20,mac={MAC}"]
    if setup.plugin:
        command += ["-plugin", setup.plugin]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as process:
        try:
            end = time.monotonic() + SECONDS
            said = ""
            while not re.search("booted: |Kernel panic", said) and process.poll() is None and time.monotonic() < end:
                time.sleep(0.2)
                if os.path.exists(console):
                    with open(console, encoding="utf-8", errors="replace") as source:
                        said = source.read()
            if process.poll() is not None:
                raise AssertionError(f"QEMU is gone: {process.stderr.read().strip()}")
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(qmp)
                monitor = Qmp(connection)
                return said, *(monitor.execute("qom-get", path="/machine/peripheral/eth",
                                               property=name)
                               for name in ("statistics", "refusals"))
        finally:
            process.kill()


def boots(setup, machine, program):
    with Server() as server:
        said, statistics, refusals = boot(setup, server, machine, program)
        line = re.search(r"booted: (.*)", said)
        assert line, "no system was booted; the console:\n" + said[-2000:]
        words = dict(word.split("=", 1) for word in line[1].split() if "=" in word)
        equal(words.get("token"), server.token, "the token")
        equal(words["payload"], f"{server.digest:016x}", "the digest of the payload")
        equal(words.get("ip"), ADDRESS, "the address from DHCP")
        equal(words.get("mac"), MAC, "the MAC address that iPXE read")
        equal(words.get("chip"), "ena-vf", "the driver")
        equal(refusals, [], "what the adapter refused")
        assert statistics["rx-bytes"] > server.size(), f"too few bytes: {statistics}"


@test
def ipxe_boots_linux_from_a_bios(setup):
    boots(setup, ["-M", "q35,graphics=off"], "ipxe.lkrn")


@test
def ipxe_boots_linux_from_uefi(setup):
    code, variables = OVMF
    if not os.path.exists(code):
        raise Skip(f"{code} is missing: scripts/setup clients")
    flash = "if=pflash,format=raw,file="
    boots(setup, ["-M", "q35", "-drive", f"{flash}{code},readonly=on",
                  "-drive", f"{flash}{variables},snapshot=on"], "ipxe-amd64.efi")


if __name__ == "__main__":
    sys.exit(main(__doc__))
