"""What was salvaged of a damaged journal reaches the office by the same door as any stick."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from office.home import Home
from office.store.database import OfficeStore
from tests.journal_making import GATE, fill, opened
from tests.mqtt_making import made_home, unit_folder

pytestmark = pytest.mark.system


def run(*words: object) -> "subprocess.CompletedProcess[str]":
    program, *rest = map(str, words)
    return subprocess.run(
        [sys.executable, "-m", program, *rest], capture_output=True, text=True, check=False
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return made_home(tmp_path / "office")


async def damaged(home: Home, folder: Path) -> Path:
    """A unit whose journal has one event altered; the folder it was put aside into."""
    unit_folder(home, folder)
    async with opened(folder) as journal:
        await fill(journal, 40)
    db = sqlite3.connect(folder / "journal.sqlite", isolation_level=None)
    db.execute("DROP TRIGGER event_no_update")
    db.execute("UPDATE event SET event = replace(event, 'decision', 'decisive') WHERE seq = 17")
    db.execute("VACUUM")
    db.close()
    async with opened(folder):
        pass
    (aside,) = folder.glob("journal-damaged-*")
    return aside


async def test_every_piece_is_exported_and_imported(home: Home, tmp_path: Path) -> None:
    unit, stick = tmp_path / "unit", tmp_path / "stick"
    aside = await damaged(home, unit)
    stick.mkdir()
    said = run(
        "gate",
        "journal",
        "export",
        "--signed",
        "--config",
        unit / "gate.toml",
        "--journal",
        aside,
        "--out",
        stick,
    )
    assert said.returncode == 0, said.stderr
    files = sorted(stick.iterdir())
    assert len(files) == 2
    imported = run("office", "import", "--home", home.root, *files)
    assert imported.returncode in (0, 1), imported.stderr
    epoch = aside.name.rsplit("-", 1)[-1]
    with OfficeStore(home.database) as store:
        stored = {e["seq"] for e in store.events(GATE, epoch)}
    assert stored == set(range(1, 41)) - {17}


async def test_several_pieces_need_a_folder(home: Home, tmp_path: Path) -> None:
    aside = await damaged(home, tmp_path / "unit")
    said = run(
        "gate",
        "journal",
        "export",
        "--signed",
        "--config",
        tmp_path / "unit" / "gate.toml",
        "--journal",
        aside,
        "--out",
        tmp_path / "one.file",
    )
    assert (said.returncode, "name a folder" in said.stderr) == (2, True)
