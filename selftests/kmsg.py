#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel log, by record number.

mark TEXT    write TEXT at notice level, print the number of that record
since N      print the records after N that are warnings or worse
"""

import errno
import os
import sys

WARNING = 4
NOTICE = 5


def records():
    """Yield (level, number, text) of all records the kernel still has."""
    fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    try:
        while True:
            try:
                record = os.read(fd, 8192)
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno == errno.EPIPE:  # overwritten while we read
                    continue
                raise
            head, _, text = record.decode(errors="replace").partition(";")
            priority, number = head.split(",")[:2]
            yield int(priority) & 7, int(number), text.split("\n")[0]
    finally:
        os.close(fd)


def mark(text):
    with open("/dev/kmsg", "w", encoding="utf-8") as kmsg:
        kmsg.write(f"<{NOTICE}>{text}\n")
    print(max(number for _, number, _ in records()))


def since(first):
    oldest = None
    for level, number, text in records():
        oldest = number if oldest is None else oldest
        if number > first and level <= WARNING:
            print(text)
    if oldest is not None and oldest > first + 1:
        print(f"kernel log overflowed: records {first + 1} to {oldest - 1} are lost")


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("mark", "since"):
        sys.exit(__doc__)
    if sys.argv[1] == "mark":
        mark(sys.argv[2])
    else:
        since(int(sys.argv[2]))


if __name__ == "__main__":
    main()
