"""Payments that became known, by callback or by reconciliation: one road for both."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select

from enrolment.core.effects import Booked
from enrolment.core.events import Actor, PaymentReported, Role
from enrolment.services.payment_messages import Payment
from enrolment.store.applications import Applications
from enrolment.store.instants import text_of
from enrolment.store.opening import writing
from enrolment.store.tables import bookings, orders

SERVICE = Actor(Role.SYSTEM, "payment")


def take_payment(store: Applications, payment: Payment, at: datetime) -> bool:
    """Exactly once in effect. False: it was known already.

    A payment for an order that nobody has is booked as unclaimed.
    """
    with writing(store.engine) as connection:
        known = connection.execute(
            select(bookings.c.payment).where(bookings.c.payment == payment.payment)
        ).one_or_none()
        if known is not None:
            return False
        application = connection.execute(
            select(orders.c.application).where(
                orders.c.order == payment.order, orders.c.round == store.round_id
            )
        ).scalar_one_or_none()
        if application is None:
            connection.execute(
                insert(bookings).values(
                    payment=payment.payment,
                    application=None,
                    order=payment.order,
                    kind=str(Booked.UNCLAIMED),
                    fen=payment.fen,
                    at=text_of(at),
                )
            )
            return True
        event = PaymentReported(at=at, by=SERVICE, **payment._asdict())
        store.apply_within(connection, application, event)
        return True


def reconcile(store: Applications, payments: Iterable[Payment], at: datetime) -> int:
    """Takes every payment of a reconciliation file; how many were missing."""
    return sum(take_payment(store, payment, at) for payment in payments)
