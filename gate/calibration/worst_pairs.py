"""The pairs that went most wrong, by the pictures' names, and which of them argue a wrong label.

A label is called doubtful only on evidence out of the set itself, never for a bad score alone:

* the same photograph under two names: a cosine that only one and the same picture gives;
* two names as alike as most pairs of one person are: one person spelt in two ways, or twins;
* a picture that is like none of its own person's other pictures while those agree among
  themselves, or that is like another person's pictures instead.

The last can also mean that the picture shows several people and another face was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gate.calibration.scores import Places, Scores
from gate.calibration.template_sets import Side, Values

SHOWN = 12
SAME_PHOTOGRAPH = 0.95
"""Above the genuine pairs of different photographs; two prints of one photograph lie here."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Cosines: what strangers reach at FMR 1e-3 and at 1e-5, and the median of genuine pairs."""

    stranger: float
    sure: float
    ordinary: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures with an extreme score for their labels.

    `doubt`: `same-photograph`, `as-one-person`, `one-odd`, `other-odd`, `both-odd`, or empty.
    `cosine`: the raw score.
    """

    one: str
    other: str
    score: float
    cosine: float
    doubt: str


def worst_impostors(scores: Scores, side: Side, names: Sequence[str], limits: Limits) -> list[Pair]:
    """The highest scores of different people."""
    return _pairs(scores.impostors, scores.impostors_at, side, names, limits)


def worst_genuine(scores: Scores, side: Side, names: Sequence[str], limits: Limits) -> list[Pair]:
    """The lowest scores of one person."""
    return _pairs(scores.genuine, scores.genuine_at, side, names, limits)


def _pairs(
    values: Values,
    at: Places,
    side: Side,
    names: Sequence[str],
    limits: Limits,
) -> list[Pair]:
    found: list[Pair] = []
    seen: set[tuple[int, int]] = set()
    for value, place in zip(values, at, strict=True):
        one, other = int(place[0]), int(place[1])
        if (one, other) in seen:  # once for each cohort that was drawn
            continue
        seen.add((one, other))
        cosine = float(side.templates[one] @ side.templates[other])
        doubt = _doubt(side, one, other, cosine, limits)
        found.append(Pair(names[one], names[other], float(value), cosine, doubt))
        if len(found) == SHOWN:
            break
    return found


def _doubt(side: Side, one: int, other: int, cosine: float, limits: Limits) -> str:
    if side.people[one] != side.people[other] and cosine >= SAME_PHOTOGRAPH:
        return "same-photograph"
    odd = _is_odd(side, one, limits), _is_odd(side, other, limits)
    if any(odd):
        return {(True, True): "both-odd", (True, False): "one-odd"}.get(odd, "other-odd")
    alike = side.people[one] != side.people[other] and cosine >= limits.ordinary
    return "as-one-person" if alike else ""


def _is_odd(side: Side, picture: int, limits: Limits) -> bool:
    """Like none of its own person's other pictures, though two of these agree, or another
    person's picture is as like it as one's own are."""
    own = np.flatnonzero(side.people == side.people[picture])
    own = own[own != picture]
    if (
        not len(own)
        or float((side.templates[own] @ side.templates[picture]).max()) >= limits.stranger
    ):
        return False
    among = side.templates[own] @ side.templates[own].T
    agree = len(own) > 1 and bool((among[~np.eye(len(own), dtype=bool)] >= limits.sure).any())
    strangers = side.templates[side.people != side.people[picture]]
    return agree or bool((strangers @ side.templates[picture]).max() >= limits.sure)


def doubtful_count(side: Side, at: Places, limits: Limits) -> int:
    """How many of these pairs of different people have a doubtful label."""
    pairs, counts = np.unique(at, axis=0, return_counts=True)
    found = 0
    for (one, other), count in zip(pairs.tolist(), counts.tolist(), strict=True):
        cosine = float(side.templates[one] @ side.templates[other])
        found += count * bool(_doubt(side, one, other, cosine, limits))
    return found


def doubtful_pictures(side: Side, names: Sequence[str], limits: Limits) -> list[str]:
    """Every picture of the set whose label the set itself speaks against."""
    counts = np.bincount(side.people)
    several = np.flatnonzero(counts[side.people] > 1)
    return [names[n] for n in several if _is_odd(side, int(n), limits)]
