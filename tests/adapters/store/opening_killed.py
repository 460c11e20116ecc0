"""Opening a journal, killed at the n-th file call, for every n. Run under the shim of tests/faults:
`python -m tests.adapters.store.opening_killed damaged|first-release FOLDER`; prints one JSON
object."""

import asyncio
import itertools
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from tests.adapters.store.test_journal_schema import of_the_first_release
from tests.faults.shim import KILL, ON_NAME, ON_SYNC, ON_WRITE, Break, Shim
from tests.journal_making import entered, fill, opened

EVENTS = 12
Judge = Callable[[Path, Path], str | None]


def damaged(folder: Path) -> None:
    """A journal that somebody has edited, and whose log is still there."""

    async def write() -> None:
        async with opened(folder / "edited") as journal:
            await fill(journal, EVENTS)

    asyncio.run(write())
    db = sqlite3.connect(folder / "edited" / "journal.sqlite", isolation_level=None)
    db.execute("DROP TRIGGER event_no_update")
    db.execute("UPDATE event SET event = replace(event, '000000000002', '000000000009')")
    shutil.copytree(folder / "edited", folder / "state")  # before the log is moved into the file
    db.close()


def first_release(folder: Path) -> None:
    (folder / "state").mkdir(parents=True)
    of_the_first_release(folder / "state", EVENTS)


async def judge_damaged(state: Path, before: Path) -> str | None:
    async with opened(state) as journal:
        first = (await journal.read(1, 1) or [{}])[0]
        salvaged = [e["seq"] async for page in journal.earlier() for e in page]
    if first.get("kind") != "journal_begun":
        return "the new journal does not say what it follows"
    if first["last_known"] != EVENTS or not {*range(1, EVENTS + 1)} - {3} <= {*salvaged}:
        return f"{salvaged} of {first['last_known']} salvaged"
    folders = list(state.glob("journal-damaged-*"))
    if len(folders) != 1:
        return f"{len(folders)} folders"
    for name in ("journal.sqlite", "journal.sqlite-wal"):
        if (folders[0] / name).read_bytes() != (before / name).read_bytes():
            return f"{name} was changed"
    return None


async def judge_first_release(state: Path, before: Path) -> str | None:
    async with opened(state) as journal:
        stored = await journal.read(1, 100)
    if [e["seq"] for e in stored] != list(range(1, EVENTS + 1)):
        return f"{len(stored)} events"
    return "put aside" if list(state.glob("journal-damaged-*")) else None


CASES = {
    "damaged": (damaged, judge_damaged),
    "first-release": (first_release, judge_first_release),
}


def killed_at(state: Path, nth: int) -> bool:
    """Whether a child that opens the journal met its end; False where it was done before."""
    pid = os.fork()
    if pid == 0:
        shim = Shim()
        shim.watch(state)
        shim.arm(Break(ON_WRITE | ON_SYNC | ON_NAME, nth, KILL))
        asyncio.run(entered(opened(state)))
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def main(case: str, folder: Path) -> None:
    make, judge = CASES[case]
    make(folder / "made")
    faults: list[str] = []
    for nth in itertools.count(1):
        state = folder / "state"
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(folder / "made" / "state", state)
        killed = killed_at(state, nth)
        fault = asyncio.run(judge(state, folder / "made" / "state"))
        if fault is not None:
            faults.append(f"call {nth}: {fault}")
        if not killed:
            print(json.dumps({"kills": nth - 1, "faults": faults}))
            return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
