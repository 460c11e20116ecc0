"""The few figures of counted events that people look at. Pure."""

from typing import TypedDict

from gate.core.daily_counts import BINS, Bins, Counts, Table
from gate.core.events import Source
from gate.core.reasons import Outcome


class ReactionFigures(TypedDict):
    """How many REFERs were acknowledged, and after how many seconds; None where none was."""

    reactions: int
    reaction_median_s: float | None
    reaction_longest_s: float | None


class CountsSummary(ReactionFigures):
    """The few figures that people look at; None where nothing was counted. Rates are shares, 0 to
    1. `seconds_*`: from the card to the decision."""

    decisions: int
    referred: int
    refer_rate: float | None
    typed_share: float | None
    attempts_mean: float | None
    seconds_median: float | None
    seconds_p95: float | None


def decided(counts: Counts) -> tuple[int, int]:
    """How many decisions, and how many of them REFER."""
    refers = f"{Outcome.REFER}/"
    by_reason = counts["decisions"].items()
    return sum(n for _, n in by_reason), sum(n for k, n in by_reason if k.startswith(refers))


def summary(counts: Counts) -> CountsSummary:
    """The few figures that people look at; None where nothing was counted."""
    total, referred = decided(counts)
    faces = sum(counts["attempts"].values())
    tries = sum(int(attempt) * n for attempt, n in counts["attempts"].items())
    return {
        "decisions": total,
        "referred": referred,
        "refer_rate": _ratio(referred, total),
        "typed_share": _ratio(counts["sources"].get(Source.TYPED, 0), total),
        "attempts_mean": _ratio(tries, faces),
        "seconds_median": quantile(counts["seconds"], 0.5, BINS["seconds"]),
        "seconds_p95": quantile(counts["seconds"], 0.95, BINS["seconds"]),
        **reaction_figures(counts),
    }


def reaction_figures(counts: Counts) -> ReactionFigures:
    """How fast staff were, to whole seconds; ten minutes and more are 600."""
    table = counts["reactions"]
    return {
        "reactions": sum(table.values()),
        "reaction_median_s": quantile(table, 0.5, BINS["reactions"]),
        "reaction_longest_s": quantile(table, 1.0, BINS["reactions"]),
    }


def quantile(table: Table, share: float, bins: Bins) -> float | None:
    """The upper edge of the bin in which the `share` of all values lies.

    It is never too low, and too high by less than one bin. Values beyond the last bin are the
    exception.
    """
    total, seen = sum(table.values()), 0
    for number in sorted(map(int, table)):
        seen += table[str(number)]
        if seen >= share * total:
            return bins.upper(number)
    return None


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
