"""One process a core, each with networks of its own; a file that ends its process is one line.

What a worker is given is a path, what it hands back a value. At most a few files a worker wait, so
half a million photos take no more memory than a hundred.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gate.errors import PhotoRejected
from gate.models.portrait import PortraitJudge
from gate.models.portrait_findings import PortraitFinding, finding
from gate.ports import Quality
from office.photos.folder import PhotoFile
from office.photos.judged_photo import JudgedPhoto
from office.rosters.photos import read_photo_file

WAITING_A_WORKER = 4

_judges: dict[tuple[Path, str], PortraitJudge] = {}
"""The worker's own, by folder of networks and background."""


@dataclass(frozen=True, slots=True)
class Source:
    """Folder of the photos, folder of the networks, background that is asked for."""

    photos: Path
    models: Path
    background: str = "any"


JudgeFile = Callable[[Source, str], JudgedPhoto]


def judge_file(source: Source, name: str) -> JudgedPhoto:
    """ModelDamaged. Whatever the file is, it is one value."""
    try:
        photo = read_photo_file(source.photos / name)
    except PhotoRejected as e:
        return JudgedPhoto(name, (0, 0), 0.0, b"", (PortraitFinding(str(e.reason), e.en, e.zh),))
    key = (source.models, source.background)
    if key not in _judges:
        _judges[key] = PortraitJudge(source.models, asked=source.background)
    judged = _judges[key].judge(photo)
    template = b"" if judged.template is None else judged.template.tobytes()
    return JudgedPhoto(name, judged.size, _eyes(judged.quality), template, judged.findings)


def _eyes(quality: Quality | None) -> float:
    return 0.0 if quality is None else quality.eyes_px


def workers_by_default() -> int:
    """One for each processor that this process may use."""
    return len(os.sched_getaffinity(0))


def judge_all(
    source: Source,
    files: Sequence[PhotoFile],
    workers: int,
    judge: JudgeFile = judge_file,
) -> Iterator[tuple[PhotoFile, JudgedPhoto]]:
    """Each file with its judgement, as they come. ModelDamaged. `judge`: by its name importable in
    the workers."""
    left, work = list(reversed(files)), partial(judge, source)
    while left:
        in_flight: dict[Future[JudgedPhoto], PhotoFile] = {}
        with _pool(workers) as pool, suppress(BrokenProcessPool):
            yield from _by_pool(pool, work, left, in_flight, workers * WAITING_A_WORKER)
        for file in in_flight.values():  # one of these ended its process
            yield file, _alone(work, file)


def _by_pool(
    pool: ProcessPoolExecutor,
    work: Callable[[str], JudgedPhoto],
    left: list[PhotoFile],
    in_flight: dict[Future[JudgedPhoto], PhotoFile],
    waiting_max: int,
) -> Iterator[tuple[PhotoFile, JudgedPhoto]]:
    """Takes from the end of `left`; BrokenProcessPool leaves what is open in `in_flight`."""
    while left or in_flight:
        while left and len(in_flight) < waiting_max:
            file = left[-1]
            in_flight[pool.submit(work, file.name)] = left.pop()
        done, _ = wait(in_flight, return_when=FIRST_COMPLETED)
        for future in done:
            judged = future.result()
            yield in_flight.pop(future), judged


def _alone(work: Callable[[str], JudgedPhoto], file: PhotoFile) -> JudgedPhoto:
    with _pool(1) as pool:
        try:
            return pool.submit(work, file.name).result()
        except BrokenProcessPool:
            return JudgedPhoto(file.name, (0, 0), 0.0, b"", (finding("crashed"),))


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
