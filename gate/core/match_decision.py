"""Whether the scores of one face pass. Pure.

Two bounds stand beside each other. The score that is normalised by the roster holds for people
whose like are many there. For people whose like are few it is too generous: strangers who resemble
them are missing in the cohort. So the raw cosine has to reach a floor as well. The floor only
refuses more: nobody passes who would not pass without it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScoreBounds:
    """What the scores are held against.

    `threshold`: of the score that decides, the normalised one or, without a cohort, the raw cosine.
    `floor`: a cosine, -1 to 1, that the raw score reaches too. None where the raw score decides.
    """

    threshold: float
    floor: float | None


def passes(score: float, normalised: float | None, bounds: ScoreBounds) -> bool:
    """`score`: raw cosine; `normalised`: in deviations of the cohort, None without a cohort. A
    score that is not a number passes nothing."""
    deciding = score if normalised is None else normalised
    reaches_floor = bounds.floor is None or score >= bounds.floor
    return deciding >= bounds.threshold and reaches_floor
