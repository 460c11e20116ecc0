"""pairs.txt of Labeled Faces in the Wild: which pictures are compared, fold by fold.

A line `folds<TAB>n`, then for each fold n lines `name<TAB>a<TAB>b` (the same person) and n lines
`name<TAB>a<TAB>other<TAB>b`. A first line with one number is a single fold.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gate.calibration.face_set import FaceSet
from gate.calibration.template_sets import Labels, Mask
from gate.errors import InputDamaged


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows of the pictures compared, whether they show the same person, and the fold."""

    one: Labels
    other: Labels
    same: Mask
    folds: Labels


def read_pairs(path: Path, faces: FaceSet) -> Pairs:
    """InputDamaged for a line that does not fit or a picture that is not there, with its line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise InputDamaged(
            f"{path} cannot be read ({e}): pairs.txt in LFW's format is needed.",
            f"无法读取 {path}：需要 LFW 格式的 pairs.txt。",
        ) from e
    rows = [(n, _fields(line)) for n, line in enumerate(lines, start=1) if line.strip()]
    folds, per_kind = _header(path, rows)
    found = [(*_pair(path, n, fields, faces), place) for place, (n, fields) in enumerate(rows[1:])]
    if len(found) != 2 * folds * per_kind:
        raise InputDamaged(
            f"{path} announces {2 * folds * per_kind} pairs and has {len(found)}: fetch it again.",
            f"{path} 的配对数与首行不符：请重新获取。",
        )
    one, other, same, places = (np.array(column) for column in zip(*found, strict=True))
    return Pairs(one, other, same.astype(bool), places // (2 * per_kind))


def _fields(line: str) -> list[str]:
    return line.strip().split("\t") if "\t" in line else line.split()


def _header(path: Path, rows: list[tuple[int, list[str]]]) -> tuple[int, int]:
    numbers = rows[0][1] if rows else []
    if len(numbers) not in (1, 2) or not all(f.isdigit() and int(f) for f in numbers):
        raise InputDamaged(
            f"The first line of {path} must be the number of folds and of pairs: correct it.",
            f"{path} 首行应为折数与每折配对数：请更正。",
        )
    folds, per_kind = [1, *map(int, numbers)][-2:]
    return folds, per_kind


def _pair(path: Path, line: int, fields: list[str], faces: FaceSet) -> tuple[int, int, bool]:
    if len(fields) == 3:
        names = [(fields[0], fields[1]), (fields[0], fields[2])]
    elif len(fields) == 4:
        names = [(fields[0], fields[1]), (fields[2], fields[3])]
    else:
        names = []
    stems = [f"{name}/{name}_{int(k):04d}" for name, k in names if k.isdigit()]
    rows = [faces.place[s] for s in stems if s in faces.place]
    if len(rows) != 2:
        raise InputDamaged(
            f"Line {line} of {path} does not name two pictures that are there "
            f"({' '.join(fields)}): correct it.",
            f"{path} 第 {line} 行所指图片不存在：请更正。",
            line=line,
        )
    return rows[0], rows[1], len(fields) == 3
