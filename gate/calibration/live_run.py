"""The work of exam-gate calibrate --live: recordings in, what the gate does with them out."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from gate.calibration.face_set import read_face_set
from gate.calibration.live_attempts import SeenFrame, seen
from gate.calibration.live_figures import Show, measured
from gate.calibration.live_folder import RecordedPerson, read_live_folder
from gate.calibration.live_scores import Cohort, SeenPerson
from gate.calibration.machine import what_ran
from gate.calibration.odd_file import OddFile
from gate.calibration.report.live_page import live_page
from gate.calibration.run import check_writable, setting_and_networks, write_files
from gate.core.json_types import JsonObject
from gate.errors import InputDamaged, InputRejected, PhotoRejected
from gate.models.frame_analysis import FrameAnalysis
from gate.models.matching import COHORT
from gate.models.photo_file import decode_photo
from gate.models.portrait import PortraitJudge
from gate.platform.printable_text import printable
from gate.platform.regular_file import read_regular
from gate.ports import Probe, Template

FILE_MAX = 64 << 20
"""Bytes of one picture."""


@dataclass(frozen=True, slots=True)
class LiveJob:
    """What the command was asked for."""

    folder: Path
    out: Path
    cohort: Path | None
    models: Path
    seed: int


def run_live(job: LiveJob, show: Show) -> JsonObject:
    """Measure and write report.json and report.html. InputDamaged for no folder, InputRejected
    where nobody is left, ModelDamaged, StorageRefused."""
    begun = time.monotonic()
    recorded, odd = read_live_folder(job.folder)
    cohort_files = [] if job.cohort is None else _pictures(job.cohort)
    check_writable(job.out)
    people, unusable = _seen_people(recorded, job.models, show)
    odd = (*odd, *unusable)
    if not people:
        raise _nobody(job.folder, odd)
    cohort = _cohort(people, cohort_files, job, show)
    report = measured(people, cohort, seed=job.seed, show=show)
    report |= setting_and_networks()
    report["set"]["name"] = name = printable(job.folder.resolve().name)
    report["odd"] = [{"where": printable(o.where), "en": o.en, "zh": o.zh} for o in odd]
    report["made"] = what_ran(begun, job.seed, f"exam-gate calibrate --live {name}")
    write_files(report, live_page(report), job.out)
    return report


def _seen_people(
    recorded: Sequence[RecordedPerson], models: Path, show: Show
) -> tuple[list[SeenPerson], list[OddFile]]:
    judge, analysis = PortraitJudge(models), FrameAnalysis(models, threads=1)
    total, done = sum(1 + len(p.frames) for p in recorded), 0
    people: list[SeenPerson] = []
    odd: list[OddFile] = []
    for person in recorded:
        frames: list[SeenFrame] = []
        ticket = _ticket(judge, person.ticket, f"{person.name}/{person.ticket.name}", odd)
        for path in person.frames if ticket is not None else ():
            frames += _frame(analysis, path, f"{person.name}/live/{path.name}", odd)
        if ticket is not None and frames:
            people.append(SeenPerson(person.name, ticket, tuple(frames)))
        done += 1 + len(person.frames)
        show("frames", done, total)
    return people, odd


def _ticket(judge: PortraitJudge, path: Path, where: str, odd: list[OddFile]) -> Template | None:
    try:
        return judge.enrol(read_regular(path, FILE_MAX)).template
    except PhotoRejected as e:
        odd.append(OddFile(where, e.en, e.zh))
    except OSError as e:
        odd.append(OddFile(where, f"cannot be read ({e.strerror})", "无法读取"))
    return None


def _frame(analysis: FrameAnalysis, path: Path, where: str, odd: list[OddFile]) -> list[SeenFrame]:
    try:
        pixels = decode_photo(read_regular(path, FILE_MAX))
        one = seen(analysis, lambda: pixels)
        return [replace(one, again=partial(_probe, one.augmented))]
    except InputRejected as e:
        odd.append(OddFile(where, e.en, e.zh))
    except OSError as e:
        odd.append(OddFile(where, f"cannot be read ({e.strerror})", "无法读取"))
    return []


def _probe(probe: Probe | None) -> Probe | None:
    """Made already, so that the frame need not be kept."""
    return probe


def _cohort(
    people: Sequence[SeenPerson], files: Sequence[Path], job: LiveJob, show: Show
) -> Cohort:
    """Of the folder that was named, else of the ticket photos themselves; in an order by lot."""
    if not files:
        drawn = random.Random(job.seed).sample(list(people), len(people))
        rows = np.stack([p.ticket for p in drawn]).astype(np.float32)
        return Cohort(rows, tuple(p.name for p in drawn))
    judge, rows_found = PortraitJudge(job.models), list[Template]()
    for path in random.Random(job.seed).sample(list(files), len(files)):
        ticket = _ticket(judge, path, path.name, [])
        if ticket is not None:
            rows_found.append(ticket)
            show("cohort", len(rows_found), COHORT)
        if len(rows_found) == COHORT:
            break
    if len(rows_found) < COHORT:
        raise InputRejected(
            f"{job.cohort} gives {len(rows_found)} faces, and a cohort takes {COHORT}: name a "
            "folder with more ticket photos.",
            f"{job.cohort} 中可用人脸仅 {len(rows_found)} 张，参照组需要 {COHORT} 张：请另选目录。",
            usable=len(rows_found),
        )
    return Cohort(np.stack(rows_found).astype(np.float32), ("",) * COHORT)


def _pictures(folder: Path) -> list[Path]:
    """Every picture below it, one a person: the first of each folder. InputDamaged."""
    first: dict[str, Path] = {}
    for person, path in read_face_set(folder).pictures:
        first.setdefault(person, path)
    return list(first.values())


def _nobody(folder: Path, odd: Sequence[OddFile]) -> InputRejected:
    listed = "".join(f"\n  - {printable(o.where)}: {o.en}" for o in odd)
    kind = InputRejected if odd else InputDamaged
    return kind(
        f"{folder} has nobody with a usable ticket photo and live frames: put them into "
        f"PERSON/ticket.jpg and PERSON/live/.{listed}",
        f"{folder} 中没有同时具备准考证相片与现场图像的人：请放入 姓名/ticket.jpg 与 姓名/live/。",
        path=str(folder),
    )
