"""Destruction: keys first, certified, finished after any power cut, and final."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PrivateKey

from gate.errors import GateError
from gate.roster import install, shredding
from gate.roster.exam_data import exam_from_toml
from gate.roster.install import history
from gate.roster.installed import RosterInstallation
from gate.roster.manifest import verify
from gate.roster.open_roster import InstalledRoster
from gate.roster.repository import MANIFEST, RosterRepository
from gate.roster.retention import destroy_overdue, overdue, wipe
from gate.roster.sealing import unwrap
from gate.store.evidence import SealedEvidence
from tests.roster_making import EXAM_TOML, GATE, NOW, Office

LATE = NOW + timedelta(days=61)
EXAMINER = PrivateKey.generate()
NAME = "hb-zk-2027-04/wh-hs-01/v1"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def state(office: Office, tmp_path: Path) -> Path:
    """A unit with a roster and two evidence pictures."""
    state = tmp_path / "state"
    office.install(office.written(tmp_path / "usb"), state)
    evidence = SealedEvidence(state / "evidence", bytes(EXAMINER.public_key))
    for name in ("aa-1", "aa-2"):
        evidence.keep(b"a face " * 100, name)
    return state


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def certificates(state: Path) -> list[dict[str, Any]]:
    return [n for n in history(state) if n["what"] == "destroyed"]


def test_a_wipe_takes_rosters_and_evidence_and_certifies_it(state: Path) -> None:
    manifest = next(RosterRepository.of(state).installed.glob(f"*/{MANIFEST}"))
    held = [path.open("rb") for path in (manifest, *sorted((state / "evidence").iterdir()))]
    keys = shredding.file_sha256(manifest)
    assert wipe(state, NOW, trusted=True) == [NAME, "2 evidence picture(s)"]
    for file in held:  # what a reader of the same blocks would see
        assert set(file.read()) == {0}
        file.close()
    roster, evidence = certificates(state)
    assert (roster["roster"], roster["keys"], roster["why"]) == (NAME, keys, "staff")
    assert (roster["candidates"], roster["clock_then"]) == (3, "trusted")
    assert roster["bytes"] > 1000
    assert (evidence["evidence"], evidence["roster"]) == (2, None)
    assert wipe(state, NOW) == []


def test_with_everything_that_is_left_nothing_personal_opens(
    office: Office, state: Path, tmp_path: Path
) -> None:
    """Everything on the disk, the unit's own sealing key, and a roster file saved before."""
    manifest = install.current_manifest(state)
    assert manifest is not None
    sealed = json.loads(manifest.read_bytes())["keys"][GATE]
    keys = unwrap(sealed, bytes(office.gate))
    roster = next(manifest.parent.glob("*.roster"))
    body = verify(manifest.read_bytes(), bytes(office.signing.verify_key), "manifest")
    saved = tmp_path / "saved.roster"
    saved.write_bytes(roster.read_bytes())
    InstalledRoster(saved, body, keys).close()  # before: it opens with the keys
    wipe(state, NOW)
    left = b"".join(files(state).values())
    for secret in (sealed.encode(), keys.content, keys.index, "考生1号".encode(), b"420100000001"):
        assert secret not in left
        assert secret not in saved.read_bytes()
    assert office.open(state) is None
    for found in files(state).values():  # whatever is left, tried as the sealed keys
        with pytest.raises(GateError):
            unwrap(found.decode("utf-8", "replace"), bytes(office.gate))


def cut_at(call: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A power cut before the n-th change of the disk: nothing after it happens."""
    seen: list[str] = []

    def guarded(name: str, real: Any) -> Any:
        def doing(*args: Any, **other: Any) -> Any:
            seen.append(name)
            if len(seen) >= call:
                raise KeyboardInterrupt
            return real(*args, **other)

        return doing

    changes = ((os, "fsync"), (Path, "unlink"), (Path, "replace"), (shredding.shutil, "rmtree"))
    for owner, name in changes:
        monkeypatch.setattr(owner, name, guarded(name, getattr(owner, name)))
    return seen


def test_cut_at_any_step_it_is_finished_and_certified_once(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, cuts = 1, 0
    while True:
        state = tmp_path / str(steps)
        office.install(office.written(tmp_path / f"usb{steps}"), state)
        SealedEvidence(state / "evidence", bytes(EXAMINER.public_key)).keep(b"a face", "aa-1")
        with monkeypatch.context() as patched:
            cut_at(steps, patched)
            try:
                destroy_overdue(state, LATE, frozenset())
                break
            except KeyboardInterrupt:
                cuts += 1
        repository = RosterInstallation(state, gate=GATE, sealing=b"", office=b"")
        if (
            repository.finish() is None and overdue(state, LATE) is not None
        ):  # cut before the intent
            destroy_overdue(state, LATE, frozenset())
        assert_gone(state)
        steps += 1
    assert cuts > 10


def assert_gone(state: Path) -> None:
    repository = RosterRepository.of(state)
    assert repository.folders() == []
    assert shredding.evidence_of(repository) == []
    assert not shredding.is_pending(repository)
    assert repository.current() is None
    (told,) = certificates(state)
    assert (told["roster"], told["why"], told["clock_then"]) == (NAME, "retention", "trusted")
    assert told["evidence"] == 1


def test_keys_go_before_anything_else(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        gone.append(path.name)
        real(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    destroy_overdue(state, LATE, frozenset())
    kinds = [n for n in gone if n.endswith((MANIFEST, ".roster", ".sealed", "destroying.json"))]
    assert kinds[0] == MANIFEST
    assert kinds[-1] == "destroying.json"
    assert [Path(n).suffix for n in kinds[1:-1]] == [".sealed", ".sealed"]


def test_nothing_goes_before_its_time(state: Path) -> None:
    before = files(state)
    assert overdue(state, LATE - timedelta(days=1, seconds=1)) is None
    assert destroy_overdue(state, LATE - timedelta(days=1, seconds=1), frozenset()) == []
    assert {k: v for k, v in files(state).items() if not k.endswith("lock")} == {
        k: v for k, v in before.items() if not k.endswith("lock")
    }


def test_another_exams_roster_and_evidence_stay(
    office: Office, state: Path, tmp_path: Path
) -> None:
    later = exam_from_toml(EXAM_TOML.replace('2027-04"', '2027-10"'), "exam.toml")
    october = Office(exam=later, signing=office.signing, gate=office.gate, index=office.index)
    usb = october.written(tmp_path / "october", expires=LATE + timedelta(days=100))
    office.install(usb, state)
    found = overdue(state, LATE)
    assert found is not None
    assert found.stay == {"hb-zk-2027-10"}
    assert destroy_overdue(state, LATE, frozenset({"aa-2.sealed"})) == [NAME]
    assert [p.name for p in shredding.evidence_of(RosterRepository.of(state))] == ["aa-2.sealed"]
    with office.open(state) as roster:
        assert roster.exam.id == "hb-zk-2027-10"


def test_a_disk_that_fails_half_way_is_told_and_finished_later(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.fsync, []

    def full_after_a_while(handle: int) -> None:
        calls.append(handle)
        if len(calls) > 4:
            raise OSError(30, "Read-only file system")
        real(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full_after_a_while)
        with pytest.raises(GateError, match="Read-only"):
            wipe(state, NOW)
    assert shredding.is_pending(RosterRepository.of(state))
    assert wipe(state, NOW)[0] == NAME
    assert len([c for c in certificates(state) if c["roster"] == NAME]) == 1
