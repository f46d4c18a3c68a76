# SPDX-License-Identifier: GPL-2.0-or-later
"""The test VM: its images, its accelerator, its machine and the reports that come out of it."""

import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Debian's package openena-tools has this without scripts/, and without what those make.
IN_TREE = os.path.exists(os.path.join(TOP, "scripts", "vm-kernel"))
BUILD = os.path.join(TOP, "build") if IN_TREE else os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "openena")


class UserError(Exception):
    """Something the user can put right; the text is one clear sentence."""


def say(text):
    """Tells the user something that is not a result."""
    print(f"openena: {text}", file=sys.stderr, flush=True)


def remedy(command, package):
    """What to do where something is missing: one of scripts/ gets it, or it is in a package."""
    return f"run scripts/{command}" if IN_TREE else f"install the package {package}"


def script(name, *args):
    """Runs one of scripts/ and returns what it printed; its own message explains a failure."""
    if not IN_TREE:
        raise UserError("kernels and root file systems of our own come with OpenENA's source tree: --image FILE"
                        " boots a cloud image.")
    result = subprocess.run([os.path.join(TOP, "scripts", name), *args], check=False,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    if result.returncode:
        raise UserError(f"scripts/{name} {' '.join(args)} failed.")
    return result.stdout.strip()
