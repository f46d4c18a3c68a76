# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/check is made of: tasks, their results, and who runs the ones and prints the others."""

import concurrent.futures
import os
import re
import subprocess
import threading
import time
from dataclasses import asdict, dataclass, field

from kept_results import KeptResults

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = os.path.join(TOP, "build", "logs", "check")
LANES = max(2, min(4, (os.cpu_count() or 2)))
SUB_RESULT = re.compile(r"^(not ok|ok)\b\s*\d*\s*-?\s*([^#]*?)\s*(?:#\s*(.*))?$")


@dataclass
class Result:
    """What became of one test."""
    name: str
    status: str  # passed, failed or skipped
    seconds: float | None = None
    detail: str = ""
    kept: bool = False  # seen in an earlier run


@dataclass
class Task:
    """Something to run when the tasks it is after have succeeded, and those it follows have ended."""
    name: str
    function: object
    after: list = field(default_factory=list)
    follows: list = field(default_factory=list)
    part: str | None = None  # its results are kept until what this part depends on changes


class Failure(Exception):
    """A command failed; the text is the end of what it said."""


def command(log, *arguments, timeout=1800):
    """Runs a command with its output in a log."""
    path = os.path.join(LOGS, log)
    with open(path, "ab") as out:
        try:
            result = subprocess.run(arguments, check=False, cwd=TOP, stdin=subprocess.DEVNULL,
                                    stdout=out, stderr=subprocess.STDOUT, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"{' '.join(arguments)} did not end within {timeout} s") from None
    if result.returncode:
        with open(path, encoding="utf-8", errors="replace") as source:
            said = source.read().splitlines()
        # Those of a compiler are far from the end when others compile on.
        tail = [line for line in said[:-25] if " error: " in line][:10] + said[-25:]
        raise Failure("\n".join([f"{' '.join(arguments)} failed:", *tail]))


def parse_tap(lines, prefix):
    """The results in the lines of one TAP program; the comments before a failure explain it."""
    results = []
    comments = []
    for line in lines:
        if line.startswith("1..0"):
            return [Result(prefix, "skipped", detail=line.partition("SKIP")[2].strip())]
        match = SUB_RESULT.match(line)
        if not match:
            comments.append(line)
            continue
        verdict, name, directive = match.groups()
        skipped = (directive or "").upper().startswith("SKIP")
        status = "failed" if verdict == "not ok" else "skipped" if skipped else "passed"
        detail = (directive or "")[4:].strip(" :") if skipped else "\n".join(comments[-25:])
        results.append(Result(f"{prefix}: {name}", status,
                              detail=detail if status != "passed" else ""))
        comments = []
    return results


class Runner:
    """Runs tasks in a few lanes, earliest first, and prints results as they come."""

    def __init__(self, tasks):
        self.waiting = list(tasks)
        self.done = {}  # name: succeeded
        self.results = []
        self.kept = KeptResults()
        self.print_lock = threading.Lock()

    def report(self, result):
        """Prints one result."""
        word = {"passed": "ok", "failed": "FAIL", "skipped": "skip"}[result.status]
        took = "before" if result.kept else "" if result.seconds is None else f"{result.seconds:.1f}s"
        lines = [f"{word:<5}{took:>8}  {result.name}"]
        if result.status == "failed":
            lines += ["        | " + line for line in result.detail.splitlines()]
        elif result.detail:
            lines[0] += f" ({result.detail})"
        with self.print_lock:
            print("\n".join(lines), flush=True)
        self.results.append(result)

    def run_task(self, task):
        """Runs one task; returns its name and whether others may build on it."""
        start = time.monotonic()
        broken = [name for name in task.after if not self.done[name]]
        if broken:
            self.report(Result(task.name, "failed", detail=f"not run, because of: {broken[0]}"))
            return task.name, False
        try:
            results = self.kept.find(task.part, task.name)
            if results is None:
                results = task.function()
                if all(result.status != "failed" for result in results):
                    self.kept.keep(task.part, task.name, [asdict(result) for result in results])
            else:
                results = [Result(**{**result, "kept": True}) for result in results]
        except Exception as error:  # pylint: disable=broad-except  # a broken task is a failed test
            text = str(error) if isinstance(error, Failure) else repr(error)
            self.report(Result(task.name, "failed", time.monotonic() - start, text))
            return task.name, False
        for result in results:
            self.report(result)
        if not results:
            with self.print_lock:
                print(f"done {time.monotonic() - start:7.1f}s  {task.name}", flush=True)
        return task.name, True

    def run(self):
        """Runs all of them."""
        with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
            running = set()
            while self.waiting or running:
                for task in list(self.waiting):
                    if len(running) < LANES and self.done.keys() >= {*task.after, *task.follows}:
                        self.waiting.remove(task)
                        running.add(pool.submit(self.run_task, task))
                finished, running = concurrent.futures.wait(
                    running, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in finished:
                    name, succeeded = future.result()
                    self.done[name] = succeeded
