"""exam-office photos check: a folder of ticket photos judged before a roster is built from it."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from office.photos.alike_pairs import FoundPairs
    from office.photos.folder import PhotoFile
    from office.photos.judged_photo import AlikePair, JudgedPhoto
    from office.photos.page import Summary
    from office.photos.worker_processes import Source

app = typer.Typer(no_args_is_help=True, help="Ticket photos. 准考证相片。")

SHOWN_MAX = 20
"""Lines of each list on the screen; the files hold all of them."""

BACKGROUND_NOT_JUDGED = (
    "background",
    "The background is not judged: the exam asks for none, or the person mask is not in the folder "
    "of networks (docs/ticket-photos.md).",
    "未检查背景：考试未作要求，或模型目录中没有人像分割模型（见 docs/ticket-photos.md）。",
)
"""What may not be looked at: name, English, Chinese."""

Show = Callable[[int, int], None]
"""How many are done, of how many."""


@app.callback()
def photos() -> None:
    """Keeps `check` a word of its own."""


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="TICKET.jpg and so on.")],
    *,
    exam_file: Annotated[
        Path | None, typer.Option("--exam", metavar="EXAM.toml", help="The exam they are for.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Report and lists; default: DIR-check beside DIR.")
    ] = None,
    models: Annotated[
        Path | None, typer.Option("--models", help="Folder of the networks; else the cache.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=256, help="Default: one a processor.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Judge every ticket photo in a folder, and all against all others. What was judged is kept, so
    an interrupted check goes on where it was. Exit 0: no photo has to be replaced and no face
    stands under two numbers; 1: some are not so. 检查准考证相片。"""
    from gate.models.network_files import default_folder, model_path
    from gate.models.person_mask import is_there
    from gate.models.still_pictures import OCCLUSION, RECOGNISER, STILL_DETECTOR
    from gate.roster.repository import storage_refused
    from office.commands.roster import read_exam
    from office.photos.alike_pairs import alike_pairs
    from office.photos.asked_background import asked_background
    from office.photos.folder import photo_files
    from office.photos.lists import write_lists
    from office.photos.worker_processes import Source, workers_by_default

    if exam_file is not None:
        read_exam(exam_file)  # a wrong description is said before the work, not after it
    files = photo_files(folder)
    networks = models or default_folder()
    asked = "any" if exam_file is None or not is_there(networks) else asked_background(exam_file)
    for name in (STILL_DETECTOR, RECOGNISER, OCCLUSION):
        model_path(networks, name)
    absolute = Path(os.path.abspath(folder))  # a folder named . has a name too
    place = out or absolute.with_name(f"{absolute.name}-check")
    with storage_refused(place):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    source = Source(absolute, networks, asked)
    judged = _judged(source, files, place, workers or workers_by_default())
    with progress_bar("all against all 两两比对") as show:
        pairs = alike_pairs(judged, show)
    summary = _summary(judged, pairs, asked)
    with storage_refused(place):
        write_lists(place, judged, pairs.listed)
        _write_pages(place, absolute, summary, judged, pairs.listed)
    if as_json:
        print(json.dumps(_as_json(summary, judged, pairs.listed, place), ensure_ascii=False))
    else:
        _tell(summary, judged, pairs.listed, place)
    if not summary.accepted:
        raise typer.Exit(1)


def _judged(
    source: "Source", files: "Sequence[PhotoFile]", place: Path, workers: int
) -> "list[JudgedPhoto]":
    from gate.models import eyes_open
    from gate.models.network_files import models_label
    from gate.models.portrait import EYES_CLOSED_MIN, PATTERN_MAX, PORTRAIT, ROLL_MAX_DEG
    from gate.models.still_pictures import OCCLUSION, RECOGNISER, STILL_DETECTOR
    from gate.platform.durable_files import file_sha256
    from office.photos.progress_file import ProgressFile
    from office.photos.worker_processes import judge_all

    bounds = f"{PORTRAIT} {ROLL_MAX_DEG} {EYES_CLOSED_MIN} {PATTERN_MAX} {source.background} "
    bounds += f"eyes {file_sha256(eyes_open.WEIGHTS)[:8]} single view"
    kept = ProgressFile(place, models_label(STILL_DETECTOR, RECOGNISER, OCCLUSION) + bounds)
    try:
        found = {p.file: p for p in kept.known(files)}
        left = [f for f in files if f.name not in found]
        with progress_bar("photos 相片") as show:
            show(len(found), len(files))
            for file, judged in judge_all(source, left, workers):
                kept.keep(file, judged)
                found[file.name] = judged
                show(len(found), len(files))
    finally:
        kept.close()
    return [found[f.name] for f in files]


@contextmanager
def progress_bar(what: str) -> Iterator[Show]:
    """A bar with the time left, on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Left())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _summary(judged: "Sequence[JudgedPhoto]", pairs: "FoundPairs", asked: str) -> "Summary":
    from office.photos.page import Summary

    verdicts = Counter(p.verdict for p in judged)
    unseen = (BACKGROUND_NOT_JUDGED,) if asked == "any" else ()
    counts = (verdicts["good"], verdicts["look"], verdicts["correct"], verdicts["unusable"])
    found = (pairs.same_face, pairs.look_alike, len(pairs.listed))
    return Summary(len(judged), *counts, *found, unseen)


def _write_pages(
    place: Path,
    folder: Path,
    summary: "Summary",
    judged: "Sequence[JudgedPhoto]",
    pairs: "Sequence[AlikePair]",
) -> None:
    from office.photos.page import pages, thumbnails

    address = Path(os.path.relpath(folder, place.absolute())).as_posix()
    for old in place.glob("report*.html"):
        old.unlink()
    for name, text in pages(summary, judged, pairs, address, thumbnails(folder)):
        (place / name).write_text(text, encoding="utf-8")


def _as_json(
    summary: "Summary",
    judged: "Sequence[JudgedPhoto]",
    pairs: "Sequence[AlikePair]",
    place: Path,
) -> dict[str, object]:
    from office.photos.page import FIRST_PAGE

    return {
        "accepted": summary.accepted,
        "report": str(place / FIRST_PAGE),
        **asdict(summary),
        "not_judged": [{"what": what, "en": en, "zh": zh} for what, en, zh in summary.not_judged],
        "files": [
            {
                "file": _shown(p.file),
                "verdict": p.verdict,
                "reasons": [{"reason": f.reason, "en": f.en, "zh": f.zh} for f in p.findings],
            }
            for p in judged
        ],
        "pairs": [
            {**asdict(p), "first": _shown(p.first), "second": _shown(p.second)} for p in pairs
        ],
    }


def _tell(
    summary: "Summary",
    judged: "Sequence[JudgedPhoto]",
    pairs: "Sequence[AlikePair]",
    place: Path,
) -> None:
    from office.photos.lists import PAIRS, PHOTOS
    from office.photos.page import FIRST_PAGE

    wrong = [p for p in judged if p.findings]
    for photo in wrong[:SHOWN_MAX]:
        said = " ".join(f"{f.en} {f.zh}" for f in photo.findings)
        print(f"{photo.verdict}: {_shown(photo.file)}: {said}")
    for pair in pairs[:SHOWN_MAX]:
        names = f"{_shown(pair.first)}, {_shown(pair.second)}"
        print(f"{pair.kind}: {names}: similarity 相似度 {pair.similarity:.2f}")
    for more, name in ((len(wrong), PHOTOS), (len(pairs), PAIRS)):
        if more > SHOWN_MAX:
            print(f"and {more - SHOWN_MAX} more in {place / name}. 其余见该文件。")
    if more := summary.pairs_not_listed:
        print(f"{more} pair(s) less alike are counted and not listed. 另有 {more} 对只计数未列出。")
    for _, en, zh in summary.not_judged:
        print(f"{en} {zh}")
    print(
        f"{summary.photos} photo(s): {summary.good} good, {summary.look} to look at, "
        f"{summary.correct} to correct, "
        f"{summary.unusable} unusable; {summary.same_face} pair(s) of one face, "
        f"{summary.look_alike} of look-alikes: {place / FIRST_PAGE}. "
        f"共 {summary.photos} 张：合格 {summary.good}，需查看 {summary.look}，"
        f"需更换 {summary.correct}，不可用 {summary.unusable}。"
    )


def _shown(name: str) -> str:
    from office.rosters.photo_names import printable

    return printable(Path(name))
