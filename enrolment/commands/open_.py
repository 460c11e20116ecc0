"""exam-enrol open."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from enrolment.commands.places import Database, Media, opened, text_of
from gate.platform.program_end import say


def open_(
    round_file: Annotated[Path, typer.Argument(metavar="ROUND.toml")],
    *,
    database: Database = None,
    media: Media = None,
) -> None:
    """Open a registration round, or give it a changed description: what happened before keeps the
    rules of its time. 开启报名批次，或更新其描述。"""
    from enrolment.rounds.round_data import offices_file, round_from_toml
    from enrolment.store.opening import writing
    from enrolment.store.round_rows import save_round

    text = text_of(round_file)
    named = offices_file(text)
    offices = text_of(round_file.parent / named) if named else None
    described = round_from_toml(text, str(round_file), offices)
    store = opened(database, media, described.id)
    store.media.make_key(described.id)
    with writing(store.engine) as connection:
        version = save_round(connection, described.id, text, offices, datetime.now().astimezone())
    say(
        f"open: {described.id} {described.name}, version {version}, "
        f"{len(described.districts)} district(s), {len(described.offices)} office(s), "
        f"registration {described.registration.begins.isoformat()} to "
        f"{described.registration.ends.isoformat()} 已开启"
    )
