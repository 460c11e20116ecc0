"""Installing: what is refused leaves the former roster readable; what is destroyed is gone."""

import json
import os
import resource
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.public import PrivateKey

from gate.errors import (
    ExpiryRefused,
    GateError,
    InputDamaged,
    Refused,
    SignatureRefused,
    StorageDamaged,
    StorageRefused,
    UsageError,
    VersionRefused,
)
from gate.roster.exam_data import exam_from_toml
from gate.roster.install import current_manifest, history
from gate.roster.install_source import copied
from gate.roster.installed import RosterInstallation
from gate.roster.manifest import verify
from gate.roster.open_roster import InstalledRoster
from gate.roster.refused_opening import RETRY_MAX_S, RETRY_S, refused_again
from gate.roster.repository import RosterRepository
from gate.roster.retention import wipe
from tests.roster_making import EXAM_TOML, GATE, NOW, Office, citizen, row


@pytest.fixture(autouse=True)
def _unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power is cut here, and real syncs would be most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def flip(path: Path, place: float) -> None:
    raw = bytearray(path.read_bytes())
    raw[min(int(len(raw) * place), len(raw) - 1)] ^= 0x01
    path.write_bytes(raw)


def edited(path: Path, **changed: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))


def test_install_and_again(office: Office, state: Path, tmp_path: Path) -> None:
    office.written(tmp_path / "usb")
    assert current_manifest(state) is None
    assert office.open(state) is None
    first = office.install(tmp_path / "usb", state)
    assert not first.already
    pointed = current_manifest(state)
    assert office.install(tmp_path / "usb", state).already
    assert current_manifest(state) == pointed
    assert [n["what"] for n in history(state)] == ["installed"]


async def test_same_roster_from_a_damaged_stick(
    office: Office, state: Path, tmp_path: Path
) -> None:
    path = office.written(tmp_path / "usb")
    office.install(path, state)
    flip(next(path.parent.glob("*.roster")), 0.5)
    with pytest.raises(InputDamaged, match="SHA-256"):
        office.install(path, state)
    with office.open(state) as roster:
        assert (await roster.find(citizen(1))).candidate.ticket == "420100000001"


def test_newer_version_replaces_and_destroys_the_older(
    office: Office, state: Path, tmp_path: Path
) -> None:
    office.written(tmp_path / "usb", 1)
    office.install(tmp_path / "usb", state)
    before = current_manifest(state)
    office.written(tmp_path / "usb", 2)  # beside version 1 on the same stick
    assert office.install(tmp_path / "usb", state).manifest.version == 2
    assert current_manifest(state) != before
    assert before is not None
    assert not before.parent.exists()
    notes = [(n["note"], n["what"], n["roster"][-2:]) for n in history(state)]
    assert notes == [(1, "installed", "v1"), (2, "installed", "v2"), (3, "destroyed", "v1")]
    assert [n["note"] for n in history(state, after=2)] == [3]


def other_key(office: Office, folder: Path) -> Path:
    stranger = Office(exam=office.exam, gate=office.gate)
    return stranger.written(folder, 3)


def changed_version(office: Office, folder: Path) -> Path:
    path = office.written(folder, 3)
    edited(path, version=99)
    return path


def stretched_expiry(office: Office, folder: Path) -> Path:
    path = office.written(folder, 3)
    edited(path, expires=(NOW + timedelta(days=999)).isoformat())
    return path


def cut_file(office: Office, folder: Path) -> Path:
    path = office.written(folder, 3)
    file = next(folder.glob("*.roster"))
    file.write_bytes(file.read_bytes()[:-100])
    return path


def huge_manifest(office: Office, folder: Path) -> Path:
    path = office.written(folder, 3)
    with path.open("ab") as file:
        file.truncate(1 << 40)
    return path


def no_file(office: Office, folder: Path) -> Path:
    path = office.written(folder, 3)
    next(folder.glob("*.roster")).unlink()
    return path


def nested_manifest(office: Office, folder: Path) -> Path:
    path = office.written(folder, 3)
    path.write_text('{"a":' * 100_000)
    return path


def cut_manifest(office: Office, folder: Path) -> Path:
    path = office.written(folder, 3)
    path.write_bytes(path.read_bytes()[:-100])
    return path


def same_version_other_content(office: Office, folder: Path) -> Path:
    return office.written(folder, 2, rows=[row(7)])


REFUSED: list[tuple[Callable[[Office, Path], Path], type[GateError], int]] = [
    (other_key, SignatureRefused, 5),
    (changed_version, SignatureRefused, 5),
    (stretched_expiry, SignatureRefused, 5),
    (lambda o, f: o.written(f, 3, site="wh-wc-02"), Refused, 5),
    (lambda o, f: o.written(f, 3, site="wh-wc-02").parent, Refused, 5),
    (lambda o, f: o.written(f, 3, gates=("wh-hs-01-g2",)), Refused, 5),
    (lambda o, f: o.written(f, 1), VersionRefused, 5),
    (same_version_other_content, VersionRefused, 5),
    (lambda o, f: o.written(f, 3, expires=NOW), ExpiryRefused, 5),
    (cut_file, InputDamaged, 4),
    (no_file, InputDamaged, 4),
    (huge_manifest, InputDamaged, 4),
    (cut_manifest, InputDamaged, 4),
    (nested_manifest, InputDamaged, 4),
    (lambda o, f: f / "nothing.manifest.json", InputDamaged, 4),
    (lambda o, f: f.parent, InputDamaged, 4),
]


def test_no_more_is_copied_than_the_manifest_says(office: Office, tmp_path: Path) -> None:
    path = office.written(tmp_path)
    manifest = verify(path.read_bytes(), bytes(office.signing.verify_key), "it")
    with (tmp_path / manifest.file).open("ab") as file:
        file.truncate(64 << 20)
    with pytest.raises(InputDamaged):
        copied(tmp_path, manifest, tmp_path / "staging")
    assert (tmp_path / "staging" / manifest.file).stat().st_size <= manifest.size


@pytest.mark.parametrize(("make", "kind", "code"), REFUSED)
async def test_refused_and_the_former_stays(
    office: Office, state: Path, tmp_path: Path, make, kind: type[GateError], code: int
) -> None:
    office.install(office.written(tmp_path / "good", 2), state)
    before = current_manifest(state)
    with pytest.raises(kind) as raised:
        office.install(make(office, tmp_path / "bad"), state)
    assert raised.value.exit_code == code
    assert raised.value.zh != raised.value.en
    assert current_manifest(state) == before
    with office.open(state) as roster:
        assert roster.version.endswith("/v2")
        assert (await roster.find(citizen(1))).candidate.ticket == "420100000001"
    assert sorted(p.name for p in RosterRepository.of(state).root.iterdir()) == [
        "current",
        "history.jsonl",
        "installed",
        "last_note",
        "lock",
        "trusted.json",
    ]
    assert len(RosterRepository.of(state).folders()) == 1


@pytest.mark.parametrize("place", [0.0, 0.1, 0.35, 0.5, 0.77, 1.0])
def test_flipped_byte_in_the_file(
    office: Office, state: Path, tmp_path: Path, place: float
) -> None:
    path = office.written(tmp_path / "usb")
    flip(next(path.parent.glob("*.roster")), place)
    with pytest.raises(InputDamaged, match="SHA-256"):
        office.install(path, state)
    assert current_manifest(state) is None


@pytest.mark.parametrize("place", [0.05, 0.3, 0.6, 0.9])
def test_flipped_byte_in_the_manifest(
    office: Office, state: Path, tmp_path: Path, place: float
) -> None:
    path = office.written(tmp_path / "usb")
    flip(path, place)
    with pytest.raises((SignatureRefused, InputDamaged)):
        office.install(path, state)


def test_not_yet_valid(office: Office, state: Path, tmp_path: Path) -> None:
    path = office.written(tmp_path / "usb")
    with pytest.raises(ExpiryRefused, match="clock"):
        office.install(path, state, now=NOW - timedelta(days=1))


def test_key_of_another_unit(office: Office, state: Path, tmp_path: Path) -> None:
    path = office.written(tmp_path / "usb")
    with pytest.raises(Refused, match="another key"):
        office.install(path, state, sealing_private_key=bytes(PrivateKey.generate()))


def test_version_is_remembered_over_a_wipe(office: Office, state: Path, tmp_path: Path) -> None:
    office.written(tmp_path / "one", 1)
    office.written(tmp_path / "two", 2)
    office.install(tmp_path / "two", state)
    wipe(state, NOW)
    with pytest.raises(VersionRefused):
        office.install(tmp_path / "one", state)
    assert not office.install(tmp_path / "two", state).already  # the same one may come back


def test_wipe_destroys_keys_and_files(office: Office, state: Path, tmp_path: Path) -> None:
    office.install(office.written(tmp_path / "usb"), state)
    manifest = current_manifest(state)
    assert manifest is not None
    held = manifest.open("rb")  # what a forensic reader of the same blocks would see
    assert wipe(state, NOW) == ["hb-zk-2027-04/wh-hs-01/v1"]
    assert set(held.read()) == {0}
    held.close()
    assert current_manifest(state) is None
    assert list(RosterRepository.of(state).installed.iterdir()) == []
    assert [n["what"] for n in history(state)] == ["installed", "destroyed"]
    assert wipe(state, NOW) == []


def test_damaged_after_installation(office: Office, state: Path, tmp_path: Path) -> None:
    source = office.written(tmp_path / "usb")
    office.install(source, state)
    flip(next(RosterRepository.of(state).installed.glob("*/*.roster")), 0.5)
    with pytest.raises(StorageDamaged, match="install it again"):
        office.open(state)
    assert not office.install(source, state).already  # heals
    with office.open(state) as roster:
        assert roster.version.endswith("/v1")
    assert len(RosterRepository.of(state).folders()) == 1


def test_open_roster_goes_on_while_replaced(office: Office, state: Path, tmp_path: Path) -> None:
    office.install(office.written(tmp_path / "usb", 1), state)
    with office.open(state) as old:
        office.install(office.written(tmp_path / "usb", 2), state)
        assert old.photo("420100000001") == b"\xff\xd8 a picture 1"


def test_power_cut_before_the_switch(
    office: Office, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.install(office.written(tmp_path / "usb", 1), state)

    def cut(self: RosterRepository, folder: Path) -> None:
        raise KeyboardInterrupt

    second = office.written(tmp_path / "usb", 2)
    with monkeypatch.context() as patched:
        patched.setattr(RosterRepository, "point_to", cut)
        with pytest.raises(KeyboardInterrupt):
            office.install(second, state)
    with office.open(state) as roster:
        assert roster.version.endswith("/v1")
    assert not office.install(second, state).already
    with office.open(state) as roster:
        assert roster.version.endswith("/v2")
    assert len(RosterRepository.of(state).folders()) == 1


def other_exam() -> Office:
    return Office(exam=exam_from_toml(EXAM_TOML.replace('2027-04"', '2027-10"'), "exam.toml"))


def test_another_exam_is_kept_beside(office: Office, state: Path, tmp_path: Path) -> None:
    office.install(office.written(tmp_path / "april"), state)
    april = current_manifest(state)
    october = Office(
        exam=other_exam().exam, signing=office.signing, gate=office.gate, index=office.index
    )
    office.install(october.written(tmp_path / "october"), state)
    assert april is not None
    assert april.exists()
    office.install(april.parent, state)
    with office.open(state) as roster:
        assert roster.exam.id == "hb-zk-2027-04"
    late = NOW + timedelta(days=61)
    third = Office(exam=office.exam, signing=office.signing, gate=office.gate)
    office.install(
        third.written(tmp_path / "late", 2, expires=late + timedelta(days=1)), state, now=late
    )
    assert (
        len(RosterRepository.of(state).folders()) == 2
    )  # October's has expired by this moment's clock alone


def test_stick_with_several_exams(office: Office, state: Path, tmp_path: Path) -> None:
    office.written(tmp_path / "usb")
    other_exam().written(tmp_path / "usb")
    with pytest.raises(UsageError, match="name the manifest"):
        office.install(tmp_path / "usb", state)


def test_disk_that_takes_nothing(office: Office, tmp_path: Path) -> None:
    path = office.written(tmp_path / "usb")
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(StorageRefused) as raised:
        office.install(path, tmp_path / "state")
    assert raised.value.exit_code == 7


async def test_disk_full_half_way(office: Office, state: Path, tmp_path: Path) -> None:
    office.install(office.written(tmp_path / "usb", 1), state)
    second = office.written(tmp_path / "usb", 2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(StorageRefused, match="cannot be written"):
            office.install(second, state)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with office.open(state) as roster:
        assert roster.version.endswith("/v1")
        assert (await roster.find(citizen(1))).candidate.ticket == "420100000001"
    assert not RosterRepository.of(state).staging.exists()
    assert office.install(second, state).manifest.version == 2


def test_torn_note_is_passed_over(office: Office, state: Path, tmp_path: Path) -> None:
    office.install(office.written(tmp_path / "usb"), state)
    with RosterRepository.of(state).history_file.open("a") as file:
        file.write('{"note": 2, "wh')
    wipe(state, NOW)
    noted = [(n["note"], n["what"]) for n in history(state)]
    assert noted == [(1, "installed"), (3, "destroyed")]  # 2 may have been read before it was torn


def test_damaged_memory_of_versions(office: Office, state: Path, tmp_path: Path) -> None:
    path = office.written(tmp_path / "usb")
    office.install(path, state)
    RosterRepository.of(state).trusted_file.write_text("{")
    with pytest.raises(StorageDamaged, match="confirm the version"):
        office.install(path, state)


def test_a_roster_that_was_refused_is_opened_again_once_changed_or_after_a_growing_wait(
    office: Office, state: Path, tmp_path: Path
) -> None:
    """Looked at each second for two hours: an opening hashes the whole file."""
    now_s, opened, usable = 0.0, list[float](), False

    def accept(_: InstalledRoster) -> None:
        opened.append(now_s)
        if not usable:
            raise UsageError("No threshold.", "无阈值。")

    repository = RosterInstallation(
        state,
        gate=GATE,
        sealing=bytes(office.gate),
        office=bytes(office.signing.verify_key),
        accept=accept,
        monotonic=lambda: now_s,
    )
    office.install(office.written(tmp_path / "stick"), state)
    for _ in range(7200):
        with pytest.raises(UsageError, match="No threshold"):
            repository.refresh()
        now_s += 1
    assert opened[:6] == [0, 1, 3, 7, 15, 31]
    assert {b - a for a, b in pairwise(opened[5:])} == {RETRY_MAX_S}

    office.install(office.written(tmp_path / "stick", version=2), state)
    with pytest.raises(UsageError):  # another file: opened at once
        repository.refresh()
    assert opened[-1] == now_s
    manifest = current_manifest(state)
    assert manifest is not None
    os.utime(
        next(manifest.parent.glob("*.roster"))
    )  # written again, as by a backup that was fetched
    usable = True
    found = repository.refresh()
    assert found is not None
    found.close()
    assert repository.refresh() is None


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 100)), max_size=30))
def test_any_refused_file_is_opened_again_within_the_longest_wait(
    looks: list[tuple[bool, float]],
) -> None:
    """`looks`: whether the files have changed since the look before, and the seconds since it."""
    refused, now_s, change = None, 0.0, 0
    for has_changed, passed_s in looks:
        now_s, change = now_s + passed_s, change + has_changed
        stamp = (("a", change, 0, 0, 0),)
        if refused is None or refused.is_due(stamp, now_s):
            assert refused is None or has_changed or now_s - refused.at_s >= RETRY_S
            refused = refused_again(refused, UsageError("No."), stamp, now_s)
        assert not refused.is_due(stamp, now_s)
        assert refused.is_due(stamp, refused.at_s + RETRY_MAX_S)
        assert RETRY_S <= refused.wait_s <= RETRY_MAX_S


def test_the_running_gate_sees_what_other_processes_did(
    office: Office, state: Path, tmp_path: Path
) -> None:
    repository = RosterInstallation(
        state, gate=GATE, sealing=bytes(office.gate), office=bytes(office.signing.verify_key)
    )
    assert (repository.holds, repository.refresh(), repository.history(0)) == (False, None, [])
    manifest = office.install(office.written(tmp_path / "stick"), state).manifest
    opened = repository.refresh()
    assert opened is not None
    with opened:
        assert (opened.version, opened.expires) == (manifest.name, manifest.expires)
    assert (repository.holds, repository.refresh()) == (True, None)
    wipe(state, NOW)
    assert [n["what"] for n in repository.history(1)] == ["destroyed"]
    assert not repository.holds
