"""Recordings of the candidate's screen: made by espeak-ng, and given out one at a time.

Nothing is recorded of anybody: the words are those of `gate.core.spoken_prompts`.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gate.console.pinyin import pinyin
from gate.core.spoken_prompts import LANGUAGES, SPOKEN
from gate.errors import InputRejected, StorageRefused
from gate.platform.durable_files import write_file
from gate.platform.regular_file import read_regular

PROGRAM = "espeak-ng"
VOICES = {"zh": "cmn-latn-pinyin", "en": "en"}
WORDS_A_MINUTE = {"zh": 160, "en": 150}
BYTES_MAX = 1 << 20
"""Of one recording: half a minute."""
_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class SpeechFiles:
    """Those that a console gives out. `languages`: in the order in which they are spoken."""

    folder: Path
    languages: tuple[str, ...]

    def recording(self, language: str, name: str) -> bytes | None:
        """A WAV file; None for one that is not spoken here, or was not made."""
        if language not in self.languages or name not in SPOKEN:
            return None
        try:
            return read_regular(self.folder / language / f"{name}.wav", BYTES_MAX)
        except OSError:
            return None

    def missing(self) -> list[str]:
        """Recordings that are not there, as LANGUAGE/NAME."""
        wanted = ((lang, name) for lang in self.languages for name in SPOKEN)
        return [f"{lang}/{name}" for lang, name in wanted if self.recording(lang, name) is None]


def make_speech(folder: Path) -> Iterator[Path]:
    """Speaks every sentence in every language into `folder`, one file after the other.

    InputRejected where espeak-ng is missing or speaks nothing; StorageRefused.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise InputRejected(
            f"{PROGRAM} is not installed: run apt install {PROGRAM}, then this again.",
            f"未安装 {PROGRAM}：请先运行 apt install {PROGRAM}。",
        )
    for number, language in enumerate(LANGUAGES):
        for name, words in SPOKEN.items():
            path = folder / language / f"{name}.wav"
            try:
                text = pinyin(words[number]) if language == "zh" else words[number]
                write_file(path, _spoken(program, language, text), 0o644)
            except OSError as e:
                raise StorageRefused(
                    f"{path} cannot be written ({e.strerror}): name another folder with --out.",
                    f"{path} 无法写入（{e.strerror}）：请用 --out 指定其他文件夹。",
                    path=str(path),
                ) from e
            yield path


def _spoken(program: str, language: str, words: str) -> bytes:
    """A file of its own, since espeak-ng cannot say in a pipe how long the sound is."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "spoken.wav"
        speed = str(WORDS_A_MINUTE[language])
        done = subprocess.run(
            [program, "-v", VOICES[language], "-s", speed, "-w", str(out), "--stdin"],
            input=words.encode(),
            capture_output=True,
            timeout=_SECONDS_MAX,
            check=False,
        )
        sound = out.read_bytes() if out.is_file() else b""
    if done.returncode != 0 or not sound.startswith(b"RIFF"):
        said = done.stderr.decode(errors="replace").strip()[:200]
        raise InputRejected(
            f"{PROGRAM} made no sound of {words!r} ({said or done.returncode}): look at its voices "
            f"with {PROGRAM} --voices.",
            f"{PROGRAM} 未能生成语音（{said or done.returncode}）：请检查其语音数据。",
        )
    return sound
