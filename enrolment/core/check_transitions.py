"""Card, video, ticket photo, signature, identity service; the third failure; the manual check."""

from dataclasses import replace
from datetime import datetime

from enrolment.core.application import Application, Step
from enrolment.core.effects import AskIdentity, Tell
from enrolment.core.events import (
    CardChecked,
    IdentityChecked,
    LivenessChecked,
    ManualDecided,
    ManualRequested,
    PhotoChecked,
    SignatureGiven,
)
from enrolment.core.reasons import CandidateReason
from enrolment.core.status import Status
from enrolment.errors import DataRefused, EventRefused


def card(state: Application, event: CardChecked) -> Step:
    """Passed, or one more failure."""
    return _passed(state, Status.CARD_READ) if not event.reasons else _failed(state, event)


def liveness(state: Application, event: LivenessChecked) -> Step:
    """Passed, or one more failure."""
    return _passed(state, Status.LIVE_CHECKED) if not event.reasons else _failed(state, event)


def photo(state: Application, event: PhotoChecked) -> Step:
    """Passed, or one more failure. DataRefused for a photo that was not stored."""
    if event.reasons:
        return _failed(state, event)
    if not event.photo:
        raise DataRefused("Upload a photo first.", "请先上传相片。", faults=())
    return _passed(replace(state, photo=event.photo), Status.PHOTO_ACCEPTED)


def signature(state: Application, event: SignatureGiven) -> Step:
    """Now the identity service is asked."""
    after = replace(state, status=Status.SIGNED, signature=event.signature)
    return after, (AskIdentity(),)


def asked_again(state: Application, event: SignatureGiven) -> Step:
    """Signed anew after the identity service said no: it is asked once more. EventRefused while
    its answer is awaited."""
    if not state.told:
        raise EventRefused(
            "The identity service is being asked: wait for its answer.",
            "正在进行身份核验：请等待结果。",
            status=state.status,
            event="SignatureGiven",
        )
    return replace(state, signature=event.signature, told=()), (AskIdentity(),)


def identity(state: Application, event: IdentityChecked) -> Step:
    """Passed, or one more failure. A face that staff compared by eye is not asked for again."""
    reasons = event.reasons
    if state.face_compared:
        reasons = tuple(r for r in reasons if r is not CandidateReason.FACE_DIFFERS)
    if reasons:
        return _failed(state, replace(event, reasons=reasons))
    after, _ = _passed(state, Status.VERIFIED)
    return after, (Tell("verified"),)


def manual_requested(state: Application, event: ManualRequested) -> Step:
    """DataRefused without proofs."""
    if not event.proofs:
        raise DataRefused("Upload a proof first.", "请先上传证明材料。", faults=())
    return replace(state, status=Status.MANUAL_REVIEW, proofs=event.proofs), ()


def manual_decided(state: Application, event: ManualDecided) -> Step:
    """Approved: photo and signature still follow. DataRefused for a refusal without a reason."""
    if event.approved:
        after = replace(
            state,
            status=Status.LIVE_CHECKED,
            manual=True,
            face_compared=event.face_compared,
            failures=(),
            told=(),
        )
        return after, (Tell("manual_approved"),)
    if not event.why:
        raise DataRefused("Say why it is refused.", "请写明不通过的原因。", faults=())
    return replace(state, status=Status.REFUSED, reason=event.why), (Tell("refused"),)


def closes(failures: tuple[datetime, ...], attempts: int, within_s: float) -> bool:
    """Whether the last `attempts` failures lie within less than `within_s` seconds."""
    if len(failures) < attempts:
        return False
    return (failures[-1] - failures[-attempts]).total_seconds() < within_s


_Check = CardChecked | LivenessChecked | PhotoChecked | IdentityChecked


def _passed(state: Application, to: Status) -> Step:
    return replace(state, status=to, told=()), ()


def _failed(state: Application, event: _Check) -> Step:
    rules = state.round
    failures = tuple(sorted((*state.failures, event.at)))[-rules.attempts :]
    after = replace(state, failures=failures, told=event.reasons)
    if closes(failures, rules.attempts, rules.attempts_within.total_seconds()):
        return replace(after, status=Status.CLOSED_TO_MANUAL), (Tell("closed_to_manual"),)
    return after, ()
