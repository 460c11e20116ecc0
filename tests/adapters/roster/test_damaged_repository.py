"""Damaged records of installed rosters: healed or refused in words, and no number used twice."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.errors import GateError, StorageDamaged
from gate.roster import shredding
from gate.roster.install import history
from gate.roster.installed import RosterInstallation
from gate.roster.repository import RosterRepository
from gate.roster.retention import wipe
from tests.roster_making import GATE, NOW, Office

RECORDS = ("current", "history.jsonl", "last_note", "trusted.json", "destroying.json")
ODD = (b"", b"5", b"null", b"[]", b"{}", b'"x"', b"\xff\xfe", b"..", b"a\0b", b"[" * 100_000)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def state(office: Office, tmp_path: Path) -> Path:
    office.install(office.written(tmp_path / "usb"), tmp_path / "state")
    return tmp_path / "state"


def walk(office: Office, state: Path) -> None:
    """Everything that the supervisor asks each second; nothing but errors in words may come."""
    public = bytes(office.signing.verify_key)
    installed = RosterInstallation(state, gate=GATE, sealing=bytes(office.gate), office=public)
    for ask in (installed.refresh, lambda: installed.history(0), installed.finish):
        told = None
        try:
            ask()
        except GateError as e:
            told = e
        assert told is None or (told.exit_code == 7 and told.zh != told.en)
    assert isinstance(installed.holds, bool)


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("content", ODD)
def test_odd_content_ends_nothing(office: Office, state: Path, name: str, content: bytes) -> None:
    (state / "roster" / name).write_bytes(content)
    walk(office, state)


@pytest.mark.parametrize("name", RECORDS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_bytes_end_nothing(office: Office, state: Path, name: str, content: bytes) -> None:
    (state / "roster" / name).write_bytes(content)
    walk(office, state)


@pytest.mark.parametrize("name", RECORDS)
def test_what_is_no_file_is_refused_and_never_waited_for(
    office: Office, state: Path, name: str
) -> None:
    path = state / "roster" / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    walk(office, state)
    path.unlink()
    path.mkdir()
    walk(office, state)


def test_a_pointer_with_a_bad_byte_is_told_and_installing_again_heals_it(
    office: Office, state: Path, tmp_path: Path
) -> None:
    repository = RosterRepository.of(state)
    repository.pointer.write_bytes(b"\xe9" + repository.pointer.read_bytes())
    with pytest.raises(StorageDamaged, match="install the roster again"):
        repository.current()
    office.install(tmp_path / "usb", state)
    assert repository.current() is not None


@pytest.mark.parametrize("damage", [b"\xff\xfe\n", b"5\n", b"{\n", b""])
def test_a_number_is_never_used_twice(state: Path, damage: bytes) -> None:
    """The last line, which the journal holds already, is damaged or gone."""
    repository = RosterRepository.of(state)
    journaled = history(state)[-1]["note"]
    lines = repository.history_file.read_bytes().splitlines(keepends=True)
    repository.history_file.write_bytes(b"".join(lines[:-1]) + damage)
    wipe(state, NOW)
    told = history(state, journaled)
    assert [note["what"] for note in told] == ["destroyed"]


def test_a_history_of_before_goes_on_above_its_lines(state: Path) -> None:
    repository = RosterRepository.of(state)
    (state / "roster" / "last_note").unlink()
    with repository.history_file.open("ab") as file:
        file.write(b"\xff\n")
    repository.note("destroyed", NOW, {})
    assert history(state)[-1]["note"] == 3


def test_a_damaged_order_destroys_nothing_else(state: Path) -> None:
    repository = RosterRepository.of(state)
    for folder in ("..", "", ".", "a/b", "a\0b", 5):
        order = shredding.order(None, (), shredding.Cause("staff", NOW))
        raw = {name: getattr(order, name) for name in order.__slots__} | {"folder": folder}
        (state / "roster" / "destroying.json").write_text(json.dumps(raw))
        with pytest.raises(StorageDamaged, match="wipe"):
            shredding.finish(repository)
        assert repository.current() is not None
