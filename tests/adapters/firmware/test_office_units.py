"""The office's units: systemd takes them, they are closed, and their commands do what they say."""

import re
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.processes import program
from office.home import Home
from office.keys.key_files import make_keys
from tests.checkout import ROOT
from tests.journal_making import GATE
from tests.office_proofs import fill

SYSTEMD = ROOT / "systemd"
UNITS = sorted(SYSTEMD.glob("exam-office*.service"))
TIMERS = sorted(SYSTEMD.glob("exam-office*.timer"))
ALARM = SYSTEMD / "exam-office-alarm@.service"
PROGRAM = "/opt/exam-gate/bin/exam-office"
NEEDS_SYSTEMD = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")


def analyze(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, check=False)


def value(unit: Path, key: str) -> str:
    """Of a key that stands once."""
    (found,) = re.findall(rf"^{key}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    return str(found)


def run_here(unit: Path, key: str, home: Path, backups: Path) -> None:
    """A command of the unit as systemd would spell it, in other folders and with this program."""
    words = value(unit, key).replace("%%", "%").replace(PROGRAM, program("exam-office"))
    for folder, ours in (("exam-office-backup", backups), ("exam-office", home)):
        words = words.replace(f"/var/lib/{folder}", str(ours))
    subprocess.run(["/bin/sh", "-c", words], check=True, timeout=100)


@NEEDS_SYSTEMD
@pytest.mark.parametrize("unit", UNITS, ids=lambda u: u.stem)
def test_the_exposure_is_low(unit: Path) -> None:
    """The alarm writes to terminals, so it keeps devices."""
    said = analyze("security", "--offline=true", str(unit)).stdout
    level = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert level, said
    assert float(level[1]) <= (1.8 if unit == ALARM else 1.5 if "board" in unit.name else 1.3)


@NEEDS_SYSTEMD
def test_systemd_finds_no_fault(tmp_path: Path) -> None:
    """The programs are not at their places here."""
    for file in [*UNITS, *TIMERS]:
        text = file.read_text(encoding="utf-8")
        bare = re.sub(r"^(ExecStart(?:Post)?)=-?\S+", r"\1=/bin/true", text, flags=re.MULTILINE)
        (tmp_path / file.name).write_text(bare, encoding="utf-8")
    shown = [p for p in tmp_path.iterdir() if "@" not in p.name]
    verified = analyze("verify", "--man=no", *map(str, shown))
    assert verified.returncode == 0, verified.stderr
    assert "exam-office" not in verified.stderr, verified.stderr


@NEEDS_SYSTEMD
@pytest.mark.parametrize("timer", TIMERS, ids=lambda t: t.stem)
def test_a_timer_has_a_service_and_a_time_that_comes(timer: Path) -> None:
    assert timer.with_suffix(".service") in UNITS
    assert analyze("calendar", value(timer, "OnCalendar")).returncode == 0


def test_a_failure_is_told() -> None:
    silent = [u.name for u in UNITS if "OnFailure=exam-office-alarm@%n" not in u.read_text()]
    assert silent == [ALARM.name]


@pytest.mark.parametrize(
    "unit", [u for u in UNITS if PROGRAM in u.read_text()], ids=lambda u: u.stem
)
def test_the_options_of_a_unit_are_options_of_the_program(unit: Path) -> None:
    words = value(unit, "ExecStart").partition(PROGRAM)[2].split()
    command = [w for w in words if re.fullmatch(r"[a-z]+", w)]
    verb = command[: 2 if command[0] == "roster" else 1]
    shown = subprocess.run(
        [program("exam-office"), *verb, "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert {w for w in words if w.startswith("--")} <= set(re.findall(r"--[a-z-]+", shown))


def test_the_backup_unit_keeps_one_more_file_each_time(tmp_path: Path) -> None:
    home, backups = Home(tmp_path / "office"), tmp_path / "backups"
    backups.mkdir()
    make_keys(home, gates=[GATE], not_before=datetime.now(UTC))
    fill(home)
    unit = SYSTEMD / "exam-office-backup.service"
    run_here(unit, "ExecStart", home.root, backups)
    run_here(unit, "ExecStartPost", home.root, backups)
    (backup,) = backups.iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}", backup.name)
    with sqlite3.connect(backup) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)


def test_the_shred_unit_does_nothing_where_nothing_is_due(tmp_path: Path) -> None:
    home = Home(tmp_path / "office")
    make_keys(home, gates=[GATE], not_before=datetime.now(UTC))
    fill(home)
    before = sorted(p.name for p in home.root.rglob("*.key"))
    run_here(SYSTEMD / "exam-office-shred.service", "ExecStart", home.root, tmp_path)
    assert sorted(p.name for p in home.root.rglob("*.key")) == before
