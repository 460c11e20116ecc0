"""What the gate does with people whose frames were seen: answers, attempts and rates as figures.

Without files and pages, so that a unit without the extra `calibrate` can state its own.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from gate.calibration.exact_interval import exact_interval, least_stated
from gate.calibration.live_attempts import SeenFrame, attempts
from gate.calibration.live_scores import Cohort, SeenPerson, at_rates
from gate.core.exam import FacePolicy
from gate.core.json_types import JsonObject
from gate.core.reasons import Reason
from gate.models.match_attempt import MatchTables

Show = Callable[[str, int, int], None]
"""Step, done, total."""


def measured(people: Sequence[SeenPerson], cohort: Cohort, *, seed: int, show: Show) -> JsonObject:
    """Figures of people whose frames were seen; without files, so that a lab can call it too."""
    policy, tables = FacePolicy(), MatchTables.load()
    rows = at_rates(
        people, cohort, policy, tables, seed=seed, show=lambda n, of: show("pairs", n, of)
    )
    pairs = rows[0]["attempt"]["others"]["pairs_of_people"] if rows else 0
    own = [
        ended.judged
        for p in people
        for ended in attempts(p.frames, cohort.reference(p, p.name), policy, tables)
    ]
    return {
        "set": {
            "people": len(people),
            "frames": sum(len(p.frames) for p in people),
            "cohort": len(cohort.templates) if rows and rows[0]["normalised"] else 0,
            "probe_frames": policy.probe_frames,
            "target": policy.fmr,
        },
        "frames": _answers([f for p in people for f in p.frames]),
        "attempts": {
            "count": len(own),
            "reasons": dict(Counter(str(j.reason) for j in own).most_common()),
            "advice": dict(Counter(str(j.advice) for j in own if j.advice).most_common()),
            "admitted": _share(sum(j.reason is Reason.OK for j in own), len(own)),
        },
        "rates": rows,
        "least_fmr": least_stated(pairs),
        "least_fnmr": least_stated(len(own)),
    }


def _answers(frames: Sequence[SeenFrame]) -> JsonObject:
    """What each frame is answered with."""
    refused = Counter(f.refused_as for f in frames if not f.accepted)
    return {
        "count": len(frames),
        "accepted": _share(sum(f.accepted for f in frames), len(frames)),
        "refused": {
            str(answer): _share(count, len(frames)) for answer, count in refused.most_common()
        },
    }


def _share(count: int, n: int) -> JsonObject:
    share = count / n if n else None
    return {"count": count, "of": n, "share": share, "interval": exact_interval(count, n)}
