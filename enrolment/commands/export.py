"""exam-enrol export."""

from pathlib import Path
from typing import Annotated

import typer

from enrolment.commands.places import Database, Media, RoundId, opened


def export(
    round_id: RoundId,
    *,
    out: Annotated[Path, typer.Option("--out", help="Where candidates.csv and photos/ go.")],
    database: Database = None,
    media: Media = None,
) -> None:
    """Write candidates.csv and photos/ for exam-office roster build. Exit 1: somebody has no seat
    yet. 导出考生名单与相片。"""
    from enrolment.handover.export import export as write

    store = opened(database, media, round_id)
    store.round()
    people, rows = write(store, out)
    print(f"exported: {people} candidate(s), {rows} row(s) in {out} 已导出")
