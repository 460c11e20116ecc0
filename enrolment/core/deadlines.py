"""Until when an application may stay where it is. Pure; the end itself is outside."""

from datetime import datetime

from enrolment.core.application import Application
from enrolment.core.status import FINAL, Status
from enrolment.errors import PeriodOver

_BY_CANDIDATE = frozenset(
    {
        Status.DRAFT,
        Status.SUBMITTED,
        Status.CARD_READ,
        Status.LIVE_CHECKED,
        Status.PHOTO_ACCEPTED,
        Status.SIGNED,
        Status.VERIFIED,
        Status.CLOSED_TO_MANUAL,
    }
)


def deadline(application: Application) -> datetime | None:
    """When it expires; None for what never does.

    Who waits for the manual check, or passed it, has until the end of the correction period. Who
    waits for a reviewer or has to pay, until the end of the fee period. A payment within it may
    become known in the grace time after it.
    """
    periods, status = application.round, application.status
    if status in FINAL or status is Status.PAID:
        return None
    if status in (Status.MANUAL_REVIEW, Status.CORRECTION_ASKED):
        return periods.correction.ends
    if status in _BY_CANDIDATE:
        return periods.correction.ends if application.manual else periods.registration.ends
    if status is Status.FEE_DUE:
        return periods.fee.ends + periods.payment_grace
    return periods.fee.ends


def is_due(application: Application, at: datetime) -> bool:
    """Whether it has expired at `at`."""
    ends = deadline(application)
    return ends is not None and at >= ends


def check_in_time(application: Application, at: datetime) -> None:
    """PeriodOver where the candidate or staff come too late."""
    ends = deadline(application)
    if ends is not None and at >= ends:
        raise PeriodOver(
            f"The period ended at {ends.isoformat()}, so nothing can be changed any more.",
            f"报名期已于 {ends.isoformat()} 结束，不能再修改。",
            ends=ends,
        )
