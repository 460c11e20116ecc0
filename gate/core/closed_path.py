"""When the machine asks a face no more: the staffed path is left. Pure.

Three visits of one identity whose face did not pass, within two hours, close its machine path. It
opens again two hours after the last of them. Until then a card is referred to staff at once. What
staff type is their own path, and stays open.
"""

from dataclasses import dataclass

from gate.core.event_age import age_s
from gate.core.events import Instant, Source
from gate.core.reasons import FACE_REASONS, MEANING, Outcome, Reason
from gate.core.records import JournalEvent

FAILED_VISITS = 3
WITHIN_S = 7200.0


@dataclass(frozen=True, slots=True)
class FailedVisit:
    """A visit that a face ended as REFER. `exam`: of its roster, None where it is the one in use.
    `this_run`: recorded by this process."""

    reason: Reason
    recorded: Instant | None
    this_run: bool = False
    exam: str | None = None


FailedVisits = tuple[FailedVisit, ...]


def is_failed_visit(event: JournalEvent) -> bool:
    """Whether a decision says that a face was looked at and did not pass."""
    return (
        event.get("outcome") == Outcome.REFER
        and event["reason"] in FACE_REASONS
        and event.get("attempt") is not None
        and bool(event.get("key"))
    )


def with_failed(before: FailedVisits, failed: FailedVisit) -> FailedVisits:
    """The last `FAILED_VISITS` of them."""
    return (*before, failed)[-FAILED_VISITS:]


def is_closed(failed: FailedVisits, now: Instant) -> bool:
    """Whether the machine path of the one whose visits these are is closed at `now`."""
    if len(failed) < FAILED_VISITS:
        return False
    first, last = (age_s(f.recorded, now, this_run=f.this_run) for f in (failed[0], failed[-1]))
    if first is None or last is None:
        return False
    return 0 <= last < WITHIN_S and first - last < WITHIN_S


def is_machine_path(source: Source) -> bool:
    """Whether this way to the gate closes."""
    return source is not Source.TYPED


def reason_of(failed: FailedVisits) -> Reason:
    """What a card on the closed path is referred for: a doubt, where there was one. ValueError
    without a failed visit."""
    if not failed:
        raise ValueError("no visit has failed")
    doubts = [f.reason for f in failed if MEANING[f.reason].doubtful]
    return (doubts or [f.reason for f in failed])[-1]
