"""Counts of what was received, kept in memory and moved on by each new event. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gate.core.json_types import JsonObject
from office.board.admissions import Admissions

MINUTES_KEPT = 24 * 60


class Correction(NamedTuple):
    """What a settled case was corrected to. `who`: the keyed number. `was_at`: the time of the
    admission that it takes back; None where it takes none back. `admits`: whether it lets in."""

    who: str
    was_at: str | None
    admits: bool


class Seen(NamedTuple):
    """What the counts need of one event. `admitted`: the keyed number of who was let in by it.
    `minute`: of `arrival_minute`. `seated`: the keyed number of whom a decision is about, and their
    room."""

    gate: str
    site: str
    kind: str | None
    exam: str
    paper: str | None
    outcome: str | None
    at: str | None
    admitted: str | None
    minute: int | None = None
    seated: tuple[str, str] | None = None
    correction: Correction | None = None


def seated_of(body: JsonObject) -> tuple[str, str] | None:
    """Whom a decision is about, by their keyed number, and their room. None where it does not
    say."""
    who, room = body.get("key") or body.get("ticket"), body.get("room")
    return (who, room) if isinstance(who, str) and isinstance(room, str) else None


def correction_of(body: JsonObject) -> Correction | None:
    """What a `case` event corrects; None for another one, of an exit, or of nobody. `body`: the
    event as a gate wrote it, so every field is looked at."""
    who, was_at = body.get("key") or body.get("ticket"), body.get("was_at")
    if body.get("change") != "correction" or body.get("at_exit") or not isinstance(who, str):
        return None
    took = body.get("was") == "ADMIT" and isinstance(was_at, str)
    return Correction(who, was_at if took else None, body.get("outcome") == "ADMIT")


@dataclass
class BoardCounts:
    """`admitted`: people by (exam, paper) and site. `arrivals`: decisions by site and minute since
    1970. `decisions`, `referred`: by gate. `events`: in all."""

    admitted: dict[tuple[str, str], dict[str, Admissions]] = field(default_factory=dict)
    arrivals: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
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
            elif event.kind in ("verdict", "case", "signature"):
                self.cases_moved = True
            if event.paper is not None:
                self._entry(event, event.paper)

    def _entry(self, event: Seen, paper: str) -> None:
        if event.admitted is None and event.correction is None and event.seated is None:
            return
        sites = self.admitted.setdefault((event.exam, paper), {})
        people = sites.setdefault(event.site, Admissions())
        now = (event.gate, event.at or "")
        if event.seated is not None:
            people.seat(*event.seated)
        if event.admitted is not None:
            people.add(event.admitted, now)
        if event.correction is not None:
            who, was_at, admits = event.correction
            if was_at is not None:
                people.take_back(who, (event.gate, was_at))
            if admits:
                people.add(who, now)

    def _decision(self, event: Seen) -> None:
        self.decisions[event.gate] += 1
        if event.outcome == "REFER":
            self.referred[event.gate] += 1
            self.cases_moved = True
        if event.minute is not None:
            minutes = self.arrivals[event.site]
            minutes[event.minute] += 1
            if len(minutes) > MINUTES_KEPT:
                del minutes[min(minutes)]

    def admitted_of(self, exam: str, paper: str, site: str | None = None) -> int:
        """How many people were let in to one paper, in all or at one site."""
        sites = self.admitted.get((exam, paper), {})
        if site is not None:
            return len(sites.get(site, ()))
        return sum(map(len, sites.values()))

    def admitted_by_room(self, exam: str, paper: str, site: str) -> Counter[str]:
        """How many people of each room were let in to one paper at one site. An empty name: of
        whom no decision named a room."""
        people = self.admitted.get((exam, paper), {}).get(site)
        return Counter() if people is None else people.by_room()

    def refer_rate(self, gates: Iterable[str]) -> float | None:
        """Of the decisions of `gates` the share that went to staff; None before the first."""
        listed = list(gates)
        decided = sum(self.decisions[gate] for gate in listed)
        return sum(self.referred[gate] for gate in listed) / decided if decided else None
