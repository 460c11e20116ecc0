"""Under which topics a gate listens, by its enrolment."""

import logging

from gate.errors import InputDamaged
from gate.sync.wire import Topics
from office.home import Home
from office.keys.enrolment import Enrolment, read_enrolment

log = logging.getLogger(__name__)


def topics_of(home: Home, gate: str, heard: str | None, what: str) -> list[Topics]:
    """Under the exam that `gate` was `heard` under, and under those of its rosters, since it may
    have gone on to another. None for a unit that was struck off, or is gone: then the log says
    that `what` waits."""
    enrolled = _enrolled(home, gate, what)
    if enrolled is None or enrolled.revoked is not None:
        return []
    exams = {*enrolled.exams, *([heard] if heard else [])}
    return [Topics(exam, enrolled.site, gate) for exam in sorted(exams)]


def _enrolled(home: Home, gate: str, what: str) -> Enrolment | None:
    """None of a unit that is gone, or whose enrolment does not read."""
    try:
        return read_enrolment(home.enrolment(gate))
    except InputDamaged as e:
        log.warning("the %s for %s waits: %s", what, gate, e)
        return None
