# SPDX-License-Identifier: GPL-2.0-or-later
"""The test VM: its images, its accelerator, its machine and the reports that come out of it."""

import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build")


class UserError(Exception):
    """Something the user can put right; the text is one clear sentence."""


def say(text):
    """Tells the user something that is not a result."""
    print(f"openena: {text}", file=sys.stderr, flush=True)


def script(name, *args):
    """Runs one of scripts/ and returns what it printed; its own message explains a failure."""
    result = subprocess.run([os.path.join(TOP, "scripts", name), *args], check=False,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        raise UserError(f"scripts/{name} {' '.join(args)} failed.")
    return result.stdout.strip()
