"""exam-enrol reconcile."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from enrolment.commands.places import Database, Media, RoundId, opened, text_of


def reconcile(
    round_id: RoundId,
    file: Annotated[Path, typer.Argument(metavar="PAYMENTS.csv", help="payment,order,fen,paid_at")],
    *,
    database: Database = None,
    media: Media = None,
) -> None:
    """Take the payment service's file: payments whose callback never came are booked, each once.
    对账：补记未收到回调的缴费。"""
    from enrolment.services.payment_messages import read_reconciliation
    from enrolment.services.payments import reconcile as take_all

    payments = read_reconciliation(text_of(file))
    store = opened(database, media, round_id)
    store.round()
    missing = take_all(store, payments, datetime.now().astimezone())
    print(f"reconciled: {len(payments)} payment(s), {missing} were missing 已对账")
