"""A folder of people's pictures and its templates.

Layout of Labeled Faces in the Wild: one folder a person, `Name/Name_0001.jpg`.
"""

import contextlib
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from gate.calibration.picture_folder import is_picture
from gate.calibration.template_sets import Labels, Mask, Side
from gate.errors import InputDamaged, PhotoRejected
from gate.models.photo_file import decode_photo
from gate.models.quality import assess, with_feature_norm
from gate.models.still_pictures import StillPictures
from gate.ports import Picture, Quality
from gate.ports.values import TemplateKind, TemplateRows

Progress = Callable[[int, int], None]

STEPS = ("detect", "refine", "careful", "look", "align", "embed")
"""What is timed: three steps to the augmented template (`careful`: its four inferences), three to
that of a single view."""


@dataclass(frozen=True, slots=True)
class FaceSet:
    """A set of pictures of known people.

    `pictures`: (person, path) sorted. `place`: stem of a picture to its row.
    """

    pictures: tuple[tuple[str, Path], ...]
    place: dict[str, int]

    @property
    def people(self) -> Labels:
        """(n,) int64: the number of each picture's person, from 0."""
        names = [person for person, _ in self.pictures]
        return np.unique(names, return_inverse=True)[1].astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """Templates of a set of pictures.

    `single`: as a live frame at first. `augmented`: as a ticket photo, or a live frame in the
    second step. `usable`: a face was found. `qualities`: as the gate finds the face in a live
    frame. A quality is None where the gate finds none there; the single view is zeros then. `ms`:
    every duration of a step in milliseconds.
    """

    single: TemplateRows
    augmented: TemplateRows
    usable: Mask
    qualities: list[Quality | None]
    ms: dict[str, list[float]] = field(default_factory=dict)

    def side(self, people: Labels, kind: TemplateKind) -> Side:
        """One side of the comparisons with templates of `kind`; `people`: (n,) int64."""
        live = np.array([q is not None for q in self.qualities])
        if kind is TemplateKind.AUGMENTED:
            return Side(self.augmented, people, self.usable)
        return Side(self.single, people, self.usable & live)


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
        if is_picture(path)
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
    files = (path for path in sorted(folder.iterdir()) if is_picture(path))
    return [(path.stem.rpartition("_")[0] or path.stem, path) for path in files]


def embed_set(
    faces: FaceSet, stills: StillPictures, progress: Progress, helpers: Sequence[StillPictures] = ()
) -> Templates:
    """Both templates of the most central face of each picture; with `helpers`, a thread each.
    InputDamaged for a picture that cannot be read."""
    count = len(faces.pictures)
    single, augmented = np.zeros((2, count, 128), np.float32)
    usable = np.zeros(count, bool)
    qualities: list[Quality | None] = []
    ms: dict[str, list[float]] = {step: [] for step in STEPS}
    rows = _spread([stills, *helpers], [path for _, path in faces.pictures])
    with contextlib.closing(rows):
        for n, row in enumerate(rows):
            if row.augmented is not None:
                usable[n], augmented[n] = True, row.augmented
            if row.single is not None:
                single[n] = row.single
            qualities.append(row.quality)
            for step, took in zip(STEPS, row.ms, strict=False):
                ms[step].append(took)
            progress(n + 1, count)
    return Templates(single, augmented, usable, qualities, ms)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """What one picture gave; without a face only the time of the steps that were taken."""

    ms: list[float]
    augmented: Any = None
    quality: Quality | None = None
    single: Any = None


def _spread(workers: Sequence[StillPictures], paths: Sequence[Path]) -> Generator[_Row, None, None]:
    """The rows in the order of the paths, each worker at one picture at a time."""
    idle: SimpleQueue[StillPictures] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def work(path: Path) -> _Row:
        own = idle.get()
        try:
            return _row(own, path)
        finally:
            idle.put(own)

    with ThreadPoolExecutor(len(workers), "embed") as pool:
        try:
            yield from pool.map(work, paths)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _row(stills: StillPictures, path: Path) -> _Row:
    picture = decode_picture(path)
    times = [time.perf_counter()]

    def lap() -> None:
        times.append(time.perf_counter())

    face = stills.most_central_face(picture)
    lap()
    if face is None:
        return _Row(_laps(times))
    refined = stills.refined(picture, face)
    lap()
    augmented = stills.augmented(picture, refined)
    lap()
    live = stills.live_face(picture)
    lap()
    if live is None:
        return _Row(_laps(times), augmented)
    chip = stills.chip(picture, live)
    lap()
    single, feature_norm = stills.single_view(chip)
    lap()
    quality = assess(chip, live, stills.occlusion(picture, live))
    return _Row(_laps(times), augmented, with_feature_norm(quality, feature_norm), single)


def _laps(times: Sequence[float]) -> list[float]:
    return [(end - begin) * 1000 for begin, end in pairwise(times)]


def decode_picture(path: Path) -> Picture:
    """A picture of a set. InputDamaged for one that cannot be read."""
    try:
        return decode_photo(path.read_bytes())
    except (PhotoRejected, OSError) as e:
        raise InputDamaged(
            f"{path} cannot be read as a picture: replace or remove it.",
            f"无法读取图片 {path}：请更换或移除。",
        ) from e
