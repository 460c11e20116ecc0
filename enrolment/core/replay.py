"""The state made again from the events."""

from collections.abc import Sequence

from enrolment.core.application import Application
from enrolment.core.events import Event, Started
from enrolment.core.round import Round
from enrolment.core.transitions import start, step
from enrolment.errors import EventRefused


def replay(application_id: str, of_round: Round, events: Sequence[Event]) -> Application:
    """What `events`, in their order, make. EventRefused where the first one starts nothing; what
    `start` and `step` raise."""
    if not events or not isinstance(events[0], Started):
        raise EventRefused("The events do not begin.", "事件不完整。", status=None, event="Started")
    application, _ = start(application_id, of_round, events[0])
    for event in events[1:]:
        application, _ = step(application, event)
    return application
