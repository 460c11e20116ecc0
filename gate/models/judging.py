"""One attempt to match the face in front of the gate: what is looked at when, and the verdict.

The quick probes in hand come first. Where they leave it open, the frames that follow are embedded
carefully, and their fusion is looked at as often as there is one more, until the answer is sure or
the attempt ends. Each look has its own share of the target rate (`looks.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gate.core.events import FaceJudged
from gate.models.looks import share
from gate.models.matching import Match, Thresholds, compare, fuse, lowest_rate
from gate.models.ring import Attempt, View, conclude, judged
from gate.ports import Probe, Reference


@dataclass(frozen=True, slots=True)
class Tables:
    """Thresholds for quick and for careful probes, both against careful references."""

    quick: Thresholds
    careful: Thresholds

    @classmethod
    def load(cls) -> "Tables":
        """Those that ship with this version. InputRejected."""
        return cls(Thresholds.load(mirror=False), Thresholds.load(mirror=True))


class Judging:
    """Fed with views of what is seen until one is enough. InputRejected for a target rate that
    was not measured."""

    def __init__(self, attempt: Attempt, reference: Reference, fmr: float, tables: Tables) -> None:
        self._attempt = attempt
        self._reference = reference
        self._tables = tables
        lowest = max(lowest_rate(reference, t) for t in (tables.quick, tables.careful))
        self._looks = share(fmr, attempt.frames, lowest)
        self._first_taken = self._looks.first is None
        self._careful_seen = 0

    @property
    def undecided(self) -> bool:
        """Whether the quick look was not enough: further frames are worth the careful template."""
        return self._first_taken

    def look(self, view: View) -> FaceJudged | None:
        """A verdict if this view makes it sure that it is the right person. Each look is taken
        once in an attempt, even if another face has come since."""
        quick, careful = self._attempt.quick(view), self._attempt.careful(view)
        if quick and not self._first_taken:
            self._first_taken = True
            if found := self._passed(quick, self._looks.first):
                return found
        if self._careful_seen < len(careful) < self._attempt.frames:
            self._careful_seen = len(careful)
            return self._passed(careful, self._looks.between)
        return None

    def complete(self, view: View) -> bool:
        return self._attempt.complete(view)

    def end(self, view: View) -> FaceJudged:
        """The last look and whatever comes of the attempt."""
        probes = self._attempt.careful(view) or self._attempt.quick(view)
        match = self._match(probes, self._looks.last) if probes else None
        return conclude(self._attempt, view, probes, match)

    def _passed(self, probes: Sequence[Probe], fmr: float | None) -> FaceJudged | None:
        match = None if fmr is None else self._match(probes, fmr)
        return judged(probes, match) if match is not None and match.passed else None

    def _match(self, probes: Sequence[Probe], fmr: float) -> Match:
        table = self._tables.careful if probes[0].careful else self._tables.quick
        fused = fuse([p.template for p in probes])
        return compare(self._reference, fused, len(probes), fmr, table)
