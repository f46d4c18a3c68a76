# SPDX-License-Identifier: GPL-2.0-or-later
"""A cloud image that a machine boots. It is not written to: what the guest changes is in an overlay."""

import os
import re
import shutil
import stat
import struct
import subprocess

from . import UserError, remedy

# What else people have in hand, by what is where in it.
OTHERS = ((0, b"KDMV", "a VMDK"), (0, b"# Disk DescriptorFile", "a VMDK"), (0, b"vhdxfile", "a VHDX"),
          (0, b"conectix", "a VHD"), (0x40, b"\x7f\x10\xda\xbe", "a VDI"), (0, b"QED\0", "a QED"),
          (0x8001, b"CD001", "an ISO 9660 file system"), (257, b"ustar", "a tar archive"),
          (0, b"\x1f\x8b", "compressed by gzip"), (0, b"\xfd7zXZ\0", "compressed by xz"),
          (0, b"\x28\xb5\x2f\xfd", "compressed by zstd"), (0, b"BZh", "compressed by bzip2"),
          (0, b"PK\x03\x04", "a ZIP archive"), (0, b"\x7fELF", "an ELF file"))
HEAD = 0x8006
QCOW2 = b"QFI\xfb"
EXTERNAL_DATA = 1 << 2  # incompatible feature
# Debian's ovmf
FIRMWARE, VARIABLES = "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"


def _head(path):
    """Where a file begins."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise UserError(f"{path} is no file.")
        with open(path, "rb") as source:
            return source.read(HEAD)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from None


class Qcow2:
    """The header of a qcow2 file."""

    def __init__(self, path, head):
        if len(head) < 104:
            raise UserError(f"{path} is a qcow2 of {len(head)} bytes: it is cut off.")
        version, backing, size, _, _, crypt = struct.unpack_from(">IQIIQI", head, 4)
        if version not in (2, 3):
            raise UserError(f"{path} is a qcow2 of version {version}: 2 and 3 are known.")
        if backing and (size > 1023 or backing + size > len(head)):
            raise UserError(f"{path} is a damaged qcow2: the name of its backing file is at {backing}, with"
                            f" {size} bytes.")
        self.backing = os.fsdecode(head[backing:backing + size]) if backing else ""
        self.encrypted = bool(crypt)
        self.external = version == 3 and bool(struct.unpack_from(">Q", head, 72)[0] & EXTERNAL_DATA)


def image_format(path):
    """qcow2 or raw; of anything else it is said what it is."""
    head = _head(path)
    if head.startswith(QCOW2):
        header = Qcow2(path, head)
        # It could name any file of this host.
        if header.backing or header.external:
            raise UserError(f"{path} is not whole: more of it is in {header.backing or 'a data file'};"
                            " \"qemu-img convert -O qcow2\" makes one file of both.")
        if header.encrypted:
            raise UserError(f"{path} is encrypted: \"qemu-img convert\" makes one that is not.")
        return "qcow2"
    for at, magic, what in OTHERS:
        if head[at:at + len(magic)] == magic:
            raise UserError(f"{path} is {what}, no qcow2 or raw image of a disk"
                            + (": \"qemu-img convert -O qcow2\" makes one of it." if magic in
                               (b"KDMV", b"vhdxfile", b"conectix", b"\x7f\x10\xda\xbe", b"QED\0") else "."))
    if head[510:512] != b"\x55\xaa":
        raise UserError(f"{path} is no image of a disk: neither a qcow2 nor one that begins with a partition"
                        " table" + (", it is empty." if not head else "."))
    return "raw"


def explained(said):
    """What QEMU says, in other words if it is about somebody else who uses a file."""
    used = re.search(r"Is another process using the image \[(.*)\]", said)
    return f"{used[1]} is in use: another QEMU writes to it" if used else said.strip().removeprefix("qemu-img: ")


class CloudImage:
    """An image, and what one machine makes of it in its directory, or in an overlay that is kept."""

    def __init__(self, path, directory, overlay=None, uefi=False):
        self.path = os.path.abspath(path)
        self.directory = directory
        self.kept = overlay is not None
        self.overlay = os.path.abspath(overlay) if overlay else os.path.join(directory, "disk.qcow2")
        self.uefi = uefi
        self.format = image_format(self.path)

    def prepare(self):
        """Makes the overlay, if it is not one that has been kept, and the variables of UEFI."""
        if self.uefi:
            if not os.path.exists(FIRMWARE):
                raise UserError(f"{FIRMWARE} is missing: --uefi needs Debian's package ovmf.")
            shutil.copyfile(VARIABLES, self._variables())
        if self.kept and os.path.exists(self.overlay):
            self._check_overlay()
            return
        if not shutil.which("qemu-img"):
            raise UserError(f"qemu-img is missing: {remedy('setup qemu', 'qemu-utils')}.")
        done = subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", self.format, "-b", self.path,
                               self.overlay], check=False, stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, errors="replace")
        if done.returncode:
            raise UserError(f"no overlay for {self.path}: {explained(done.stderr)}.")

    def _check_overlay(self):
        head = _head(self.overlay)
        if not head.startswith(QCOW2) or Qcow2(self.overlay, head).backing != self.path:
            raise UserError(f"{self.overlay} is no overlay of {self.path}: nothing is done to it.")

    def _variables(self):
        return os.path.join(self.directory, "uefi-variables")

    def _drive(self, path, more):
        return ["-drive", f"file={path.replace(',', ',,')},{more}"]

    def arguments(self, seed):
        """Of QEMU: the firmware, the disk, and cloud-init's seed, if there is one."""
        firmware = [*self._drive(FIRMWARE, "if=pflash,format=raw,readonly=on"),
                    *self._drive(self._variables(), "if=pflash,format=raw")] if self.uefi else []
        # Who throws a disk away does not wait for it.
        cache = "writeback" if self.kept else "unsafe"
        return [*firmware, *self._drive(self.overlay, f"if=virtio,format=qcow2,discard=unmap,cache={cache}"),
                *(self._drive(seed, "if=virtio,format=raw,readonly=on") if seed else []),
                "-device", "virtio-rng-pci"]
