# SPDX-License-Identifier: GPL-2.0-or-later
"""The program openena, with machines of its own."""

import contextlib
import os
import subprocess
import tempfile

from tap import ROOT, equal

PROGRAM = os.path.join(ROOT, "build", "tools", "bin", "openena")


class Place:
    """A directory, and in it the state of machines. It is the home of whoever starts them."""

    SECONDS = 60  # for a command

    def __init__(self, directory):
        self.directory = directory
        self.prefix = []  # of each command

    def environment(self):
        """Of each command."""
        return {**os.environ, "XDG_STATE_HOME": self.path("state"), "HOME": self.directory}

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def command(self, *words, status=0, said=""):
        """One that has ended with a status, with what it printed."""
        done = subprocess.run([*self.prefix, PROGRAM, *words], input=said, capture_output=True, text=True,
                              timeout=self.SECONDS, check=False, env=self.environment())
        equal(done.returncode, status, f"exit status of {' '.join(words)}: {done.stderr}")
        return done

    def openena(self, *words, said=""):
        """What it prints."""
        return self.command(*words, said=said).stdout


@contextlib.contextmanager
def place(kind=Place):
    """A place, and the end of what is in it."""
    with tempfile.TemporaryDirectory(prefix="openena-") as directory:
        there = kind(directory)
        try:
            yield there
        finally:
            there.openena("stop", "--all")
