"""Evidence pictures: sealed, whole, and only for the chief examiner."""

import hashlib
from pathlib import Path

import pytest
from nacl.public import PrivateKey, SealedBox

from gate.errors import GateBug, InputRejected, StorageRefused
from gate.store.evidence import SealedEvidence

EXAMINER = PrivateKey(b"\x07" * 32)
JPEG = b"\xff\xd8 a face \xff\xd9" * 500


def evidence(folder: Path) -> SealedEvidence:
    return SealedEvidence(folder, EXAMINER.public_key.encode())


def test_the_chief_examiner_opens_what_was_kept(tmp_path: Path) -> None:
    digest = evidence(tmp_path / "evidence").keep(JPEG, "00112233aabbccdd-7")
    (kept,) = (tmp_path / "evidence").iterdir()
    sealed = kept.read_bytes()
    assert kept.name == "00112233aabbccdd-7.sealed"
    assert hashlib.sha256(sealed).hexdigest() == digest
    assert b"face" not in sealed
    assert SealedBox(EXAMINER).decrypt(sealed) == JPEG


def test_a_place_that_takes_nothing_is_refused_and_heals(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("in the way")
    with pytest.raises(StorageRefused):
        evidence(tmp_path / "evidence").keep(JPEG, "a")
    (tmp_path / "evidence").unlink()
    assert evidence(tmp_path / "evidence").keep(JPEG, "a")


@pytest.mark.parametrize("name", ["../a", "", "a/b", ".hidden", "x" * 200])
def test_a_name_that_leads_elsewhere_is_a_bug(tmp_path: Path, name: str) -> None:
    with pytest.raises(GateBug):
        evidence(tmp_path).keep(JPEG, name)


def test_a_key_of_another_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected):
        SealedEvidence(tmp_path, b"short")
