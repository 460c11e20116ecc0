"""exam-office roster build."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.errors import InputDamaged
from gate.platform.regular_file import read_regular
from office.home import Home, default_home

if TYPE_CHECKING:
    from gate.core.exam import Exam
    from office.rosters.build import Built, Draft
    from office.rosters.candidate_references import Candidate, Enrolling, References
    from office.rosters.photo_names import Claims

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
    staff_file: Annotated[
        Path | None,
        typer.Option(
            "--staff", metavar="STAFF.toml", help="Who signs; without it no PIN is asked."
        ),
    ] = None,
    accept_rejected: Annotated[
        bool, typer.Option("--accept-rejected", help="Publish although rows were rejected.")
    ] = False,
) -> None:
    """Build, sign and seal each site's roster. Exit 1: rows were rejected, so there is a draft
    only, and --accept-rejected seals the rest; or nobody has a reference.
    生成名册；有行被拒时仅生成草稿。"""
    from gate.models.matching import cohort_statistics
    from gate.models.network_files import default_folder
    from gate.models.portrait import PortraitJudge
    from gate.roster.repository import storage_refused
    from office.commands.roster_lists import (
        print_rejected,
        print_sums,
        print_unclaimed,
        print_unusable,
        tell_notes,
        write_lists,
    )
    from office.rosters.build import (
        Making,
        build_site,
        check_dates,
        draft_site,
        gates_by_site,
        sites_to_build,
    )
    from office.rosters.candidate_references import people_of
    from office.rosters.candidates import read_candidates
    from office.rosters.extension_rooms import keep_seen, rooms_of, unknown_rooms
    from office.rosters.photo_names import claim
    from office.rosters.staff_file import read_staff
    from office.rosters.staff_gaps import gaps

    place, now = Home(home or default_home()), _now()
    exam = read_exam(exam_file)
    check_dates(exam, now)
    staff = read_staff(staff_file, exam) if staff_file else ()
    candidates = read_candidates(candidates_file, exam)
    people = people_of(candidates.rows)
    claims = claim(photos_folder, people)
    write_lists(out, candidates.rejected, (), candidates.notes, claims.unclaimed)
    tell_notes(candidates)
    print_rejected(candidates.rejected, out)
    print_unclaimed(claims.unclaimed, out)
    if not candidates.rows:
        raise _nobody_left(candidates_file, len(candidates.rejected))
    wanted = sites_to_build(exam, people, site or ())
    gates = gates_by_site(place, wanted)
    enroller = PortraitJudge(models or default_folder())
    references = _enrolled_with_bar(people, list(gates), claims, enroller)
    making = Making(exam, people, references, claims.photos, cohort_statistics, now, staff)
    draft = bool(candidates.rejected) and not accept_rejected
    if draft:
        _print_drafts(draft_site(making, at, gates[at], place, out) for at in gates)
    else:
        _print_built(build_site(making, at, gates[at], place, out) for at in gates)
        with storage_refused(place.root):
            keep_seen(place, exam.id, people)
    write_lists(out, candidates.rejected, references.unusable, candidates.notes, claims.unclaimed)
    _print_left_out(s.id for s in exam.sites if s.id not in gates and s.id in wanted)
    _print_each(unknown_rooms(exam, rooms_of(people)))
    _print_each(gaps(staff, gates) if staff_file else ())
    print_unusable(references.unusable, out)
    print_sums(candidates.rejected, references.unusable, out)
    if draft:
        _print_not_for_publishing(len(candidates.rejected))
    if not references.templates:
        _print_without_any_reference(photos_folder)
    if draft or not references.templates:
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
    from office.rosters.extension_rooms import kept_rooms, unknown_rooms
    from office.rosters.reissue import newest
    from office.rosters.reissue import reissue as issue

    place, now, exam = Home(home or default_home()), _now(), read_exam(exam_file)
    for path in newest(source, exam, place):
        one = issue(path, exam, place, out, now)
        print(f"reissued: {one.path.name}, {len(one.manifest.keys)} gate(s) 已重新签发")
    rooms = kept_rooms(place, exam.id)
    if rooms is not None:
        _print_each(unknown_rooms(exam, rooms))
    elif any(granted.room is not None for granted in exam.extensions):
        print(
            "warning: the rooms of the extensions were not checked, the last build kept none: "
            "compare them with the list. 未能核对延长入场的考场，请与名单核对。"
        )


def _print_each(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        print(sentence)


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
    people: "Sequence[Candidate]", sites: list[str], claims: "Claims", enroller: "Enrolling"
) -> "References":
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress

    from office.rosters.candidate_references import enrolled

    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("photos 相片", total=len(people))
        advance: Callable[[], None] = lambda: bar.advance(task)  # noqa: E731 - typed on purpose
        return enrolled(people, sites, claims, enroller, advance)


def _nobody_left(path: Path, rejected: int) -> InputDamaged:
    return InputDamaged(
        f"{path} leaves no candidate, {rejected} row(s) rejected, so nothing is built: "
        "correct the list.",
        f"{path} 没有可用的考生（{rejected} 行被拒），未生成名册：请改正名单。",
        path=str(path),
    )


def _print_built(built: "Iterable[Built]") -> None:
    for one in built:
        _print_site("built", one.path.name, one.manifest.counts, len(one.manifest.keys))


def _print_drafts(drafts: "Iterable[Draft]") -> None:
    for one in drafts:
        _print_site("draft", one.path.name, one.counts, len(one.gates))


def _print_site(state: str, name: str, counts: Mapping[str, int], gates: int) -> None:
    cohort = counts["cohort"] or "none (fewer than 200 references: raw score, stricter)"
    print(
        f"{state}: {name}, {counts['candidates']} candidates, "
        f"{counts['with_reference']} with a reference, cohort {cohort}, {gates} gate(s)"
    )


def _print_left_out(without_gates: Iterable[str]) -> None:
    for site in without_gates:
        print(
            f"left out: {site} has no enrolled gate; exam-office keys --gate {site}-g1, then build "
            "again. 该考点无已登记闸机。"
        )


def _print_without_any_reference(folder: Path) -> None:
    print(
        f"No candidate has a reference, so the gate would refer everybody: is {folder} the right "
        f"folder of photos? 没有任何考生有可用相片，所有人都须人工核验：请核对相片文件夹 {folder}。"
    )


def _print_not_for_publishing(rejected: int) -> None:
    print(
        f"NOT FOR PUBLISHING: {rejected} row(s) were rejected, so no roster was sealed and the "
        "newest version stays as it was. Correct the rows and build again, or build with "
        "--accept-rejected to leave them out. "
        f"不可发布：有 {rejected} 行被拒，未签发名册。"
        "请改正后重新生成，或加 --accept-rejected 舍弃这些行。"
    )
