"""Which gates of a day refer more, or fewer, people than the others, beyond chance. Pure.

Each gate is compared with all others of its day together by Fisher's exact test (two-sided). The
level is `FAMILY_ALPHA` divided by the number of comparisons in the report (Bonferroni). So where
all gates are alike, at most one report in a hundred marks any of them, whatever their number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gate.core.count_figures import CountsSummary, decided, summary
from gate.core.daily_counts import DailyCounts
from gate.core.records import JournalEvent

FAMILY_ALPHA = 0.01
"""The chance that a report marks anything where nothing differs; at most."""


@dataclass(frozen=True, slots=True)
class GateDay:
    """One gate on one day. `p`: of its refer rate against the other gates of that day, None where
    it was alone; `differs`: `more`, `fewer` or empty."""

    gate: str
    day: str
    figures: CountsSummary
    p: float | None
    differs: str


def daily_counts(events: Iterable[JournalEvent]) -> dict[str, DailyCounts]:
    """Every gate's own fold, by gate."""
    found: dict[str, DailyCounts] = {}
    for event in events:
        found.setdefault(str(event.get("gate")), DailyCounts()).add(event)
    return found


def compare(gates: Mapping[str, DailyCounts], day: str | None = None) -> list[GateDay]:
    """Every gate and day with a decision, in order; only `day` where one is named."""
    every = {(d, gate): counts.of_day(d) for gate, counts in gates.items() for d in counts.days}
    rows = {key: counts for key, counts in sorted(every.items()) if day in (None, key[0])}
    of_day: dict[str, dict[str, _Refers]] = {}
    for (d, gate), counts in rows.items():
        of_day.setdefault(d, {})[gate] = _Refers(*decided(counts))
    alpha = FAMILY_ALPHA / max(1, sum(len(found) for found in of_day.values() if len(found) > 1))
    said = {(d, g): s for d, found in of_day.items() for g, s in _marked(found, alpha).items()}
    return [GateDay(gate, d, summary(counts), *said[d, gate]) for (d, gate), counts in rows.items()]


class _Refers(NamedTuple):
    total: int
    referred: int


def _marked(found: Mapping[str, _Refers], alpha: float) -> dict[str, tuple[float | None, str]]:
    """p and `differs` of every gate of one day. The one that differs most is marked and leaves the
    comparison before the others are looked at again: else it would make them look strange."""
    left = dict(found)
    said: dict[str, tuple[float | None, str]] = {}
    while True:
        tests = {gate: _test(own, _sum(left, gate)) for gate, own in left.items()}
        tried = {gate: p for gate, p in tests.items() if p is not None}
        worst = min(tried, key=tried.__getitem__, default=None)
        if worst is None or tried[worst] > alpha:
            return said | {gate: (p, "") for gate, p in tests.items()}
        own, others = left[worst], _sum(left, worst)
        more = own.referred * others.total > others.referred * own.total
        said[worst] = (tried[worst], "more" if more else "fewer")
        del left[worst]


def _sum(found: Mapping[str, _Refers], without: str) -> _Refers:
    rest = [refers for gate, refers in found.items() if gate != without]
    return _Refers(sum(r.total for r in rest), sum(r.referred for r in rest))


def _test(own: _Refers, others: _Refers) -> float | None:
    if not own.total or not others.total:
        return None
    return fisher(own.referred, own.total, others.referred, others.total)


def fisher(some: int, of: int, others: int, of_others: int) -> float:
    """Two-sided p, 0 to 1, of `some` of `of` against `others` of `of_others` (Fisher 1935).

    It is the probability, with both margins fixed, of every table at most as likely as this one.
    """
    from scipy.stats import fisher_exact

    return float(fisher_exact([[some, of - some], [others, of_others - others]]).pvalue)
