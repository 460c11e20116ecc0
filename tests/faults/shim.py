"""The file-call shim (shim.c): building it, loading it, and the functions it exports."""

import ctypes
import errno
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")

ON_WRITE, ON_SYNC, ON_NAME, ON_READ = 1, 2, 4, 8
FAIL, SHORT, KILL = 1, 2, 3


def build(folder: Path) -> Path:
    """Compile the shim into `folder` unless it is there. CalledProcessError where it does not
    compile, FileNotFoundError where there is no C compiler."""
    built = folder / "shim.so"
    if not built.exists():
        command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(built)]
        subprocess.run([*command, str(SOURCE)], check=True)
    return built


def under(shim: Path, *python: str) -> str:
    """What a Python process with the shim loaded prints, run with these arguments.
    CalledProcessError where it fails."""
    environment = os.environ | {"LD_PRELOAD": str(shim)}
    command = [sys.executable, *python]
    return subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def missing() -> str | None:
    """Why the shim cannot be built here; None where it can."""
    return None if shutil.which("cc") else "no C compiler: install gcc and libc6-dev"


@dataclass(frozen=True, slots=True)
class Break:
    """The `nth` file call of the kinds in `on` (from 1) goes wrong; `stays`: so do all after it."""

    on: int
    nth: int
    how: int = FAIL
    error: int = errno.EIO
    stays: bool = False


class Shim:
    """The shim inside this process, which must have been started with it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        try:
            self._library.shim_counted.restype = ctypes.c_long
        except AttributeError as e:
            raise RuntimeError("start this process with LD_PRELOAD=shim.so") from e

    def watch(self, folder: Path, trace: Path | None = None) -> None:
        """Only files below `folder` count from now on; their calls are recorded in `trace`."""
        self._library.shim_watch(os.fsencode(folder), os.fsencode(trace or ""))

    def mark(self, word: str) -> None:
        """Put a word into the trace where it stands now."""
        self._library.shim_mark(word.encode())

    def refused(self) -> None:
        """A recording disk refuses nothing."""
        raise AssertionError("the journal refused on a disk that has no fault")

    def arm(self, wanted: Break | None) -> None:
        """None: nothing fails any more."""
        found = wanted or Break(0, 0)
        self._library.shim_break(
            found.on, ctypes.c_long(found.nth), found.how, found.error, int(found.stays)
        )

    def count(self, on: int) -> None:
        """Count calls of these kinds, and let all of them through."""
        self.arm(Break(on, 0))

    @property
    def counted(self) -> int:
        return int(self._library.shim_counted())

    @property
    def struck(self) -> bool:
        return bool(self._library.shim_struck())
