"""The photograph of a card: sharp, no glare, the card itself, and what it says. Pure."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from enrolment.checks.card_fields import CardFields
from enrolment.core.personal_data import PersonalData
from enrolment.core.reasons import CandidateReason
from gate.ports import Picture

SHARPNESS_MIN = 12.0
"""Variance of the Laplacian of the luma, at 800 px of width. Bounds: docs/enrolment-checks.md."""

BURNT_LEVEL, BURNT_MAX = 250, 0.06
"""A share of the picture that is burnt out by glare."""

COLOUR_MIN = 3.0
"""Mean distance of the channels, of 255: a copy in grey has less."""

_WIDTH = 800
_R = CandidateReason


@dataclass(frozen=True, slots=True)
class CardLook:
    """`sharpness`: as `SHARPNESS_MIN`. `burnt`: share, 0 to 1. `colour`: of 255."""

    sharpness: float
    burnt: float
    colour: float


def card_look(picture: Picture) -> CardLook:
    """What the picture looks like, whatever stands on it."""
    image = Image.fromarray(picture)
    height = max(8, round(picture.shape[0] * _WIDTH / picture.shape[1]))
    small = np.asarray(image.resize((_WIDTH, height), Image.Resampling.BILINEAR), np.float32)
    luma = small.mean(axis=2)
    laplacian = (
        luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * luma[1:-1, 1:-1]
    )
    return CardLook(
        sharpness=float(laplacian.var()),
        burnt=float((small.min(axis=2) >= BURNT_LEVEL).mean()),
        colour=float((small.max(axis=2) - small.min(axis=2)).mean()),
    )


def card_reasons(
    look: CardLook, read: CardFields, data: PersonalData, *, has_portrait: bool
) -> tuple[CandidateReason, ...]:
    """Why the photograph does not pass. A name or number that was read well and is another than
    the form's is named as such; whatever else lacks is asked for again."""
    reasons = []
    if look.colour < COLOUR_MIN:
        reasons.append(_R.CARD_RECAPTURED)
    if look.sharpness < SHARPNESS_MIN:
        reasons.append(_R.BLURRED)
    if look.burnt > BURNT_MAX:
        reasons.append(_R.EXPOSURE)
    if not has_portrait or not read.is_sound or not read.name:
        return tuple(reasons) or (_R.CARD_UNREADABLE,)
    if read.number != data.number:
        reasons.append(_R.NUMBER_DIFFERS)
    if read.name != _comparable(data.name):
        reasons.append(_R.NAME_DIFFERS)
    return tuple(reasons)


def _comparable(name: str) -> str:
    return "".join(name.split()).replace(".", "·")
