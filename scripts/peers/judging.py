"""How rightly one peer's templates judge a list of pairs."""

from typing import Any

import numpy as np
from pictures import PictureSet


def accuracy(templates: list[list[float] | None], chosen: PictureSet) -> dict[str, Any]:
    """Of the pairs: ten parts, each judged at the threshold that is best on the other nine, as in
    LFW's protocol. A picture without a face matches nobody."""
    scores = np.array([_score(templates[a], templates[b]) for a, b, _ in chosen.pairs])
    same = np.array([s for *_, s in chosen.pairs])
    parts = np.arange(len(same)) % 10
    right = [
        ((scores[parts == n] >= _best(scores[parts != n], same[parts != n])) == same[parts == n])
        for n in range(10)
    ]
    genuine, impostor = scores[same], scores[~same]
    return {
        "pairs": len(same),
        "pictures": len(templates),
        "without_a_face": sum(t is None for t in templates),
        "share_right": round(float(np.concatenate(right).mean()), 4),
        "genuine_above_every_impostor": round(float((genuine > impostor.max()).mean()), 4),
    }


def _score(one: list[float] | None, other: list[float] | None) -> float:
    """The smaller the distance the higher: for unit vectors the order of cosines."""
    if one is None or other is None:
        return -100.0
    return -float(np.linalg.norm(np.subtract(one, other)))


def _best(scores: np.ndarray, same: np.ndarray) -> float:
    ordered = np.sort(scores)
    limits = (ordered[1:] + ordered[:-1]) / 2
    right = [((scores >= limit) == same).mean() for limit in limits]
    return float(limits[int(np.argmax(right))])
