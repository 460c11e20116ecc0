"""The n-th file call goes wrong, for every n: does the journal keep what it promised?

A program under the shim. For each case it forks a child that opens a fresh journal and fills it as
a gate would. After a refusal (disk full) it tries again once the disk works; after a broken write
it ends. The child says through a pipe what it has promised. The parent opens what is left with
nothing broken any more and compares.
"""

import argparse
import asyncio
import errno
import itertools
import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gate.errors import StorageBroken
from tests.faults.power import fill, reopened
from tests.faults.shim import FAIL, KILL, ON_NAME, ON_SYNC, ON_WRITE, SHORT, Break, Shim

EVERY = ON_WRITE | ON_SYNC | ON_NAME
KINDS = {
    "EIO once, write": Break(ON_WRITE, 1, FAIL, errno.EIO),
    "EIO for good, write": Break(ON_WRITE, 1, FAIL, errno.EIO, stays=True),
    "EIO once, fsync": Break(ON_SYNC, 1, FAIL, errno.EIO),
    "EIO once, name": Break(ON_NAME, 1, FAIL, errno.EIO),
    "ENOSPC until freed, write": Break(ON_WRITE, 1, FAIL, errno.ENOSPC, stays=True),
    "ENOSPC once, write": Break(ON_WRITE, 1, FAIL, errno.ENOSPC),
    "ENOSPC, short write": Break(ON_WRITE, 1, SHORT, errno.ENOSPC, stays=True),
    "ENOSPC until freed, name": Break(ON_NAME, 1, FAIL, errno.ENOSPC, stays=True),
    "SIGKILL, any call": Break(EVERY, 1, KILL),
}
"""What goes wrong, with n = 1."""

DONE, BROKEN = 0, 3


class Promises:
    """Says into a pipe, past any buffer, what was promised; makes room when the disk was full."""

    def __init__(self, pipe: int, shim: Shim) -> None:
        self._pipe = pipe
        self._shim = shim

    def mark(self, word: str) -> None:
        os.write(self._pipe, f"{word}\n".encode())

    def refused(self) -> None:
        self.mark("refused - -")
        self._shim.arm(None)


def child(folder: Path, events: int, wanted: Break, pipe: int) -> int:
    """One morning with one fault; the exit status."""
    shim = Shim()
    shim.watch(folder)
    shim.arm(wanted)
    promises = Promises(pipe, shim)
    try:
        asyncio.run(fill(folder, events, promises))
    except StorageBroken:
        return BROKEN
    finally:
        promises.mark(f"calls {shim.counted} {int(shim.struck)}")
    return DONE


def run(folder: Path, events: int, wanted: Break) -> tuple[list[list[str]], int]:
    """The words of one child and its wait status."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        status = 70
        try:
            status = child(folder, events, wanted, writing)
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        words = [line.split() for line in pipe]
    return words, os.waitpid(pid, 0)[1]


async def fault_of(words: list[list[str]], status: int, folder: Path) -> str | None:
    """What is wrong with what is left; None where all is well."""
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGKILL:
        return f"the writer died of signal {os.WTERMSIG(status)}"
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) not in (DONE, BROKEN):
        return "the writer ended with a traceback"
    stored = await reopened(folder)
    if isinstance(stored, str):
        return stored
    promised = {int(seq): digest for what, seq, digest in words if what == "event"}
    hashes = {e["seq"]: e["hash"] for e in stored[:-1]}
    if any(hashes.get(seq) != digest for seq, digest in promised.items()):
        return "an event was promised and is not there"
    unfinished = status != 0
    if len(hashes) - len(promised) not in ((0, 1) if unfinished else (0,)):
        return f"{len(hashes)} events, {len(promised)} promised"
    return None


@dataclass(frozen=True, slots=True)
class Case:
    """What came of one n. `promised`: events that were."""

    nth: int
    outcome: str
    promised: int
    fault: str | None


def cases(folder: Path, events: int, kind: str, stride: int) -> Iterator[Case]:
    """Every n of one kind, up to the last call that there is."""
    for nth in itertools.count(1, stride):
        words, status = run(folder, events, replace(KINDS[kind], nth=nth))
        if status == 0 and words[-1][-1] == "0":  # it never came to that call
            return
        fault = asyncio.run(fault_of(words, status, folder))
        yield Case(nth, _outcome(words, status), sum(w[0] == "event" for w in words), fault)


def _outcome(words: list[list[str]], status: int) -> str:
    if status:
        return "killed" if os.WIFSIGNALED(status) else "ended"
    return "refused and healed" if any(w[0] == "refused" for w in words) else "not felt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--events", type=int, default=110)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, required=True)
    asked = parser.parse_args()
    outcomes: Counter[str] = Counter()
    faults, promised = [], 0
    for case in cases(asked.folder / "state", asked.events, asked.kind, asked.stride):
        outcomes[case.outcome] += 1
        promised += case.promised
        if case.fault is not None:
            faults.append(f"n={case.nth}: {case.fault}")
    print(json.dumps({"outcomes": outcomes, "promised": promised, "faults": faults}))


if __name__ == "__main__":
    main()
