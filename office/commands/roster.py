"""exam-office roster build."""

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gate.errors import InputDamaged
from gate.regular_file import read_regular
from office.home import Home, default_home

if TYPE_CHECKING:
    from gate.core.exam import Exam
    from office.candidates import Candidates
    from office.people import Person, References
    from office.roster_build import Built

_EXAM_BYTES_MAX = 4 << 20
"""Bytes: thousands of papers and extensions."""

app = typer.Typer(no_args_is_help=True, help="Candidates and their references. 考生名册。")


@app.command()
def build(
    exam_file: Annotated[Path, typer.Argument(metavar="EXAM.toml")],
    candidates_file: Annotated[Path, typer.Argument(metavar="CANDIDATES.csv")],
    photos_folder: Annotated[Path, typer.Argument(metavar="PHOTOS")],
    *,
    out: Annotated[Path, typer.Option("--out", help="Where the rosters go.")],
    home: Annotated[
        Path | None, typer.Option("--home", help="The office's folder; else EXAM_OFFICE_HOME.")
    ] = None,
    models: Annotated[
        Path | None, typer.Option("--models", help="Folder of the networks; else the cache.")
    ] = None,
    site: Annotated[
        list[str] | None, typer.Option("--site", help="Only this site; may be repeated.")
    ] = None,
) -> None:
    """Build, sign and seal each site's roster. Exit 1: built, rows were rejected. 生成名册。"""
    from gate.models.enrol import Enroller
    from gate.models.files import default_folder
    from gate.models.matching import cohort_statistics
    from office.candidates import read_candidates
    from office.commands.candidates import tell_notes
    from office.people import people_of
    from office.photos import photos_in
    from office.roster_build import Making, build_site, check_dates, gates_by_site, sites_to_build

    place, now = Home(home or default_home()), _now()
    exam = read_exam(exam_file)
    check_dates(exam, now)
    candidates = read_candidates(candidates_file, exam)
    photos = photos_in(photos_folder)
    if not candidates.rows:
        raise _nobody_left(candidates_file, candidates, out)
    people = people_of(candidates.rows)
    wanted = sites_to_build(exam, people, site or ())
    gates = gates_by_site(place, wanted)
    enroller = Enroller(models or default_folder())
    references = _enrolled_with_bar(people, list(gates), photos, enroller)
    making = Making(exam, people, references, photos, cohort_statistics, now)
    built = [build_site(making, at, gates[at], place, out) for at in gates]
    _write_lists(out, candidates.rejected, references.unusable, candidates.notes)
    _print_built(built, [s.id for s in exam.sites if s.id not in gates and s.id in wanted])
    tell_notes(candidates)
    _print_lists(candidates.rejected, references.unusable, out)
    if candidates.rejected:
        raise typer.Exit(1)


@app.command()
def reissue(
    exam_file: Annotated[Path, typer.Argument(metavar="EXAM.toml")],
    *,
    source: Annotated[Path, typer.Option("--from", help="The folder that roster build wrote.")],
    out: Annotated[Path, typer.Option("--out", help="Where the new versions go.")],
    home: Annotated[
        Path | None, typer.Option("--home", help="The office's folder; else EXAM_OFFICE_HOME.")
    ] = None,
) -> None:
    """Issue the rosters of an exam again with a changed description, such as an extension, without
    the candidates or their photos. 仅修改考试描述，重新签发名册。"""
    from office.reissue import newest
    from office.reissue import reissue as issue

    place, now, exam = Home(home or default_home()), _now(), read_exam(exam_file)
    for path in newest(source, exam, place):
        one = issue(path, exam, place, out, now)
        print(f"reissued: {one.path.name}, {len(one.manifest.keys)} gate(s) 已重新签发")


def _now() -> datetime:
    return datetime.now().astimezone()


def read_exam(path: Path) -> "Exam":
    """InputDamaged, ConfigInvalid."""
    from gate.roster.exam_data import exam_from_toml

    try:
        text = read_regular(path, _EXAM_BYTES_MAX).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as e:
        raise InputDamaged(
            f"{path} cannot be read ({e}): name the exam description, in UTF-8.",
            f"{path} 无法读取：请指定 UTF-8 编码的考试描述文件。",
            path=str(path),
        ) from e
    return exam_from_toml(text, str(path))


def _enrolled_with_bar(
    people: "Sequence[Person]", sites: list[str], photos: dict[str, Path], enroller: Any
) -> "References":
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    from office.people import enrolled

    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("photos 相片", total=len(people))
        advance: Callable[[], None] = lambda: bar.advance(task)  # noqa: E731 - typed on purpose
        return enrolled(people, sites, photos, enroller, advance)


_LISTS = {
    "rejected.csv": ("line", "ticket", "reason", "en", "zh"),
    "without_reference.csv": ("ticket", "reason", "en", "zh"),
    "notes.csv": ("line", "ticket", "reason", "en", "zh"),
}


def _write_lists(out: Path, *lists: Sequence[Any]) -> None:
    """Each of `_LISTS` anew, with a byte-order mark: without it spreadsheets garble the Chinese."""
    from gate.roster.shelf import storage_refused

    with storage_refused(out):
        out.mkdir(parents=True, exist_ok=True)
        for (name, columns), rows in zip(_LISTS.items(), lists, strict=True):
            with (out / name).open("w", encoding="utf-8-sig", newline="") as file:
                table = csv.writer(file)
                table.writerow(columns)
                table.writerows([getattr(row, column) for column in columns] for row in rows)


def _nobody_left(path: Path, candidates: "Candidates", out: Path) -> InputDamaged:
    """Every row listed all the same."""
    rejected = candidates.rejected
    if rejected:
        _write_lists(out, rejected, (), ())
        _print_lists(rejected, (), out)
    return InputDamaged(
        f"{path} leaves no candidate, {len(rejected)} row(s) rejected, so nothing is built: "
        "correct the list.",
        f"{path} 没有可用的考生（{len(rejected)} 行被拒），未生成名册：请改正名单。",
        path=str(path),
    )


def _print_built(built: "Iterable[Built]", without_gates: Iterable[str]) -> None:
    for one in built:
        counts = one.manifest.counts
        cohort = counts["cohort"] or "none (fewer than 200 references: raw score, stricter)"
        print(
            f"built: {one.path.name}, {counts['candidates']} candidates, "
            f"{counts['with_reference']} with a reference, cohort {cohort}, "
            f"{len(one.manifest.keys)} gate(s)"
        )
    for site in without_gates:
        print(
            f"left out: {site} has no enrolled gate; exam-office keys --gate {site}-g1, then build "
            "again. 该考点无已登记闸机。"
        )


def _print_lists(rejected: Sequence[Any], unusable: Sequence[Any], out: Path) -> None:
    for row in rejected:
        print(f"rejected: line {row.line}, ticket {row.ticket or '-'}: {row.en} {row.zh}")
    for row in unusable:
        print(f"no reference: ticket {row.ticket}: {row.en} {row.zh}")
    print(
        f"{len(rejected)} row(s) rejected, {len(unusable)} candidate(s) without a reference; "
        f"listed in {out / 'rejected.csv'} and {out / 'without_reference.csv'}"
    )
