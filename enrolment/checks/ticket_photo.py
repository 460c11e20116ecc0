"""The ticket photo: the gate's own judgement of portraits, and whose face it is."""

from collections.abc import Iterable

from enrolment.checks.faces import is_same_person
from enrolment.core.reasons import CandidateReason
from gate.models.portrait_findings import PortraitFinding
from gate.ports import Template

_R = CandidateReason
TOLD = {
    "no-face": _R.NO_FACE,
    "several-faces": _R.SEVERAL_FACES,
    "too-small": _R.TOO_SMALL,
    "occluded": _R.OCCLUDED,
    "pose": _R.POSE,
    "eyes-closed": _R.EYES_CLOSED,
    "recapture": _R.RECAPTURED,
    "blurred": _R.BLURRED,
    "too-dark": _R.EXPOSURE,
    "too-bright": _R.EXPOSURE,
    "background-blue": _R.BACKGROUND,
    "animated": _R.RECAPTURED,
    "damaged": _R.NO_FACE,
    "too-large": _R.NO_FACE,
}
"""What each finding of the gate's judgement is to a candidate."""


def photo_reasons(
    findings: Iterable[PortraitFinding], photo: Template | None, others: Iterable[Template | None]
) -> tuple[CandidateReason, ...]:
    """Why the photo does not pass. `others`: of the card and of the video; None: not at hand, then
    nothing is compared with it."""
    reasons = [TOLD[f.reason] for f in findings]
    if photo is not None:
        known = [t for t in others if t is not None]
        if not all(is_same_person(photo, other) for other in known):
            reasons.append(_R.FACE_DIFFERS)
    return tuple(dict.fromkeys(reasons))
