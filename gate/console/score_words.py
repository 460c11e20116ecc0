"""What the scores of a case come to, in words. A number alone misleads who compares two faces."""

from gate.core.json_types import JsonFields

NEAR_NORMALISED, NEAR_COSINE = 1.0, 0.05
"""How far below the threshold counts as near: deviations of the cohort, and cosine."""

NOT_COMPARED = ("未比对人脸", "The face was not compared")
MATCHES = ("与准考证相片相符", "Matches the ticket photo")
NEAR = ("与准考证相片接近，但未达到标准", "Near to the ticket photo, but not enough")
UNLIKE = ("与准考证相片明显不符", "Clearly unlike the ticket photo")


def score_words(case: JsonFields) -> tuple[str, str]:
    """(Chinese, English) of `score`, `normalised`, `threshold` and `floor` of a decision."""
    score, normalised = case.get("score"), case.get("normalised")
    threshold, floor = case.get("threshold"), case.get("floor")
    deciding = score if normalised is None else normalised
    if score is None or deciding is None or threshold is None:
        return NOT_COMPARED
    short = threshold - deciding
    near = NEAR_COSINE if normalised is None else NEAR_NORMALISED
    below_floor = 0.0 if floor is None else floor - score
    if short <= 0 and below_floor <= 0:
        return MATCHES
    return NEAR if short <= near and below_floor <= NEAR_COSINE else UNLIKE
