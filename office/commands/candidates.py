"""exam-office candidates check: a list judged before anything is built from it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gate.errors import GateError
    from office.rosters.candidates import Candidates

app = typer.Typer(no_args_is_help=True, help="Lists of candidates. 考生名单。")


@app.callback()
def candidates() -> None:
    """Keeps `check` a word of its own, however many there are."""


@app.command()
def check(
    candidates_file: Annotated[Path, typer.Argument(metavar="CANDIDATES")],
    *,
    exam_file: Annotated[
        Path | None, typer.Option("--exam", help="The exam; else sites and papers are not judged.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Judge a list of candidates: CSV or XLSX. Exit 0: every row is taken; 1: some are not, or the
    list as a whole is not. 检查考生名单。"""
    from gate.errors import InputRejected
    from office.commands.roster import read_exam
    from office.commands.roster_lists import tell_notes
    from office.rosters.candidates import read_candidates

    exam = None if exam_file is None else read_exam(exam_file)
    try:
        found = read_candidates(candidates_file, exam)
    except InputRejected as e:
        _tell_refused(e, as_json)
        raise typer.Exit(1) from e
    if as_json:
        print(json.dumps(_as_json(found), ensure_ascii=False))
    else:
        tell_notes(found)
        for row in found.rejected:
            print(f"rejected: line {row.line}, ticket {row.ticket or '-'}: {row.en} {row.zh}")
        print(
            f"{len(found.rows)} row(s) taken, {len(found.rejected)} rejected. "
            f"接受 {len(found.rows)} 行，拒绝 {len(found.rejected)} 行。"
        )
    if found.rejected or not found.rows:
        raise typer.Exit(1)


def _tell_refused(error: "GateError", as_json: bool) -> None:
    if as_json:
        refused = {"accepted": False, "refused": {"en": error.en, "zh": error.zh}}
        print(json.dumps(refused, ensure_ascii=False))
    else:
        print(f"refused: {error.en} {error.zh}")


def _as_json(found: "Candidates") -> dict[str, object]:
    def listed(rows: "Iterable[object]") -> list[dict[str, object]]:
        return [
            {key: getattr(row, key) for key in ("line", "ticket", "reason", "en", "zh")}
            for row in rows
        ]

    return {
        "accepted": bool(found.rows) and not found.rejected,
        "taken": len(found.rows),
        "rejected": listed(found.rejected),
        "notes": listed(found.notes),
        "ignored": list(found.ignored),
    }
