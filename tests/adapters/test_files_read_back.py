"""Every file that a unit reads back: wrong contents are mended or refused in words, at once.

One list of files, each with the real function that reads it. One list of ways in which a file can
be wrong. A reader may raise a GateError of another kind than a bug. `exam-gate` ends with its exit
code and sentence, and the running gate goes on.
"""

import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from gate.commands.journal_verify import verify_put_aside
from gate.config.settings import load
from gate.errors import GateBug, GateError, InputRejected
from gate.models.calibration_table import TABLE
from gate.models.matching import Thresholds
from gate.models.network_files import MANIFEST as NETWORKS
from gate.models.network_files import read_manifest
from gate.ports import Head, Receipt
from gate.roster.install import status
from gate.roster.installed import RosterInstallation
from gate.roster.keys import read_key, write_key
from gate.store import checkpoint, set_aside
from gate.store.store_errors import from_system
from gate.sync.link import Address
from gate.sync.uplink_state import UplinkState
from gate.sync.wire import decode_receipt
from tests.journal_making import opened
from tests.roster_making import GATE, NOW, Office

SPARSE_BYTES = 1 << 40
"""More than any memory: whoever reads it whole ends there."""
GATE_TOML = b'[unit]\nid = "wh-hs-01-g1"\nsite = "wh-hs-01"\n[reader]\nbaud = 115200\n'


@dataclass
class Unit:
    """A unit's folder with a roster, and who may ask."""

    office: Office
    state: Path

    def installation(self) -> RosterInstallation:
        public = bytes(self.office.signing.verify_key)
        sealing = bytes(self.office.gate)
        return RosterInstallation(self.state, gate=GATE, sealing=sealing, office=public)

    def ask_rosters(self) -> None:
        """What the supervisor asks each second, one question after the other."""
        it = self.installation()
        assert isinstance(it.holds, bool)
        questions: list[Callable[[], object]] = [
            it.refresh,
            lambda: it.history(0),
            it.finish,
            lambda: it.overdue(NOW),
            lambda: it.destroy_overdue(NOW, frozenset()),
        ]
        for ask in questions:
            in_words(ask)


def in_words(ask: Callable[[], object]) -> GateError | None:
    """What was refused. Everything but a sentence in both languages fails the test."""
    told = None
    try:
        ask()
    except GateError as e:
        told = e
    if told is not None:
        assert not isinstance(told, GateBug)
        assert told.exit_code != 70
        assert told.zh != told.en or isinstance(told, InputRejected)  # of a message: to the log
    return told


def read_checkpoint(journal: Path) -> None:
    try:
        checkpoint.read(journal)
    except OSError as e:  # as gate/store/opening.py turns it
        raise from_system(journal, e) from e


def read_inbox(inbox: Path) -> None:
    chance, key = random.Random(1), SigningKey.generate()
    address = Address("127.0.0.1", 1, inbox, inbox, inbox, name=GATE)
    journal = opened(inbox.parent)
    state = UplinkState(address, journal, key, bytes(key.verify_key), dict, chance, inbox)
    payload = state.from_stick()
    if payload is not None:
        decode_receipt(payload, state.office_public)


def roster_file(name: str) -> Callable[[Unit], tuple[Path, Callable[[], object]]]:
    return lambda unit: (unit.state / "roster" / name, unit.ask_rosters)


def _manifest(unit: Unit) -> tuple[Path, Callable[[], object]]:
    return next((unit.state / "roster" / "installed").glob("*/manifest.json")), unit.ask_rosters


def _roster(unit: Unit) -> tuple[Path, Callable[[], object]]:
    return next((unit.state / "roster" / "installed").glob("*/*.roster")), unit.ask_rosters


def _mark(unit: Unit) -> tuple[Path, Callable[[], object]]:
    journal, head = unit.state / "journal.sqlite", Head("e", 5, "h")
    receipt = Receipt(1, GATE, "e", 5, "h", (), NOW.isoformat())
    mark = checkpoint.CheckpointFile(journal, GATE, head, receipt)
    mark.keep(receipt)
    mark.close()
    return checkpoint.place(journal), lambda: read_checkpoint(journal)


def _key(unit: Unit) -> tuple[Path, Callable[[], object]]:
    path = unit.state / "office.pub"
    write_key(path, bytes(32), private=False)
    return path, lambda: read_key(path, "a key")


def _gate_toml(unit: Unit) -> tuple[Path, Callable[[], object]]:
    path = unit.state / "gate.toml"
    path.write_bytes(GATE_TOML)
    return path, lambda: load(path)


def _calibration(unit: Unit) -> tuple[Path, Callable[[], object]]:
    path = Path(shutil.copy(TABLE, unit.state))
    return path, lambda: Thresholds.load(path)


def _networks(unit: Unit) -> tuple[Path, Callable[[], object]]:
    path = Path(shutil.copy(NETWORKS, unit.state))
    return path, lambda: read_manifest(path)


def _inbox(unit: Unit) -> tuple[Path, Callable[[], object]]:
    path = unit.state / "receipt.inbox"
    path.write_bytes(b"{}")
    return path, lambda: read_inbox(path)


def _put_aside(unit: Unit) -> Path:
    journal = unit.state / "journal.sqlite"
    journal.write_bytes(b"not a database")
    set_aside.put_aside(journal, GATE, None, "damaged", NOW)
    return next(unit.state.glob("journal-damaged-*"))


def _ask_put_aside(folder: Path) -> None:
    """As the next start asks, and then `journal verify`."""
    journal = folder.parent / "journal.sqlite"
    set_aside.lost_before(journal, None)
    set_aside.lost_before(journal, checkpoint.Checkpoint(GATE, "e"))
    assert isinstance([*set_aside.pages_of(journal, GATE)], list)
    verify_put_aside(folder, as_json=True)


def _damage_report(unit: Unit) -> tuple[Path, Callable[[], object]]:
    folder = _put_aside(unit)
    return folder / "damage.json", lambda: _ask_put_aside(folder)


def _salvaged(unit: Unit) -> tuple[Path, Callable[[], object]]:
    folder = _put_aside(unit)
    return folder / "salvaged.jsonl", lambda: _ask_put_aside(folder)


FILES: dict[str, Callable[[Unit], tuple[Path, Callable[[], object]]]] = {
    "journal checkpoint": _mark,
    "receipt inbox": _inbox,
    "roster current": roster_file("current"),
    "roster history": roster_file("history.jsonl"),
    "roster trusted": roster_file("trusted.json"),
    "roster destroying": roster_file("destroying.json"),
    "roster last_note": roster_file("last_note"),
    "installed manifest": _manifest,
    "installed roster": _roster,
    "gate.toml": _gate_toml,
    "key": _key,
    "calibration.toml": _calibration,
    "networks": _networks,
    "damage report": _damage_report,
    "salvaged events": _salvaged,
}
ODD = (
    b"",
    b"5",
    b"null",
    b"[]",
    b"{}",
    b'"x"',
    b"\xff\xfe\x00",
    b'{"a": ' + b"9" * 5000 + b"}",
    b"a = " + b"9" * 5000,
    b"[" * 100_000,
    b"a = " + b"[" * 100_000,
)


@pytest.fixture(scope="module")
def office() -> Office:
    return Office()


@pytest.fixture
def unit(office: Office, tmp_path: Path) -> Unit:
    office.install(office.written(tmp_path / "usb"), tmp_path / "state")
    return Unit(office, tmp_path / "state")


every_file = pytest.mark.parametrize("name", FILES)


@every_file
def test_it_reads_as_it_was_written(unit: Unit, name: str) -> None:
    _, ask = FILES[name](unit)
    told = in_words(ask)
    assert told is None or name == "receipt inbox"


@every_file
def test_what_is_no_file_or_too_large_is_never_waited_for(unit: Unit, name: str) -> None:
    path, ask = FILES[name](unit)
    path.unlink(missing_ok=True)
    in_words(ask)
    path.parent.mkdir(exist_ok=True, parents=True)  # a roster without keys is destroyed
    os.mkfifo(path)
    in_words(ask)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(SPARSE_BYTES if name != "installed roster" else 1 << 20)  # hashed in pieces
    in_words(ask)
    path.unlink()
    path.mkdir()
    in_words(ask)


@every_file
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_bytes_and_any_cut(unit: Unit, name: str, data: st.DataObject) -> None:
    kept = unit.state.with_name("kept")
    if not kept.exists():
        shutil.copytree(unit.state, kept)
    shutil.rmtree(unit.state)
    shutil.copytree(kept, unit.state)
    path, ask = FILES[name](unit)
    whole = path.read_bytes() if path.exists() else b""
    at = data.draw(st.integers(0, len(whole)))
    odd = data.draw(st.one_of(st.binary(max_size=200), st.sampled_from(ODD)))
    changed = st.sampled_from([odd, whole[:at], whole[:at] + odd + whole[at + len(odd) :]])
    path.write_bytes(data.draw(changed))
    in_words(ask)


VALUES: tuple[object, ...] = (None, True, 5, -1, 1e400, "x", "\ud800", [], {}, [None], {"a": 1})


def every_place(value: object) -> list[list[object]]:
    """The path to each value inside, itself included."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [[], *([key, *rest] for key, part in inner for rest in every_place(part))]


def with_odd(value: object, place: list[object], odd: object) -> object:
    if not place:
        return odd
    changed = value.copy()  # type: ignore[attr-defined]
    changed[place[0]] = with_odd(changed[place[0]], place[1:], odd)
    return changed


@pytest.mark.parametrize(
    "name",
    [
        "installed manifest",
        "roster trusted",
        "roster history",
        "roster destroying",
        "damage report",
    ],
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_json_of_wrong_types(unit: Unit, name: str, data: st.DataObject) -> None:
    kept = unit.state.with_name("kept")
    if not kept.exists():
        shutil.copytree(unit.state, kept)
    shutil.rmtree(unit.state)
    shutil.copytree(kept, unit.state)
    path, ask = FILES[name](unit)
    order = {"certificate": "a", "folder": "b", "roster": None, "keys": None, "candidates": 1}
    order |= {"bytes": 1, "evidence": ["x"], "why": "staff", "at": NOW.isoformat(), "clock": None}
    value = json.loads(path.read_bytes()) if path.exists() else order
    place = data.draw(st.sampled_from(every_place(value)))
    odd = data.draw(st.sampled_from(VALUES))
    path.write_text(json.dumps(with_odd(value, place, odd)), encoding="utf-8")
    in_words(ask)


@pytest.mark.parametrize("expires", [5, None, "never", "2027-01-01", "2027-01-01T00:00:00"])
def test_a_manifest_without_an_end_destroys_nothing(unit: Unit, expires: object) -> None:
    path, _ = FILES["installed manifest"](unit)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"expires": expires}))
    told = in_words(lambda: unit.installation().destroy_overdue(NOW, frozenset()))
    assert told is not None
    assert "roster wipe" in told.en
    assert path.exists()
    unit.office.install(unit.state.with_name("usb"), unit.state)  # heals it
    assert not path.exists()
    assert unit.installation().refresh() is not None


def test_a_manifest_that_does_not_read_is_told_as_one(unit: Unit) -> None:
    path, _ = FILES["installed manifest"](unit)
    with path.open("wb") as file:
        file.truncate(SPARSE_BYTES)
    told = in_words(unit.installation().refresh)
    assert told is not None
    assert told.en.startswith(f"{path} cannot be read")
    told = in_words(lambda: status(unit.state, GATE, bytes(unit.office.gate), bytes(32)))
    assert told is not None
    assert told.exit_code == 7


def test_a_damaged_line_of_the_history_is_told_once(
    unit: Unit, caplog: pytest.LogCaptureFixture
) -> None:
    path, _ = FILES["roster history"](unit)
    path.write_bytes(path.read_bytes() + b"\xff\n5\n")
    it = unit.installation()
    for _ in range(3):
        assert len(it.history(0)) == 1
    assert [r.getMessage().split(" of ")[0] for r in caplog.records] == ["Line 2", "Line 3"]


def test_an_inbox_that_does_not_read_is_told_once_and_replaced(
    unit: Unit, caplog: pytest.LogCaptureFixture
) -> None:
    path, _ = FILES["receipt inbox"](unit)
    key = SigningKey.generate()
    address = Address("127.0.0.1", 1, path, path, path, name=GATE)
    journal = opened(unit.state)
    state = UplinkState(address, journal, key, bytes(32), dict, random.Random(1), path)
    path.unlink()
    os.mkfifo(path)
    assert [state.from_stick() for _ in range(3)] == [None] * 3
    assert len(caplog.records) == 1
    assert "cannot be read" in caplog.text
    path.unlink()
    path.write_bytes(b"{}")
    assert state.from_stick() == b"{}"
