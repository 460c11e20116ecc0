"""exam-enrol shred."""

from datetime import datetime
from typing import Annotated

import typer

from enrolment.commands.places import Database, Media, RoundId, opened
from gate.errors import UsageError


def shred(
    round_id: RoundId,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="It cannot be undone; say that it is meant.")
    ] = False,
    database: Database = None,
    media: Media = None,
) -> None:
    """Destroy the key and the pictures of a round: names, numbers and faces are gone, the events
    stay and can be verified. 销毁报名批次的密钥与相片。"""
    from enrolment.store.opening import writing
    from enrolment.store.round_rows import mark_shredded

    if not yes:
        raise UsageError(
            "Nothing was destroyed: this cannot be undone, so add --yes.",
            "未销毁：此操作不可撤销，请加 --yes 确认。",
        )
    store = opened(database, media, round_id)
    store.round()
    count = store.media.shred(round_id)
    with writing(store.engine) as connection:
        mark_shredded(connection, round_id, datetime.now().astimezone())
    print(f"shredded: {round_id}, its key and {count} picture(s) 已销毁")
