"""Counts of a day, folded from journal events: decisions, reasons, scores and durations.

There are no faces, names or tickets in them. They remain when everything else has been destroyed.
Gate and office fold the same events with this same code, so their counts agree exactly. The fold
costs a few additions an event and keeps only numbers.

Bins are fixed, so that days, gates and exams can be added up. Histograms of the deciding scores
show whether a calibration still fits, years after its pictures are gone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple, cast

from gate.core.events import Instant
from gate.core.local_time import local_day
from gate.core.reasons import Reason
from gate.core.records import CountsBody, JournalEvent

Table = dict[str, int]
Counts = dict[str, Table]
"""Names of tables to their counts; keys of histograms are bin numbers.

`decisions`: by `OUTCOME/REASON`. `verdicts`: by `REFERRED/REASON`; FACE_MISMATCH/STAFF_ADMIT counts
those whom the face match turned away wrongly, as staff saw it. `sources`: by source. `attempts`: of
those whose face was asked for. `seconds`: from the card to the decision, of the same. `score`,
`normalised`: of ADMIT (`admitted_`) and FACE_MISMATCH (`mismatched_`). `reactions`: seconds from a
REFER to the acknowledgement of its lamps; they stand in a group without roster and model.
"""

TABLES = (
    "decisions",
    "verdicts",
    "sources",
    "attempts",
    "seconds",
    "admitted_score",
    "admitted_normalised",
    "mismatched_score",
    "mismatched_normalised",
    "reactions",
)


@dataclass(frozen=True, slots=True)
class Bins:
    """Equal bins from `first`, each `width` wide; what lies beyond counts in the outermost."""

    first: float
    width: float
    count: int

    def bin(self, value: float) -> str:
        """The number of the bin that holds `value`, as text. Values outside go to the first or last
        bin."""
        at = int((value - self.first) // self.width)
        return str(min(max(at, 0), self.count - 1))

    def upper(self, number: int) -> float:
        """The upper edge of a bin."""
        return round(self.first + (number + 1) * self.width, 6)


BINS = {
    "seconds": Bins(0.0, 0.2, 300),
    "score": Bins(-1.0, 0.05, 40),
    "normalised": Bins(-5.0, 0.5, 60),
    "reactions": Bins(0.0, 1.0, 600),
}
"""Seconds to one minute; cosines; s-norm in standard deviations of the cohort; reactions to ten
minutes."""


NO_DAY = "untrusted"
"""The day of what happened under a clock that nobody may rely on."""


def day_of(now: Instant, zone: tzinfo | None) -> str:
    """The day that counts at `now` in the exam's zone."""
    return local_day(now.at, zone).isoformat() if now.trusted else NO_DAY


class Group(NamedTuple):
    """What counts together. `day`: the calendar day at the exam's sites, in whose zone a gate
    writes its events, or `NO_DAY`."""

    day: str
    paper: str | None
    roster: str | None
    model: str | None


class DailyCounts:
    """The running fold of one journal, or of several."""

    def __init__(self, events: Iterable[JournalEvent] = ()) -> None:
        self.groups: dict[Group, Counts] = {}
        self._written: dict[Group, tuple[str, int]] = {}
        self._latest: tuple[Group | None, Counts] = (None, {})
        for event in events:
            self.add(event)

    def add(self, event: JournalEvent) -> None:
        """One event, in constant time. Kinds that count nothing are passed over."""
        kind = event.get("kind")
        if kind == "counts":
            self.wrote(event)
        elif kind == "acknowledged":
            self._acknowledged(event)
        elif kind in ("decision", "verdict"):
            counts = self._counts_of(_group(event))
            if kind == "verdict":
                _count(counts["verdicts"], f"{event.get('referred')}/{event.get('reason')}")
            else:
                _count_decision(counts, event)

    def _acknowledged(self, event: JournalEvent) -> None:
        """Older journals do not say which papers."""
        seconds = event.get("reaction_s", [])
        papers = event.get("papers") or [None] * len(seconds)
        for paper, s in zip(papers, seconds, strict=False):
            if isinstance(s, _NUMBER):
                group = Group(_day(event), paper, None, None)
                _count(self._counts_of(group)["reactions"], BINS["reactions"].bin(s))

    def _counts_of(self, group: Group) -> Counts:
        """Neighbours in a journal are mostly of one group: comparing is a third of a look-up."""
        if group != self._latest[0]:
            counts = self.groups.setdefault(group, {name: {} for name in TABLES})
            self._latest = (group, counts)
        return self._latest[1]

    def of_day(self, day: str) -> Counts:
        """Every group of `day` together."""
        return merged(counts for group, counts in self.groups.items() if group.day == day)

    def of_paper(self, day: str, paper: str) -> Counts:
        """Every group of one paper on one day together."""
        return merged(c for g, c in self.groups.items() if (g.day, g.paper) == (day, paper))

    @property
    def days(self) -> list[str]:
        """The days that have counts, sorted: YYYY-MM-DD, or `NO_DAY` under an untrusted clock."""
        return sorted({group.day for group in self.groups})

    # -- written down at the end of an exam and of a day ------------------------------------------

    def due(
        self, now: datetime, exam_ends: Iterable[datetime], zone: tzinfo | None = None
    ) -> list[CountsBody]:
        """Bodies of the `counts` entries to be journaled at `now`, a trusted clock's.

        A group is due when it is closed and has changed since it was last written. `closed` says
        what closes it: the end of its day's last paper (`exam`) or the day's end (`day`). `zone`:
        the time zone of the days; None: that of `now`.
        """
        at = zone or now.tzinfo
        today = local_day(now, at).isoformat()
        ended = {local_day(end, at).isoformat(): end <= now for end in sorted(exam_ends)}
        bodies: list[CountsBody] = []
        for group, counts in self.groups.items():
            closed = _closed(group.day, today, ended)
            before, total = self._written.get(group, ("", 0))
            if _RANK[closed] > _RANK[before] and _total(counts) != total:
                body = {**group._asdict(), "closed": closed, **_copied(counts)}
                bodies.append(cast(CountsBody, body))
        return bodies

    def wrote(self, body: CountsBody | JournalEvent) -> None:
        """A `counts` entry stands in the journal."""
        tables = {name: body.get(name) for name in ("decisions", "verdicts", "reactions")}
        counts = {name: found if isinstance(found, dict) else {} for name, found in tables.items()}
        self._written[_group(body)] = (str(body.get("closed")), _total(counts))


_RANK = {"": 0, "exam": 1, "day": 2}


def merged(many: Iterable[Counts]) -> Counts:
    """The sum of `many`."""
    whole: Counts = {name: {} for name in TABLES}
    for counts in many:
        for name, table in counts.items():
            for key, number in table.items():
                whole[name][key] = whole[name].get(key, 0) + number
    return whole


def _count_decision(counts: Counts, event: JournalEvent) -> None:
    reason = str(event.get("reason"))
    _count(counts["decisions"], f"{event.get('outcome')}/{reason}")
    _count(counts["sources"], str(event.get("source")))
    if event.get("frames") is None:  # no face was asked for
        return
    _count(counts["attempts"], str(event.get("attempt")))
    seconds = _seconds(event)
    if seconds is not None:
        _count(counts["seconds"], BINS["seconds"].bin(seconds))
    for name, table in _SCORES.get(reason, ()):
        value = event.get(name)
        if isinstance(value, _NUMBER):
            _count(counts[table], BINS[name].bin(value))


_NUMBER = (int, float)
_SCORES = {
    Reason.OK.value: (("score", "admitted_score"), ("normalised", "admitted_normalised")),
    Reason.FACE_MISMATCH.value: (
        ("score", "mismatched_score"),
        ("normalised", "mismatched_normalised"),
    ),
}
"""Which scores are counted where, by the reason; made once: a start folds 100,000 events."""


def _seconds(event: JournalEvent) -> float | None:
    """From the card to the record; None where the wall was not to be relied on, or was set between
    the two."""
    if event.get("clock") != "trusted":
        return None
    try:
        at = datetime.fromisoformat(str(event.get("at")))
        seconds = (at - datetime.fromisoformat(str(event.get("found")))).total_seconds()
    except (ValueError, TypeError):
        return None
    return seconds if 0 <= seconds < _LONGEST_S else None


_LONGEST_S = 600.0


def _day(event: JournalEvent | CountsBody) -> str:
    by_clock = NO_DAY if event.get("clock") == "untrusted" else str(event.get("at"))[:10]
    return str(event.get("day") or by_clock)


def _group(event: JournalEvent | CountsBody) -> Group:
    return Group(_day(event), event.get("paper"), event.get("roster"), event.get("model"))


def _count(table: Table, key: str) -> None:
    table[key] = table.get(key, 0) + 1


def _total(counts: Mapping[str, Table]) -> int:
    return sum(sum(counts[name].values()) for name in ("decisions", "verdicts", "reactions"))


def _copied(counts: Counts) -> Counts:
    return {name: dict(table) for name, table in counts.items()}


def _closed(day: str, today: str, ended: Mapping[str, bool]) -> str:
    """`ended`: whether the last paper of a day has ended. What has no day is closed with the exam's
    last paper, and again with the day of that."""
    if day == NO_DAY:
        last = max(ended, default=today)
        return "day" if today > last else "exam" if ended.get(last) else ""
    if today > day:
        return "day"
    return "exam" if ended.get(day) else ""
