"""exam-office exam check: every fault of an exam description at once, else its days as a table."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gate.platform.program_end import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.core.exam import EntryWindow, Exam, Paper
    from gate.errors import ConfigInvalid
    from office.rosters.candidates import Candidates
    from office.rosters.exam_days import DayPlan, PaperPlan, RoomPlan

app = typer.Typer(no_args_is_help=True, help="The exam description. 考试描述文件。")

NO_LIST = "-"
"""What stands for rooms and candidates where no list of candidates is given."""
LINES_MAX = 20
"""Rooms with an extension of their own that are named for a paper; --json names all of them."""


@app.callback()
def exam() -> None:
    """Keeps `check` a word of its own, however many there are."""


@app.command()
def check(
    exam_file: Annotated[Path, typer.Argument(metavar="EXAM.toml")],
    *,
    candidates_file: Annotated[
        Path | None,
        typer.Option("--candidates", help="The list of candidates: rooms and counts too."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Name every fault of an exam description at once, else print its days. Exit 0: nothing is
    wrong; 1: a fault, a candidate with two papers at one time, or a row that is not taken.
    检查考试描述文件并列出考试日程。"""
    from gate.errors import ConfigInvalid
    from office.commands.roster import read_exam
    from office.rosters.candidates import read_candidates
    from office.rosters.exam_days import exam_days

    try:
        found = read_exam(exam_file)
        listed = None if candidates_file is None else read_candidates(candidates_file, found)
    except ConfigInvalid as e:
        _tell_faults(e, as_json)
        raise typer.Exit(1) from e
    days = exam_days(found, listed.rows if listed else ())
    warnings = _warnings(found, listed)
    rejected = len(listed.rejected) if listed else 0
    accepted = not rejected and not any(p.clashes for d in days for p in d.papers)
    if as_json:
        said = _as_json(found, days, accepted, rejected, warnings)
        print(json.dumps(said, ensure_ascii=False))
    else:
        _print_days(found, days, with_rooms=listed is not None)
        _print_questions(found)
        for warning in warnings:
            print(warning)
        if rejected:
            print(
                f"{rejected} row(s) of the list are not taken: run exam-office candidates check. "
                f"名单有 {rejected} 行未被接受：请运行 exam-office candidates check。"
            )
    if not accepted:
        raise typer.Exit(1)


def _warnings(exam: "Exam", listed: "Candidates | None") -> list[str]:
    from office.rosters.candidate_references import people_of
    from office.rosters.extension_rooms import rooms_of, unknown_rooms

    return [] if listed is None else unknown_rooms(exam, rooms_of(people_of(listed.rows)))


def _tell_faults(error: "ConfigInvalid", as_json: bool) -> None:
    faults = error.facts.get("faults")
    if as_json:
        said = {
            "accepted": False,
            "faults": list(faults) if isinstance(faults, tuple) and faults else [error.en],
            "refused": {"en": error.en, "zh": error.zh},
        }
        print(json.dumps(said, ensure_ascii=False))
    else:
        print(f"refused: {error.en}\n{error.zh}")


def _print_days(exam: "Exam", days: "Sequence[DayPlan]", *, with_rooms: bool) -> None:
    """A table a day. In a pipe it is as wide as it has to be: nothing is cut or wrapped."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(f"{escape(exam.name)} ({exam.id}), {exam.timezone}", highlight=False)
    for day in days:
        table = Table(title=day.date, title_justify="left")
        for heading in ("paper 科目", "", "sits 考试", "entry 入场", "leave from 可离场"):
            table.add_column(heading)
        for heading in ("rooms 考场", "candidates 考生"):
            table.add_column(heading, justify="right")
        table.add_column("same time 同时")
        for plan in day.papers:
            counts = (
                (str(len(plan.rooms)), str(plan.candidates)) if with_rooms else (NO_LIST, NO_LIST)
            )
            table.add_row(
                escape(plan.paper.id),
                escape(plan.paper.subject),
                *_times(exam, plan),
                *counts,
                escape(", ".join(plan.overlaps)),
            )
        console.print(table)
        for plan in day.papers:
            for line in _exceptions(exam, plan):
                console.print(line, markup=False, highlight=False, soft_wrap=True)


def _times(exam: "Exam", plan: "PaperPlan") -> tuple[str, str, str]:
    from gate.core.local_time import time_text

    paper, zone = plan.paper, exam.zone
    start, end, opens, closes, leave = (
        time_text(at, zone, paper.start)
        for at in (paper.start, paper.end, plan.window.opens, plan.window.closes, plan.leave_from)
    )
    return f"{start} – {end}", f"{opens} – {closes}", leave


def _exceptions(exam: "Exam", plan: "PaperPlan") -> list[str]:
    """What the table has no room for: what is required, rooms that close later, and people with two
    papers."""
    from gate.core.local_time import time_text

    later = [room for room in plan.rooms if room.window.closes != plan.window.closes]
    said = [
        f"{plan.paper.id}, room {room.name} ({room.site}): entry until "
        f"{time_text(room.window.closes, exam.zone, plan.paper.start)} by extension 延长入场"
        for room in later[:LINES_MAX]
    ]
    if len(later) > LINES_MAX:
        said.append(f"{plan.paper.id}: {len(later) - LINES_MAX} more room(s) 另有考场延长入场")
    said[:0] = _required(plan.paper)
    if plan.waiting_for_time and not plan.paper.extra_time_min:
        said.append(
            f"{plan.paper.id}: {plan.waiting_for_time} candidate(s) have the flag extra-time, and "
            "the paper gives none: set extra_time_min. 有延时考生，但未设 extra_time_min。"
        )
    for other, tickets in plan.clashes.items():
        if plan.paper.id < other:  # each pair once
            shown = ", ".join(tickets[:5]) + (" …" if len(tickets) > 5 else "")
            said.append(
                f"fault: {len(tickets)} candidate(s) are listed for {plan.paper.id} and {other}, "
                f"which are sat at the same time: {shown}. 同一时间有两科考试的考生。"
            )
    return said


def _required(paper: "Paper") -> list[str]:
    """What a paper asks for beside card and face, in one line; none where it is as usual."""
    from gate.core.exam import SIGNATURES

    parts = [f"requires {', '.join(sorted(paper.requires))} 需提交"] if paper.requires else []
    if paper.standby_room:
        parts.append(f"standby room 备用考场 {paper.standby_room}")
    if paper.signatures != SIGNATURES:
        parts.append(f"signatures of a doubtful case 存疑签字 {paper.signatures}")
    if paper.extra_time_min:
        parts.append(f"extra time 延长 {paper.extra_time_min:g} min")
    return [f"{paper.id}: {'; '.join(parts)}"] if parts else []


def _print_questions(exam: "Exam") -> None:
    for question in exam.questions:
        room = ", standby room 备用考场" if question.standby else ""
        say(
            f"question 问题 {question.id}: {question.zh} {question.en} "
            f"(of concern 需核查: {question.concern}{room})"
        )


def _as_json(
    exam: "Exam",
    days: "Sequence[DayPlan]",
    accepted: bool,
    rejected: int,
    warnings: "Sequence[str]",
) -> dict[str, object]:
    return {
        "accepted": accepted,
        "faults": [],
        "exam": exam.id,
        "name": exam.name,
        "timezone": exam.timezone,
        "rejected": rejected,
        "warnings": list(warnings),
        "questions": [asdict(question) for question in exam.questions],
        "days": [
            {"date": day.date, "papers": [_paper_json(exam, p) for p in day.papers]} for day in days
        ],
    }


def _paper_json(exam: "Exam", plan: "PaperPlan") -> dict[str, object]:
    from gate.core.local_time import in_fixed_offset

    def told(window: "EntryWindow") -> dict[str, object]:
        return {
            "opens": in_fixed_offset(window.opens, exam.zone).isoformat(),
            "closes": in_fixed_offset(window.closes, exam.zone).isoformat(),
        }

    def room(found: "RoomPlan") -> dict[str, object]:
        return {
            "site": found.site,
            "room": found.name,
            "candidates": found.candidates,
            **told(found.window),
        }

    paper = plan.paper
    return {
        "paper": paper.id,
        "subject": paper.subject,
        "start": in_fixed_offset(paper.start, exam.zone).isoformat(),
        "end": in_fixed_offset(paper.end, exam.zone).isoformat(),
        **told(plan.window),
        "leave_from": in_fixed_offset(plan.leave_from, exam.zone).isoformat(),
        "requires": sorted(paper.requires),
        "signatures": paper.signatures,
        "standby_room": paper.standby_room,
        "extra_time_min": paper.extra_time_min,
        "overlaps": list(plan.overlaps),
        "clashes": {other: list(tickets) for other, tickets in plan.clashes.items()},
        "candidates": plan.candidates,
        "rooms": [room(r) for r in plan.rooms],
    }
