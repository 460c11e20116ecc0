"""The state made again from the events."""

from collections.abc import Sequence
from dataclasses import replace

from enrolment.core.application import Application
from enrolment.core.events import Event, Started
from enrolment.core.round import Round
from enrolment.core.transitions import start, step
from enrolment.errors import EventRefused

Happened = tuple[Round, Event]
"""An event, and the rules that were in force when it happened."""


def replay(application_id: str, happened: Sequence[Happened]) -> Application:
    """What the events, in their order, make. EventRefused where the first one starts nothing; what
    `start` and `step` raise."""
    of_round, first = happened[0] if happened else (None, None)
    if of_round is None or not isinstance(first, Started):
        raise EventRefused("The events do not begin.", "事件不完整。", status=None, event="Started")
    application, _ = start(application_id, of_round, first)
    for of_round, event in happened[1:]:
        application, _ = step(replace(application, round=of_round), event)
    return application
