#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""openena run with a cloud image, and its networks, as far as no guest is needed: the image of the disk
is empty. TAP on stdout."""

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import time

import program
from tap import Skip, equal, main, test

SECONDS = program.Place.SECONDS
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE9wZW5FTkEgdGVzdCBrZXkgb2Ygbm9ib2R5 nobody@nowhere"


class Place(program.Place):
    """With images and a key."""

    def __init__(self, directory):
        super().__init__(directory)
        self.raw = self.file("raw.img", bytes(510) + b"\x55\xaa" + bytes(1 << 20))
        self.key = self.file("key.pub", KEY.encode() + b"\n")

    def file(self, name, data):
        with open(self.path(name), "wb") as out:
            out.write(data)
        return self.path(name)

    def qemu_img(self, *words):
        subprocess.run(["qemu-img", *words], check=True, stdout=subprocess.DEVNULL, timeout=SECONDS)

    def run(self, *words, status=0):
        """A machine: what is printed."""
        done = self.command("run", "one", "--detach", "--accel", "tcg", "--memory", "128M", *words, status=status)
        return done.stdout + done.stderr

    def refused(self, part, *words):
        """A machine that is not started, for a reason."""
        said = self.run(*words, status=2)
        assert part in said, f"\"{part}\" is not in: {said}"
        equal(json.loads(self.openena("list", "--json")), [], "machines left")

    def machine(self, name):
        return self.path("state", "openena", "machines", "one", name)

    def qemu_words(self):
        """QEMU's words."""
        with open(self.machine("command"), encoding="utf-8") as source:
            return source.read()

    def in_seed(self, name):
        """A file that cloud-init is given."""
        return subprocess.run(["isoinfo", "-R", "-i", self.machine("seed.iso"), "-x", f"/{name}"], check=True,
                              capture_output=True, timeout=SECONDS).stdout


def place():
    return program.place(Place)


@test
def what_cloud_init_is_told(_):
    with place() as there:
        user_data = there.file("user-data", b"#!/bin/sh\necho \xff\n")
        said = there.run("--image", there.raw, "--ssh-key", there.key, "--user-data", user_data, "--password",
                         "--network", "user", "--network", "private:5", "--instance-type", "c5n.large")
        equal(there.in_seed("user-data"), b"#!/bin/sh\necho \xff\n", "user-data")
        meta = json.loads(there.in_seed("meta-data"))
        equal((meta["local-hostname"], meta["public-keys"]), ("one", [KEY]), "host name and keys")
        nics = json.loads(there.in_seed("network-config"))["ethernets"]
        equal([nic.get("dhcp4") for nic in nics.values()], [True, False], "DHCP")
        for nic in nics.values():
            assert nic["match"]["macaddress"] in there.qemu_words(), "the interface's address"
        equal(there.qemu_words().count("-device ena,"), 2, "adapters")
        equal(there.qemu_words().count("instance-type=c5n.large"), 2, "adapters of the type")
        vendor = json.loads(there.in_seed("vendor-data").partition(b"\n")[2])
        with open(there.machine("password"), encoding="ascii") as source:
            equal(vendor["password"], source.read().strip(), "the password")
        equal(os.stat(there.machine("password")).st_mode & 0o77, 0, "who may read the password")
        assert vendor["password"] in said and not vendor["ssh_pwauth"], said
        label = subprocess.run(["isoinfo", "-d", "-i", there.machine("seed.iso")], check=True, text=True,
                               capture_output=True, timeout=SECONDS).stdout
        assert "Volume id: CIDATA\n" in label, label


@test
def an_image_is_not_written_to_and_an_overlay_is_kept(_):
    with place() as there:
        image = there.path("one.qcow2")
        overlay = there.path("over lay,1")
        there.qemu_img("convert", "-O", "qcow2", there.raw, image)
        said = there.run("--image", image)
        assert "nobody can log in" in said, said
        assert "disk.qcow2" in there.qemu_words() and image not in there.qemu_words(), there.qemu_words()
        assert "vendor-data" not in os.listdir(there.machine("seed")), "a password that nobody has asked for"
        there.openena("stop", "one")
        for _ in range(2):
            there.run("--image", image, "--overlay", overlay)
            assert overlay.replace(",", ",,") in there.qemu_words() and os.path.exists(overlay), there.qemu_words()
            there.openena("stop", "one")
        other = there.file("other.img", open(there.raw, "rb").read())
        there.refused("is no overlay of", "--image", other, "--overlay", overlay)
        there.refused("is no overlay of", "--image", other, "--overlay", there.raw)
        there.run("--image", image, "--uefi")
        assert "if=pflash" in there.qemu_words(), there.qemu_words()


@test
def what_is_no_image(_):
    with place() as there:
        for name, data, part in (
                ("gone", None, "gone cannot be read: No such file"),
                ("empty", b"", "it is empty"),
                ("text", b"hello\n" * 1000, "neither a qcow2 nor one that begins with a partition table"),
                ("vmdk", b"KDMV" + bytes(1000), "is a VMDK, no qcow2 or raw image of a disk: \"qemu-img convert"),
                ("xz", b"\xfd7zXZ\0" + bytes(1000), "is compressed by xz"),
                ("tar", bytes(257) + b"ustar" + bytes(600), "is a tar archive"),
                ("iso", bytes(510) + b"\x55\xaa" + bytes(0x8001 - 512) + b"CD001", "an ISO 9660 file system"),
                ("short", b"QFI\xfb\0\0\0\3", "it is cut off"),
                ("old", b"QFI\xfb\0\0\0\1" + bytes(200), "a qcow2 of version 1"),
                ("far", struct.pack(">4sIQI", b"QFI\xfb", 3, 1 << 60, 9) + bytes(200), "is a damaged qcow2"),
                ("data", struct.pack(">4sI64xQ", b"QFI\xfb", 3, 4) + bytes(200), "more of it is in a data file")):
            there.refused(part, "--image", there.path(name) if data is None else there.file(name, data))
        there.refused("is no file", "--image", there.directory)
        top = there.path("top")
        there.qemu_img("create", "-f", "qcow2", "-F", "raw", "-b", "/etc/hostname", "-u", top, "1M")
        there.refused("more of it is in /etc/hostname", "--image", top)


@test
def words_that_do_not_go_together(_):
    with place() as there:
        for part, *words in (
                ("--uefi: only with --image", "--uefi"),
                ("has its own", "--image", there.raw, "--kver", "6.1"),
                ("--ssh-port: only in the network user", "--image", there.raw, "--network", "private:1",
                 "--ssh-port", "2222"),
                ("is the private key", "--image", there.raw, "--ssh-key",
                 there.file("key", b"-----BEGIN OPENSSH PRIVATE KEY-----\n")),
                ("is no public key of SSH", "--image", there.raw, "--ssh-key",
                 there.file("no-key", b"ssh-rsa\n")),
                ("--user-data /nowhere: No such file", "--image", there.raw, "--user-data", "/nowhere"),
                ("a guest has at most 8 adapters", "--image", there.raw, *["--network", "user"] * 9)):
            there.refused(part, *words)


def wait_until_it_obeys(path):
    """QEMU's monitor does when all devices are there."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(SECONDS)
            monitor.connect(path)
            monitor.sendall(b'{"execute": "qmp_capabilities"}\n')
            with monitor.makefile("rb") as answers:
                assert answers.readline() and answers.readline(), "QEMU has ended"
            return
        time.sleep(0.05)


@test
def an_image_that_another_qemu_writes_to(setup):
    with place() as there:
        # What every build of QEMU has, that under sanitizers, too.
        user = subprocess.Popen([setup.qemu, "-S", "-machine", "q35", "-nodefaults", "-display", "none",
                                 "-accel", "tcg", "-drive", f"file={there.raw},format=raw,if=ide", "-qmp",
                                 f"unix:{there.path('qmp')},server=on,wait=off"])
        try:
            wait_until_it_obeys(there.path("qmp"))
            there.refused("raw.img is in use: another QEMU writes to it", "--image", there.raw)
        finally:
            user.kill()
            user.wait()


@test
def tools_that_are_missing(_):
    with place() as there:
        os.mkdir(there.path("bin"))
        for name in ("python3", "qemu-system-x86_64", "qemu-img"):
            os.symlink(subprocess.run(["sh", "-c", f"command -v {name}"], check=True, text=True,
                                      capture_output=True).stdout.strip(), there.path("bin", name))
        before = os.environ["PATH"]
        os.environ["PATH"] = there.path("bin")
        try:
            there.refused("genisoimage is missing", "--image", there.raw)
            os.unlink(there.path("bin", "qemu-img"))
            there.refused("qemu-img is missing", "--image", there.raw)
        finally:
            os.environ["PATH"] = before


@contextlib.contextmanager
def namespace(there):
    """A network namespace for the place, as a function that runs ip in it."""
    name = f"openena-{os.getpid()}"

    def ip(*words):
        return json.loads(subprocess.run(["ip", "-json", "-n", name, *words], check=True, capture_output=True,
                                         text=True, timeout=SECONDS).stdout or "[]")

    if os.geteuid() or not os.path.exists("/dev/net/tun"):
        raise Skip("needs root, and /dev/net/tun")
    subprocess.run(["ip", "netns", "add", name], check=True, timeout=SECONDS)
    try:
        there.prefix = ["ip", "netns", "exec", name]
        yield ip
    finally:
        there.openena("stop", "--all")
        there.prefix = []
        subprocess.run(["ip", "netns", "delete", name], check=True, timeout=SECONDS)


@test
def interfaces_of_the_host(_):
    with place() as there, namespace(there) as ip:
        words = ("--image", there.raw, "--network")
        there.refused("there is no interface br0 here; there is no bridge at all", *words, "bridge:br0")
        ip("link", "add", "br0", "type", "bridge")
        ip("link", "add", "br1", "type", "bridge")
        ip("tuntap", "add", "dev", "tap0", "mode", "tap")
        ip("link", "set", "tap0", "master", "br1", "up")
        there.refused("there is no interface br2 here; there is br0, br1.", *words, "bridge:br2")
        there.refused("tap0 is no bridge; there is br0, br1.", *words, "bridge:tap0")
        there.refused("br0 is no tap interface; there is tap0.", *words, "tap:br0")
        ip("link", "add", "wire", "address", "52:54:00:00:00:01", "type", "veth", "peer", "name", "far")
        ip("link", "set", "wire", "mtu", "9001", "master", "br0", "up")
        ip("link", "set", "br0", "up")
        address = ip("link", "show", "br0")[0]["address"]
        there.run(*words, "bridge:br0", "--network", "tap:tap0")
        ports = ip("link", "show", "master", "br0")
        equal([port["mtu"] for port in ports if port["ifname"] != "wire" and "UP" in port["flags"]], [9001],
              "MTU of the new port of the bridge")
        equal(ip("link", "show", "br0")[0]["address"], address, "the bridge's address")
        assert "LOWER_UP" in ip("link", "show", "tap0")[0]["flags"], "nobody has the tap interface"
        there.openena("stop", "one")
        equal(len(ip("link", "show", "master", "br0")), 1, "ports of the bridge afterwards")


if __name__ == "__main__":
    sys.exit(main(__doc__))
