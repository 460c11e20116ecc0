"""A folder of people's pictures, with or without a list of pairs, and its templates.

Layout of Labeled Faces in the Wild: one folder a person, `Name/Name_0001.jpg`, and `pairs.txt`:
a line `folds<TAB>n`, then for each fold n lines `name<TAB>a<TAB>b` (the same person) and n lines
`name<TAB>a<TAB>other<TAB>b`. A first line with one number is a single fold.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gate.errors import InputDamaged, PhotoRejected
from gate.models.enrol import decode_photo
from gate.models.evaluation import Side
from gate.models.quality import assess
from gate.models.stills import Stills
from gate.ports import Quality

SUFFIXES = (".jpg", ".jpeg", ".png")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class FaceSet:
    """`pictures`: (person, path) sorted; `place`: stem of a picture to its row."""

    pictures: tuple[tuple[str, Path], ...]
    place: dict[str, int]

    @property
    def people(self) -> npt.NDArray[np.int64]:
        names = [person for person, _ in self.pictures]
        return np.unique(names, return_inverse=True)[1].astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows of the pictures compared, whether they show the same person, and the fold."""

    one: npt.NDArray[np.int64]
    other: npt.NDArray[np.int64]
    same: npt.NDArray[np.bool_]
    folds: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """`plain` and `mirrored` (image plus mirror): float32[n, 128]; `usable`: a face was found;
    `qualities`: None where there is none; `ms`: every duration of a step."""

    plain: npt.NDArray[np.float32]
    mirrored: npt.NDArray[np.float32]
    usable: npt.NDArray[np.bool_]
    qualities: list[Quality | None]
    ms: dict[str, list[float]] = field(default_factory=dict)

    def side(self, people: npt.NDArray[np.int64], mirror: bool) -> Side:
        return Side(self.mirrored if mirror else self.plain, people, self.usable)


def read_face_set(folder: Path) -> FaceSet:
    """InputDamaged where there are no person folders with pictures."""
    if not folder.is_dir():
        raise InputDamaged(
            f"There is no folder {folder}: name one with a folder of pictures for each person.",
            f"文件夹 {folder} 不存在：请指定按人分文件夹的图片目录。",
        )
    pictures = [
        (person.name, path)
        for person in sorted(folder.iterdir())
        if person.is_dir()
        for path in sorted(person.iterdir())
        if path.suffix.lower() in SUFFIXES
    ] or _by_name(folder)
    if not pictures:
        raise InputDamaged(
            f"{folder} has no pictures in folders, one for each person: name another.",
            f"{folder} 中没有按人分文件夹的图片：请另选目录。",
        )
    place = {f"{person}/{path.stem}": n for n, (person, path) in enumerate(pictures)}
    return FaceSet(tuple(pictures), place)


def _by_name(folder: Path) -> list[tuple[str, Path]]:
    """Pictures that lie beside each other: the person is what stands before the last underscore."""
    files = (path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES)
    return [(path.stem.rpartition("_")[0] or path.stem, path) for path in files]


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


def embed_set(faces: FaceSet, stills: Stills, progress: Progress) -> Templates:
    """The most central face of each picture. InputDamaged for a picture that cannot be read."""
    count = len(faces.pictures)
    plain, mirrored = np.zeros((2, count, 128), np.float32)
    qualities: list[Quality | None] = []
    ms: dict[str, list[float]] = {"detect": [], "align": [], "embed": []}
    for n, (_, path) in enumerate(faces.pictures):
        picture = _decoded(path)
        times = [time.perf_counter()]
        face = stills.most_central_face(picture)
        times.append(time.perf_counter())
        if face is not None:
            chip = stills.chip(picture, face)
            times.append(time.perf_counter())
            plain[n] = stills.embed(chip)
            times.append(time.perf_counter())
            other_way = plain[n] + stills.embed(chip[:, ::-1])
            mirrored[n] = other_way / np.linalg.norm(other_way)
        qualities.append(None if face is None else assess(chip, face))
        for step, begin, end in zip(ms, times, times[1:], strict=False):
            ms[step].append((end - begin) * 1000)
        progress(n + 1, count)
    usable = np.array([q is not None for q in qualities])
    return Templates(plain, mirrored, usable, qualities, ms)


def _decoded(path: Path) -> npt.NDArray[np.uint8]:
    try:
        return decode_photo(path.read_bytes())
    except (PhotoRejected, OSError) as e:
        raise InputDamaged(
            f"{path} cannot be read as a picture: replace or remove it.",
            f"无法读取图片 {path}：请更换或移除。",
        ) from e


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
