"""Three hundred gates come back at once after an outage, each with a morning to tell.

Real: mosquitto with its certificates, exam-office, every gate's journal on disk and its uplink over
TLS. The gates share one process, because three hundred networks in memory would not fit here.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from demo.processes import resident_mb
from demo.stage import SITE
from gate.store.journal import SqliteJournal
from office.home import Home
from tests.faults.processes.books import Book, compare
from tests.faults.processes.site import Site
from tests.faults.row import Finding, Say
from tests.journal_making import fill
from tests.mqtt_making import sending, uplink_of
from tests.waiting import soon

MORNING = 130
BEFORE = 5
BACK_S = 300.0
SERVERS = ("broker", "office")


def names(gates: int) -> list[str]:
    return [f"{SITE}-h{n:03d}" for n in range(1, gates + 1)]


def herd(gates: int, say: Say | None) -> Finding:
    """Each has sent `BEFORE` events when the broker dies; `MORNING` more wait for its return."""
    found = Finding(runs=gates)
    tell = say or (lambda _: None)
    site = Site(0)
    outages = logging.getLogger("gate.sync")
    outages.setLevel(logging.ERROR)  # every gate says that the broker is away: that is the row
    try:
        site.keys(names(gates))
        site.broker_config()
        site.start_broker()
        site.start_office()
        took_s = asyncio.run(_outage(site, gates))
        found.hits["seconds from the broker's return to the last receipt"] = round(took_s)
        found.hits["events a second from there"] = round(gates * MORNING / took_s)
        tell(f"{gates} gates, {gates * MORNING} events: all receipted after {took_s:.1f} s")
        for name, pid in (("all gates", os.getpid()), *((n, site.crew.pid(n)) for n in SERVERS)):
            found.hits[f"MB of RAM of {name}"] = round(resident_mb(pid))
        site.crew.stop("office", 60.0)
        for name in names(gates):
            compare(Book.of(name, _journal(site, name)), site.database, [], found)
    finally:
        outages.setLevel(logging.NOTSET)
        site.close()
    return found


def _journal(site: Site, name: str) -> Path:
    return site.work / name / "journal.sqlite"


async def _outage(site: Site, gates: int) -> float:
    """Seconds from the broker's return until every event of every gate is receipted."""
    async with contextlib.AsyncExitStack() as stack:
        units = [await stack.enter_async_context(_unit(site, name)) for name in names(gates)]
        for journal, _ in units:
            await fill(journal, BEFORE)
        await soon(lambda: all(u.status["receipted"] == BEFORE for _, u in units), BACK_S)
        await asyncio.to_thread(site.crew.kill, "broker")
        await soon(lambda: not any(u.status["connected"] for _, u in units), BACK_S)
        await asyncio.gather(*(fill(journal, MORNING) for journal, _ in units))
        began = time.monotonic()
        await asyncio.to_thread(site.start_broker)
        whole = BEFORE + MORNING
        await soon(lambda: all(u.status["receipted"] == whole for _, u in units), BACK_S)
        return time.monotonic() - began


@contextlib.asynccontextmanager
async def _unit(site: Site, name: str) -> AsyncIterator[tuple[SqliteJournal, object]]:
    path = _journal(site, name)
    async with SqliteJournal(path, gate=name, boot=f"boot-{os.getpid()}") as journal:
        uplink = uplink_of(Home(site.home), site.port, journal, name)
        async with sending(uplink):
            yield journal, uplink
