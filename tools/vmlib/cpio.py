# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes cpio archives (newc) for an initramfs, without root: owner and mode are only recorded.

Run as a program it turns a tar on standard input into a cpio on standard output.
"""

import os
import stat
import sys
import tarfile


class Writer:
    """One archive. Names are relative to the root; parents must be added before their children."""

    def __init__(self, out):
        self.out = out
        self.inode = 0
        self.seen = set()

    def _entry(self, name, mode, data=b"", rdev=(0, 0)):
        self.inode += 1
        encoded = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, 0, len(data),
                  0, 0, rdev[0], rdev[1], len(encoded), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        self.out.write(header + b"\0" * (-len(header) % 4))
        self.out.write(data)
        self.out.write(b"\0" * (-len(data) % 4))

    def directory(self, name, mode=0o755):
        """Adds a directory and, where missing, its parents."""
        name = name.strip("/")
        if not name or name in self.seen:
            return
        self.directory(os.path.dirname(name))
        self.seen.add(name)
        self._entry(name, stat.S_IFDIR | mode)

    def file(self, name, data, mode=0o644):
        """Adds a regular file with these bytes."""
        self.directory(os.path.dirname(name))
        self._entry(name.strip("/"), stat.S_IFREG | mode, data)

    def symlink(self, name, target):
        """Adds a symbolic link."""
        self.directory(os.path.dirname(name))
        self._entry(name.strip("/"), stat.S_IFLNK | 0o777, target.encode())

    def device(self, name, kind, rdev, mode=0o600):
        """Adds a device node; kind is stat.S_IFCHR or stat.S_IFBLK."""
        self.directory(os.path.dirname(name))
        self._entry(name.strip("/"), kind | mode, rdev=rdev)

    def tree(self, path, name):
        """Adds a directory of this machine, recursively, in a fixed order."""
        self.directory(name)
        for entry in sorted(os.scandir(path), key=lambda item: item.name):
            inner = f"{name}/{entry.name}"
            if entry.is_symlink():
                self.symlink(inner, os.readlink(entry.path))
            elif entry.is_dir():
                self.tree(entry.path, inner)
            else:
                with open(entry.path, "rb") as source:
                    self.file(inner, source.read(), stat.S_IMODE(entry.stat().st_mode))

    def close(self):
        """Writes the end mark; an initramfs may be followed by another archive."""
        self._entry("TRAILER!!!", 0)


def from_tar(source, out):
    """Copies a tar stream; hard links become copies, which an initramfs can afford."""
    writer = Writer(out)
    contents = {}
    with tarfile.open(fileobj=source, mode="r|") as tar:
        for member in tar:
            name = os.path.normpath(member.name)
            if name == ".":
                continue
            if member.isdir():
                writer.directory(name, member.mode)
            elif member.issym():
                writer.symlink(name, member.linkname)
            elif member.isreg():
                data = tar.extractfile(member).read()
                contents[name] = (data, member.mode)
                writer.file(name, data, member.mode)
            elif member.islnk():
                writer.file(name, *contents[os.path.normpath(member.linkname)])
            elif member.ischr():
                writer.device(name, stat.S_IFCHR, (member.devmajor, member.devminor), member.mode)
    writer.close()


if __name__ == "__main__":
    from_tar(sys.stdin.buffer, sys.stdout.buffer)
