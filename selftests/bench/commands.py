# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands for measure.py and what it uses, and how they fail."""

import subprocess

PATIENCE_S = 60


class Trouble(Exception):
    """A measurement cannot be had."""


def command(*words, timeout=PATIENCE_S):
    """Runs a command; returns what it printed."""
    try:
        result = subprocess.run(words, check=False, stdin=subprocess.DEVNULL, timeout=timeout,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"{words[0]} did not end within {timeout:g} s") from error
    if result.returncode:
        raise Trouble(f"{' '.join(words)}: {result.stdout.strip()[-300:]}")
    return result.stdout
