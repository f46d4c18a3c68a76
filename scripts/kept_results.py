# SPDX-License-Identifier: GPL-2.0-or-later
"""Results of tests that passed, kept until something that they depend on changes.

They depend on the files of the tree (but those that cannot matter to their part), on the packages
of this machine and on the environment's variables below. AGAIN=1 asks for none.
"""

import hashlib
import json
import os
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KEPT = os.path.join(TOP, "build", "kept-results")
VARIABLES = ("FUZZ_SECONDS",)
NO_TEST = ("Documentation/", "debian/", ".github/", "README.md", "CONTRIBUTING.md", "scripts/lint", "scripts/bench")
NO_GUEST = ("selftests/", "tools/openena-vm", "tools/openena-bench", "tools/vmlib/", "scripts/vm-",
            "kmod/linux/", "qemu-device/qemu/", "tests/qemu/", "tests/clients/")
NO_HOST = ("qemu-device/fuzz/", *(f"tests/{name}/" for name in (
    "abi", "bench", "device", "driver", "fuzz", "net", "offload", "pair", "tools")))
# Manual pages are compared with what the program says.
UNRELATED = {"host": (*(path for path in NO_TEST if path != "Documentation/"), *NO_GUEST),
             "fuzz": (*NO_TEST, *NO_GUEST), "qemu": (*NO_TEST, *NO_HOST),
             "vm": (*NO_TEST, *NO_HOST), "clients": (*NO_TEST, *NO_HOST)}


def output(*arguments):
    """What a command prints."""
    return subprocess.run(arguments, check=True, cwd=TOP, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


class KeptResults:
    """Of one run of the check; without git, or when asked for none, it keeps and finds none."""

    def __init__(self):
        self.keys = {}
        self.files = None
        if os.environ.get("AGAIN", "") not in ("", "0"):
            return
        try:
            names = output("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
            self.machine = output("dpkg-query", "-W")
        except (OSError, subprocess.CalledProcessError):
            return
        self.files = {name: self.digest(name) for name in sorted(names.decode().split("\0")) if name}

    @staticmethod
    def digest(name):
        """Of a file's content and whether it can be run."""
        path = os.path.join(TOP, name)
        if not os.path.isfile(path):
            return "none"
        with open(path, "rb") as source:
            return f"{os.access(path, os.X_OK)} {hashlib.sha256(source.read()).hexdigest()}"

    def key(self, part):
        """Of all that the tests of a part depend on."""
        if part not in self.keys:
            what = [f"{name} {digest}" for name, digest in self.files.items()
                    if not name.startswith(UNRELATED[part])]
            what += [f"{name}={os.environ.get(name)}" for name in VARIABLES]
            self.keys[part] = hashlib.sha256("\n".join(what).encode() + self.machine).hexdigest()
        return self.keys[part]

    @staticmethod
    def path(task):
        """Of the file that keeps a task's results."""
        return os.path.join(KEPT, task.replace(" ", "-") + ".json")

    def find(self, part, task):
        """The results of a task, as they were given to keep(), or None."""
        if self.files is None or part not in UNRELATED:
            return None
        try:
            with open(self.path(task), encoding="utf-8") as source:
                kept = json.load(source)
        except (OSError, ValueError):
            return None
        return kept["results"] if kept["key"] == self.key(part) else None

    def keep(self, part, task, results):
        """Keeps the results of a task, a list that JSON can hold."""
        if self.files is None or part not in UNRELATED:
            return
        os.makedirs(KEPT, exist_ok=True)
        with open(self.path(task) + ".new", "w", encoding="utf-8") as out:
            json.dump({"key": self.key(part), "results": results}, out)
        os.replace(self.path(task) + ".new", self.path(task))
