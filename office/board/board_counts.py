"""Counts of what was received, kept in memory and moved on by each new event. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

MINUTES_KEPT = 24 * 60
_MINUTE = len("2027-04-10T08:45")


class Seen(NamedTuple):
    """What the counts need of one event. `admitted`: the keyed number of who was let in by it."""

    gate: str
    site: str
    kind: str | None
    exam: str
    paper: str | None
    outcome: str | None
    at: str | None
    admitted: str | None


@dataclass
class BoardCounts:
    """`admitted`: people by (exam, paper) and site, each counted once. `arrivals`: decisions by
    site and minute of the gate's own clock (`YYYY-MM-DDTHH:MM`). `decisions`, `referred`: by gate.
    `events`: in all."""

    admitted: dict[tuple[str, str], dict[str, set[int]]] = field(default_factory=dict)
    arrivals: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    decisions: Counter[str] = field(default_factory=Counter)
    referred: Counter[str] = field(default_factory=Counter)
    events: int = 0
    cases_moved: bool = True
    """Whether a case may have begun or been settled since somebody looked."""

    def add(self, events: Iterable[Seen]) -> None:
        """Counts events that were not counted before."""
        for event in events:
            self.events += 1
            if event.kind == "decision":
                self._decision(event)
            elif event.kind in ("verdict", "correction", "signature"):
                self.cases_moved = True
            if event.admitted is not None and event.paper is not None:
                sites = self.admitted.setdefault((event.exam, event.paper), {})
                sites.setdefault(event.site, set()).add(hash(event.admitted))

    def _decision(self, event: Seen) -> None:
        self.decisions[event.gate] += 1
        if event.outcome == "REFER":
            self.referred[event.gate] += 1
            self.cases_moved = True
        if event.at is not None:
            minutes = self.arrivals[event.site]
            minutes[event.at[:_MINUTE]] += 1
            if len(minutes) > MINUTES_KEPT:
                del minutes[min(minutes)]

    def admitted_of(self, exam: str, paper: str, site: str | None = None) -> int:
        """How many people were let in to one paper, in all or at one site."""
        sites = self.admitted.get((exam, paper), {})
        if site is not None:
            return len(sites.get(site, ()))
        return sum(map(len, sites.values()))

    def refer_rate(self, gates: Iterable[str]) -> float | None:
        """Of the decisions of `gates` the share that went to staff; None before the first."""
        listed = list(gates)
        decided = sum(self.decisions[gate] for gate in listed)
        return sum(self.referred[gate] for gate in listed) / decided if decided else None
