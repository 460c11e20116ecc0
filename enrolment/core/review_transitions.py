"""Documents, the reviewer's decision, one correction, the lock."""

from dataclasses import replace

from enrolment.core.application import Application, Step
from enrolment.core.deadlines import is_due
from enrolment.core.effects import AskFee, QueueReview, Tell
from enrolment.core.events import (
    CorrectionHandedIn,
    DocumentsHandedIn,
    Expired,
    Locked,
    ReviewDecided,
    ReviewOutcome,
    ReviewQueued,
)
from enrolment.core.personal_data import PersonalData
from enrolment.core.status import Status
from enrolment.errors import DataRefused, EventRefused, PeriodOver


def handed_in(state: Application, event: DocumentsHandedIn) -> Step:
    """DataRefused where a document lacks. Exempt candidates show theirs on site."""
    data = data_of(state)
    asked = frozenset() if data.exempt else state.round.proofs_of(data.level)
    _check_complete(asked, event.documents)
    return replace(state, status=Status.UNDER_REVIEW, documents=event.documents), ()


def decided(state: Application, event: ReviewDecided) -> Step:
    """DataRefused without a reason; EventRefused for a second correction."""
    if event.outcome is ReviewOutcome.PASS:
        fen = state.round.fee_fen(data_of(state).level)
        return replace(state, status=Status.ACCEPTED, lacking=(), fee_fen=fen), (AskFee(fen),)
    if not event.why:
        raise DataRefused("Say why.", "请写明原因。", faults=())
    if event.outcome is ReviewOutcome.REFUSE:
        return replace(state, status=Status.REFUSED, reason=event.why), (Tell("refused"),)
    return _correction(state, event)


def _correction(state: Application, event: ReviewDecided) -> Step:
    if state.corrections:
        raise EventRefused(
            "The candidate has corrected once already: pass or refuse.",
            "考生已补正一次：请通过或不予通过。",
            status=state.status,
            event="ReviewDecided",
        )
    if event.at >= state.round.correction.ends:
        raise PeriodOver(
            "The correction period is over: pass or refuse.",
            "补正期已结束：请通过或不予通过。",
            ends=state.round.correction.ends,
        )
    if not event.lacking:
        raise DataRefused("Name everything that lacks.", "请列出全部需补正的材料。", faults=())
    after = replace(
        state, status=Status.CORRECTION_ASKED, corrections=1, lacking=event.lacking,
        reason=event.why,
    )  # fmt: skip
    return after, (Tell("correction_asked"),)


def corrected(state: Application, event: CorrectionHandedIn) -> Step:
    """DataRefused where something still lacks: there is no second time."""
    _check_complete(frozenset(state.lacking), event.documents)
    documents = tuple(dict.fromkeys((*state.documents, *event.documents)))
    after = replace(state, status=Status.RESUBMITTED, documents=documents, reason="")
    return after, (QueueReview(),)


def queued(state: Application, event: ReviewQueued) -> Step:
    """The case waits for a reviewer again."""
    return replace(state, status=Status.UNDER_REVIEW), ()


def locked(state: Application, event: Locked) -> Step:
    """For forged proofs; from everywhere. DataRefused without a reason."""
    if not event.why:
        raise DataRefused("Say why it is locked.", "请写明锁定原因。", faults=())
    return replace(state, status=Status.LOCKED, reason=event.why), (Tell("locked"),)


def expired(state: Application, event: Expired) -> Step:
    """EventRefused before the deadline."""
    if not is_due(state, event.at):
        raise EventRefused(
            "The period has not ended.", "报名期尚未结束。", status=state.status, event="Expired"
        )
    return replace(state, status=Status.EXPIRED), (Tell("expired"),)


def data_of(state: Application) -> PersonalData:
    """The form, which is there in every state after draft. DataRefused."""
    if state.data is None:
        raise DataRefused("Nothing is filled in.", "尚未填写信息。", faults=())
    return state.data


def _check_complete(asked: frozenset[str], given: tuple[str, ...]) -> None:
    lacking = sorted(asked - frozenset(given))
    if lacking:
        raise DataRefused(
            f"Still needed: {', '.join(lacking)}. Hand everything in together.",
            f"还缺：{'、'.join(lacking)}。请一次交齐。",
            faults=tuple(lacking),
        )
