"""Some gates of the herd as a program: their journals on disk and their uplinks over TLS, nothing
else of them. Says on stdout how far all of them are: `ready`, `filled`, `receipted`; ends when
stdin does.

Sixty in one process, because paho waits by select(), which knows no descriptor above 1,023.
"""

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from demo.stage import SITE
from gate.store.journal import SqliteJournal
from gate.sync.uplink import MqttUplink
from office.home import Home
from tests.journal_making import fill
from tests.mqtt_making import sending, uplink_of
from tests.waiting import soon

BEFORE, MORNING = 5, 130
"""Events sent before the outage, and during it."""
BACK_S = 240.0


def names(first: int, last: int) -> list[str]:
    return [f"{SITE}-h{n:03d}" for n in range(first, last + 1)]


def journal_of(work: Path, name: str) -> Path:
    return work / name / "journal.sqlite"


async def gates(work: Path, home: Home, port: int, own: list[str]) -> None:
    async with contextlib.AsyncExitStack() as stack:
        units = [await stack.enter_async_context(_unit(work, home, port, name)) for name in own]
        for journal, _ in units:
            await fill(journal, BEFORE)
        await soon(lambda: all(u.status["receipted"] == BEFORE for _, u in units), BACK_S)
        print("ready", flush=True)
        await soon(lambda: not any(u.status["connected"] for _, u in units), BACK_S)
        for journal, _ in units:
            await fill(journal, MORNING)
        print("filled", flush=True)
        whole = BEFORE + MORNING
        await soon(lambda: all(u.status["receipted"] == whole for _, u in units), BACK_S)
        print("receipted", flush=True)
        await asyncio.to_thread(sys.stdin.read)


@contextlib.asynccontextmanager
async def _unit(
    work: Path, home: Home, port: int, name: str
) -> AsyncIterator[tuple[SqliteJournal, MqttUplink]]:
    path = journal_of(work, name)
    async with SqliteJournal(path, gate=name, boot=f"boot-{os.getpid()}") as journal:
        uplink = uplink_of(home, port, journal, name)
        async with sending(uplink):
            yield journal, uplink


def main(work: str, home: str, port: str, first: str, last: str) -> None:
    logging.getLogger("gate.sync").setLevel(logging.ERROR)  # the broker is away: that is the row
    asyncio.run(gates(Path(work), Home(Path(home)), int(port), names(int(first), int(last))))


if __name__ == "__main__":
    main(*sys.argv[1:])
