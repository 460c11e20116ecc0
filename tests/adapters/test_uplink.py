"""Gate to office and back over a real broker with real certificates."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gate.store.journal import SqliteJournal
from gate.sync.mqtt import MqttUplink
from office.commands.verify import audit, is_whole
from office.home import Home
from office.store import OfficeStore
from tests.journal_making import (
    GATE,
    broker_at,
    entry,
    made_home,
    office_at,
    opened,
    uplink_of,
)

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return made_home(tmp_path_factory.mktemp("office"))


@pytest.fixture
def home(keys: Home) -> Home:
    for path in keys.root.glob("office.sqlite*"):
        path.unlink()
    return keys


async def until(met: Callable[[], bool], bound_s: float = 20.0) -> None:
    async with asyncio.timeout(bound_s):
        while not met():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def sending(uplink: MqttUplink) -> AsyncIterator[None]:
    task = asyncio.create_task(uplink.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def journals_at_the_office(home: Home) -> dict[str, dict[str, object]]:
    with OfficeStore(home.database) as store:
        return {gate: audit(store, gate, epoch) for gate, epoch in store.journals()}


async def fill(journal: SqliteJournal, count: int) -> None:
    for number in range(count):
        await journal.append(entry(number))


async def test_every_event_arrives_once_and_is_receipted(home: Home, tmp_path: Path) -> None:
    with broker_at(home, tmp_path / "broker") as broker, office_at(home, broker.port):
        async with opened(tmp_path) as journal:
            await fill(journal, 120)
            uplink = uplink_of(home, broker.port, journal)
            async with sending(uplink):
                await until(lambda: uplink.status["receipted"] == 120)
                await fill(journal, 3)
                await until(lambda: uplink.status["receipted"] == 123)
            head, receipt = journal.head, await journal.receipt()
    assert receipt is not None
    assert (receipt.high, receipt.head) == (123, head.hash)
    found = journals_at_the_office(home)[GATE]
    assert is_whole(found)
    assert (found["events"], found["head"]) == (123, head.hash)
