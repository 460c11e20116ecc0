"""The form: saved, submitted, and what is frozen when."""

from dataclasses import replace

from enrolment.core.application import Application, Step
from enrolment.core.events import DataChanged, Submitted
from enrolment.core.personal_data import PersonalData, data_faults
from enrolment.core.reasons import DATA_DIFFER
from enrolment.core.status import Status
from enrolment.errors import DataRefused, EventRefused, PeriodOver

_IDENTITY_FREE = frozenset({Status.DRAFT, Status.SUBMITTED, Status.CLOSED_TO_MANUAL})
_CONTACT_ONLY = frozenset(
    {Status.UNDER_REVIEW, Status.CORRECTION_ASKED, Status.ACCEPTED, Status.FEE_DUE}
)


def changed(state: Application, event: DataChanged) -> Step:
    """DataRefused, EventRefused, PeriodOver."""
    if event.at >= state.round.registration.ends:
        raise PeriodOver(
            "The registration period is over, so the data are locked.",
            "信息填报期已结束，信息已锁定。",
            ends=state.round.registration.ends,
        )
    _check(state, event.data)
    before = state.data
    if before is not None:
        if _identity(before) != _identity(event.data) and not may_change_identity(state):
            raise EventRefused(
                "Name and ID number are settled and cannot be changed; other data can.",
                "姓名和身份证号已核验，不能修改；其他信息可以修改。",
                status=state.status,
                event="DataChanged",
            )
        if state.status in _CONTACT_ONLY and replace(before, phone=event.data.phone) != event.data:
            raise EventRefused(
                "The application is being reviewed: only the phone number can be changed.",
                "报名信息正在审核：只能修改手机号码。",
                status=state.status,
                event="DataChanged",
            )
    return replace(state, data=event.data), ()


def may_change_identity(state: Application) -> bool:
    """Name and number: before the card was compared with them, or where a check found that they
    differ. In between, the card has confirmed them."""
    if state.status in _IDENTITY_FREE:
        return True
    return state.status is Status.SIGNED and any(r in DATA_DIFFER for r in state.told)


def submitted(state: Application, event: Submitted) -> Step:
    """DataRefused where nothing was filled in."""
    if state.data is None:
        raise DataRefused(
            "Nothing is filled in: fill in the form first.", "尚未填写信息：请先填写。", faults=()
        )
    return replace(state, status=Status.SUBMITTED), ()


def _identity(data: PersonalData) -> tuple[str, str]:
    return data.name, data.number


def _check(state: Application, data: PersonalData) -> None:
    faults = data_faults(data, state.round)
    if faults:
        raise DataRefused(
            "Correct the form: " + "; ".join(f"{f.field}: {f.en}" for f in faults) + ".",
            "请改正：" + "；".join(f.zh for f in faults) + "。",
            faults=faults,
        )
