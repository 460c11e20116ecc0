"""Messages that were refused: counted by gate and reason, told once a minute."""

import logging
from collections import Counter
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

TOLD_EVERY_S = 60.0
GATES_MAX, REASONS_MAX = 200, 20
"""Gates, and reasons of one gate, that are counted apart; the rest are counted together."""
_TOLD = 3
"""Reasons of one gate that its line names."""


@dataclass(slots=True)
class Refusals:
    """Refusals, counted and logged at bounded rates.

    `counts`: (gate, reason) to how many. `who`: how a line in the log begins.
    """

    who: str = "refused"
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _new: Counter[tuple[str, str]] = field(default_factory=Counter)
    _told_s: float | None = None

    def add(self, gate: str, reason: str, now_s: float, count: int = 1) -> None:
        """Counts `count` refusals of `gate` for `reason`.

        `now_s`: monotonic seconds. The first is told at once.
        """
        kind = self._kind(gate, reason)
        self.counts[kind] += count
        self._new[kind] += count
        self.tell(now_s)

    def _kind(self, gate: str, reason: str) -> tuple[str, str]:
        if (gate, reason) in self.counts:
            return gate, reason
        known = self.by_gate()
        if gate not in known and len(known) >= GATES_MAX:
            return "others", "refused"
        if len(known.get(gate, ())) >= REASONS_MAX:
            return gate, "other reasons"
        return gate, reason

    def tell(self, now_s: float) -> None:
        """One line a gate, where the last ones are a minute old."""
        if not self._new or (self._told_s is not None and now_s - self._told_s < TOLD_EVERY_S):
            return
        gates: dict[str, Counter[str]] = {}
        for (gate, reason), count in self._new.items():
            gates.setdefault(gate, Counter())[reason] = count
        for gate, reasons in gates.items():
            told = _told(reasons)
            log.warning("%s %d message(s) of %s: %s", self.who, reasons.total(), gate, told)
        self._new.clear()
        self._told_s = now_s

    def by_gate(self) -> dict[str, dict[str, int]]:
        """The counts: gate to reason to count."""
        found: dict[str, dict[str, int]] = {}
        for (gate, reason), count in self.counts.items():
            found.setdefault(gate, {})[reason] = count
        return found


def _told(reasons: Counter[str]) -> str:
    """The commonest, with how many each where there are several."""
    if len(reasons) == 1:
        return next(iter(reasons))
    told = [f"{count} {reason}" for reason, count in reasons.most_common(_TOLD)]
    more = len(reasons) - len(told)
    return "; ".join(told) + (f"; {more} more reasons" if more else "")
