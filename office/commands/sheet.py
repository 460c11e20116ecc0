"""exam-office sheet: seat-photo sheets of every room, before the day."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from office.commands.roster import read_exam


def sheet(
    exam_file: Annotated[Path, typer.Argument(metavar="EXAM.toml")],
    candidates_file: Annotated[Path, typer.Argument(metavar="CANDIDATES.csv")],
    photos_folder: Annotated[Path, typer.Argument(metavar="PHOTOS")],
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for the PDFs. 输出文件夹。")],
    site: Annotated[
        list[str] | None, typer.Option("--site", help="Only this site; may be repeated.")
    ] = None,
    paper: Annotated[
        list[str] | None, typer.Option("--paper", help="Only this paper; may be repeated.")
    ] = None,
) -> None:
    """One PDF for each room and paper: photo, name, ticket, seat and a box to sign. They hold
    personal data: print, hand over, delete. 考场图像单（考前打印）。"""
    from gate.platform.program_end import say
    from gate.roster.repository import storage_refused
    from office.commands.photos import progress_bar
    from office.rosters.candidate_references import people_of
    from office.rosters.candidates import read_candidates
    from office.rosters.photo_names import claim
    from office.sheets.room_sheets import draw_all, room_sheets

    exam = read_exam(exam_file)
    candidates = read_candidates(candidates_file, exam)
    people = people_of(candidates.rows)
    claims = claim(photos_folder, people)
    now = datetime.now(exam.zone)
    sheets = [
        s
        for s in room_sheets(exam, people, claims.photos, now, out)
        if (not site or s.out.parent.name in site) and (not paper or s.head.paper in paper)
    ]
    with storage_refused(out), progress_bar("sheets 图像单") as done:
        odd = list(draw_all(sheets, done))
    for line in sorted(odd):
        say(f"{line}")
    if candidates.rejected:
        say(
            f"{len(candidates.rejected)} rows were rejected and stand on no sheet: see "
            "exam-office candidates check. 有行被拒，未列入图像单。"
        )
    print(f"{len(sheets)} sheets in {out} 已生成 {len(sheets)} 份图像单")
