"""Messages that were refused: counted by gate and reason, told once a minute."""

import logging
from collections import Counter
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

TOLD_EVERY_S = 60.0
GATES_MAX, REASONS_MAX = 200, 20
"""Gates, and reasons of one gate, that are counted apart; the rest are counted together."""


@dataclass(slots=True)
class Refusals:
    """`counts`: (gate, reason) to how many."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _new: Counter[tuple[str, str]] = field(default_factory=Counter)
    _told_s: float | None = None

    def add(self, gate: str, reason: str, now_s: float) -> None:
        """`now_s`: monotonic seconds. The first is told at once."""
        kind = self._kind(gate, reason)
        self.counts[kind] += 1
        self._new[kind] += 1
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
        """One line a gate and reason, where the last ones are a minute old."""
        if not self._new or (self._told_s is not None and now_s - self._told_s < TOLD_EVERY_S):
            return
        for (gate, reason), count in self._new.most_common():
            log.warning("refused %d message(s) of %s: %s", count, gate, reason)
        self._new.clear()
        self._told_s = now_s

    def by_gate(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for (gate, reason), count in self.counts.items():
            found.setdefault(gate, {})[reason] = count
        return found
