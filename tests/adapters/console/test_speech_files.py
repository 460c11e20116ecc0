"""Recordings of the candidate's screen: spoken by the real espeak-ng, given out by name."""

import io
import shutil
import subprocess
import wave
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.__main__ import app
from gate.console.pinyin import READINGS, pinyin
from gate.console.speech_files import BYTES_MAX, PROGRAM, SpeechFiles, make_speech
from gate.core.spoken_prompts import LANGUAGES, SPOKEN
from gate.errors import InputRejected, StorageRefused

needs_espeak = pytest.mark.skipif(
    shutil.which(PROGRAM) is None, reason="espeak-ng is not installed: scripts/speech installs it"
)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speech")
    done = CliRunner().invoke(app, ["screen", "speech", "--out", str(folder)])
    assert done.exit_code == 0, done.output
    assert f"{len(SPOKEN) * len(LANGUAGES)} recordings" in done.output
    return folder


@needs_espeak
def test_every_sentence_is_spoken_in_both_languages(spoken: Path) -> None:
    files = SpeechFiles(spoken, LANGUAGES)
    assert files.missing() == []
    for language in LANGUAGES:
        for name in SPOKEN:
            sound = files.recording(language, name)
            assert sound is not None
            with wave.open(io.BytesIO(sound)) as read:
                seconds = read.getnframes() / read.getframerate()
                loudest = max(read.readframes(read.getnframes()))
            assert 0.3 < seconds < 10
            assert loudest > 0


@needs_espeak
def test_chinese_is_spoken_and_not_spelled(spoken: Path) -> None:
    """What espeak-ng does not know as pinyin it spells by its English voice."""
    for words, _ in SPOKEN.values():
        told = subprocess.run(
            [PROGRAM, "-v", "cmn-latn-pinyin", "-q", "-x", pinyin(words)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert "(en)" not in told.stdout, words


def test_every_character_has_a_reading_and_none_is_there_for_nothing() -> None:
    used = {c for words, _ in SPOKEN.values() for c in words if "\u4e00" <= c <= "\u9fff"}
    assert used == set(READINGS)
    for words, _ in SPOKEN.values():
        assert len(pinyin(words).split()) == len(words)


def _put(folder: Path, name: str, content: bytes = b"RIFF") -> None:
    (folder / "zh").mkdir(exist_ok=True)
    (folder / "zh" / name).write_bytes(content)


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("en", "ok"), ("zh", "other"), ("zh", "look"), ("zh", "../secret"), ("..", "ok"),
        ("zh", "too-late"), ("zh", "lay-card"), ("", ""), ("zh", "ok.wav"),
    ],
)  # fmt: skip
def test_nothing_else_is_given_out(tmp_path: Path, language: str, name: str) -> None:
    """Not a language that is not configured, not a file beside, no folder, nothing too large."""
    _put(tmp_path, "ok.wav")
    _put(tmp_path, "other.wav")
    _put(tmp_path, "too-late.wav", b"x" * (BYTES_MAX + 1))
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    (tmp_path / "zh" / "lay-card.wav").mkdir()
    files = SpeechFiles(tmp_path, ("zh",))
    assert files.recording("zh", "ok") == b"RIFF"
    assert files.recording(language, name) is None


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    _put(tmp_path, "ok.wav")
    missing = SpeechFiles(tmp_path, ("zh",)).missing()
    assert len(missing) == len(SPOKEN) - 1
    assert "zh/ok" not in missing


def test_without_espeak_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputRejected, match="apt install espeak-ng"):
        next(make_speech(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("script", ["exit 3", "exit 0", "echo no voice >&2; exit 1"])
def test_a_program_that_speaks_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    program = tmp_path / PROGRAM
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputRejected, match="made no sound"):
        next(make_speech(tmp_path / "out"))


@needs_espeak
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageRefused, match="another folder"):
        next(make_speech(tmp_path / "file"))
