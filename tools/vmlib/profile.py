# SPDX-License-Identifier: GPL-2.0-or-later
"""Which functions of the guest's kernel the instructions belong to that tests/bench/blocks.c counts."""

import array
import base64
import bisect
import zlib

PROCESSORS = 2
WORDS = 2 + PROCESSORS  # of a struct block
KERNEL_SPACE = 1 << 63


class Symbols:
    """The kernel's functions, from the text that selftests/bench/symbols.py prints."""

    def __init__(self, packed):
        found = {}
        for line in zlib.decompress(base64.b64decode(packed)).decode().splitlines():
            address, name, *module = line.split()
            # Of several names for an address any will do.
            found.setdefault(int(address, 16), (name, module[0].strip("[]") if module else "kernel"))
        self.addresses = sorted(found)
        self.names = [found[address] for address in self.addresses]

    def at(self, address):
        """The function and the module of an address."""
        place = bisect.bisect_right(self.addresses, address) - 1
        if address < KERNEL_SPACE or place < 0:
            return "programs", "user"
        return self.names[place]


def read_blocks(path):
    """The blocks that the plugin has counted so far, as they are in its file."""
    with open(path, "rb") as source:
        count = array.array("Q", source.read(8))[0]
        source.seek(WORDS * 8)
        return source.read(count * WORDS * 8)


def executed(blocks):
    """Instructions by (address, processor)."""
    words = array.array("Q", blocks)
    counts = {}
    for processor in range(PROCESSORS):
        for address, count in zip(words[::WORDS], words[2 + processor::WORDS]):
            if count:
                counts[address, processor] = counts.get((address, processor), 0) + count
    return counts


def by_function(symbols, begun, ended, packets):
    """For each processor [function, module, instructions for each of its packets], most first."""
    sums = [{} for _ in range(PROCESSORS)]
    before = executed(begun)
    for (address, processor), count in executed(ended).items():
        count -= before.get((address, processor), 0)
        if count:
            name = symbols.at(address)
            sums[processor][name] = sums[processor].get(name, 0) + count / packets[processor]
    return [sorted(([*name, count] for name, count in found.items()), key=lambda row: -row[2])
            for found in sums]


class Profile:
    """What the guest's functions execute for a packet."""

    SHOWN = 40

    def __init__(self, path):
        self.path = path
        self.packed = ""
        self.begun = self.ended = None
        self.measured = []
        self.failures = []

    def symbols(self, part):
        """Takes a part of the guest's table of symbols."""
        self.packed += part

    def line(self, kind, adapter, _round, what, rest):
        """Takes a line of the guest. It does not wait for us: the sums are made later."""
        if kind == "failed":
            self.failures.append(f"{adapter}, {what}: {rest}")
        elif kind == "mark" and rest == "begin":
            self.begun = read_blocks(self.path)
        elif kind == "mark":
            self.ended = read_blocks(self.path)
        elif rest.startswith("packets "):
            # As many are sent, by processor 0, and arrive, at processor 1, if nothing else is said.
            self.measured.append((what, adapter, self.begun, self.ended, [int(rest.split()[1])] * 2))
        elif rest.startswith("arrived "):
            self.measured[-1][-1][1] = max(int(rest.split()[1]), 1)

    def functions(self):
        """Lists of by_function() by what was measured and adapter; none of a guest that ended early."""
        if not self.packed:
            return {}
        symbols = Symbols(self.packed)
        found = {}
        for what, adapter, begun, ended, packets in self.measured:
            found.setdefault(what, {})[adapter] = by_function(symbols, begun, ended, packets)
        return found


def by_module(rows):
    """Instructions of each module, most first; the page pool is one."""
    sums = {}
    for name, module, count in rows:
        module = "page pool" if name.startswith("page_pool_") else module
        sums[module] = sums.get(module, 0) + count
    return sorted(sums.items(), key=lambda item: -item[1])


def report(functions):
    """What modules execute, then the functions that execute most, as lines of text."""
    tables = [(f"{what}, {adapter}, processor {processor}: ", rows)
              for what, adapters in functions.items() for adapter, processors in adapters.items()
              for processor, rows in enumerate(processors)]
    lines = [head + ", ".join(f"{module} {count:.0f}" for module, count in by_module(rows) if count >= 1)
             for head, rows in tables]
    for head, rows in tables:
        lines.append(head + "instructions per packet")
        lines += [f"{count:10.1f}  {name} [{module}]" for name, module, count in rows[:Profile.SHOWN]]
    return lines
