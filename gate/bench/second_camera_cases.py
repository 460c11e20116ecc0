"""Cases of the second camera's trial that have ended, line by line in a file.

A run of many cases goes on where it was stopped.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from gate.bench.second_camera_report import Judged
from gate.errors import InputDamaged
from gate.models.liveness.stereo import Protrusion


class EndedCases:
    """A file of JSON lines, one a case: its kind and seed, and how it ended. Another version of the
    layer judges otherwise: begin a new file then."""

    def __init__(self, path: Path) -> None:
        """InputDamaged where the file holds something else."""
        self._path = path
        self._known = dict(_read(path))

    def __contains__(self, case: tuple[str, int]) -> bool:
        return case in self._known

    def __getitem__(self, case: tuple[str, int]) -> Judged:
        return self._known[case]

    def add(self, seed: int, ended: Judged) -> None:
        """On the disk when it returns. OSError where it cannot be written."""
        line = json.dumps({"seed": seed, **asdict(ended)}) + "\n"
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line)
        self._known[ended.kind, seed] = ended


def _read(path: Path) -> Iterator[tuple[tuple[str, int], Judged]]:
    """What stands in the file. A line that was cut off at its end is taken away."""
    if not path.exists():
        return
    whole, newline, cut = path.read_bytes().rpartition(b"\n")
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            yield _case(line)
        except (ValueError, TypeError, KeyError) as e:
            raise _foreign(path, number) from e
    if cut and not cut.startswith(_BEGINNING[: len(cut)]):
        raise _foreign(path, whole.count(b"\n") + 1)
    if cut:
        path.write_bytes(whole + newline)


_BEGINNING = b'{"seed": '


def _foreign(path: Path, number: int) -> InputDamaged:
    return InputDamaged(
        f"{path}, line {number}, is no case of this trial: name another file.",
        f"{path} 第 {number} 行不是本试验的记录：请换一个文件。",
        path=str(path),
        line=number,
    )


def _case(line: bytes) -> tuple[tuple[str, int], Judged]:
    values = json.loads(line)
    if not isinstance(values, dict):
        raise TypeError("A case is an object.")
    seed, looks = int(values.pop("seed")), values.pop("looks")
    found = tuple(None if look is None else Protrusion(**look) for look in looks)
    ended = Judged(**values, looks=found)
    return (ended.kind, seed), ended
