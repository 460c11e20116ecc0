"""What a gate seals, the chief examiner opens, and nobody else."""

import hashlib
import stat
import sys
from pathlib import Path

import pytest
from nacl.public import PrivateKey

import office.__main__
from gate.roster.keys import write_key
from gate.store.evidence import SealedEvidence

JPEG = b"\xff\xd8\xff a face \xff\xd9"


@pytest.fixture
def examiner(tmp_path: Path) -> Path:
    private = PrivateKey.generate()
    (tmp_path / "examiner").mkdir()
    write_key(tmp_path / "examiner" / "examiner.key", bytes(private), private=True)
    evidence = SealedEvidence(tmp_path / "evidence", bytes(private.public_key))
    evidence.keep(JPEG, "0011223344556677-5")
    return tmp_path


def opened(monkeypatch: pytest.MonkeyPatch, home: Path, sealed: Path, out: Path) -> int:
    words = ["exam-office", "evidence", "open", str(sealed), "--out", str(out), "--home", str(home)]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        office.__main__.main()
    return int(ended.value.code or 0)


def test_the_examiner_gets_the_very_picture(
    examiner: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sealed, out = examiner / "evidence" / "0011223344556677-5.sealed", examiner / "face.jpg"
    assert opened(monkeypatch, examiner, sealed, out) == 0
    assert out.read_bytes() == JPEG
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    digest = hashlib.sha256(sealed.read_bytes()).hexdigest()
    assert capsys.readouterr().out.split()[0] == digest


@pytest.mark.parametrize("fault", ["flipped", "missing", "huge", "another examiner"])
def test_what_does_not_open_is_one_sentence(
    fault: str,
    examiner: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sealed, out = examiner / "evidence" / "0011223344556677-5.sealed", examiner / "face.jpg"
    content = bytearray(sealed.read_bytes())
    match fault:
        case "flipped":
            content[-1] ^= 1
            sealed.write_bytes(content)
        case "missing":
            sealed.unlink()
        case "huge":
            sealed.write_bytes(bytes(9 * 2**20))
        case _:
            other = bytes(PrivateKey.generate())
            (examiner / "examiner" / "examiner.key").unlink()
            write_key(examiner / "examiner" / "examiner.key", other, private=True)
    assert opened(monkeypatch, examiner, sealed, out) == 4
    assert not out.exists()
    assert len(capsys.readouterr().err.splitlines()) == 2
