"""Opening a journal on a card that does not give back the n-th read, for every n. Run under the
shim of tests/faults: `python -m tests.adapters.store.opening_unreadable once|lasting FOLDER`;
prints one JSON object."""

import asyncio
import itertools
import json
import shutil
import sys
from collections import Counter
from pathlib import Path

from gate.errors import GateError
from gate.ports import Head
from tests.faults.shim import ON_READ, Break, Shim
from tests.journal_making import fill, opened

EVENTS = 12
NAMES = ("journal.sqlite", "journal.sqlite-wal")


async def unplugged(folder: Path) -> Head:
    """A journal whose log is still there, in `folder/state`."""
    async with opened(folder / "unit") as journal:
        await fill(journal, EVENTS)
        await asyncio.sleep(0)  # the mark is noted
        shutil.copytree(folder / "unit", folder / "state")
        return journal.head


async def start(state: Path) -> tuple[str, Head | None]:
    """How a start ends, and where its journal stands."""
    try:
        async with opened(state) as journal:
            first = (await journal.read(1, 1) or [{}])[0]
            told = first.get("kind") == "journal_begun"
            return ("begun anew, told" if told else "opened"), journal.head
    except GateError as e:
        return type(e).__name__, None


def lost(state: Path, before: Path) -> str | None:
    """What is not where it must be after a journal was given up."""
    folders = list(state.glob("journal-damaged-*"))
    if len(folders) != 1:
        return f"{len(folders)} folders"
    for name in NAMES:
        if (folders[0] / name).read_bytes() != (before / name).read_bytes():
            return f"{name} was changed"
    report = json.loads((folders[0] / "damage.json").read_bytes())
    known = report["salvaged"] + sum(b - a + 1 for a, b in report["missing"])
    return None if known == EVENTS else f"{known} of {EVENTS} events accounted for"


async def case(shim: Shim, folder: Path, wanted: Break, head: Head) -> tuple[str, str | None]:
    """One start with the fault, and one on a card that reads again: outcome and what is wrong."""
    shutil.rmtree(folder / "work", ignore_errors=True)
    shutil.copytree(folder / "state", folder / "work")
    shim.watch(folder / "work")
    shim.arm(wanted)
    outcome, _ = await start(folder / "work")
    struck = shim.struck
    shim.arm(None)
    if not struck:
        return "", None
    if outcome == "begun anew, told":
        return outcome, lost(folder / "work", folder / "state")
    again, stands = await start(folder / "work")
    if again == "begun anew, told" and wanted.stays:  # what the first start could not end
        return again, lost(folder / "work", folder / "state")
    if stands != head:
        return outcome, f"{again} behind it, at {stands}"
    return outcome, None


async def main(how: str, folder: Path) -> None:
    head = await unplugged(folder)
    shim, outcomes, faults = Shim(), Counter[str](), []
    for nth in itertools.count(1):
        wanted = Break(ON_READ, nth, stays=how == "lasting")
        outcome, fault = await case(shim, folder, wanted, head)
        if not outcome:
            break
        outcomes[outcome] += 1
        if fault is not None:
            faults.append(f"n={nth}: {outcome}: {fault}")
    print(json.dumps({"outcomes": outcomes, "faults": faults}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
