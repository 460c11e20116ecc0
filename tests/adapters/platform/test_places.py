"""A folder or file that cannot be used ends a command with one sentence, never as a bug."""

import os
import pwd
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import gate.__main__
import office.__main__
from gate.calibration.run import check_writable
from gate.config.settings import DEFAULT, load
from gate.errors import Refused, StorageRefused
from gate.roster.keys import read_key, write_key
from gate.store.reading import reading
from office.home import default_home
from office.store.database import OfficeStore
from tests.checkout import ROOT

HERE = "{0}/a-file/below"
"""No folder for anybody, root included: its parent is a plain file."""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("exam-office", "keys", "--home", HERE), 7),
        (("exam-office", "broker-config", "--home", "{0}", "--out", HERE), 7),
        (("exam-office", "broker-config", "--home", HERE, "--out", "{0}"), 4),
        (("exam-gate", "bench", "pipeline", "--picture", HERE), 4),
    ],
    ids=lambda words: " ".join(words[:2]) if isinstance(words, tuple) else None,
)
def test_one_sentence(
    words: Sequence[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "a-file").touch()
    (tmp_path / "broker").mkdir()
    (tmp_path / "broker" / "server.crt").touch()
    monkeypatch.setattr(sys, "argv", [word.format(tmp_path) for word in words])
    program = {"exam-gate": gate.__main__, "exam-office": office.__main__}[words[0]]
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == code
    en, zh = capsys.readouterr().err.splitlines()
    assert "a-file" in en
    assert "a-file" in zh


def test_a_calibration_asks_for_its_place_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(StorageRefused, match="--out"):
        check_writable(tmp_path / "a-file" / "below")


def test_what_another_user_owns_is_named_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may run as root, who may read everything."""

    def forbidden(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    with pytest.raises(Refused, match="sudo -u exam-gate"):
        read_key(tmp_path / "gate-sealing.key", "a key")
    with pytest.raises(Refused, match="sudo -u exam-gate"):
        load(tmp_path / "gate.toml")
    monkeypatch.setattr(Path, "is_file", forbidden)
    with pytest.raises(Refused, match="sudo -u exam-gate"), reading(tmp_path / "journal.sqlite"):
        pass


def test_an_office_that_waits_for_the_first_event_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with OfficeStore(tmp_path / "office.sqlite"):
        pass
    monkeypatch.setattr(sys, "argv", ["exam-office", "verify", "--home", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        office.__main__.main()
    assert ended.value.code == 1
    assert "No event was received yet" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("run",), ("selftest",), ("roster", "status")], ids=str)
def test_every_command_looks_where_the_unit_file_looks(
    words: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unit_file = ROOT / "systemd" / "exam-gate.service"
    assert f"--config {DEFAULT}\n" in unit_file.read_text(encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["exam-gate", *words, "--help"])
    with pytest.raises(SystemExit):
        gate.__main__.main()
    assert f"[default: {DEFAULT}]" in " ".join(capsys.readouterr().out.replace("│", "").split())


@pytest.mark.system
@pytest.mark.parametrize("program", ["gate", "office"])
def test_a_terminal_without_chinese_shows_its_code_points(program: str) -> None:
    """Redirected help in a locale of one byte a character: this ended as a bug."""
    done = subprocess.run(
        [sys.executable, "-m", program, "--help"],
        env=os.environ | {"PYTHONIOENCODING": "latin-1:strict", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u8003" in done.stdout


def test_a_private_key_that_everybody_may_read_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = tmp_path / "gate-signing.key"
    write_key(key, b"k" * 32, private=True)
    assert read_key(key, "a key") == b"k" * 32
    key.chmod(0o640)
    assert read_key(key, "a key") == b"k" * 32
    assert "chmod 600" in caplog.text
    key.chmod(0o604)
    with pytest.raises(Refused, match=r"may be read by everybody.*chmod 600"):
        read_key(key, "a key")
    public = tmp_path / "office.pub"
    write_key(public, b"k" * 32, private=False)
    assert read_key(public, "a key") == b"k" * 32


@pytest.mark.parametrize(
    ("variable", "named", "words"),
    [
        ("EXAM_OFFICE_HOME", "~no-such-user/x", ("exam-office", "gates", "list")),
        ("XDG_DATA_HOME", "~no-such-user/x", ("exam-office", "verify")),
        ("XDG_DATA_HOME", "", ("exam-office", "verify")),
        ("XDG_CACHE_HOME", "~no-such-user/x", ("exam-gate", "models", "verify")),
        ("XDG_CACHE_HOME", "", ("exam-gate", "models", "list")),
    ],
)
def test_a_folder_of_the_environment_that_is_no_place(
    variable: str,
    named: str,
    words: Sequence[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Empty: not set, and the user has no home folder and no HOME."""

    def nobody_there(uid: int) -> None:
        raise KeyError(uid)

    for each in ("HOME", "EXAM_OFFICE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(variable, named)
    monkeypatch.setattr(pwd, "getpwuid", nobody_there)
    monkeypatch.setattr(sys, "argv", list(words))
    program = {"exam-gate": gate.__main__, "exam-office": office.__main__}[words[0]]
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 2
    en, zh = capsys.readouterr().err.splitlines()
    assert variable in en
    assert variable in zh


def test_a_home_in_the_environment_may_begin_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd's Environment= leaves it as it is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EXAM_OFFICE_HOME", "~/office")
    assert default_home() == tmp_path / "office"
