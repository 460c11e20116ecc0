"""Order, payment, ticket number, seats. A payment is exactly once in effect."""

from dataclasses import replace

from enrolment.core.application import Application, Booking, Step
from enrolment.core.effects import AssignTicket, Booked, BookPayment, Tell
from enrolment.core.events import FeeAsked, PaymentReported, Seated, TicketGiven
from enrolment.core.status import Status
from enrolment.errors import DataRefused


def asked(state: Application, event: FeeAsked) -> Step:
    """The order is the candidate's to pay."""
    after = replace(state, status=Status.FEE_DUE, order=event.order, fee_fen=event.fen)
    return after, (Tell("fee_due"),)


def paid(state: Application, event: PaymentReported) -> Step:
    """The first payment of the whole fee within the period counts; the same one again does
    nothing; what else comes is booked."""
    if any(b.payment == event.payment for b in state.bookings):
        return state, ()
    if event.fen != state.fee_fen or event.order != state.order:
        return _booked(state, event, Booked.WRONG_AMOUNT)
    if not state.round.fee.holds(event.paid_at):
        return _booked(state, event, Booked.UNCLAIMED)
    after, book = _booked(state, event, Booked.FEE)
    return replace(after, status=Status.PAID), (*book, AssignTicket())


def paid_beside(state: Application, event: PaymentReported) -> Step:
    """A payment where none is due: a double one, or nobody's."""
    if any(b.payment == event.payment for b in state.bookings):
        return state, ()
    if state.fee_taken:
        after, book = _booked(state, event, Booked.DOUBLE)
        return after, (*book, Tell("double_payment"))
    return _booked(state, event, Booked.UNCLAIMED)


def _booked(state: Application, event: PaymentReported, kind: Booked) -> Step:
    booking = Booking(kind, event.payment, event.order, event.fen)
    book = BookPayment(kind, event.payment, event.order, event.fen)
    return replace(state, bookings=(*state.bookings, booking)), (book,)


def ticket(state: Application, event: TicketGiven) -> Step:
    """Registered."""
    after = replace(state, status=Status.REGISTERED, ticket=event.ticket)
    return after, (Tell("registered"),)


def seated(state: Application, event: Seated) -> Step:
    """One seat for each subject. DataRefused for another number of them."""
    papers = [s.paper for s in event.seats]
    if not papers or len(frozenset(papers)) != len(papers):
        raise DataRefused(
            "Give one seat for each paper.", "每科目须有且仅有一个座位。", faults=tuple(papers)
        )
    return replace(state, status=Status.SEATED, seats=event.seats), ()
