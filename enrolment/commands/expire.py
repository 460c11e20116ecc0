"""exam-enrol expire."""

from datetime import datetime

from enrolment.commands.places import Database, Media, RoundId, opened


def expire(round_id: RoundId, *, database: Database = None, media: Media = None) -> None:
    """End every application whose period is over; take the payment service's file first.
    使逾期报名失效。"""
    store = opened(database, media, round_id)
    store.round()
    print(f"expired: {store.expire(datetime.now().astimezone())} application(s) 已失效")
