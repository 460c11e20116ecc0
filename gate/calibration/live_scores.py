"""Live frames and whole attempts against ticket photos: who passes at which rate.

Nothing is calibrated here. Every verdict is that of the gate, by its own table: `compare` for one
frame, `MatchAttempt` for an attempt. Both people of a pair are left out of the cohort that
normalises their score. So it is for most pairs of an exam with thousands of candidates.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gate.calibration.exact_interval import exact_interval
from gate.calibration.live_attempts import SeenFrame, attempts, played
from gate.core.exam import FacePolicy
from gate.core.json_types import JsonObject
from gate.core.reasons import Reason
from gate.models.match_attempt import MatchTables
from gate.models.matching import COHORT, cohort_statistics, compare, lowest_rate
from gate.ports import Reference, Template
from gate.ports.values import TemplateKind, TemplateRows

RATES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
PAIRS_MAX = 100_000
"""Pairs of people that are played at most, drawn by lot; more would say little and take hours."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class SeenPerson:
    """One person with the template of the ticket photo and every frame as the gate saw it."""

    name: str
    ticket: Template
    frames: tuple[SeenFrame, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Templates of an exam's candidates, (n, 128) float32, and whose each is; "" for strangers."""

    templates: TemplateRows
    names: tuple[str, ...]

    def reference(self, person: SeenPerson, opposite: str) -> Reference:
        """What a roster would hold of `person`, without `opposite` in its cohort. No cohort where
        fewer than `COHORT` others are left: the gate has none with so few candidates."""
        others = np.array([n not in (person.name, opposite) for n in self.names], bool)
        rows = self.templates[others][:COHORT]
        if len(rows) < COHORT:
            return Reference(person.ticket, None, None, None)
        mean, deviation = cohort_statistics(person.ticket, rows)
        return Reference(person.ticket, mean, deviation, rows)


@dataclass(slots=True)
class Count:
    """`passed` of `tried`, and how many people, or pairs of people, passed at least once."""

    tried: int = 0
    passed: int = 0
    units: int = 0
    units_passed: int = 0
    units_failed: int = 0

    def add(self, passed: Sequence[bool]) -> None:
        """What one person, or one pair of people, did."""
        if passed:
            self.tried += len(passed)
            self.passed += sum(passed)
            self.units += 1
            self.units_passed += any(passed)
            self.units_failed += not all(passed)

    def fmr(self) -> JsonObject:
        """Of pairs of different people. The interval counts pairs of people, because two who look
        alike match in every frame."""
        rate = self.passed / self.tried if self.tried else None
        return {
            "false_matches": self.passed,
            "tried": self.tried,
            "rate": rate,
            "pairs_of_people": self.units,
            "pairs_of_people_matched": self.units_passed,
            "interval": exact_interval(self.units_passed, self.units),
        }

    def fnmr(self) -> JsonObject:
        """Of people with their own ticket photo."""
        missed = self.tried - self.passed
        return {
            "missed": missed,
            "tried": self.tried,
            "rate": missed / self.tried if self.tried else None,
            "interval": exact_interval(missed, self.tried),
            "people": self.units,
            "people_missed": self.units_failed,
        }


def at_rates(
    people: Sequence[SeenPerson],
    cohort: Cohort,
    policy: FacePolicy,
    tables: MatchTables,
    *,
    seed: int,
    show: Progress,
) -> list[JsonObject]:
    """For each named rate that this unit has thresholds for: FNMR and FMR of single frames of
    either kind, and of whole attempts."""
    own = [(p, cohort.reference(p, p.name)) for p in people]
    if not own:
        return []
    kinds = list(TemplateKind)
    lowest = max(lowest_rate(own[0][1], tables.of(kind)) for kind in kinds)
    rates = [r for r in RATES if r >= lowest * (1 - 1e-9)]
    genuine = {(r, k): Count() for r in rates for k in (*kinds, None)}
    impostor = {key: Count() for key in genuine}
    for person, reference in own:
        _tally(genuine, person, reference, policy, tables, all_attempts=True)
    pairs = drawn_pairs(len(people), seed)
    for done, (one, other) in enumerate(pairs, start=1):
        live, holder = people[one], people[other]
        reference = cohort.reference(holder, live.name)
        _tally(impostor, live, reference, policy, tables, all_attempts=False)
        show(done, len(pairs))
    normalised = own[0][1].cohort is not None
    return [_row(rate, normalised, genuine, impostor) for rate in rates]


def drawn_pairs(people: int, seed: int) -> list[tuple[int, int]]:
    """Every (live, ticket) of different people; by lot where there are more than `PAIRS_MAX`."""
    count = people * (people - 1)
    places = np.arange(count)
    if count > PAIRS_MAX:
        places = np.sort(np.random.default_rng(seed).choice(count, PAIRS_MAX, replace=False))
    return list(_unrolled(places.tolist(), people))


def _unrolled(places: Sequence[int], people: int) -> Iterator[tuple[int, int]]:
    for place in places:
        one, other = divmod(place, people - 1)
        yield one, other + (other >= one)


Counts = dict[tuple[float, TemplateKind | None], Count]
"""By rate, highest first, and by kind of one frame's template or None for an attempt."""


def _tally(
    counts: Counts,
    live: SeenPerson,
    reference: Reference,
    policy: FacePolicy,
    tables: MatchTables,
    *,
    all_attempts: bool,
) -> None:
    accepted = [f for f in live.frames if f.accepted]
    for kind in TemplateKind:
        table, probes = tables.of(kind), [p for f in accepted if (p := f.probe(kind)) is not None]
        passed = [True] * len(probes)
        for rate in _rates(counts):  # who fails a threshold fails every stricter one
            passed = [
                so_far and compare(reference, p.template, 1, rate, table).passed
                for p, so_far in zip(probes, passed, strict=True)
            ]
            counts[rate, kind].add(passed)
    for rate in _rates(counts):
        asked = replace(policy, fmr=rate)
        counts[rate, None].add(_attempted(live, reference, asked, tables, all_attempts))


def _rates(counts: Counts) -> list[float]:
    return [rate for rate, kind in counts if kind is None]


def _attempted(
    live: SeenPerson,
    reference: Reference,
    policy: FacePolicy,
    tables: MatchTables,
    all_attempts: bool,
) -> list[bool]:
    """Of the attempts in which a face was compared: whether it passed. A stranger makes one."""
    if not live.frames:
        return []
    if all_attempts:
        ended = attempts(live.frames, reference, policy, tables)
    else:
        ended = [played(live.frames, reference, policy, tables)]
    return [e.judged.reason is Reason.OK for e in ended if e.judged.frames]


def _row(rate: float, normalised: bool, genuine: Counts, impostor: Counts) -> JsonObject:
    def both(kind: TemplateKind | None) -> JsonObject:
        return {"own": genuine[rate, kind].fnmr(), "others": impostor[rate, kind].fmr()}

    return {
        "rate": rate,
        "normalised": normalised,
        "attempt": both(None),
        "frame": both(TemplateKind.SINGLE),
        "frame_augmented": both(TemplateKind.AUGMENTED),
    }
