"""The journal against the machine: killed while writing, a full disk, a write that fails."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.core.journal_entries import verify_chain
from gate.errors import StorageBroken, StorageRefused
from tests.journal_making import GATE, entered, entry, opened

pytestmark = pytest.mark.system

WRITER = """
import asyncio, sys
from pathlib import Path
from tests.journal_making import entry, opened

async def write():
    async with opened(Path(sys.argv[1])) as journal:
        number = 0
        while True:
            number += 1
            event = await journal.append(entry(number, note="x" * 300))
            print(event["seq"], event["hash"], flush=True)
            await journal.keep_timing(event["seq"], {"total": 1.0})

asyncio.run(write())
"""

LIMITED = """
import asyncio, json, resource, sys
from pathlib import Path
from gate.errors import GateError
from tests.journal_making import entry, opened

async def write():
    said = []
    async with opened(Path(sys.argv[1])) as journal:
        await journal.append(entry(1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
        for number in range(300):
            try:
                await journal.append(entry(number, note="x" * 1000))
            except GateError as e:
                said.append(type(e).__name__)
                if len(said) == 2:
                    break
        print(json.dumps({"said": said, "seq": journal.head.seq}))

asyncio.run(write())
"""


def started(script: str, folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("events", [1, 7, 250])
async def test_what_was_promised_survives_a_kill(tmp_path: Path, events: int) -> None:
    writer = started(WRITER, tmp_path)
    assert writer.stdout is not None
    promised = [writer.stdout.readline().split() for _ in range(events)]
    writer.send_signal(signal.SIGKILL)
    promised += [line.split() for line in writer.stdout.read().splitlines() if line.count(" ") == 1]
    writer.wait()
    async with opened(tmp_path) as journal:
        stored = await journal.read(1, 100_000)
        after = await journal.append(entry(0))
    told = {int(seq): digest for seq, digest in promised}
    assert {e["seq"]: e["hash"] for e in stored if e["seq"] in told} == told
    assert len(stored) - len(told) in (0, 1)  # committed, and killed before it could say so
    assert verify_chain([*stored, after], gate=GATE, epoch=journal.head.epoch) is None


def test_a_write_that_fails_ends_it_and_loses_nothing(tmp_path: Path) -> None:
    """EFBIG reaches SQLite as an I/O error, as a dying card does."""
    limited = started(LIMITED, tmp_path)
    out, _ = limited.communicate(timeout=30)
    found = json.loads(out)
    assert found["said"] == [StorageBroken.__name__] * 2
    assert found["seq"] >= 2

    async def reopened() -> int:
        async with opened(tmp_path) as journal:
            return journal.head.seq

    assert asyncio.run(reopened()) == found["seq"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """2 MB of tmpfs."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


async def append_until_refused(journal, most: int = 5000) -> int:
    for number in range(most):
        try:
            await journal.append(entry(number, note="x" * 500))
        except StorageRefused:
            return journal.head.seq
    raise AssertionError("never full")


async def test_a_disk_filled_from_outside_refuses_and_heals(small_disk: Path) -> None:
    async with opened(small_disk / "state") as journal:
        for number in range(20):
            await journal.append(entry(number))
        filler = fill(small_disk)
        for _ in range(3):  # refused again and again, and each time nothing is written
            stood = await append_until_refused(journal)
        assert len(await journal.read(1, 10_000)) == stood
        filler.unlink()
        assert (await journal.append(entry(1)))["seq"] == stood + 1
        filler = fill(small_disk)
        stood = await append_until_refused(journal)
    await with_nothing_lost(small_disk / "state", stood)


async def with_nothing_lost(folder: Path, seq: int) -> None:
    async with opened(folder) as journal:
        stored = await journal.read(1, 100_000)
        assert journal.head.seq == seq
        assert verify_chain(stored, gate=GATE, epoch=journal.head.epoch) is None


async def test_a_journal_that_fills_its_own_disk(small_disk: Path) -> None:
    async with opened(small_disk / "state") as journal:
        stood = await append_until_refused(journal)
        assert stood > 100
    await with_nothing_lost(small_disk / "state", stood)


@pytest.mark.parametrize("begun", [False, True])
async def test_a_disk_full_at_opening(small_disk: Path, begun: bool) -> None:
    folder = small_disk / "state"
    if begun:
        async with opened(folder) as journal:
            await journal.append(entry(1))
    folder.mkdir(exist_ok=True)
    filler = fill(small_disk)
    journal = opened(folder)
    with pytest.raises(StorageRefused):
        await entered(journal)
    filler.unlink()
    async with journal:
        assert (await journal.append(entry(2)))["seq"] == 1 + begun


async def test_a_disk_gone_read_only(small_disk: Path) -> None:
    folder = small_disk / "state"
    async with opened(folder) as journal:
        await journal.append(entry(1))
    remount = ["mount", "-o", "remount,ro", str(small_disk)]
    subprocess.run(remount, check=True)
    journal = opened(folder)
    with pytest.raises(StorageRefused):
        await entered(journal)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    async with journal:
        assert (await journal.append(entry(2)))["seq"] == 2
