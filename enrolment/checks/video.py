"""The recording: long enough, one living face throughout, that of the card. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enrolment.checks.faces import is_same_person
from enrolment.core.reasons import CandidateReason
from gate.ports import Template

DURATION_S = (2.8, 5.5)
"""3 to 5 seconds are asked for; browsers end a recording a little early or late."""

FACE_SHARE_MIN = 0.9
"""Share of the looked-at frames that must show a face."""

SEVERAL_SHARE_MAX = 0.1
"""Share of frames that may seem to show a second face: a pattern at times is taken for one."""

LIVE_MIN = 0.5
"""Mean of the living-face networks; their makers' bound."""

SAME_THROUGHOUT_MIN = 0.3
"""Cosine of each frame's face with the mean of all; a handover is far below."""

FEATURE_NORM_MIN = 8.5
"""Less of a face than this is none, as for ticket photos."""

USABLE_MIN = 3
_R = CandidateReason


@dataclass(frozen=True, slots=True, eq=False)
class FrameLook:
    """One frame. `count`: faces that count. `template`, `feature_norm`, `live` are of the largest;
    None where it has none, or where nothing could tell."""

    count: int
    template: Template | None = None
    feature_norm: float = 0.0
    live: float | None = None


def video_template(looks: Sequence[FrameLook]) -> Template | None:
    """The mean of the usable faces, unit length; None where there are too few."""
    usable = [
        f.template for f in looks if f.template is not None and f.feature_norm >= FEATURE_NORM_MIN
    ]
    if len(usable) < USABLE_MIN:
        return None
    mean = np.mean(usable, axis=0)
    length = float(np.linalg.norm(mean))
    return None if length < 1e-6 else (mean / length).astype(np.float32)


def video_reasons(
    duration_s: float, looks: Sequence[FrameLook], card: Template | None
) -> tuple[CandidateReason, ...]:
    """Why the pictures of a recording do not pass; `card`: None where staff approved without."""
    if duration_s < DURATION_S[0]:
        return (_R.TOO_SHORT,)
    if duration_s > DURATION_S[1]:
        return (_R.TOO_LONG,)
    if not looks or sum(f.count > 0 for f in looks) < FACE_SHARE_MIN * len(looks):
        return (_R.NO_FACE,)
    if sum(f.count > 1 for f in looks) > SEVERAL_SHARE_MAX * len(looks):
        return (_R.SEVERAL_FACES,)
    whole = video_template(looks)
    if whole is None:
        return (_R.FACE_POOR,)
    reasons = []
    if not _one_person(looks, whole):
        reasons.append(_R.SEVERAL_FACES)
    told = [f.live for f in looks if f.live is not None]
    if not told or sum(told) / len(told) < LIVE_MIN:
        reasons.append(_R.NOT_LIVE)
    if card is not None and not is_same_person(whole, card):
        reasons.append(_R.FACE_DIFFERS)
    return tuple(reasons)


def _one_person(looks: Sequence[FrameLook], whole: Template) -> bool:
    return all(
        is_same_person(f.template, whole, SAME_THROUGHOUT_MIN)
        for f in looks
        if f.template is not None and f.feature_norm >= FEATURE_NORM_MIN
    )
